"""On Postgres the server writes a journal entry: what Python would have written, whatever was sent."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

import psycopg
import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from tests.support.databases import OWNER
from tests.support.journals import installed, journal_lines, journal_records, line
from trueup import journal
from trueup.journal import Head, JournalLine
from trueup.journal.chain import canonical_text, hash_of
from trueup.journal.tables import SERVER_WRITTEN

_NASTY = (
    '\x01\x08\t\n\x0b\x0c\r\x1f "\\/\x7f\x80\u2028\u2029\ud7ff\ue000\ufeff\uffff\U00010000\U0001f642\U0010ffff{}[]:,aA'
)
_TEXT = st.text(
    st.sampled_from(_NASTY) | st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12
)  # Postgres keeps no NUL
_RECORD = journal_records(_TEXT)
_LINES = journal_lines(_TEXT)


@pytest.fixture(scope="module", params=["postgres_server", "postgres15_server"])
def connection(request: pytest.FixtureRequest) -> Iterator[Connection]:
    """A journal of the newest and of the oldest Postgres, as its owner; nothing is committed."""
    server = request.getfixturevalue(request.param)
    with installed(server.create_database()).transaction() as opened:
        yield opened


@given(record=_RECORD)
@example(record={"\U00010000": "1", "\ue000": "2", "\uffff": "3", "\ud7ff": "4", "": "5", "a": "6", "aa": "7"})
@example(record={name: name for name in _NASTY})
def test_the_canonical_form_is_pythons(connection: Connection, record: dict[str, object]) -> None:
    written = canonical_text(record)
    scrambled = json.dumps(json.loads(written), indent=1, ensure_ascii=False)
    asked = text("SELECT trueup_journal_canonical(CAST(:given AS jsonb), 1)")
    assert connection.execute(asked, {"given": scrambled}).scalar_one() == written
    assert rfc8785.dumps(json.loads(written)).decode() == written


@given(given_line=_LINES, version=_TEXT, identity=_TEXT)
def test_an_entry_is_the_one_that_python_would_have_written(
    connection: Connection, given_line: JournalLine, version: str, identity: str
) -> None:
    entry = journal.append(connection, given_line, code_version=version, database_identity=identity)
    assert entry.hash == hash_of(entry)
    assert entry.db_role == OWNER
    assert journal.head_of(connection) == Head(seq=entry.seq, hash=entry.hash)
    assert next(journal.entries(connection, since=entry.seq - 1)) == entry


def _sent(**changes: object) -> dict[str, object]:
    """The columns of an entry as somebody else would send them."""
    row = dataclasses.asdict(line(1)) | {"code_version": "1", "database_identity": "here"}
    return row | {name: canonical_text(row[name]) for name in ("before", "after")} | changes


def _insert(connection: Connection, row: dict[str, object]) -> None:
    names = ", ".join(f'"{name}"' for name in row)
    values = ", ".join(f":{name}" for name in row)
    connection.execute(text(f"INSERT INTO trueup_journal ({names}) VALUES ({values})"), row)


def test_what_is_the_servers_to_say_is_overwritten(connection: Connection) -> None:
    head = journal.append(connection, line(1), code_version="1", database_identity="here")
    forged = {"seq": 999, "prev_hash": "0" * 64, "hash": "f" * 64, "at": "2020-01-01T00:00:00.000000Z", "db_role": "me"}
    assert set(forged) == set(SERVER_WRITTEN)
    _insert(connection, _sent(**forged, transaction_id="1"))
    (entry,) = journal.entries(connection, since=head.seq)
    assert (entry.seq, entry.prev_hash, entry.hash) == (head.seq + 1, head.hash, hash_of(entry))
    assert (entry.db_role, entry.at > "2026") == (OWNER, True)
    own = "SELECT transaction_id = pg_current_xact_id()::text FROM trueup_journal WHERE seq = :seq"
    assert connection.execute(text(own), {"seq": entry.seq}).scalar_one() is True
    found = journal.verify(journal.entries(connection), head=journal.head_of(connection))
    assert isinstance(found, journal.Sound)


NOT_CANONICAL = (
    "",
    "null",
    "[]",
    '"a"',
    "{",
    '{"a":1}',
    '{"a":1.0}',
    '{"a": "1"}',
    ' {"a":"1"}',
    '{"a":"1"} ',
    '{"a":"1","a":"1"}',
    '{"a":"1","a":"2"}',
    '{"a":{"b":"1","b":"2"}}',
    '{"a":[{"b":"1","b":"2"}]}',
    '{"b":"1","a":"2"}',
    '{"\uffff":"1","\U00010000":"2"}',
    '{"a":"\\u0041"}',
    '{"a":"\\/"}',
    '{"a":"\\u000A"}',
    '{"a":"\\u0000"}',
    '{"a":"\\ud800"}',
    '{"a":yes}',
    '{"a":' * 33 + "{}" + "}" * 33,
    '{"a":' + "[" * 20_000 + "]" * 20_000 + "}",
)


@pytest.mark.parametrize("column", ["before", "after"])
@pytest.mark.parametrize("written", NOT_CANONICAL, ids=lambda written: written[:20])
def test_text_that_is_not_canonical_is_refused(connection: Connection, column: str, written: str) -> None:
    with pytest.raises(DBAPIError) as raised, connection.begin_nested():
        _insert(connection, _sent(**{column: written}))
    assert isinstance(raised.value.orig, psycopg.errors.CheckViolation), raised.value.orig
    assert "must be canonical JSON" in str(raised.value.orig)


def test_a_trigger_that_swallows_or_changes_the_entry_is_noticed(connection: Connection) -> None:
    for name, does, says in (
        ("trueup_journal_zz", "RETURN NULL", "did not keep it"),
        ("trueup_journal_zz", "NEW.reason := 'another'; RETURN NEW", "another entry"),
        ("aa", "RETURN NULL", "did not keep it"),
        ("aa", "NEW.reason := 'another'; RETURN NEW", "another entry"),
        ("aa", "NEW.before := '{}'; RETURN NEW", "another entry"),
    ):
        savepoint = connection.begin_nested()
        connection.exec_driver_sql(f"CREATE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {does}; END $$")
        connection.execute(
            text(f"CREATE TRIGGER {name} BEFORE INSERT ON trueup_journal FOR EACH ROW EXECUTE FUNCTION odd()")
        )
        with pytest.raises(journal.JournalUnusable, match=says):
            journal.append(connection, line(1), code_version="1", database_identity="here")
        savepoint.rollback()
