"""Appending and reading, in every kind of database."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, text, update
from sqlalchemy.exc import DBAPIError

from tests.support.databases import OWNER
from tests.support.journals import chained, line
from trueup import journal
from trueup.journal import Sound
from trueup.journal.chain import canonical_text
from trueup.journal.tables import HEAD, JOURNAL
from trueup.targets.target import Target, Trouble


def test_text_comes_back_as_it_was_written(target: Target) -> None:
    odd = "ÄÖ 你好 🙂 'quoted' \"double\" \\back\\ %s %(x)s :colon {brace} \t tab"
    with target.transaction() as connection:
        written = journal.append(
            connection, line(1, reason=odd, before={"value": odd}), code_version="1", database_identity=odd
        )
        connection.commit()
    with target.reading() as connection:
        assert list(journal.entries(connection)) == [written]


def test_the_time_is_the_databases_and_is_utc(target: Target) -> None:
    with target.transaction() as connection:
        entry = journal.append(connection, line(1), code_version="1", database_identity="here")
    assert abs(entry.moment - datetime.now(UTC).replace(tzinfo=None)) < timedelta(minutes=1)
    assert entry.at == f"{entry.moment.isoformat(timespec='microseconds')}Z"


def test_an_entry_is_there_when_its_transaction_commits_and_only_then(target: Target) -> None:
    with target.transaction() as connection:
        journal.append(connection, line(1), code_version="1", database_identity="here")
    with target.transaction() as connection:
        assert journal.append(connection, line(2), code_version="1", database_identity="here").seq == 1
        connection.commit()
    with target.reading() as connection:
        assert [entry.target for entry in journal.entries(connection)] == ["credit-balance:user_2"]


def test_the_role_is_the_one_that_the_database_knows(target: Target) -> None:
    with target.transaction() as connection:
        entry = journal.append(connection, line(1), code_version="1", database_identity="here")
    assert entry.db_role == {"sqlite": "", "postgres": OWNER, "mysql": f"{OWNER}@%"}[target.dialect]


def test_pages_meet_without_a_gap(target: Target) -> None:
    total = 2_001
    made = chained((line(number) for number in range(1, total + 1)), db_role=None)
    texts = [{"before": canonical_text(entry.before), "after": canonical_text(entry.after)} for entry in made]
    with target.transaction() as connection:
        if connection.dialect.name == "postgresql":  # they are of a journal that the server did not write yet
            connection.execute(text("ALTER TABLE trueup_journal DISABLE TRIGGER trueup_journal_write"))
        rows = [{**dataclasses.asdict(entry), **text} for entry, text in zip(made, texts, strict=True)]
        connection.execute(insert(JOURNAL), rows)
        connection.execute(update(HEAD).values(seq=total, hash=made[-1].hash))
        connection.commit()
    with target.reading() as connection:
        found = journal.verify(journal.entries(connection), head=journal.head_of(connection))
        assert isinstance(found, Sound)
        assert found.count == total
        assert [e.seq for e in journal.entries(connection, since=1_990, until=2_000)] == list(range(1_991, 2_001))
        assert [e.seq for e in journal.entries(connection, since=5, most=3)] == [6, 7, 8]
        assert [e.seq for e in journal.entries(connection, most=0)] == []


def test_many_who_append_at_once_make_one_chain(target: Target) -> None:
    def append(number: int) -> None:
        while True:
            try:
                with target.transaction() as connection:
                    journal.append(connection, line(number), code_version="1", database_identity="here")
                    connection.commit()
                    return
            except DBAPIError as error:
                if target.trouble(error) not in {Trouble.BUSY, Trouble.CONFLICT}:
                    raise

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(append, range(40)))
    with target.reading() as connection:
        found = journal.verify(journal.entries(connection), head=journal.head_of(connection))
        targets = {entry.target for entry in journal.entries(connection)}
    assert isinstance(found, Sound)
    assert (found.count, len(targets)) == (40, 40)


def test_reading_sees_one_moment_and_keeps_nobody_from_appending(target: Target) -> None:
    def append() -> None:
        with target.transaction() as connection:
            journal.append(connection, line(1), code_version="1", database_identity="here")
            connection.commit()

    append()
    with target.reading() as connection:
        head = journal.head_of(connection)
        append()
        found = journal.verify(journal.entries(connection), head=head)
        assert isinstance(found, Sound)
        assert found.count == 1
        assert connection.execute(text("SELECT count(*) FROM trueup_journal")).scalar_one() == 1
