"""Whoever may write to the database and changes the journal there is found out."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from sqlalchemy import Connection, text

from tests.support.journals import installed, line
from trueup import journal
from trueup.journal import Anchor, BrokenAt, Sound
from trueup.journal.chain import GENESIS, hash_of
from trueup.journal.tables import JOURNAL
from trueup.targets.target import Target

LAST = 5
_ALL_BUT_SEQ = (
    "seq, prev_hash, hash, at, actor, action, target, repair_id, plan_hash, {before}, {after}, reason, request_id, "
    "code_version, database_identity, db_role"
)
_FIELDS = [column.name for column in JOURNAL.c if column.name != "seq"]


@pytest.fixture
def written(target: Target) -> Target:
    """A journal of five entries."""
    for number in range(1, LAST + 1):
        with target.transaction() as connection:
            journal.append(connection, line(number), code_version="1.0", database_identity="here")
            connection.commit()
    return target


def verdict(connection: Connection, anchors: Iterable[Anchor] = ()) -> Sound | BrokenAt:
    return journal.verify(journal.entries(connection), head=journal.head_of(connection), anchors=anchors)


def after(target: Target, *statements: str, anchors: Iterable[Anchor] = ()) -> Sound | BrokenAt:
    """The verdict once the owner ran these statements; they are rolled back again."""
    mark = target.quote
    with target.transaction() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE trueup_journal DISABLE TRIGGER trueup_journal_write"))
        for statement in statements:
            connection.execute(text(statement.format(before=f"{mark}before{mark}", after=f"{mark}after{mark}")))
        return verdict(connection, anchors)


def test_a_journal_that_nobody_touched_is_whole(written: Target) -> None:
    found = after(written)
    assert isinstance(found, Sound)
    assert found.count == LAST


def test_an_edit_of_any_field_is_found(written: Target) -> None:
    for field in _FIELDS:
        column = f"{{{field}}}" if field in {"before", "after"} else field
        for value in ("'x'", "''", "NULL"):
            if value == "NULL" and not JOURNAL.c[field].nullable:
                continue
            if (field, value, written.dialect) == ("db_role", "''", "sqlite"):
                continue  # which is what it holds there
            found = after(written, f"UPDATE trueup_journal SET {column} = {value} WHERE seq = 3")
            assert isinstance(found, BrokenAt), (field, value)
            assert found.seq == 3, (field, value)


def test_a_number_that_was_moved_is_found(written: Target) -> None:
    for new in (0, -1, 99):
        assert isinstance(after(written, f"UPDATE trueup_journal SET seq = {new} WHERE seq = 3"), BrokenAt)


def test_a_deleted_entry_is_found_wherever_it_stood(written: Target) -> None:
    for seq in range(1, LAST + 1):
        found = after(written, f"DELETE FROM trueup_journal WHERE seq = {seq}")
        assert isinstance(found, BrokenAt)
        assert found.seq == seq
    assert isinstance(after(written, "DELETE FROM trueup_journal"), BrokenAt)


def test_an_inserted_entry_is_found_wherever_it_stands(written: Target) -> None:
    for seq in (-7, 0, LAST + 1, 99):
        row = _ALL_BUT_SEQ.replace("seq", str(seq), 1)
        copied = f"INSERT INTO trueup_journal ({_ALL_BUT_SEQ}) SELECT {row} FROM trueup_journal WHERE seq = 2"
        assert isinstance(after(written, copied), BrokenAt), seq


def test_entries_that_changed_places_are_found(written: Target) -> None:
    swap = [f"UPDATE trueup_journal SET seq = {new} WHERE seq = {old}" for old, new in ((2, 99), (3, 2), (99, 3))]
    found = after(written, *swap)
    assert isinstance(found, BrokenAt)
    assert found.seq == 2


def test_a_changed_head_is_found(written: Target) -> None:
    for change in ("seq = 4", "seq = 6", "hash = 'x'", f"hash = '{GENESIS}'", f"seq = 0, hash = '{GENESIS}'"):
        assert isinstance(after(written, f"UPDATE trueup_journal_head SET {change}"), BrokenAt), change
    assert isinstance(after(written, "DELETE FROM trueup_journal_head"), BrokenAt)
    for seq in (0, LAST, 99):
        second = f"INSERT INTO trueup_journal_head (id, seq, hash) SELECT 2, {seq}, hash FROM trueup_journal_head"
        found = after(written, second)
        assert isinstance(found, BrokenAt)
        assert "2 rows" in found.reason


def test_a_tail_that_was_cut_together_with_the_head_is_found_by_an_anchor(written: Target) -> None:
    with written.reading() as connection:
        third, last = (next(journal.entries(connection, since=seq - 1)) for seq in (3, LAST))
    cut = (
        "DELETE FROM trueup_journal WHERE seq > 3",
        f"UPDATE trueup_journal_head SET seq = 3, hash = '{third.hash}'",
    )
    assert isinstance(after(written, *cut), Sound)
    found = after(written, *cut, anchors=[Anchor(seq=last.seq, hash=last.hash, database_identity="here")])
    assert isinstance(found, BrokenAt)
    assert found.seq == 4


def test_a_whole_chain_that_was_replaced_is_found_by_an_anchor(written: Target) -> None:
    with written.reading() as connection:
        last = next(journal.entries(connection, since=LAST - 1))
    with written.transaction() as connection:
        connection.execute(text("DELETE FROM trueup_journal"))
        connection.execute(text(f"UPDATE trueup_journal_head SET seq = 0, hash = '{GENESIS}'"))
        for number in range(10, 10 + LAST):
            entry = journal.append(connection, line(number), code_version="1.0", database_identity="here")
        assert entry.hash == hash_of(entry)
        assert isinstance(verdict(connection), Sound)
        found = verdict(connection, [Anchor(seq=last.seq, hash=last.hash, database_identity="here")])
        assert isinstance(found, BrokenAt)
        assert found.seq == LAST


def test_a_broken_head_takes_no_entry(written: Target) -> None:
    for change in ("UPDATE trueup_journal_head SET hash = 'x'", "DELETE FROM trueup_journal_head"):
        with written.transaction() as connection:
            connection.execute(text(change))
            with pytest.raises(journal.JournalUnusable, match="head"):
                journal.append(connection, line(9), code_version="1.0", database_identity="here")


def test_what_sqlite_lets_stand_where_text_should_be_is_found(sqlite_url: str) -> None:
    target = installed(sqlite_url)
    with target.transaction() as connection:
        journal.append(connection, line(1), code_version="1.0", database_identity="here")
        connection.commit()
    for value in ("x'00ff'", "x'41'", "12", "1.5"):
        for field in _FIELDS:
            found = after(target, f'UPDATE trueup_journal SET "{field}" = {value}')
            assert isinstance(found, BrokenAt), (field, value)
