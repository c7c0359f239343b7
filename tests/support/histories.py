"""Random histories of an application's tables, as applications, their owners and their administrators make them."""

from __future__ import annotations

import contextlib
import functools
import random
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
import pymysql

from trueup.config import Config, load_config

CONFIG = """
environment = "history"
[stripe]
enabled = false
[gates]
enabled = false
[database]
url = "${{PLACE}}"
[books]
keep = {keep}
full_read_after_runs = 1000
[relations.account]
table = "users"
columns = {{ account_id = "id", plan = "plan", credits = "credits", created_at = "created_at" }}
[relations.ledger_entry]
table = "entries"
where = "amount <> 13"
balances_since = 2026-01-10
columns.entry_id = "id"
columns.account_id = "user_id"
columns.kind = "kind"
columns.amount = "amount"
columns.balance_after = "balance"
columns.created_at = "created_at"
columns.reason = "lower(reason)"
values.kind = {{ usage = "spent", purchase = ["bought", "paid"] }}
[relations.webhook_event]
table = "events"
columns = {{ event_id = "id", type = "type", status = "status", received_at = "created_at" }}
[relations.plan_change]
table = "changes"
columns = {{ account_id = "user_id", from_plan = "old", to_plan = "new", changed_at = "created_at" }}
[plans.FREE]
rank = 0
[plans.PRO]
rank = 1
"""
_MOMENT = {"postgresql": "timestamptz", "mysql": "datetime(6)", "sqlite": "text"}
_NUMBER = {"postgresql": "numeric", "mysql": "decimal(40, 12)", "sqlite": "numeric"}
TABLES = (
    "CREATE TABLE users (id varchar(40) PRIMARY KEY, plan varchar(20), credits {number}, created_at {moment})",
    """CREATE TABLE entries (id bigint PRIMARY KEY, user_id varchar(40), kind varchar(20), amount {number},
    balance {number}, created_at {moment}, reason varchar(40))""",
    "CREATE TABLE events (id varchar(40) PRIMARY KEY, type varchar(40), status varchar(20), created_at {moment})",
    "CREATE TABLE changes (user_id varchar(40), old varchar(20), new varchar(20), created_at {moment})",
)


def kind_of(url: str) -> str:
    """The kind of database that the address is of."""
    return url.partition(":")[0]


def config_of(url: str, folder: Path, *, keep: bool, changed: Mapping[str, str] | None = None) -> Config:
    """The config of the application, with books that are kept or not; ``changed``: other text for some of it."""
    path = folder / f"trueup-{keep}.toml"
    text = CONFIG.format(keep=str(keep).lower())
    for before, after in (changed or {}).items():
        assert before in text
        text = text.replace(before, after)
    path.write_text(text, encoding="utf-8")
    return load_config(path, {"PLACE": url})


@contextlib.contextmanager
def connected(url: str) -> Iterator[Callable[[str], Any]]:
    """A function that executes one statement and commits it."""
    match kind_of(url):
        case "postgresql":
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("SET lock_timeout = '50ms'")
                yield functools.partial(_try, connection)
        case "mysql":
            parts = urlsplit(url)
            with contextlib.closing(
                pymysql.connect(
                    host=parts.hostname or "",
                    port=parts.port or 3306,
                    user=parts.username or "",
                    password=unquote(parts.password or ""),
                    database=parts.path[1:],
                    autocommit=True,
                )
            ) as server:
                yield lambda sql: server.cursor().execute(sql)
        case _:
            with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as file:
                yield file.execute


def _try(connection: psycopg.Connection, sql: str) -> None:
    """Execute it, or let it be where another transaction is in the way."""
    try:
        connection.execute(sql.encode())
    except (psycopg.errors.LockNotAvailable, psycopg.errors.UniqueViolation):
        connection.execute("ROLLBACK")


class History:
    """One application in a database of its own, whose rows change at random; the same seed makes the same history."""

    def __init__(self, url: str, seed: int) -> None:
        self.url, self.kind = url, kind_of(url)
        self._random = random.Random(seed)
        self._next = 1
        self._held = contextlib.ExitStack()
        self._open: list[psycopg.Connection] = []
        self._execute = self._held.enter_context(connected(url))
        for table in TABLES:
            self._execute(table.format(number=_NUMBER[self.kind], moment=_MOMENT[self.kind]))
        for _ in range(4):
            self._add_user()
        for _ in range(6):
            self._add()

    def close(self) -> None:
        """Close every connection; what is not committed is rolled back."""
        for connection in self._open:
            connection.close()
        self._held.close()

    def go_on(self) -> str:
        """Let one thing happen; return its name."""
        steps = dict(self._usual())
        if self.kind == "postgresql":
            steps |= self._postgres()
        name = self._random.choice(sorted(steps))
        steps[name]()
        return name

    def _usual(self) -> Mapping[str, Callable[[], object]]:
        run, pick = self._execute, self._random.choice
        entry, user = self._some("entries"), self._some("users")
        other = str(self._random.randrange(1_000, 9_999))
        return {
            "add entries": self._add,
            "add a user": self._add_user,
            "edit amounts": lambda: run(f"UPDATE entries SET amount = {self._amount()} WHERE {entry}"),
            "edit words": lambda: run(f"UPDATE entries SET kind = '{pick(['spent', 'paid', 'odd'])}' WHERE {entry}"),
            "edit to NULL": lambda: run(f"UPDATE entries SET balance = NULL WHERE {entry}"),
            "leave the condition": lambda: run(f"UPDATE entries SET amount = 13 WHERE {entry}"),
            "enter the condition": lambda: run("UPDATE entries SET amount = 7 WHERE amount = 13"),
            "delete entries": lambda: run(f"DELETE FROM entries WHERE {entry}"),
            "delete a user": lambda: run(f"DELETE FROM users WHERE {user}"),
            "edit a user": lambda: run(f"UPDATE users SET credits = {self._amount()}, plan = 'PRO' WHERE {user}"),
            "update keys": lambda: run(f"UPDATE entries SET id = id + {other} WHERE {entry}"),
            "update a user's key": lambda: run(
                f"UPDATE users SET id = 'moved_{other}_{self._number()}' WHERE id = 'u2'"
            ),
            "swap keys": self._swap,
            "delete and add the same key": self._add_again,
            "change plans": lambda: run(
                f"INSERT INTO changes VALUES ('u1', 'FREE', 'PRO', '2026-02-0{pick('123456789')} 10:00:00')"
            ),
            "take events": lambda: run(
                f"INSERT INTO events VALUES ('evt_{self._number()}', 'invoice.paid', "
                f"'{pick(['processed', 'failed', 'new'])}', '2026-02-03 10:00:00')"
            ),
            "edit events": lambda: run("UPDATE events SET status = 'processed'"),
            "empty a table": lambda: run(f"DELETE FROM {pick(['events', 'entries'])}"),
            "truncate": lambda: run(
                f"{'DELETE FROM' if self.kind == 'sqlite' else 'TRUNCATE TABLE'} {pick(['events', 'entries'])}"
            ),
            "add a column": lambda: run(f"ALTER TABLE entries ADD COLUMN c{self._number()} integer DEFAULT 5"),
        }

    def _postgres(self) -> Mapping[str, Callable[[], object]]:
        run, table = self._execute, self._random.choice(["users", "entries", "events"])
        return {
            "vacuum": lambda: run("VACUUM"),
            "vacuum full": lambda: run("VACUUM FULL"),
            "freeze": lambda: run("VACUUM FREEZE"),
            "cluster": lambda: run(f"CLUSTER {table} USING {table}_pkey"),
            "restore": lambda: self._restore(table),
            "lock rows": lambda: run(f"SELECT * FROM {table} FOR UPDATE"),
            "begin and write": lambda: self._begin(is_nested=False),
            "begin, nest and write": lambda: self._begin(is_nested=True),
            "commit": lambda: self._end("COMMIT"),
            "roll back": lambda: self._end("ROLLBACK"),
            "write anew": lambda: run("ALTER TABLE entries ALTER amount TYPE numeric USING amount * 2"),
            "change a type": lambda: run("ALTER TABLE entries ALTER reason TYPE text"),
            "drop and add a column": lambda: run(
                "ALTER TABLE entries DROP reason; ALTER TABLE entries ADD reason text DEFAULT 'other'"
            ),
        }

    def _restore(self, table: str) -> None:
        """As from a dump: the same rows, in a table that is written anew."""
        self._execute(
            f"BEGIN; CREATE TABLE dumped (LIKE {table} INCLUDING ALL); "
            f"INSERT INTO dumped SELECT * FROM {table} ORDER BY random(); DROP TABLE {table}; "
            f"ALTER TABLE dumped RENAME TO {table}; "
            f"ALTER INDEX dumped_pkey RENAME TO {table}_pkey; COMMIT"
        )

    def _begin(self, *, is_nested: bool) -> None:
        """Write in a transaction that stays open while others write and audits read."""
        connection = psycopg.connect(self.url)
        self._open.append(connection)
        connection.execute("SET lock_timeout = '50ms'")
        with contextlib.suppress(psycopg.Error), contextlib.ExitStack() as held:
            if is_nested:
                held.enter_context(connection.transaction())
            connection.execute(self._entry().encode())
            connection.execute(f"UPDATE entries SET amount = {self._amount()} WHERE {self._some('entries')}".encode())
            connection.execute(f"DELETE FROM entries WHERE {self._some('entries')}".encode())

    def _end(self, how: str) -> None:
        if self._open:
            connection = self._open.pop(0)
            connection.execute(how.encode())
            connection.close()

    def _swap(self) -> None:
        for sql in ("id = -1 WHERE id = 1", "id = 1 WHERE id = 2", "id = 2 WHERE id = -1"):
            self._execute(f"UPDATE entries SET {sql}")

    def _add_again(self) -> None:
        self._execute("DELETE FROM entries WHERE id = 3")
        self._execute(self._entry(3))

    def _add(self) -> None:
        for _ in range(self._random.randrange(1, 4)):
            self._execute(self._entry())

    def _entry(self, number: int | None = None) -> str:
        number = number or self._number()
        day = self._random.randrange(10, 28)
        word = self._random.choice(["spent", "bought", "paid", "refund", "odd"])
        return (
            f"INSERT INTO entries (id, user_id, kind, amount, balance, created_at, reason) VALUES ({number}, "
            f"'u{self._random.randrange(1, 6)}', '{word}', {self._amount()}, {self._amount()}, "
            f"'2026-01-{day} 10:00:00', 'Why {number}')"
        )

    def _add_user(self) -> None:
        number = self._number()
        self._execute(f"INSERT INTO users VALUES ('u{number}', 'FREE', {self._amount()}, '2026-01-01 00:00:00')")

    def _amount(self) -> str:
        amounts = ["1", "-5", "100", "0.25", "12.5", "NULL", "1e7"]
        return self._random.choices([*amounts, "0.0000000001"], [*(20 for _ in amounts), 1])[0]

    def _some(self, table: str) -> str:
        """A condition that some rows meet."""
        if table == "users":
            return f"id = 'u{self._random.randrange(1, self._next + 1)}'"
        first = self._random.randrange(1, self._next + 1)
        return f"id BETWEEN {first} AND {first + self._random.randrange(3)}"

    def _number(self) -> int:
        self._next += 1
        return self._next


def seeds(first: int, count: int) -> Sequence[int]:
    """So many seeds from ``first`` on."""
    return range(first, first + count)
