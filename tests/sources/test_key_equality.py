"""How a column compares is read from the schema, or said to be unknown."""

from __future__ import annotations

import contextlib
import sqlite3

import pymysql
import pytest

from tests.support.databases import MariaDBServer
from trueup.model.key_equality import Comparison, comparison
from trueup.sources import open_source


def _comparison(url: str, *columns: str) -> Comparison:
    """How these columns, each named table.column, compare with each other."""
    there = {f"{table.name}.{column.name}": column for table in open_source(url).tables() for column in table.columns}
    return comparison([there[name].equality for name in columns])


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (("t.plain",), Comparison.BY_TEXT),
        (("t.plain", "t.words"), Comparison.BY_TEXT),
        (("t.number", "t.decimal"), Comparison.BY_TEXT),
        (("t.folded",), Comparison.BY_SOURCE),
        (("t.folded", "t.added"), Comparison.BY_SOURCE),
        (("t.padded",), Comparison.BY_SOURCE),
        (("t.folded", "t.padded"), Comparison.UNKNOWN),
        (("t.plain", "t.number"), Comparison.UNKNOWN),
        (("t.own",), Comparison.UNKNOWN),
        (("t.untyped",), Comparison.UNKNOWN),
        (("t.real",), Comparison.UNKNOWN),
        (("v.folded",), Comparison.UNKNOWN),
    ],
)
def test_sqlite_says_how_a_column_compares(sqlite_url: str, columns: tuple[str, ...], expected: Comparison) -> None:
    with contextlib.closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
        connection.create_collation("own", lambda left, right: (left > right) - (left < right))
        connection.execute(
            "CREATE TABLE t (plain TEXT, words VARCHAR(40) CHECK (words <> ''), number INTEGER PRIMARY KEY, "
            "decimal DECIMAL(10), folded TEXT COLLATE NOCASE, padded text COLLATE rtrim, own TEXT COLLATE own, "
            "untyped, real REAL)"
        )
        connection.execute("ALTER TABLE t ADD COLUMN added TEXT /* no comma */ COLLATE noCase")
        connection.execute("CREATE VIEW v AS SELECT folded FROM t")
        connection.commit()
    assert _comparison(sqlite_url, *columns) is expected


def test_mariadb_says_how_a_column_compares(mariadb_server: MariaDBServer) -> None:
    url = mariadb_server.create_database()
    with contextlib.closing(mariadb_server.admin(url.rpartition("/")[2])) as connection:
        _execute(
            connection,
            "CREATE TABLE t (any_case varchar(9), padded varchar(9) COLLATE utf8mb4_bin, "
            "bytes varchar(9) COLLATE utf8mb4_nopad_bin, number bigint unsigned, small int, "
            "code varchar(9) CHARACTER SET ascii, whole decimal(20,0), cents decimal(20,2), id uuid)",
        )
    assert _comparison(url, "t.any_case") is Comparison.BY_SOURCE
    assert _comparison(url, "t.padded") is Comparison.BY_SOURCE
    assert _comparison(url, "t.bytes") is Comparison.BY_TEXT
    assert _comparison(url, "t.number", "t.small", "t.whole") is Comparison.BY_TEXT
    assert _comparison(url, "t.id") is Comparison.BY_TEXT
    assert _comparison(url, "t.cents") is Comparison.UNKNOWN
    assert _comparison(url, "t.any_case", "t.code") is Comparison.UNKNOWN
    assert _comparison(url, "t.number", "t.any_case") is Comparison.UNKNOWN


def _execute(connection: pymysql.Connection[pymysql.cursors.Cursor], sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
