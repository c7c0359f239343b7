"""An application that writes in any order, commits or takes back, while balances are edited and repaired at once.

The application is right by itself: it moves one account's credits in one transaction at a time, counts on from the
entry that the appending statement reads, and brings the balance along before or after. So whatever is wrong in the end
was made wrong by a repair, or by the hand that edits, which the last repair takes back.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from tests.support.application import application
from tests.support.one_ledger import KEY, OPENING, OneLedger, add, append, one_ledger
from trueup.model.repair import Applied, ChangedSince, Failed, Stale
from trueup.targets import open_target
from trueup.targets.target import Trouble

ACCOUNTS = ("a", "b", "c")
NUMBERED = "CREATE UNIQUE INDEX numbered ON credit_transactions (user_id, sequence)"
TOUCH = "UPDATE users SET active = active WHERE id = :id"
CASES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "postgres, no key": ("postgres_url", ()),
    # What an appending statement has read before it waits for its key is old: as among the application's own
    # transactions, only a unique number shows that.
    "postgres, a key": ("postgres_url", (NUMBERED, KEY)),
    "postgres, a deferred key": ("postgres_url", (f"{KEY} DEFERRABLE INITIALLY DEFERRED",)),
    "mariadb, no key": ("mariadb_url", ()),
    "mariadb, a key": ("mariadb_url", (KEY,)),
    "sqlite": ("sqlite_url", ()),
}
REPAIRS_EACH, REPAIRERS, WRITERS = 6, 2, 3


@dataclass(slots=True, kw_only=True)
class Tally:
    """By how much the application moved each account, and whose turn it is there."""

    moved: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ACCOUNTS, 0))
    turns: Mapping[str, threading.Lock] = field(default_factory=lambda: {each: threading.Lock() for each in ACCOUNTS})


class _TakenBack(Exception):
    """The application has thought better of it."""


def move(connection: Connection, account: str, amount: int, chance: random.Random) -> None:
    """One transaction of the application's, its statements in an order of their own."""
    orders = (("append", "add"), ("add", "append"), ("touch", "append", "add"), ("append", "touch", "add"))
    for step in chance.choice(orders):
        match step:
            case "append":
                append(connection, amount, account=account)
            case "add":
                add(connection, amount, account=account)
            case _:
                connection.execute(text(TOUCH), {"id": account})
        if chance.random() < 0.5:
            time.sleep(chance.uniform(0, 0.05))
    if chance.random() < 0.25:
        raise _TakenBack


def until_done(engine: Engine, url: str, act: Callable[[Connection], None], is_over: threading.Event) -> bool:
    """One transaction, tried again as applications do; whether it was committed."""
    trouble = open_target(url).trouble
    while not is_over.is_set():
        try:
            with engine.begin() as connection:
                act(connection)
        except _TakenBack:
            return False
        except DBAPIError as error:
            if trouble(error) not in (Trouble.CONFLICT, Trouble.DUPLICATE, Trouble.BUSY):
                raise
        else:
            return True
    return False


def write(engine: Engine, url: str, tally: Tally, chance: random.Random, is_over: threading.Event) -> None:
    """One thread of the application."""
    while not is_over.is_set():
        account, amount = chance.choice(ACCOUNTS), chance.randint(1, 9)
        with tally.turns[account]:
            if until_done(engine, url, lambda c: move(c, account, amount, chance), is_over):  # noqa: B023
                tally.moved[account] += amount
        is_over.wait(chance.uniform(0.02, 0.2))


def edit(engine: Engine, url: str, chance: random.Random, is_over: threading.Event) -> None:
    """A hand that edits balances."""
    while not is_over.is_set():
        account, amount = chance.choice(ACCOUNTS), chance.choice([-2, -1, 1, 2])
        until_done(engine, url, lambda c: add(c, amount, account=account), is_over)  # noqa: B023
        is_over.wait(0.1)


def run(here: OneLedger, tally: Tally, seed: int) -> None:
    """Writers, a hand that edits and repairers, until the repairs are done."""
    url, is_over = here.app.config.database_url, threading.Event()

    def repair(chance: random.Random) -> None:
        for _ in range(REPAIRS_EACH):
            result = here.sync(chance.choice(ACCOUNTS))
            is_busy = isinstance(result, Failed) and result.busy
            assert is_busy or isinstance(result, (Applied, ChangedSince, Stale)), getattr(result, "reason", result)

    with application(url) as engine, ThreadPoolExecutor() as threads:
        others = [threads.submit(write, engine, url, tally, random.Random(seed + n), is_over) for n in range(WRITERS)]
        others.append(threads.submit(edit, engine, url, random.Random(seed + 50), is_over))
        repairs = [threads.submit(repair, random.Random(seed + 100 + n)) for n in range(REPAIRERS)]
        try:
            for job in repairs:
                job.result()
        finally:
            is_over.set()
        for job in others:
            job.result()


def entries_of(here: OneLedger, account: str) -> list[tuple[int, int, int, str]]:
    """An account's entries in their order: number, amount, balance after it, and who wrote it."""
    rows = here.app.rows(
        "SELECT sequence, amount, balance_after, actor FROM credit_transactions "
        f"WHERE user_id = '{account}' ORDER BY sequence, id"
    )
    return [(int(str(a)), int(str(b)), int(str(c)), str(d)) for a, b, c, d in rows]


@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.parametrize("case", CASES)
def test_no_repair_writes_a_balance_that_an_uncommitted_entry_makes_wrong(
    request: pytest.FixtureRequest, tmp_path: Path, case: str
) -> None:
    database, statements = CASES[case]
    seed = random.randrange(2**32)
    tally = Tally()
    with one_ledger(request.getfixturevalue(database), tmp_path, *statements, accounts=ACCOUNTS) as here:
        assert isinstance(here.synced("a"), Applied)  # what is slow the first time is slow before it begins
        run(here, tally, seed)
        for account in ACCOUNTS:
            at = f"{account}, seed {seed}"
            assert isinstance(here.synced(account), (Applied, Stale)), at
            steps = entries_of(here, account)
            assert [number for number, *_ in steps] == list(range(1, len(steps) + 1)), at
            # Every row that a repair added says the true sum at its moment: it repeats the entry before it.
            for (_, _, before, _), (_, amount, after, _) in pairwise(steps):
                assert after == before + amount, at
            assert here.state(account) == (OPENING + tally.moved[account],) * 2, at
        assert here.app.journal_is_sound() == sum(
            actor.startswith("trueup") for account in ACCOUNTS for *_, actor in entries_of(here, account)
        )
