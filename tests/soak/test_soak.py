"""A short soak: the same people, the same kills, one round in each kind of database."""

from __future__ import annotations

import random
import threading
import time

import pytest

from tests.soak.rounds import Server, soak
from tests.support.databases import MariaDBServer, PostgresServer

SECONDS = 10
ROUNDS = 3


@pytest.mark.slow
def test_nothing_is_half_done_and_no_balance_is_wrong(
    postgres_server: PostgresServer, mariadb_server: MariaDBServer
) -> None:
    seed = random.randrange(2**32)
    servers: dict[str, Server] = {"postgres": postgres_server, "mariadb": mariadb_server, "sqlite": None}
    stop = threading.Event()
    rounds = soak(servers, seed=seed, deadline=time.monotonic() + 3600, seconds=SECONDS, stop=stop)
    soaked = [next(rounds) for _ in range(ROUNDS)]
    stop.set()
    lines = "\n".join(each.line() for each in soaked)
    assert not [problem for each in soaked for problem in each.problems], f"seed {seed}\n{lines}"
    assert all(each.tally["journal rows"] for each in soaked), f"seed {seed}: nothing was repaired\n{lines}"
