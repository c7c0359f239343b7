"""An application that spends and grants credits all the while that balances are edited by hand and repaired."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from sqlalchemy import Engine

from tests.support.application import Writer, application
from tests.support.attempts import attempts
from tests.support.planted import OVERPAID, Planted, subject_of
from tests.support.thoroughness import tried
from trueup import journal
from trueup.model.repair import Applied, ChangedSince, Failed, Stale
from trueup.targets import open_target

GUARDS = {
    "a unique sequence": ("CREATE UNIQUE INDEX numbered ON credit_transactions (user_id, sequence)",),
    "a unique sequence and a foreign key": (
        "CREATE UNIQUE INDEX numbered ON credit_transactions (user_id, sequence)",
        "ALTER TABLE credit_transactions ADD CONSTRAINT owned FOREIGN KEY (user_id) REFERENCES users (id)",
    ),
}
REMOVALS = {
    "postgres": ("ALTER TABLE credit_transactions DROP CONSTRAINT IF EXISTS owned", "DROP INDEX IF EXISTS numbered"),
    "mariadb": (
        "ALTER TABLE credit_transactions DROP FOREIGN KEY IF EXISTS owned",
        "ALTER TABLE credit_transactions DROP INDEX IF EXISTS numbered",
    ),
}

MOVES_PER_REPAIR = 100
"""Two threads that pause for 10 ms make about as many in half a second, for which a repair may take."""


@dataclass(slots=True, kw_only=True)
class Model:
    """What the balances must be: the ledger is what it was and what the application moved, and nothing else."""

    ledger: dict[str, int]
    edited: dict[str, int]
    """By how much people changed the cached balances by hand, on the whole."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def moved(self, account_id: str, amount: int) -> None:
        """The application has committed this."""
        with self._lock:
            self.ledger[account_id] += amount

    def edit(self, account_id: str, amount: int) -> None:
        """Somebody has committed this."""
        with self._lock:
            self.edited[account_id] += amount


@dataclass(slots=True, kw_only=True)
class Pace:
    """How much the application does meanwhile: while one repair is tried, no more than on a machine with time to spare.

    On a slow one its entries would pile up while a repair is tried, and each try takes longer for every entry there is.
    """

    left: int = MOVES_PER_REPAIR
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def another_repair(self) -> None:
        """A repair begins, so the application goes on."""
        with self._changed:
            self.left = MOVES_PER_REPAIR
            self._changed.notify_all()

    def take(self, is_over: threading.Event) -> bool:
        """Wait until the application may move something; False where it has become too late for that."""
        with self._changed:
            while self.left <= 0 and not is_over.is_set():
                self._changed.wait(0.05)
            self.left -= 1
        return not is_over.is_set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A planted company, some of its accounts, and the application's way in."""

    planted: Planted
    accounts: Sequence[str]
    engine: Engine
    model: Model

    def assert_as_the_model_says(self, seed: int) -> None:
        """Every balance, every chain, and every unit of credit that was made or taken by hand."""
        for account_id in self.accounts:
            at = f"{account_id}, seed {seed}"
            rows = self.planted.app.rows(
                "SELECT sequence, amount, balance_after FROM credit_transactions "
                f"WHERE user_id = '{account_id}' ORDER BY sequence, id"
            )
            steps = [(int(str(number)), int(str(amount)), int(str(balance))) for number, amount, balance in rows]
            assert [number for number, _, _ in steps] == list(range(1, len(steps) + 1)), at
            for (_, _, before), (_, amount, after) in pairwise(steps):
                assert after == before + amount, at
            assert steps[-1][2] == self.model.ledger[account_id], at
            cached = self.planted.app.rows(f"SELECT credits FROM users WHERE id = '{account_id}'")
            assert cached == [(self.model.ledger[account_id],)], at
            assert self._taken_back(account_id) == self.model.edited[account_id], at

    def assert_known(self, seed: int) -> None:
        """An audit finds the accounts whose cached balance the model says is wrong now, and nothing new."""
        wrong = set()
        for account_id in self.accounts:
            drift = self.model.edited[account_id] - self._taken_back(account_id)
            wrong |= {f"credit-balance:{account_id}"} if drift else set()
            wrong |= {f"negative-balance:{account_id}"} if self.model.ledger[account_id] + drift < 0 else set()
        try:
            self.planted.assert_nothing_but_what_is_left(*wrong)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}") from error

    def _taken_back(self, account_id: str) -> int:
        """How much the journal says was taken back from this account."""
        target = open_target(self.planted.app.config.database_url)
        with target.transaction() as connection:
            return sum(
                int(str(entry.before["value"])) - int(str(entry.after["value"]))
                for entry in journal.entries(connection)
                if entry.target == f"credit-balance:{account_id}"
            )


@pytest.fixture(scope="module", params=["postgres", "mariadb", "sqlite"])
def kind(request: pytest.FixtureRequest) -> str:
    """A kind of database."""
    return str(request.param)


@pytest.fixture(scope="module")
def company(request: pytest.FixtureRequest, kind: str) -> Iterator[Company]:
    """A company with three hand-edited balances in that kind of database."""
    planted: Planted = request.getfixturevalue(f"planted_{kind}")
    accounts = [subject_of(planted.take("credit-balance")) for _ in range(3)]
    ledger = {}
    for account_id in accounts:
        ((cached,),) = planted.app.rows(f"SELECT credits FROM users WHERE id = '{account_id}'")
        ledger[account_id] = int(str(cached)) - OVERPAID
    model = Model(ledger=ledger, edited=dict.fromkeys(accounts, OVERPAID))
    with application(planted.app.config.database_url) as engine:
        yield Company(planted=planted, accounts=accounts, engine=engine, model=model)


def run(company: Company, *, entry_first: bool, attempts_each: int, seed: int) -> int:
    """Two who repair, one who edits and two of the application, until the repairs are done; the app's deadlocks."""
    url, now = company.planted.app.config.database_url, company.planted.app.now
    is_over, pace = threading.Event(), Pace()
    writers = [Writer(engine=company.engine, url=url, now=now) for _ in range(3)]

    def spend(writer: Writer, chance: random.Random) -> None:
        while pace.take(is_over):
            account_id = chance.choice(company.accounts)
            moved = writer.move(account_id, chance.randint(-9, 9), entry_first=entry_first)
            company.model.moved(account_id, moved)
            is_over.wait(chance.uniform(0, 0.4) if entry_first else 0.01)

    def edit(writer: Writer, chance: random.Random) -> None:
        while not is_over.is_set():
            account_id, amount = chance.choice(company.accounts), chance.choice([-3, -2, -1, 1, 2, 3])
            writer.edit(account_id, amount)
            company.model.edit(account_id, amount)
            is_over.wait(0.1)

    with attempts(company.planted) as here, ThreadPoolExecutor() as threads:

        def repair(chance: random.Random) -> None:
            for _ in range(attempts_each):
                pace.another_repair()
                result = here.repair_when_free(f"credit-balance:{chance.choice(company.accounts)}")
                # An edit right after our COMMIT is named, and is another repair's to mend. On a slow machine one may be
                # given up after the quarter of a second for which it may lock.
                is_busy = isinstance(result, Failed) and result.busy
                assert is_busy or isinstance(result, (Applied, ChangedSince, Stale)), result

        others = [
            threads.submit(spend if n < len(writers) - 1 else edit, writer, random.Random(seed + n))
            for n, writer in enumerate(writers)
        ]
        repairs = [threads.submit(repair, random.Random(seed + 10 + n)) for n in range(2)]
        try:
            for job in repairs:
                job.result()
        finally:
            is_over.set()
        for job in others:
            job.result()
        company.assert_known(seed)
        for account_id in company.accounts:
            assert isinstance(here.repair_when_free(f"credit-balance:{account_id}"), (Applied, Stale))
    return sum(writer.deadlocks for writer in writers)


def run_and_compare(company: Company, *, entry_first: bool, attempts_each: int) -> int:
    """Run it all, and hold what is there against the model; the application's deadlocks."""
    seed = random.randrange(2**32)
    deadlocks = run(company, entry_first=entry_first, attempts_each=attempts_each, seed=seed)
    company.assert_as_the_model_says(seed)
    company.planted.app.journal_is_sound()
    company.planted.assert_nothing_but_what_is_left()
    return deadlocks


@pytest.mark.slow
def test_an_application_that_locks_the_account_first_keeps_its_balances(company: Company) -> None:
    deadlocks = run_and_compare(company, entry_first=False, attempts_each=4)
    assert deadlocks == 0


@pytest.mark.slow
def test_an_application_that_locks_the_account_first_keeps_its_balances_for_long(company: Company) -> None:
    deadlocks = run_and_compare(company, entry_first=False, attempts_each=tried(12, at_a_landing=5))
    assert deadlocks == 0


@pytest.fixture(params=GUARDS)
def guarded(request: pytest.FixtureRequest, kind: str, company: Company) -> Iterator[Company]:
    """A company whose ledger is guarded by the database, as an application that locks nothing needs it."""
    app = company.planted.app
    for statement in GUARDS[request.param]:
        app.execute(statement)
    yield company
    for statement in REMOVALS[kind]:
        app.execute(statement)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["postgres", "mariadb"], indirect=True)  # SQLite has one writer, whatever comes first
def test_an_application_that_inserts_the_entry_first_keeps_its_balances(guarded: Company, kind: str) -> None:
    deadlocks = run_and_compare(guarded, entry_first=True, attempts_each=tried(8, at_a_landing=3))
    # On MariaDB such an application meets itself: it shares the row for its foreign key before it changes it.
    assert deadlocks == 0 or kind == "mariadb"
