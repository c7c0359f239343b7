"""How many examples a property is tried with, where each takes long."""

from __future__ import annotations

from hypothesis import settings

from tests.support.thoroughness import tried


def few(examples: int) -> settings:
    """Return the settings of a property with this many examples, and at a landing with twice as many."""
    is_quick = settings().max_examples == settings.get_profile("quick").max_examples
    return settings(max_examples=examples if is_quick else tried(settings().max_examples, 2 * examples))
