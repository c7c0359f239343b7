"""How many examples a property is tried with, where each takes long: few at every commit, and as many as others before
a change lands.
"""

from __future__ import annotations

from hypothesis import settings


def few(examples: int) -> settings:
    """Return the settings of a property with this many examples, and with ``--slow`` the usual ones."""
    is_quick = settings().max_examples == settings.get_profile("quick").max_examples
    return settings(max_examples=examples) if is_quick else settings()
