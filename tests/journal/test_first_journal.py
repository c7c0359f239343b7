"""A journal that an older trueup wrote goes on after the migration, and everything in it still verifies."""

from __future__ import annotations

import dataclasses
import json

import pytest
import sqlalchemy
from sqlalchemy import text

from tests.support.journals import chained, head_after, installed, line
from trueup import journal
from trueup.journal.chain import canonical_text
from trueup.targets import open_target

ENTRIES = 3


@pytest.fixture
def old_place(place: str) -> str:
    """A database whose journal is of revision 0001 and holds three entries."""
    target = installed(place)
    old = chained((line(number) for number in range(ENTRIES)), db_role=None)
    with target.transaction() as connection:
        if target.dialect == "postgres":
            connection.execute(text("DROP TRIGGER trueup_journal_write ON trueup_journal"))
            connection.execute(text("DROP FUNCTION trueup_journal_write(), trueup_journal_wait()"))
            connection.execute(text("DROP FUNCTION trueup_journal_canonical(jsonb, integer)"))
            connection.execute(text("DROP TABLE trueup_journal_consumed"))
        connection.execute(text("ALTER TABLE trueup_journal DROP COLUMN db_role"))
        connection.execute(text("UPDATE trueup_schema_version SET version_num = '0001'"))
        table = sqlalchemy.Table("trueup_journal", sqlalchemy.MetaData(), autoload_with=connection)
        for entry in old:
            row = dataclasses.asdict(entry) | {
                name: canonical_text(getattr(entry, name)) for name in ("before", "after")
            }
            del row["db_role"]
            connection.execute(table.insert().values(row))
        head = head_after(old)
        connection.execute(text(f"UPDATE trueup_journal_head SET seq = {head.seq}, hash = '{head.hash}'"))
        connection.commit()
    return place


def test_old_entries_verify_and_new_ones_follow_them(old_place: str) -> None:
    target = open_target(old_place)
    with target.transaction() as connection:
        assert journal.read_installed_revision(connection) == "0001"
        assert journal.install(connection)
        journal.append(connection, line(9), code_version="1", database_identity="here")
        connection.commit()
    with target.reading() as connection:
        assert journal.read_installed_revision(connection) == journal.current_revision()
        found = journal.verify(journal.entries(connection), head=journal.head_of(connection))
        roles = [entry.db_role for entry in journal.entries(connection)]
    assert isinstance(found, journal.Sound)
    assert found.count == ENTRIES + 1
    assert roles[:ENTRIES] == [None] * ENTRIES
    assert roles[ENTRIES] is not None


def test_what_is_exported_of_an_old_entry_is_what_was_hashed() -> None:
    (old,), (new,) = chained([line(1)], db_role=None), chained([line(1)])
    assert "db_role" not in journal.content_of(old)
    assert json.loads(json.dumps(journal.content_of(new)))["db_role"] == "trueup_repair"
