"""Large tables pass through in batches: memory does not grow with the number of rows."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.databases import MariaDBServer

ROWS = 1_000_000
WIDTH = 300
MOST_MEGABYTES = 190
"""Read at once, the rows alone are 300 MB."""

MEASURE = """
import resource, sys
from tests.support.mappings import count_rows, mapping
from trueup.sources import open_source
source = open_source(sys.argv[1])
def megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
with source.snapshot() as snapshot:
    few = count_rows(snapshot.read(mapping("many", "id", "text", where=sys.argv[2])))
    before = megabytes()
    rows = count_rows(snapshot.read(mapping("many", "id", "text")))
print(few, rows, megabytes() - before)
"""


def assert_bounded(url: str, *, few: str = "id < 1000") -> None:
    done = subprocess.run([sys.executable, "-c", MEASURE, url, few], capture_output=True, text=True, check=True)
    first, rows, megabytes = map(int, done.stdout.split())
    assert (first, rows) == (999, ROWS)
    assert megabytes < MOST_MEGABYTES


@pytest.mark.slow
def test_a_million_rows_of_postgres_stay_in_bounds(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        rows = f"SELECT g AS id, repeat('x', {WIDTH}) AS text FROM generate_series(1, {ROWS}) AS g"
        connection.execute(f"CREATE TABLE many AS {rows}".encode())
    assert_bounded(postgres_url)


@pytest.mark.slow
def test_a_million_rows_of_mysql_stay_in_bounds(mariadb_server: MariaDBServer, mariadb_url: str) -> None:
    with contextlib.closing(mariadb_server.admin(mariadb_url.rpartition("/")[2])) as connection:
        rows = f"SELECT seq AS id, repeat('x', {WIDTH}) AS text FROM seq_1_to_{ROWS}"
        connection.cursor().execute(f"CREATE TABLE many AS {rows}")
    assert_bounded(mariadb_url)


@pytest.mark.slow
def test_a_million_rows_of_sqlite_stay_in_bounds(sqlite_url: str) -> None:
    with contextlib.closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
        connection.execute("CREATE TABLE many (id INTEGER PRIMARY KEY, text TEXT)")
        connection.executemany("INSERT INTO many (text) VALUES (?)", (("x" * WIDTH,) for _ in range(ROWS)))
        connection.commit()
    assert_bounded(sqlite_url)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_million_rows_of_files_stay_in_bounds(tmp_path: Path, kind: str) -> None:
    if kind == "csv":
        with (tmp_path / "many.csv").open("w") as lines:
            lines.write("id,text\n")
            lines.writelines(f"{number:07},{'x' * WIDTH}\n" for number in range(1, ROWS + 1))
    else:
        table = pa.table({"id": range(1, ROWS + 1), "text": [f"{n:0{WIDTH}}" for n in range(ROWS)]})
        pq.write_table(
            table, tmp_path / "many.parquet", row_group_size=50_000, compression="none", use_dictionary=False
        )
    assert_bounded(str(tmp_path), few="CAST(id AS INTEGER) < 1000")
