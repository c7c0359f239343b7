"""Columns that an app does not have as such, but that an SQL expression can derive from its columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from trueup.mapping.column_types import Family, family_of
from trueup.mapping.names import folded, likeness
from trueup.mapping.proposal import ENOUGH, ProposedColumn
from trueup.mapping.scores import column_score, link_to
from trueup.model.columns import Column
from trueup.model.relations import columns_of, relation_named
from trueup.model.source import SourceColumn, SourceTable

_ADMIN_FLAGS = (
    ("super_admin", "is_superuser superuser super_admin is_super_admin"),
    ("admin", "is_admin admin is_staff"),
)
_FLAGS = (Family.BOOLEAN, Family.INTEGER, Family.BIT, Family.UNKNOWN)
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_RESERVED = frozenset(
    [
        "user",
        "order",
        "group",
        "table",
        "check",
        "column",
        "role",
        "plan",
        "usage",
        "key",
        "index",
        "desc",
        "asc",
        "date",
        "limit",
        "offset",
        "from",
        "to",
        "where",
        "select",
        "end",
        "case",
        "when",
        "then",
        "else",
        "default",
        "primary",
        "references",
        "unique",
        "and",
        "or",
        "not",
        "all",
        "any",
        "null",
        "values",
        "left",
        "right",
        "join",
        "on",
        "as",
        "in",
        "is",
        "like",
        "between",
        "interval",
        "current",
        "row",
        "rows",
        "window",
        "over",
        "condition",
        "change",
        "read",
        "write",
        "option",
        "timestamp",
        "time",
    ]
)
_STATES = "status state"


def role_from_flags(table: SourceTable, dialect: str | None) -> ProposedColumn | None:
    """A role derived from flags such as ``is_staff``."""
    arms = []
    for role, usual in _ADMIN_FLAGS:
        flag = next((c for c in table.columns if likeness(c.name, usual) and family_of(c.type) in _FLAGS), None)
        if flag is not None:
            arms.append(f"WHEN {quoted(flag.name, dialect)} THEN '{role}'")
    if not arms:
        return None
    return ProposedColumn(column="role", theirs=f"CASE {' '.join(arms)} ELSE 'user' END", confidence=ENOUGH)


def posted_from_state(table: SourceTable, dialect: str | None) -> ProposedColumn | None:
    """Propose the column whose words say whether an entry counts. Which words mean it cannot be guessed."""
    state = next((c for c in table.columns if likeness(c.name, _STATES)), None)
    if state is None:
        return None
    expression = f"{quoted(state.name, dialect)} = 'completed'"
    return ProposedColumn(
        column="posted", theirs=expression, confidence=ENOUGH, doubt="guess: which words mean that an entry counts?"
    )


def columns_elsewhere(
    matched: Sequence[ProposedColumn], table: SourceTable, others: Sequence[SourceTable], dialect: str | None
) -> Iterator[ProposedColumn]:
    """Facts about an account that another table keeps (a wallet, a subscription), read through a subquery.

    Doubtful where that table may hold several rows per account: a subquery cannot choose among them.
    """
    key = next(column.theirs for column in matched if column.column == "account_id")
    mapped = {column.column for column in matched}
    for column in columns_of(relation_named("account")):
        if column.name in mapped or column.has_neutral:
            continue
        places = [place for other in others if (place := _place(column, table, other)) is not None]
        if places:
            score, other, link, theirs = max(places, key=lambda place: place[0])
            there, home = _qualified(other, dialect), _qualified(table, dialect)
            pair = f"{there}.{quoted(link, dialect)} = {home}.{quoted(key, dialect)}"
            one_row = frozenset({link}) in other.unique
            yield ProposedColumn(
                column=column.name,
                theirs=f"(SELECT {quoted(theirs, dialect)} FROM {there} WHERE {pair})",
                confidence=round(score * ENOUGH, 2),
                doubt=None if one_row else "guess: right only if that table has one row for each account",
            )


def quoted(name: str, dialect: str | None) -> str:
    """A name as SQL wants it; in backticks where the source is MySQL, bare where nothing asks for quotes."""
    if _PLAIN.fullmatch(name) and name not in _RESERVED:
        return name
    mark = "`" if dialect == "mysql" else '"'
    return f"{mark}{name.replace(mark, mark * 2)}{mark}"


def _qualified(table: SourceTable, dialect: str | None) -> str:
    return ".".join(quoted(name, dialect) for name in (table.schema, table.name) if name)


def _place(column: Column, table: SourceTable, other: SourceTable) -> tuple[float, SourceTable, str, str] | None:
    link = next((c.name for c in other.columns if folded(c.name) == link_to(table.name)), None)
    if link is None:
        return None

    def score(theirs: SourceColumn) -> float:
        return 0.0 if theirs.name == link else column_score("account", column, theirs, other)

    best = max(other.columns, key=score)
    return (score(best), other, link, best.name) if score(best) >= ENOUGH else None
