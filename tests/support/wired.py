"""A planted company behind a wire: whoever repairs it through that can be cut off at any message."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from tests.support.backends import Backends, mariadb_backends, postgres_backends
from tests.support.databases import MariaDBServer, PostgresServer
from tests.support.planted import Planted
from tests.support.wire import Wire, mysql_wire, postgres_wire

COMMIT = rb"COMMIT\0?$"
"""The request that ends a repair."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wired:
    """The company, the wire before its database, and the database's connections."""

    planted: Planted
    wire: Wire
    backends: Backends


@contextlib.contextmanager
def wired_to(planted: Planted, server: PostgresServer | MariaDBServer) -> Iterator[Wired]:
    """The company in that server, behind a wire."""
    url = planted.app.config.database_url
    with contextlib.ExitStack() as held:
        match server:
            case PostgresServer():
                wire = held.enter_context(postgres_wire(url))
                backends = held.enter_context(postgres_backends(server))
            case MariaDBServer():
                wire = held.enter_context(mysql_wire(url))
                backends = held.enter_context(mariadb_backends(server))
        yield Wired(planted=planted, wire=wire, backends=backends)
