"""SQLite, whose columns hold whatever was put into them."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from tests.support.mappings import mapping
from trueup.model.errors import ConfigurationError, SourceUnavailable
from trueup.model.source import RelationMapping
from trueup.sources import open_source

BATCH_AND_MORE = 70_000


def execute(url: str, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def read(url: str, relation: RelationMapping) -> pa.Table:
    with open_source(url).snapshot() as snapshot:
        return snapshot.read(relation).read_all()


def delivered(url: str, declared: str, *literals: str) -> tuple[str, list[object]]:
    """The type and values of one column with these values, the first of them after more than a whole batch of NULLs."""
    execute(
        url,
        f"CREATE TABLE one (id INTEGER PRIMARY KEY, value {declared})",
        f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {BATCH_AND_MORE}) "
        "INSERT INTO one SELECT i, NULL FROM n",
        *(f"INSERT INTO one (value) VALUES ({literal})" for literal in literals),
    )
    column = read(url, mapping("one", "id", "value")).column("value")
    assert column.slice(0, BATCH_AND_MORE).null_count == BATCH_AND_MORE
    return str(column.type), column.slice(BATCH_AND_MORE).to_pylist()


@pytest.mark.parametrize(
    ("declared", "literals", "kind", "values"),
    [
        ("INTEGER", ("9223372036854775807", "-9007199254740993"), "int64", [9223372036854775807, -9007199254740993]),
        ("INTEGER", (), "int64", []),
        ("INTEGER", ("1", "'abc'", "NULL"), "string", ["1", "abc", None]),
        ("INTEGER", ("9007199254740993", "1.5"), "string", ["9007199254740993", "1.5"]),
        ("BIGINT", ("'12'",), "int64", [12]),
        ("BOOLEAN", ("0", "1", "NULL"), "int64", [0, 1, None]),
        ("NUMERIC", ("10", "0.1", "0.30000000000000004"), "string", ["10", "0.1", "0.30000000000000004"]),
        ("DATETIME", ("1767225600000",), "int64", [1767225600000]),
        ("DATETIME", ("'2026-01-01 00:00:00'",), "string", ["2026-01-01 00:00:00"]),
        ("REAL", ("1", "0.1"), "double", [1.0, 0.1]),
        ("REAL", ("0.30000000000000004", "'free'"), "string", ["0.30000000000000004", "free"]),
        ("TEXT", ("'🪙'", "7", "''"), "string", ["🪙", "7", ""]),
        ("TEXT", ("'a' || char(0) || 'b'",), "string", ["a\x00b"]),
        ("TEXT", ("'fine'", "x'ff00'", "CAST(x'c328' AS TEXT)"), "string", ["fine", "x'ff00'", "x'c328'"]),
        ("", ("1", "2"), "int64", [1, 2]),
        ("", ("1", "'1'"), "string", ["1", "1"]),
        ("", ("0.5",), "double", [0.5]),
        ("", ("'a'",), "string", ["a"]),
        ("", ("'a'", "x'ff'"), "string", ["a", "x'ff'"]),
    ],
)
def test_a_column_arrives_as_what_it_really_holds(
    sqlite_url: str, declared: str, literals: tuple[str, ...], kind: str, values: list[object]
) -> None:
    assert delivered(sqlite_url, declared, *literals) == (kind, values)


def test_a_column_of_blobs_is_refused_by_name(sqlite_url: str) -> None:
    execute(sqlite_url, "CREATE TABLE one (id BLOB)", "INSERT INTO one VALUES (x'00ff')")
    with pytest.raises(ConfigurationError, match=r"one\.id .*hex\(id\)"):
        read(sqlite_url, mapping("one", "id"))
    assert read(sqlite_url, mapping("one", id="hex(id)")).to_pylist() == [{"id": "00FF"}]


def test_a_views_columns_are_looked_at_and_not_believed(sqlite_url: str) -> None:
    execute(
        sqlite_url,
        "CREATE TABLE a (amount INTEGER)",
        "INSERT INTO a VALUES (9007199254740993)",
        "CREATE VIEW both AS SELECT amount FROM a UNION ALL SELECT 5.0",
    )
    column = read(sqlite_url, mapping("both", "amount", "amount")).column("amount")
    assert column.to_pylist() == ["9007199254740993", "5.000000000"]


def test_an_unknown_column_is_an_error_and_not_a_text(sqlite_url: str) -> None:
    execute(sqlite_url, "CREATE TABLE one (id)", "INSERT INTO one VALUES (1)")
    with pytest.raises(ConfigurationError, match="no such column: nothing"):
        read(sqlite_url, mapping("one", "nothing"))


@pytest.mark.parametrize(
    "relation", [mapping("nowhere", "id"), mapping("one", value="id +"), mapping("one", "id", where="id =")]
)
def test_a_mapping_that_does_not_fit_is_a_configuration_error(sqlite_url: str, relation: RelationMapping) -> None:
    execute(sqlite_url, "CREATE TABLE one (id)")
    with pytest.raises(ConfigurationError, match="does not fit"):
        read(sqlite_url, relation)


def test_expressions_and_conditions_are_applied_and_comments_end_where_they_should(sqlite_url: str) -> None:
    execute(sqlite_url, "CREATE TABLE one (id INTEGER)", "INSERT INTO one VALUES (1), (2), (3)")
    table = read(sqlite_url, mapping("one", "id", next="id + 1 -- one more", where="id > 1 OR id > 2 -- not the first"))
    assert table.to_pylist() == [{"id": 2, "next": 3}, {"id": 3, "next": 4}]


def test_a_snapshot_does_not_see_what_is_written_after_it_opened(sqlite_url: str) -> None:
    execute(sqlite_url, "CREATE TABLE a (id)", "CREATE TABLE b (id)", "INSERT INTO b VALUES (1)")
    with open_source(sqlite_url).snapshot() as snapshot:
        execute(sqlite_url, "INSERT INTO a VALUES (1)")
        assert snapshot.read(mapping("a", "id")).read_all().num_rows == 0
        execute(sqlite_url, "DELETE FROM b")
        assert snapshot.read(mapping("b", "id")).read_all().num_rows == 1


def test_a_write_through_the_snapshot_fails(sqlite_url: str) -> None:
    execute(sqlite_url, "CREATE TABLE one (id)")
    with open_source(sqlite_url).snapshot() as snapshot:
        ask = snapshot._ask  # type: ignore[attr-defined]
        with pytest.raises(SourceUnavailable, match="readonly"):
            ask("INSERT INTO one VALUES (1)", mapping("one", "id"))


def test_a_writer_in_this_process_keeps_its_lock_when_a_snapshot_closes(sqlite_url: str) -> None:
    path = sqlite_url.removeprefix("sqlite:///")
    execute(sqlite_url, "PRAGMA journal_mode = delete", "CREATE TABLE one (id)")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert read(sqlite_url, mapping("one", "id")).num_rows == 0
        other = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')"
        second = subprocess.run([sys.executable, "-c", other, path], capture_output=True, text=True, check=False)
        assert "locked" in second.stderr
        writer.execute("ROLLBACK")


def test_a_killed_reader_makes_the_stream_unavailable(sqlite_url: str) -> None:
    delivered(sqlite_url, "TEXT", *["'" + "x" * 3_000 + "'"] * 2_000)
    with open_source(sqlite_url).snapshot() as snapshot:
        reader = snapshot.read(mapping("one", "id", "value"))
        reader.read_next_batch()
        snapshot._process.kill()  # type: ignore[attr-defined]
        with pytest.raises(SourceUnavailable):
            reader.read_all()


def test_an_abandoned_stream_leaves_no_lock(sqlite_url: str) -> None:
    delivered(sqlite_url, "TEXT", "'x'")
    with open_source(sqlite_url).snapshot() as snapshot:
        assert snapshot.read(mapping("one", "id")).read_next_batch().num_rows > 0
    execute(sqlite_url, "PRAGMA journal_mode = delete", "DROP TABLE one")


def test_a_file_that_breaks_in_the_middle_is_unavailable(sqlite_url: str) -> None:
    execute(sqlite_url, "PRAGMA journal_mode = delete")
    delivered(sqlite_url, "TEXT", *["'" + "x" * 3_000 + "'"] * 2_000)
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 3] + b"\xff" * 4096 * 20 + whole[len(whole) // 3 + 4096 * 20 :])
    with pytest.raises(SourceUnavailable, match="malformed"):
        read(sqlite_url, mapping("one", "id", "value"))


def test_tables_tell_columns_and_keys(sqlite_url: str) -> None:
    execute(
        sqlite_url,
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE, org INT NOT NULL, name TEXT NOT NULL)",
        "CREATE UNIQUE INDEX one ON users (org, name)",
        "CREATE UNIQUE INDEX two ON users (lower(name))",
        "CREATE UNIQUE INDEX three ON users (name) WHERE org > 1",
        "CREATE TABLE texts (id TEXT PRIMARY KEY)",
        "CREATE VIEW active AS SELECT * FROM users",
        "CREATE VIEW broken AS SELECT * FROM gone",
        "INSERT INTO users VALUES (7, 'a', 1, 'a')",
    )
    source = open_source(sqlite_url)
    active, texts, users = source.tables()
    assert (active.name, active.unique, active.rows) == ("active", frozenset(), None)
    assert texts.unique == frozenset()
    assert [(c.name, c.type, c.nullable) for c in users.columns] == [
        ("id", "integer", False), ("email", "text", True), ("org", "int", False), ("name", "text", False),
    ]  # fmt: skip
    assert users.unique == {frozenset({"id"}), frozenset({"org", "name"})}
    assert users.rows == 7
    assert list(source.privileges()) == []
