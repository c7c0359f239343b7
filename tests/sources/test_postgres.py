"""PostgreSQL, tried against a real server."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import duckdb
import psycopg
import pyarrow as pa
import pytest

from tests.support.databases import PASSWORD, PostgresServer
from tests.support.mappings import count_rows, mapping
from trueup.model.errors import ConfigurationError, SourceUnavailable
from trueup.model.source import RelationMapping
from trueup.sources import open_source


def execute(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def read(url: str, relation: RelationMapping) -> pa.Table:
    with open_source(url).snapshot() as snapshot:
        return snapshot.read(relation).read_all()


def column(url: str, expression: str) -> pa.ChunkedArray:
    execute(url, "CREATE TABLE IF NOT EXISTS one AS SELECT 1 AS id")
    return read(url, mapping("one", value=expression)).column("value")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("9223372036854775807::int8", 9223372036854775807),
        ("7::int2", 7),
        ("true", True),
        ("1.5::float8", 1.5),
        ("'1.10'::numeric", "1.10"),
        ("'NaN'::numeric", "nan"),
        ("'Infinity'::numeric", "inf"),
        (
            "'123456789012345678901234567890.000000000000000000001'::numeric",
            "123456789012345678901234567890.000000000000000000001",
        ),
        ("'🪙 naïve'::text", "🪙 naïve"),
        ("'abc'::char(10)", "abc"),
        ("'6f1c0f0e-3b0a-4c39-9d70-111111111111'::uuid", "6f1c0f0e-3b0a-4c39-9d70-111111111111"),
        ("'{\"a\": 1}'::jsonb", '{"a": 1}'),
        ("'{1,2}'::int[]", "{1,2}"),
        ("'1 day'::interval", "1 day"),
        ("encode('\\x00ff'::bytea, 'hex')", "00ff"),
        ("NULL::text", None),
        ("NULL::timestamptz", None),
    ],
)
def test_a_value_arrives_exactly(postgres_url: str, expression: str, expected: object) -> None:
    assert column(postgres_url, expression).to_pylist() == [expected]


@pytest.mark.parametrize("kind", ["timestamptz", "timestamp", "date"])
@pytest.mark.parametrize(
    "text", ["infinity", "-infinity", "10000-01-01", "12000-01-01", "0044-03-15 BC", "4713-01-01 BC"]
)
def test_a_moment_that_no_calendar_of_ours_has_is_one_the_books_refuse(postgres_url: str, kind: str, text: str) -> None:
    moments = column(postgres_url, f"'{text}'::{kind}").cast(pa.timestamp("us"))
    assert moments.to_pylist()[0].year == 9999


def test_a_moment_is_delivered_in_utc_whatever_the_server_thinks(postgres_url: str) -> None:
    moments = column(postgres_url, "'2026-03-01 12:00:00.123456+02'::timestamptz")
    assert moments.to_pylist() == [datetime(2026, 3, 1, 10, 0, 0, 123456, tzinfo=UTC)]


def test_enums_and_domains_are_read_as_what_they_hold(postgres_url: str) -> None:
    execute(
        postgres_url,
        "CREATE TYPE plan AS ENUM ('free', 'pro')",
        "CREATE DOMAIN moment AS timestamptz",
        "CREATE DOMAIN credits AS numeric(12, 2)",
        "CREATE TABLE users (id bigint, plan plan, at moment, credits credits)",
        "INSERT INTO users VALUES (1, 'pro', 'infinity', 1.5)",
    )
    (row,) = read(postgres_url, mapping("users", "plan", "at", "credits")).to_pylist()
    assert (row["plan"], row["at"].year, row["credits"]) == ("pro", 9999, "1.50")


def test_a_binary_column_is_refused_by_name(postgres_url: str) -> None:
    execute(postgres_url, "CREATE TABLE users (id bytea)")
    with pytest.raises(ConfigurationError, match=r"users\.id .*encode\(id, 'hex'\)"):
        read(postgres_url, mapping("users", "id"))


def test_columns_keep_our_names_and_the_mappings_order(postgres_url: str) -> None:
    execute(postgres_url, 'CREATE TABLE "Users" ("userId" int, a int)', 'INSERT INTO "Users" VALUES (1, 2), (3, 4)')
    table = read(postgres_url, mapping("Users", "a", "userId", where='"userId" > 1 -- not the first', next="a + 1"))
    assert table.to_pylist() == [{"a": 4, "userId": 3, "next": 5}]
    assert table.column_names == ["a", "userId", "next"]


@pytest.mark.parametrize(
    "relation",
    [
        mapping("nowhere", "id"),
        mapping("one", "nothing"),
        mapping("one", value="id +"),
        mapping("one", "id", where="id = "),
    ],
)
def test_a_mapping_that_does_not_fit_is_a_configuration_error(postgres_url: str, relation: RelationMapping) -> None:
    execute(postgres_url, "CREATE TABLE one AS SELECT 1 AS id")
    with pytest.raises(ConfigurationError, match="does not fit"):
        read(postgres_url, relation)


def test_a_snapshot_does_not_see_what_is_written_after_it_opened(postgres_url: str) -> None:
    execute(postgres_url, "CREATE TABLE a AS SELECT 1 AS id", "CREATE TABLE b AS SELECT 1 AS id")
    with open_source(postgres_url).snapshot() as snapshot:
        execute(postgres_url, "INSERT INTO a VALUES (2)", "INSERT INTO b VALUES (2)")
        assert snapshot.read(mapping("a", "id")).read_all().num_rows == 1
        execute(postgres_url, "DELETE FROM b")
        assert snapshot.read(mapping("b", "id")).read_all().num_rows == 1
    assert abs((datetime.now(UTC).replace(tzinfo=None) - snapshot.as_of).total_seconds()) < 60


def test_a_write_through_the_snapshot_fails(postgres_url: str) -> None:
    execute(
        postgres_url,
        "CREATE TABLE one AS SELECT 1 AS id",
        "CREATE FUNCTION grow() RETURNS int LANGUAGE sql AS 'INSERT INTO one VALUES (2) RETURNING id'",
    )
    with pytest.raises(SourceUnavailable, match="read-only"):
        read(postgres_url, mapping("one", value="grow()"))
    assert read(postgres_url, mapping("one", "id")).num_rows == 1


def sessions(server: PostgresServer, url: str) -> list[tuple[object, ...]]:
    name = url.rpartition("/app_")[2].partition("?")[0]
    with psycopg.connect(server.admin_url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT pid, state, application_name FROM pg_stat_activity WHERE datname = %s", (f"app_{name}",)
        )
        return found.fetchall()


def test_a_session_is_named_and_limited_and_gone_afterwards(postgres_server: PostgresServer, postgres_url: str) -> None:
    execute(postgres_url, "CREATE TABLE one AS SELECT 1 AS id")
    names = (
        "statement_timeout",
        "lock_timeout",
        "idle_in_transaction_session_timeout",
        "transaction_isolation",
        "TimeZone",
    )
    settings = {name.lower(): f"current_setting('{name}')" for name in names}
    with open_source(postgres_url, statement_timeout_seconds=77).snapshot() as snapshot:
        (row,) = snapshot.read(mapping("one", **settings)).read_all().to_pylist()
        assert [(state, name) for _, state, name in sessions(postgres_server, postgres_url)] == [
            ("idle in transaction", "trueup")
        ]
    assert list(row.values()) == ["77s", "5s", "77s", "repeatable read", "UTC"]
    assert sessions_after(postgres_server, postgres_url) == []


def sessions_after(server: PostgresServer, url: str) -> list[tuple[object, ...]]:
    deadline = time.monotonic() + 5
    while (left := sessions(server, url)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def test_an_abandoned_stream_leaves_no_session_and_no_lock(postgres_server: PostgresServer, postgres_url: str) -> None:
    execute(
        postgres_url,
        "CREATE TABLE many AS SELECT g AS id, repeat('x', 200) AS text FROM generate_series(1, 300000) AS g",
    )
    with open_source(postgres_url).snapshot() as snapshot:
        assert snapshot.read(mapping("many", "id", "text")).read_next_batch().num_rows > 0
    assert sessions_after(postgres_server, postgres_url) == []
    execute(postgres_url, "SET lock_timeout = '2s'; DROP TABLE many")


def test_a_read_that_takes_too_long_is_unavailable(postgres_url: str) -> None:
    execute(postgres_url, "CREATE TABLE one AS SELECT 1 AS id")
    timeout = pytest.raises(SourceUnavailable, match="longer than 1 seconds")
    with open_source(postgres_url, statement_timeout_seconds=1).snapshot() as snapshot, timeout:
        snapshot.read(mapping("one", value="pg_sleep(5)::text")).read_all()


def test_a_killed_backend_makes_the_stream_unavailable(postgres_server: PostgresServer, postgres_url: str) -> None:
    execute(
        postgres_url,
        "CREATE TABLE many AS SELECT g AS id, repeat('x', 200) AS text FROM generate_series(1, 400000) AS g",
    )
    with open_source(postgres_url).snapshot() as snapshot:
        reader = snapshot.read(mapping("many", "id", "text"))
        read_rows = reader.read_next_batch().num_rows
        kill(postgres_server, postgres_url)
        with pytest.raises(SourceUnavailable, match=r"terminat|closed the connection"):
            read_rows += count_rows(reader)
        assert 0 < read_rows < 400_000


def test_a_killed_backend_is_not_a_shorter_table_in_duckdb(postgres_server: PostgresServer, postgres_url: str) -> None:
    execute(
        postgres_url,
        "CREATE TABLE many AS SELECT g AS id, repeat('x', 200) AS text FROM generate_series(1, 400000) AS g",
    )
    with open_source(postgres_url).snapshot() as snapshot, duckdb.connect() as books:
        incoming = snapshot.read(mapping("many", "id", "text"))
        assert incoming.schema.names == ["id", "text"]
        kill(postgres_server, postgres_url)
        with pytest.raises(duckdb.Error, match="cannot be read"):
            books.execute("CREATE TABLE copied AS SELECT * FROM incoming")


def kill(server: PostgresServer, url: str) -> None:
    for pid, _, name in sessions(server, url):
        if name == "trueup":
            execute(server.admin_url, f"SELECT pg_terminate_backend({pid})")


def test_a_wrong_password_is_unavailable_and_not_echoed(postgres_server: PostgresServer, postgres_url: str) -> None:
    wrong = postgres_url.replace("s3cret", "s3cr3t")
    for attempt in (lambda: open_source(wrong).tables(), lambda: read(wrong, mapping("one", "id"))):
        with pytest.raises(SourceUnavailable, match="password authentication failed") as raised:
            attempt()
        assert "s3cr3t" not in str(raised.value)
    assert PASSWORD not in open_source(postgres_url).place


def test_tables_tell_columns_keys_and_rows(postgres_url: str) -> None:
    execute(
        postgres_url,
        "CREATE SCHEMA billing",
        "CREATE TABLE users (id bigint PRIMARY KEY, email varchar(80) UNIQUE, name text NOT NULL, org int NOT NULL)",
        "CREATE UNIQUE INDEX ON users (org, name)",
        "CREATE UNIQUE INDEX ON users (lower(name))",
        "CREATE UNIQUE INDEX ON users (name) WHERE org > 1",
        "CREATE UNIQUE INDEX ON users (org) INCLUDE (email)",
        "CREATE TABLE billing.ledger (id int PRIMARY KEY)",
        "CREATE VIEW active AS SELECT * FROM users",
        "CREATE TABLE parent (id int PRIMARY KEY)",
        "CREATE TABLE child () INHERITS (parent)",
        "INSERT INTO users SELECT g, g, g, g FROM generate_series(1, 100) AS g",
        "ANALYZE users",
    )
    tables = {table.qualified_name: table for table in open_source(postgres_url).tables()}
    assert list(tables) == ["active", "billing.ledger", "child", "parent", "users"]
    users = tables["users"]
    assert users.rows == 100
    assert [(c.name, c.type, c.nullable) for c in users.columns] == [
        ("id", "bigint", False), ("email", "character varying(80)", True), ("name", "text", False),
        ("org", "integer", False),
    ]  # fmt: skip
    assert users.unique == {frozenset({"id"}), frozenset({"org", "name"}), frozenset({"org"})}
    assert tables["billing.ledger"].unique == {frozenset({"id"})}
    assert tables["parent"].unique == frozenset()


def test_a_narrow_role_sees_only_its_columns_and_has_no_other_privilege(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    role = f"auditor_{time.monotonic_ns()}"
    execute(postgres_server.admin_url, f"CREATE ROLE {role} LOGIN PASSWORD 'narrow'")
    execute(
        postgres_url,
        "CREATE TABLE users (id int, password_hash text)",
        "CREATE TABLE secrets (id int)",
        f"GRANT SELECT (id) ON users TO {role}",
    )
    source = open_source(postgres_url.replace("app_owner", role).replace("s3cret%2Fp%40ss%2Bword%25", "narrow"))
    (users,) = source.tables()
    assert [column.name for column in users.columns] == ["id"]
    assert list(source.privileges()) == []
    with pytest.raises(ConfigurationError, match="permission denied"), source.snapshot() as snapshot:
        snapshot.read(mapping("users", "password_hash"))
    assert any("UPDATE on 2 tables (secrets, users)" in sentence for sentence in open_source(postgres_url).privileges())
    assert "superuser" in next(iter(open_source(postgres_server.admin_url).privileges()))


def test_row_security_that_would_hide_rows_is_an_error_and_not_a_smaller_table(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    role = f"tenant_{time.monotonic_ns()}"
    execute(postgres_server.admin_url, f"CREATE ROLE {role} LOGIN PASSWORD 'narrow'")
    execute(
        postgres_url,
        "CREATE TABLE users AS SELECT 1 AS id",
        "ALTER TABLE users ENABLE ROW LEVEL SECURITY",
        f"GRANT SELECT ON users TO {role}",
    )
    url = postgres_url.replace("app_owner", role).replace("s3cret%2Fp%40ss%2Bword%25", "narrow")
    with pytest.raises(ConfigurationError, match=r"row-level security.*a policy that shows it every row, or BYPASSRLS"):
        read(url, mapping("users", "id"))
