"""MySQL's dialect, tried against a real MariaDB."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime

import pytest

from tests.support.databases import PASSWORD, MariaDBServer
from tests.support.mappings import count_rows, mapping
from trueup.model.errors import ConfigurationError, SourceUnavailable
from trueup.model.source import RelationMapping
from trueup.sources import open_source


def name_of(url: str) -> str:
    return url.rpartition("/")[2]


def execute(server: MariaDBServer, url: str, *statements: str) -> list[tuple[object, ...]]:
    with contextlib.closing(server.admin(name_of(url))) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())


def read(url: str, relation: RelationMapping) -> list[dict[str, object]]:
    with open_source(url).snapshot() as snapshot:
        rows: list[dict[str, object]] = snapshot.read(relation).read_all().to_pylist()
        return rows


@pytest.mark.parametrize(
    ("kind", "literal", "expected"),
    [
        ("BIGINT UNSIGNED", "18446744073709551615", 18446744073709551615),
        ("BIGINT", "-9223372036854775808", -9223372036854775808),
        ("TINYINT(1)", "1", 1),
        ("BIT(1)", "b'1'", 1),
        ("BIT(12)", "b'100000000101'", 2053),
        ("YEAR", "2026", 2026),
        ("DECIMAL(38,10)", "1234567890123456789012345678.0000000001", "1234567890123456789012345678.0000000001"),
        ("DECIMAL(10,2)", "1.10", "1.10"),
        ("DOUBLE", "0.1", 0.1),
        ("DATETIME(6)", "'2026-03-01 12:00:00.123456'", datetime(2026, 3, 1, 12, 0, 0, 123456)),
        ("DATE", "'2026-03-01'", datetime(2026, 3, 1)),
        ("TIME", "'10:00:00'", "10:00:00"),
        ("VARCHAR(20) CHARACTER SET latin1", "'naïve'", "naïve"),
        ("TEXT", "'🪙'", "🪙"),
        ("TEXT", "''", ""),
        ("ENUM('free','pro')", "'pro'", "pro"),
        ("JSON", "'{\"a\": 1}'", '{"a": 1}'),
        ("UUID", "'6f1c0f0e-3b0a-4c39-9d70-111111111111'", "6f1c0f0e-3b0a-4c39-9d70-111111111111"),
        ("BIGINT UNSIGNED", "NULL", None),
        ("BIT(1)", "NULL", None),
        ("DATETIME", "NULL", None),
        ("TEXT", "NULL", None),
    ],
)
def test_a_value_arrives_exactly(
    mariadb_server: MariaDBServer, mariadb_url: str, kind: str, literal: str, expected: object
) -> None:
    execute(mariadb_server, mariadb_url, f"CREATE TABLE one (value {kind} NULL)", f"INSERT INTO one VALUES ({literal})")
    assert read(mariadb_url, mapping("one", "value")) == [{"value": expected}]


@pytest.mark.parametrize("text", ["0000-00-00", "2026-00-00", "2026-02-00"])
@pytest.mark.parametrize("kind", ["DATE", "DATETIME(6)"])
def test_a_date_that_no_calendar_has_is_one_the_books_refuse(
    mariadb_server: MariaDBServer, mariadb_url: str, kind: str, text: str
) -> None:
    rows = f"INSERT INTO one VALUES (1, '2026-03-01'), (2, '{text}'), (3, NULL)"
    execute(mariadb_server, mariadb_url, f"CREATE TABLE one (id int, value {kind} NULL)", rows)
    found = {row["id"]: row["value"] for row in read(mariadb_url, mapping("one", "id", "value"))}
    assert found == {1: datetime(2026, 3, 1), 2: datetime(9999, 12, 31, 23, 59, 59), 3: None}


def test_a_timestamp_is_delivered_in_utc(mariadb_server: MariaDBServer, mariadb_url: str) -> None:
    execute(
        mariadb_server,
        mariadb_url,
        "SET time_zone = '+05:00'",
        "CREATE TABLE one (value TIMESTAMP NULL)",
        "INSERT INTO one VALUES ('2026-03-01 12:00:00')",
    )
    assert read(mariadb_url, mapping("one", "value")) == [{"value": datetime(2026, 3, 1, 7)}]


@pytest.mark.parametrize("kind", ["BINARY(16)", "VARBINARY(5)", "BLOB"])
def test_a_binary_column_is_refused_by_name(mariadb_server: MariaDBServer, mariadb_url: str, kind: str) -> None:
    execute(mariadb_server, mariadb_url, f"CREATE TABLE one (id {kind})", "INSERT INTO one VALUES ('a')")
    with pytest.raises(ConfigurationError, match=r"one\.id .*hex\(id\)"):
        read(mariadb_url, mapping("one", "id"))
    assert read(mariadb_url, mapping("one", id="left(hex(id), 2)")) == [{"id": "61"}]


@pytest.mark.parametrize(
    "relation",
    [
        mapping("nowhere", "id"),
        mapping("one", "nothing"),
        mapping("one", value="id +"),
        mapping("one", "id", where="id ="),
    ],
)
def test_a_mapping_that_does_not_fit_is_a_configuration_error(
    mariadb_server: MariaDBServer, mariadb_url: str, relation: RelationMapping
) -> None:
    execute(mariadb_server, mariadb_url, "CREATE TABLE one (id int)")
    with pytest.raises(ConfigurationError, match="does not fit"):
        read(mariadb_url, relation)


def test_a_snapshot_does_not_see_what_is_written_after_it_opened(
    mariadb_server: MariaDBServer, mariadb_url: str
) -> None:
    execute(
        mariadb_server, mariadb_url, "CREATE TABLE a (id int)", "CREATE TABLE b (id int)", "INSERT INTO b VALUES (1)"
    )
    with open_source(mariadb_url).snapshot() as snapshot:
        execute(mariadb_server, mariadb_url, "INSERT INTO a VALUES (1)")
        assert snapshot.read(mapping("a", "id")).read_all().num_rows == 0
        execute(mariadb_server, mariadb_url, "DELETE FROM b")
        assert snapshot.read(mapping("b", "id")).read_all().num_rows == 1
    assert abs((datetime.now(UTC).replace(tzinfo=None) - snapshot.as_of).total_seconds()) < 60


def test_a_write_through_the_snapshot_fails(mariadb_server: MariaDBServer, mariadb_url: str) -> None:
    execute(
        mariadb_server,
        mariadb_url,
        "CREATE TABLE one (id int)",
        "INSERT INTO one VALUES (1)",
        "CREATE FUNCTION grow() RETURNS int MODIFIES SQL DATA BEGIN INSERT INTO one VALUES (2); RETURN 2; END",
    )
    with pytest.raises(SourceUnavailable, match="READ ONLY"):
        read(mariadb_url, mapping("one", value="grow()"))
    assert len(read(mariadb_url, mapping("one", "id"))) == 1


def test_a_session_is_limited_and_gone_afterwards(mariadb_server: MariaDBServer, mariadb_url: str) -> None:
    execute(mariadb_server, mariadb_url, "CREATE TABLE one (id int)", "INSERT INTO one VALUES (1)")
    settings = {
        "zone": "@@session.time_zone",
        "timeout": "cast(@@session.max_statement_time AS int)",
        "isolation": "@@session.tx_isolation",
        "read_only": "@@session.tx_read_only",
        "locks": "@@session.lock_wait_timeout",
    }
    with open_source(mariadb_url, statement_timeout_seconds=77).snapshot() as snapshot:
        (row,) = snapshot.read(mapping("one", **settings)).read_all().to_pylist()
        assert len(sessions(mariadb_server, mariadb_url)) == 1
    assert list(row.values()) == ["+00:00", 77, "REPEATABLE-READ", 1, 5]
    assert sessions_after(mariadb_server, mariadb_url) == []


def sessions(server: MariaDBServer, url: str) -> list[tuple[object, ...]]:
    own = "id <> CONNECTION_ID()"
    return execute(server, url, f"SELECT id FROM information_schema.processlist WHERE db = '{name_of(url)}' AND {own}")


def sessions_after(server: MariaDBServer, url: str) -> list[tuple[object, ...]]:
    deadline = time.monotonic() + 5
    while (left := sessions(server, url)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def fill_many(server: MariaDBServer, url: str) -> None:
    fill = "CREATE TABLE many AS SELECT seq AS id, repeat('x', 200) AS text FROM seq_1_to_200000"
    execute(server, url, fill)


def test_an_abandoned_stream_leaves_no_session_and_no_lock(mariadb_server: MariaDBServer, mariadb_url: str) -> None:
    fill_many(mariadb_server, mariadb_url)
    with open_source(mariadb_url).snapshot() as snapshot:
        assert snapshot.read(mapping("many", "id", "text")).read_next_batch().num_rows > 0
    assert sessions_after(mariadb_server, mariadb_url) == []
    execute(mariadb_server, mariadb_url, "SET lock_wait_timeout = 2", "DROP TABLE many")


def test_a_read_that_takes_too_long_is_unavailable(mariadb_server: MariaDBServer, mariadb_url: str) -> None:
    execute(mariadb_server, mariadb_url, "CREATE TABLE one (id int)", "INSERT INTO one VALUES (1)")
    timeout = pytest.raises(SourceUnavailable, match="longer than 1 seconds")
    with open_source(mariadb_url, statement_timeout_seconds=1).snapshot() as snapshot, timeout:
        snapshot.read(mapping("one", value="sleep(5)")).read_all()


def test_a_killed_connection_makes_the_stream_unavailable(mariadb_server: MariaDBServer, mariadb_url: str) -> None:
    fill_many(mariadb_server, mariadb_url)
    with open_source(mariadb_url).snapshot() as snapshot:
        reader = snapshot.read(mapping("many", "id", "text"))
        read_rows = reader.read_next_batch().num_rows
        ((pid,),) = sessions(mariadb_server, mariadb_url)
        execute(mariadb_server, mariadb_url, f"KILL {pid}")
        with pytest.raises(SourceUnavailable, match="cannot be read"):
            read_rows += count_rows(reader)
        assert 0 < read_rows < 200_000


def test_a_wrong_password_is_unavailable_and_not_echoed(mariadb_url: str) -> None:
    wrong = mariadb_url.replace("s3cret", "s3cr3t")
    for attempt in (lambda: open_source(wrong).tables(), lambda: read(wrong, mapping("one", "id"))):
        with pytest.raises(SourceUnavailable, match="Access denied") as raised:
            attempt()
        assert "s3cr3t" not in str(raised.value)
    assert PASSWORD not in open_source(mariadb_url).place


def test_tables_tell_columns_and_keys(mariadb_server: MariaDBServer, mariadb_url: str) -> None:
    execute(
        mariadb_server,
        mariadb_url,
        "CREATE TABLE users (id bigint unsigned PRIMARY KEY, email varchar(80) UNIQUE, org int NOT NULL, "
        "name varchar(20) NOT NULL, UNIQUE (org, name))",
        "CREATE VIEW active AS SELECT id FROM users",
    )
    active, users = open_source(mariadb_url).tables()
    assert (active.name, active.unique) == ("active", frozenset())
    assert [(c.name, c.type, c.nullable) for c in users.columns] == [
        ("id", "bigint(20) unsigned", False), ("email", "varchar(80)", True), ("org", "int(11)", False),
        ("name", "varchar(20)", False),
    ]  # fmt: skip
    assert users.unique == {frozenset({"id"}), frozenset({"org", "name"})}


def test_privileges_beyond_reading_are_named_without_the_password_hash(
    mariadb_server: MariaDBServer, mariadb_url: str
) -> None:
    user, database = f"auditor{time.monotonic_ns()}", name_of(mariadb_url)
    execute(
        mariadb_server,
        mariadb_url,
        "CREATE TABLE users (id int, name text)",
        f"CREATE USER {user}@'%' IDENTIFIED BY 'narrow'",
        f"GRANT SELECT (id) ON {database}.users TO {user}@'%'",
    )
    narrow = f"mysql://{user}:narrow@127.0.0.1:{mariadb_server.port}/{database}"
    assert list(open_source(narrow).privileges()) == []
    assert [column.name for table in open_source(narrow).tables() for column in table.columns] == ["id"]
    with pytest.raises(ConfigurationError, match="denied"):
        read(narrow, mapping("users", "name"))
    execute(mariadb_server, mariadb_url, f"GRANT UPDATE (id), DELETE ON {database}.users TO {user}@'%'")
    (sentence,) = open_source(narrow).privileges()
    assert "DELETE, UPDATE" in sentence
    assert "*" not in " ".join(open_source(mariadb_url).privileges()).replace("*.*", "")
