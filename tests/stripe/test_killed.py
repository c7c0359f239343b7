"""A reading that is killed at any moment goes on where it was, and ends where a fresh one would."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.reading_stripe import NOW, expected_rows, read_stripe
from tests.support.stripe import faults, objects
from tests.support.stripe.server import StripeServer, stripe_server
from tests.support.stripe.stories import bill, emit, every_kind, new_customer, subscribe
from tests.support.stripe.world import StripeWorld
from trueup.model.source import Silent

ROOT = Path(__file__).parents[2]
READER = """
import sys
from datetime import datetime
from pathlib import Path
from trueup.model.stripe_settings import StripeSettings
from trueup.model.source import Silent
from trueup.stripe.key import read_key
from trueup.stripe.supply import ReadOptions, stripe_snapshot
url, key, folder, relations = sys.argv[1:]
settings = StripeSettings(api_key=key, api_base=url, cache_folder=folder)
print("ready", flush=True)
with stripe_snapshot(
    settings, read_key(key, allow_full_key=False), relations=relations.split(","), now=datetime(2026, 11, 1),
    scratch=Path(folder), progress=Silent(), options=ReadOptions(page_size=2),
):
    print("read", flush=True)
"""


class Interrupted(Exception):
    """Somebody pressed Ctrl-C."""


class InterruptedAfter(Silent):
    """Progress that ends the action after so many objects."""

    def __init__(self, units: int) -> None:
        self._left = units

    def advance(self, units: int) -> None:
        """Raises ``Interrupted``."""
        self._left -= units
        if self._left < 0:
            raise Interrupted


def small_world() -> StripeWorld:
    """Thirty customers, a few to the second."""
    world = StripeWorld(now=NOW)
    every_kind(world)
    price = world.objects("price")[0]
    for number in range(30):
        customer = new_customer(world, created=objects.EPOCH + number // 3)
        bill(world, subscribe(world, customer, price, created=objects.EPOCH + number // 3))
    return world


def changed(world: StripeWorld, pick: int) -> None:
    """A customer changes, and an event says so."""
    one = world.objects("customer")[pick]
    emit(world, "customer.updated", world.change(one["id"], email=f"{pick}@example.com"), created=world.time())


@pytest.mark.sampled(4)
@pytest.mark.parametrize("after", [0, 1, 2, 7, 31, 33, 50, 64, 90, 100, 120])
def test_an_interrupted_reading_goes_on(tmp_path: Path, after: int) -> None:
    """At any object; with a change before it goes on."""
    world = small_world()
    with stripe_server(world) as server:
        with pytest.raises(Interrupted):
            read_stripe(server, tmp_path, page_size=2, progress=InterruptedAfter(after))
        changed(world, after % 30)
        server.forget()
        read = read_stripe(server, tmp_path, page_size=2)
        assert read.problems == {}
        assert read.rows == expected_rows(world)
        if after > 60:
            assert server.counts["/v1/customers"] <= 1, "what was whole is asked for what is new alone"


def test_what_came_while_nobody_read_is_found_without_an_event(tmp_path: Path) -> None:
    """The list goes on below where it was; what is new stands above."""
    world = small_world()
    with stripe_server(world) as server:
        with pytest.raises(Interrupted):
            read_stripe(server, tmp_path, page_size=2, progress=InterruptedAfter(20))
        world.now = NOW + 3600
        new_customer(world, created=NOW + 1800)
        assert read_stripe(server, tmp_path, page_size=2).rows == expected_rows(world)


@pytest.mark.slow
def test_a_killed_reading_goes_on(tmp_path: Path) -> None:
    """SIGKILL at random moments, until one gets through."""
    world, chance = small_world(), random.Random(7)
    with stripe_server(world) as server:
        server.inject("*", faults.slow(0.004), count=None)
        kills = 0
        while not _reads(server, tmp_path, kill_after_seconds=chance.uniform(0, 0.05) + 0.2 * kills):
            changed(world, kills % 30)
            kills += 1
        server.heal()
        read = read_stripe(server, tmp_path, page_size=2)
    assert kills >= 3
    assert read.rows == expected_rows(world)


def _reads(server: StripeServer, folder: Path, *, kill_after_seconds: float) -> bool:
    """Whether a reading in a process of its own got through before it was killed."""
    relations = ",".join(expected_rows(server.world))
    command = (sys.executable, "-c", READER, server.url, server.key, str(folder), relations)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ}) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(kill_after_seconds)
        process.send_signal(signal.SIGKILL)
        return process.stdout.readline() == "read\n"
