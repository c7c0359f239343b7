"""``docs/derived.md``: the relations that are computed once per audit. The checks' pages link to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from docs.marks import MADE
from trueup.checks import catalogue
from trueup.derived import DERIVED, Derived
from trueup.engines.sql import derived_of

FILE = Path(__file__).parent / "derived.md"


def page() -> str:
    """The whole page, in Markdown."""
    lines = [
        MADE,
        "",
        "# Derived relations",
        "",
        "Computed once per audit from the mapped relations, and shared by all checks that read them.",
        "",
        *(line for derived in DERIVED for line in _section(derived)),
    ]
    return "\n".join(lines).rstrip() + "\n"


def link(derived: Derived) -> str:
    """A link to this relation's section, from a page in ``docs/checks/``."""
    return f"[`{derived.name}`](../{FILE.name}#{derived.name})"


def _section(derived: Derived) -> Iterator[str]:
    readers = [
        f"[`{check.id}`](checks/{check.id}.md)"
        for check in catalogue()
        if derived.name in derived_of(check.population) | derived_of(check.violations)
    ]
    yield from (f"## {derived.name}", "", derived.holds, "")
    yield from (f"Read by {', '.join(readers)}." if readers else "Read by no check.", "")
    yield from ("```sql", derived.sql.strip(), "```", "")
