"""Rows of any length are cut out of MySQL's bytes exactly, wherever a read from the socket or a batch ends."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

import pytest

from tests.support.databases import MariaDBServer
from tests.support.mappings import mapping
from trueup.model.errors import SourceUnavailable
from trueup.sources import mysql_rows, open_source

LENGTHS = (0, 1, 11, 12, 13, 250, 251, 252, 253, 254, 255, 256, 65_534, 65_535, 65_536, 70_000)
"""Around every length at which the protocol writes a length in more bytes, and Arrow keeps a text elsewhere."""
ROWS = 2_000


@pytest.fixture(scope="module")
def filled_url(mariadb_server: MariaDBServer) -> str:
    """A table of texts and numbers, of which some are NULL, most are short and a few very long."""
    url = mariadb_server.create_database()
    dice = random.Random(1)
    lengths = [*LENGTHS, *(dice.choice((None, 0, 3, 20, 249, 300)) for _ in range(ROWS))]
    rows = [
        (number, text_of(dice, length), dice.choice((None, "", "ä", "x" * 30)), dice.choice((None, -5, 2**62)))
        for number, length in enumerate(lengths)
    ]
    with contextlib.closing(mariadb_server.admin(url.rpartition("/")[2])) as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE many (id int PRIMARY KEY, text MEDIUMTEXT, word TEXT, amount BIGINT)")
        cursor.executemany("INSERT INTO many VALUES (%s, %s, %s, %s)", rows)
    return url


def text_of(dice: random.Random, length: int | None) -> str | None:
    return None if length is None else "".join(dice.choice("aé€🪙") for _ in range(length))


def rows_of_the_driver(server: MariaDBServer, url: str) -> list[tuple[object, ...]]:
    with contextlib.closing(server.admin(url.rpartition("/")[2])) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT id, text, word, amount FROM many ORDER BY id")
        return list(cursor.fetchall())


@pytest.mark.parametrize(("batch_bytes", "read_bytes"), [(2**23, 2**20), (1, 2**20), (5_000, 7), (100_000, 4_096)])
def test_every_value_is_the_drivers_own(
    mariadb_server: MariaDBServer,
    filled_url: str,
    monkeypatch: pytest.MonkeyPatch,
    batch_bytes: int,
    read_bytes: int,
) -> None:
    monkeypatch.setattr(mysql_rows, "BATCH_BYTES", batch_bytes)
    monkeypatch.setattr(mysql_rows, "READ_BYTES", read_bytes)
    with open_source(filled_url).snapshot() as snapshot:
        table = snapshot.read(mapping("many", "id", "text", "word", "amount")).read_all()
        again = snapshot.read(mapping("many", "id", where="id < 5")).read_all()
    rows = sorted(zip(*(column.to_pylist() for column in table.columns), strict=True))
    assert rows == rows_of_the_driver(mariadb_server, filled_url)
    assert sorted(again["id"].to_pylist()) == [0, 1, 2, 3, 4]


@pytest.fixture
def large_packets(mariadb_server: MariaDBServer) -> Iterator[None]:
    """Let the server send rows of more than 16 MiB."""
    with contextlib.closing(mariadb_server.admin()) as connection:
        connection.cursor().execute("SET GLOBAL max_allowed_packet = 64 * 1024 * 1024")
        yield
        connection.cursor().execute("SET GLOBAL max_allowed_packet = DEFAULT")


@pytest.mark.usefixtures("large_packets")
@pytest.mark.parametrize("length", [2**24 - 12, 2**24 - 11, 2**24 - 10, 2 * 2**24 + 5])
def test_a_row_of_several_packets_is_one_row(filled_url: str, length: int) -> None:
    long = mapping("many", "id", text=f"if(id = 1, repeat('x', {length}), 'y')", where="id < 3")
    with open_source(filled_url).snapshot() as snapshot:
        table = snapshot.read(long).read_all()
        texts = dict(zip(table["id"].to_pylist(), table["text"].to_pylist(), strict=True))
        assert snapshot.read(mapping("many", "id", where="id = 7")).read_all().num_rows == 1
    assert texts == {0: "y", 1: "x" * length, 2: "y"}


def test_an_error_in_the_middle_of_the_rows_is_the_servers(filled_url: str) -> None:
    odd = mapping("many", "id", text="if(id = 1500, (SELECT word FROM many), 'y')")
    with (
        open_source(filled_url).snapshot() as snapshot,
        pytest.raises(SourceUnavailable, match="more than 1 row"),
    ):
        snapshot.read(odd).read_all()
