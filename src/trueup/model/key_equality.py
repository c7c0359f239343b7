"""When a database treats two keys as equal: the same bytes, or a rule of its own (case, accents, trailing blanks)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEquality:
    """The rule by which a column's ``=`` compares, as the schema names it.

    Two columns whose rules have the same ``name`` compare by the same rule, also with each other. ``by_text`` says that
    two values are equal exactly where the texts that trueup reads of them are equal. ``term`` is the SQL that compares
    the text ``{}`` as a value of the column is compared.
    """

    name: str
    by_text: bool
    term: str = "{}"

    def of(self, sql: str) -> str:
        """The text that ``sql`` gives, compared by this rule."""
        return self.term.replace("{}", sql)


TEXT = KeyEquality(name="text", by_text=True)
"""Text that is equal only where its bytes are equal."""
INTEGER = KeyEquality(name="integer", by_text=True)
UUID = KeyEquality(name="uuid", by_text=True)


class Comparison(StrEnum):
    """How trueup decides whether a key of one column equals a key of another."""

    BY_TEXT = "by text"
    BY_SOURCE = "by source"
    """Other spellings may be equal, and the database can say which."""
    UNKNOWN = "unknown"
    """The two columns compare by different rules, or by a rule that the schema does not show."""


def comparison(columns: Sequence[KeyEquality | None]) -> Comparison:
    """How the keys of these columns are compared with each other; None is a column whose rule is not known."""
    known = [column for column in columns if column is not None]
    if len(known) < len(columns) or len({column.name for column in known}) > 1:
        return Comparison.UNKNOWN
    return Comparison.BY_TEXT if all(column.by_text for column in known) else Comparison.BY_SOURCE
