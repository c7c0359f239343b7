"""Journals for tests: lines to append, and places where a journal is installed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from hypothesis import strategies as st
from sqlalchemy import insert, text, update

from trueup.journal import Head, JournalEntry, JournalLine, install
from trueup.journal.chain import GENESIS, canonical_text, following
from trueup.journal.tables import HEAD, JOURNAL
from trueup.targets import open_target
from trueup.targets.target import Target

AT = "2026-11-24T07:30:15.000001Z"
IDENTITY = "test:one"


def line(number: int, **changes: object) -> JournalLine:
    """The line of the balance sync of one account."""
    cell = {"table": "users", "key": f"user_{number}", "column": "credits"}
    values: dict[str, object] = {
        "actor": "token:1",
        "action": "sync-credit-balance",
        "target": f"credit-balance:user_{number}",
        "repair_id": f"repair-{number}",
        "plan_hash": "ab" * 32,
        "before": {**cell, "value": "120"},
        "after": {**cell, "value": "100"},
        "reason": "Agreed with finance in ticket 4711.",
        "request_id": f"request-{number}",
    }
    return JournalLine(**values | changes)  # type: ignore[arg-type]  # a test's shorthand


def journal_records(text: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, object]]:
    """What was or is in a row, of any shape, whose words are such texts."""
    return st.dictionaries(
        text,
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False) | text,
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=4),
            max_leaves=6,
        ),
        max_size=4,
    )


def journal_lines(text: st.SearchStrategy[str]) -> st.SearchStrategy[JournalLine]:
    """Lines of any shape, whose words are such texts."""
    record = journal_records(text)
    return st.builds(
        JournalLine,
        actor=text,
        action=text,
        target=text,
        repair_id=st.none() | text,
        plan_hash=st.none() | text,
        before=record,
        after=record,
        reason=text,
        request_id=st.none() | text,
    )


def chained(
    lines: Iterable[JournalLine], *, after: Head | None = None, db_role: str | None = "trueup_repair"
) -> list[JournalEntry]:
    """The entries that these lines become, one after the other."""
    head, made = after or Head(seq=0, hash=GENESIS), []
    for each in lines:
        entry = following(head, each, at=AT, code_version="1.0", database_identity=IDENTITY, db_role=db_role)
        made.append(entry)
        head = Head(seq=entry.seq, hash=entry.hash)
    return made


def head_after(entries: list[JournalEntry]) -> Head:
    """What the head row says after these entries."""
    return Head(seq=entries[-1].seq, hash=entries[-1].hash) if entries else Head(seq=0, hash=GENESIS)


def installed(url: str) -> Target:
    """The database at this address, its journal installed."""
    target = open_target(url)
    with target.transaction() as connection:
        install(connection)
        connection.commit()
    return target


def write_first_form(target: Target, lines: Iterable[JournalLine]) -> None:
    """Put these lines into an empty journal as a trueup of before revision 0002 wrote them."""
    made = chained(lines, db_role=None)
    with target.transaction() as connection:
        if target.dialect == "postgres":
            connection.execute(text("ALTER TABLE trueup_journal DISABLE TRIGGER trueup_journal_write"))
        for entry in made:
            said = {name: canonical_text(getattr(entry, name)) for name in ("before", "after")}
            connection.execute(insert(JOURNAL).values(dataclasses.asdict(entry) | said))
        connection.execute(update(HEAD).values(seq=made[-1].seq, hash=made[-1].hash))
        if target.dialect == "postgres":
            connection.execute(text("ALTER TABLE trueup_journal ENABLE TRIGGER trueup_journal_write"))
        connection.commit()
