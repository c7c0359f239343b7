"""A connection to MySQL is encrypted where the server can, and believes a certificate only where it is to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pymysql
import pytest

from tests.support.databases import MariaDBServer, running_mariadb
from tests.support.identity import Authority
from trueup.model.address import parse_address
from trueup.model.source import ColumnMapping, RelationMapping
from trueup.outgoing.mysql import connect_to_mysql
from trueup.sources import open_source


@pytest.fixture(scope="module")
def encrypting(authority: Authority) -> Iterator[MariaDBServer]:
    """A server with a certificate for 127.0.0.1, from an authority that this machine does not know."""
    file = authority.server_file("127.0.0.1")
    with running_mariadb(**{"ssl-cert": file, "ssl-key": file}) as server:
        yield server


def cipher(url: str) -> str:
    """What a connection to this address is encrypted with; empty where it is not."""
    with closing(connect_to_mysql(parse_address(url), connect_seconds=10, read_seconds=10)) as connection:
        cursor = connection.cursor()
        cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
        (row,) = cursor.fetchall()
        return str(row[1])


def test_a_server_without_a_certificate_is_spoken_to_in_plain(mariadb_url: str) -> None:
    assert cipher(mariadb_url) == ""


@pytest.mark.slow
def test_a_server_with_a_certificate_is_spoken_to_in_secret(encrypting: MariaDBServer, authority: Authority) -> None:
    url = encrypting.create_database()
    assert cipher(url).startswith("TLS")
    assert cipher(f"{url}?ssl_ca={authority.file}&ssl_verify_cert=true&ssl_verify_identity=true").startswith("TLS")
    with pytest.raises(pymysql.OperationalError, match="certificate verify failed"):
        cipher(f"{url}?ssl_verify_cert=true")


@pytest.mark.slow
def test_rows_are_read_whole_through_encryption(encrypting: MariaDBServer) -> None:
    """They come in the records of TLS, which end elsewhere than the rows do."""
    query = RelationMapping(
        relation="ledger_entry",
        table="many",
        columns={"id": ColumnMapping(column="seq"), "text": ColumnMapping(column="text")},
        query="SELECT seq, repeat('x', seq % 1000) AS text FROM seq_1_to_100000",
    )
    with open_source(encrypting.create_database()).snapshot() as snapshot:
        table = snapshot.read(query).read_all()
    lengths = [len(text) for text in table["text"].to_pylist()]
    assert sorted(zip(table["id"].to_pylist(), lengths, strict=True)) == [(n, n % 1000) for n in range(1, 100_001)]
