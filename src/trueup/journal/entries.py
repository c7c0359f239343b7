"""Append to the journal, and read it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import DBAPIError

from trueup.journal.chain import (
    GENESIS,
    Head,
    JournalEntry,
    JournalLine,
    canonical_text,
    following,
    hash_of,
    parsed,
)
from trueup.journal.tables import (
    BROKEN_HEAD_STATE,
    HEAD,
    JOURNAL,
    ONLY,
    SERVER_WRITTEN,
    database_role,
    database_time,
)
from trueup.model.errors import TrueupError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

_PAGE_ROWS = 1000
_HASH = re.compile("[0-9a-f]{64}")
_COLUMNS = [JOURNAL.c[field.name] for field in dataclasses.fields(JournalEntry)]
_NOT_OURS = "The journal's head row was not written by trueup; `trueup journal verify` says what else is wrong."


class JournalUnusable(TrueupError):
    """The journal does not exist, or its head is gone: nothing may be changed that it cannot record."""


class NoJournal(JournalUnusable):
    """The journal was never installed in this database."""


def append(connection: Connection, line: JournalLine, *, code_version: str, database_identity: str) -> JournalEntry:
    """Append one entry in the caller's transaction; it exists when that commits.

    Holds the head row until the transaction ends, so every other append waits: append late. Raises
    ``JournalUnusable``.
    """
    if connection.dialect.name == "postgresql":
        return _append_by_server(connection, line, code_version=code_version, database_identity=database_identity)
    head = connection.execute(select(HEAD.c.seq, HEAD.c.hash).where(HEAD.c.id == ONLY).with_for_update()).one_or_none()
    if head is None or not _HASH.fullmatch(head.hash):
        raise JournalUnusable(_NOT_OURS)
    entry = following(
        Head(seq=head.seq, hash=head.hash),
        line,
        at=database_time(connection),
        code_version=code_version,
        database_identity=database_identity,
        db_role=database_role(connection),
    )
    connection.execute(insert(JOURNAL).values(_row(entry)))
    moved = update(HEAD).where(HEAD.c.id == ONLY, HEAD.c.seq == head.seq).values(seq=entry.seq, hash=entry.hash)
    if connection.execute(moved).rowcount != 1:
        raise JournalUnusable("The journal's head was moved by a writer that did not wait for it; nothing was changed.")
    return entry


def _append_by_server(
    connection: Connection, line: JournalLine, *, code_version: str, database_identity: str
) -> JournalEntry:
    """The entry that the journal's own trigger made of the line, once it is known to be what was meant."""
    nowhere = Head(seq=0, hash=GENESIS)
    meant = following(nowhere, line, at="", code_version=code_version, database_identity=database_identity, db_role="")
    sent = {name: value for name, value in _row(meant).items() if name not in SERVER_WRITTEN}
    try:
        row = connection.execute(insert(JOURNAL).values(sent).returning(*_COLUMNS)).one_or_none()
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != BROKEN_HEAD_STATE:
            raise
        raise JournalUnusable(_NOT_OURS) from None
    if row is None:
        raise JournalUnusable(
            "The database accepted the journal's entry but did not keep it; look at the triggers on its table."
        )
    entry = _read_entry(row)
    as_written = {name: getattr(entry, name) for name in SERVER_WRITTEN}
    if dataclasses.replace(meant, **as_written) != entry or hash_of(entry) != entry.hash:
        raise JournalUnusable(
            "The database wrote another entry into the journal than it was given; look at the triggers on its table, "
            "and run `trueup init --install`."
        )
    return entry


def entries(
    connection: Connection, *, since: int = 0, until: int | None = None, most: int | None = None
) -> Iterator[JournalEntry]:
    """The entries after ``since`` in their order, a page at a time: memory stays flat whatever the length.

    From the start, everything is read, also rows that do not belong there (a number below 1). For one moment's view of
    a journal that grows meanwhile, the caller's transaction must be one (``REPEATABLE READ``).
    """
    last = since if since > 0 else None
    while most is None or most > 0:
        rows_wanted = min(_PAGE_ROWS, most or _PAGE_ROWS)
        page = select(*_COLUMNS).order_by(JOURNAL.c.seq).limit(rows_wanted)
        if last is not None:
            page = page.where(JOURNAL.c.seq > last)
        if until is not None:
            page = page.where(JOURNAL.c.seq <= until)
        rows = connection.execute(page).all()
        for row in rows:
            yield _read_entry(row)
        if len(rows) < rows_wanted:
            return
        last = rows[-1].seq
        most = None if most is None else most - len(rows)


def newest_entries(
    connection: Connection,
    *,
    most: int,
    before: int | None = None,
    actor: str | None = None,
    subject: str | None = None,
) -> list[JournalEntry]:
    """The newest entries, newest first: those before a number, of one actor, or about one subject of a check."""
    query = select(*_COLUMNS).order_by(JOURNAL.c.seq.desc()).limit(most)
    if before is not None:
        query = query.where(JOURNAL.c.seq < before)
    if actor is not None:
        query = query.where(JOURNAL.c.actor == actor)
    if subject is not None:
        query = query.where(JOURNAL.c.target.endswith(f":{subject}", autoescape=True))
    return [_read_entry(row) for row in connection.execute(query)]


def head_of(connection: Connection) -> Head | None:
    """The content of the head row; None when it is missing."""
    others = select(func.count()).select_from(HEAD).where(HEAD.c.id != ONLY).scalar_subquery()
    row = connection.execute(select(HEAD.c.seq, HEAD.c.hash, others).where(HEAD.c.id == ONLY)).one_or_none()
    return None if row is None else Head(seq=row[0], hash=str(row[1]), others=row[2])


def _row(entry: JournalEntry) -> dict[str, object]:
    values: dict[str, object] = {field.name: getattr(entry, field.name) for field in dataclasses.fields(entry)}
    return values | {"before": canonical_text(entry.before), "after": canonical_text(entry.after)}


def _read_entry(row: Row[tuple[object, ...]]) -> JournalEntry:
    """The entry; a value that trueup never writes (a blob, a missing value) becomes text that no hash matches."""
    values = {name: _text(value) for name, value in row._mapping.items()}  # noqa: SLF001 - public by its documentation
    return JournalEntry(
        seq=row.seq,
        prev_hash=values["prev_hash"],
        hash=values["hash"],
        at=values["at"],
        actor=values["actor"],
        action=values["action"],
        target=values["target"],
        repair_id=None if row.repair_id is None else values["repair_id"],
        plan_hash=None if row.plan_hash is None else values["plan_hash"],
        before=parsed(values["before"]),
        after=parsed(values["after"]),
        reason=values["reason"],
        request_id=None if row.request_id is None else values["request_id"],
        code_version=values["code_version"],
        database_identity=values["database_identity"],
        db_role=None if row.db_role is None else values["db_role"],
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else repr(value)
