"""The account ids in the books: find those that belong to no account, and rewrite them as their account spells them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trueup.books.file import Books

Place = tuple[str, str]
"""A relation and its column that names an account."""

ACCOUNT: Place = ("account", "account_id")

_INCOMING = "incoming_spellings"

_ACCENTLESS = "lower(strip_accents(trim({})))"
_LOOSE = f"ltrim(regexp_replace({_ACCENTLESS}, '[-{{}}]', '', 'g'), '0')"
"""A form that is the same for all texts which some column might take for one key: case, accents, blanks, leading zeros,
and how a UUID is written.
"""


def strangers(books: Books, places: Iterable[Place]) -> set[str]:
    """The account ids in these columns that equal no account's, byte by byte."""
    unknown: set[str] = set()
    for relation, column in places:
        rows = books.connection.execute(
            f"SELECT DISTINCT {column} FROM {relation} AS r WHERE {column} IS NOT NULL "
            f"AND NOT EXISTS (SELECT 1 FROM account AS a WHERE a.account_id = r.{column})"
        )
        unknown.update(str(value) for (value,) in rows.fetchall())
    return unknown


def account_ids(books: Books) -> set[str]:
    """Every account's id."""
    return {str(value) for (value,) in books.connection.execute("SELECT DISTINCT account_id FROM account").fetchall()}


def alike(books: Books, ids: Collection[str]) -> set[str]:
    """Those ids that look like another of them, and all that have letters beyond ASCII, which have more rules."""
    import pyarrow as pa  # noqa: PLC0415 - heavy

    books.connection.register(_INCOMING, pa.table({"id": list(ids)}))
    try:
        rows = books.connection.execute(
            f"SELECT id FROM {_INCOMING} QUALIFY count(*) OVER (PARTITION BY {_LOOSE.replace('{}', 'id')}) > 1 "
            "OR NOT regexp_full_match(id, '[ -~]*')"
        )
        return {str(value) for (value,) in rows.fetchall()}
    finally:
        books.connection.unregister(_INCOMING)


def respell(books: Books, places: Iterable[Place], spelling: Mapping[str, str]) -> None:
    """Rewrite these account ids in these columns as ``spelling`` says."""
    import pyarrow as pa  # noqa: PLC0415 - heavy

    changed = {theirs: ours for theirs, ours in spelling.items() if theirs != ours}
    if not changed:
        return
    connection = books.connection
    connection.register(_INCOMING, pa.table({"theirs": list(changed), "ours": list(changed.values())}))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE respelled AS SELECT theirs, ours FROM {_INCOMING}")
    connection.unregister(_INCOMING)
    for relation, column in places:
        connection.execute(f"UPDATE {relation} SET {column} = ours FROM respelled WHERE {column} = theirs")
        connection.execute(
            "UPDATE unreadable_row SET account_id = ours FROM respelled "
            f"WHERE relation = '{relation}' AND account_id = theirs"
        )
    connection.execute("DROP TABLE respelled")


def doubtful(books: Books, place: Place, *, among_themselves: bool) -> str | None:
    """An account id in this column that no account has but that may equal one: an example, or None.

    ``among_themselves``: two ids that no account has may also be one.
    """
    relation, column = place
    stranger = (
        f"SELECT DISTINCT r.{column} AS id, {_LOOSE.replace('{}', 'r.' + column)} AS loose "
        f"FROM {relation} AS r WHERE r.{column} IS NOT NULL "
        f"AND NOT EXISTS (SELECT 1 FROM account AS a WHERE a.account_id = r.{column})"
    )
    known = f"SELECT account_id AS id, {_LOOSE.replace('{}', 'account_id')} AS loose FROM account"
    other = f"{known} UNION ALL SELECT * FROM stranger" if among_themselves else known
    row = books.connection.execute(
        f"WITH stranger AS ({stranger}), other AS ({other}) SELECT s.id, o.id "
        "FROM stranger AS s JOIN other AS o ON o.loose = s.loose AND o.id <> s.id ORDER BY ALL LIMIT 1"
    ).fetchone()
    return f'"{row[0]}" and "{row[1]}"' if row else None


def note_problem(books: Books, relation: str, problem: str) -> None:
    """Record that this relation's rows cannot be divided by account, so that no check reads them."""
    books.connection.execute(
        "UPDATE trueup_copy SET problem = ? WHERE relation = ? AND problem IS NULL", [problem, relation]
    )
