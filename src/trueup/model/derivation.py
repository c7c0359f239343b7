"""What a derived relation is: named SQL over the relations, worked out once per audit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """A named query. Its column names are those of its outermost SELECT.

    ``optional`` names what it reads only where it is mapped, as ``relation`` or ``relation.column``: a check on a
    derived relation says itself, in ``requires``, which of these it cannot do without. ``named_by``, where it is not
    empty, says that each row is one row of a base relation, and is there only if one of these columns has a value.
    """

    name: str
    holds: str
    sql: str
    optional: tuple[str, ...] = ()
    named_by: tuple[str, ...] = ()
