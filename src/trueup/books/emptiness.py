"""Nothing read is not clean: a relation that must hold rows, but of which none was read, counts as not read whole.

A ``where`` that leaves every row out, another database's address and an abandoned table look alike: every check is
quiet. So an audit says which relation it could not look at, unless the config says that it may be empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from trueup.books.copy import replace_problem
from trueup.books.file import Books
from trueup.model.relations import MUST_HOLD_ROWS
from trueup.model.report import NOT_ONE_ROW
from trueup.model.source import RelationMapping, places_of


def note_nothing_read(
    books: Books,
    mappings: Iterable[RelationMapping],
    *,
    now: datetime,
    clock_skew: timedelta,
    ask: Callable[[str], Sequence[tuple[Any, ...]]] | None = None,
) -> None:
    """Record which relations were copied whole and still show nothing of ``now`` (naive UTC).

    ``ask`` returns a query's rows from where the relations are, if that is not the books.

    A row dated later than ``clock_skew`` from now is a row of the future: a clock, a time zone or a mapping is wrong.
    """
    for mapping in mappings:
        if mapping.relation not in MUST_HOLD_ROWS or mapping.allow_empty:
            continue
        problem = _problem(ask or _asked_of(books), mapping, latest=now + clock_skew)
        if problem is not None:
            mend = f"correct that, or set allow_empty = true in [relations.{mapping.relation}]"
            replace_problem(books, mapping.relation, f"{problem}; {mend}")


def _asked_of(books: Books) -> Callable[[str], Sequence[tuple[Any, ...]]]:
    return lambda sql: books.connection.execute(sql).fetchall()


def _problem(
    ask: Callable[[str], Sequence[tuple[Any, ...]]], mapping: RelationMapping, *, latest: datetime
) -> str | None:
    """Why the relation shows nothing of the present; None when it does."""
    rows, dated, earliest = ask(f"SELECT count(*), count(created_at), min(created_at) FROM {mapping.relation}")[0]
    if not rows:
        reason = (
            "no row meets its where, or the table is empty"
            if any(place.where for place in places_of(mapping))
            else "the table is empty"
        )
        return f"{NOT_ONE_ROW}, because {reason}"
    if "created_at" in mapping.columns and dated == rows and earliest > latest:
        return f"every row that was read is dated in the future, the earliest {earliest:%Y-%m-%d %H:%M} UTC"
    return None
