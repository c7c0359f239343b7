"""Leases: of all processes on one store, one does a thing. A lease of a process that died expires.

The replicas' clocks may differ by less than a lease lasts. A lease keeps work from being done twice; an action that
must never happen twice also needs a unique row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from trueup.store.database import Database
from trueup.store.tables import LEASE


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Who holds a lease, and until when."""

    name: str
    holder: str
    taken_at: datetime
    expires_at: datetime


class Leases:
    """Named leases; taking one is a single compare-and-set."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, name: str, holder: str, *, seconds: float, now: datetime) -> bool:
        """Take a lease that is free or has expired. A live lease is refused, to its own holder too."""
        values = {"holder": holder, "taken_at": now, "expires_at": now + timedelta(seconds=seconds)}
        with self._database.writing() as connection:
            over = update(LEASE).where(LEASE.c.name == name, LEASE.c.expires_at <= now).values(values)
            if connection.execute(over).rowcount == 1:
                return True
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            first = dialect.insert(LEASE).values(name=name, **values).on_conflict_do_nothing()
            return connection.execute(first.returning(LEASE.c.name)).first() is not None

    def renew(self, name: str, holder: str, *, seconds: float, now: datetime) -> bool:
        """Hold a lease for so many seconds from now on; False when it is no longer this holder's."""
        with self._database.writing() as connection:
            mine = update(LEASE).where(LEASE.c.name == name, LEASE.c.holder == holder)
            done = connection.execute(mine.values(expires_at=now + timedelta(seconds=seconds)))
            return done.rowcount == 1

    def release(self, name: str, holder: str) -> bool:
        """Give a lease back; False when it was no longer this holder's."""
        with self._database.writing() as connection:
            mine = delete(LEASE).where(LEASE.c.name == name, LEASE.c.holder == holder)
            return connection.execute(mine).rowcount == 1

    def get(self, name: str, *, now: datetime) -> Lease | None:
        """The holder of the lease; None when it is free."""
        with self._database.reading() as connection:
            row = connection.execute(select(LEASE).where(LEASE.c.name == name, LEASE.c.expires_at > now)).first()
        if row is None:
            return None
        return Lease(name=row.name, holder=row.holder, taken_at=row.taken_at, expires_at=row.expires_at)
