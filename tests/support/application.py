"""The application that the database belongs to: it spends and grants credits in transactions of its own.

It has the isolation and the patience that its database has by default, unlike a repair. Leaves out everything but the
movement of credits.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import pymysql
import sqlalchemy
from sqlalchemy import Connection, Engine, NullPool, text
from sqlalchemy.exc import DBAPIError

from trueup.model.address import parse_address
from trueup.targets import open_target
from trueup.targets.target import Trouble

PATIENCE_SECONDS = 60
TRIES = 200


@contextlib.contextmanager
def application(url: str) -> Iterator[Engine]:
    """The application's own way into the database at ``url``."""
    match url.partition("://")[0]:
        case "sqlite":
            engine = sqlalchemy.create_engine("sqlite://", creator=lambda: _file(url), poolclass=NullPool)
            sqlalchemy.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        case "postgresql":
            # its own spelling: a socket's folder is an option that SQLAlchemy reads
            engine = sqlalchemy.create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
        case _:
            engine = sqlalchemy.create_engine("mysql+pymysql://", creator=lambda: _mysql(url))
    try:
        yield engine
    finally:
        engine.dispose()


def _file(url: str) -> sqlite3.Connection:
    path = url.partition(":///")[2]
    return sqlite3.connect(path, timeout=PATIENCE_SECONDS, isolation_level=None, check_same_thread=False)


def _mysql(url: str) -> pymysql.Connection[pymysql.cursors.Cursor]:
    address = parse_address(url)
    host, _, port = address.hosts.partition(":")
    return pymysql.connect(
        host=host, port=int(port), user=address.user, password=address.password or "", database=address.database
    )


@dataclass(slots=True, kw_only=True)
class Writer:
    """One thread of the application, or somebody at the database's console; tries again as applications do."""

    engine: Engine
    url: str
    now: datetime
    deadlocks: int = field(default=0, init=False)

    def edit(self, account_id: str, amount: int) -> None:
        """Change a cached balance by hand."""
        self._until_done(lambda connection: _add(connection, account_id, amount))

    def move(self, account_id: str, amount: int, *, entry_first: bool) -> int:
        """Spend or grant; how much was moved: nothing where too little is left.

        The account's row is locked first, or, with ``entry_first``, updated last.
        """
        return self._until_done(lambda connection: self._moved(connection, account_id, amount, entry_first=entry_first))

    def _until_done(self, done: Callable[[Connection], int]) -> int:
        trouble = open_target(self.url).trouble
        for _ in range(TRIES):
            try:
                with self.engine.begin() as connection:
                    return done(connection)
            except DBAPIError as error:
                if trouble(error) not in (Trouble.CONFLICT, Trouble.DUPLICATE):
                    raise
                self.deadlocks += trouble(error) is Trouble.CONFLICT
        raise AssertionError("the application could not be served")

    def _moved(self, connection: Connection, account_id: str, amount: int, *, entry_first: bool) -> int:
        if not entry_first:
            lock = "" if connection.dialect.name == "sqlite" else " FOR UPDATE"
            connection.execute(text(f"SELECT credits FROM users WHERE id = :id{lock}"), {"id": account_id})
        sequence, balance = connection.execute(_LATEST, {"id": account_id}).one()
        if balance + amount < 0:
            return 0
        values: dict[str, object] = {
            "id": account_id,
            "sequence": sequence + 1,
            "type": "usage" if amount < 0 else "promotional_grant",
            "amount": amount,
            "balance": balance + amount,
            "at": self.now,
        }
        connection.execute(_ENTRY, values)
        return _add(connection, account_id, amount)


_LATEST = text(
    "SELECT sequence, balance_after FROM credit_transactions WHERE user_id = :id ORDER BY sequence DESC LIMIT 1"
)
_ENTRY = text(
    "INSERT INTO credit_transactions (user_id, sequence, type, amount, balance_after, posted, created_at, actor) "
    "VALUES (:id, :sequence, :type, :amount, :balance, TRUE, :at, 'app')"
)
_ADDED = text("UPDATE users SET credits = credits + :amount WHERE id = :id")


def _add(connection: Connection, account_id: str, amount: int) -> int:
    connection.execute(_ADDED, {"id": account_id, "amount": amount})
    return amount
