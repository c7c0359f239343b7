"""Random keys that every replica of one store shares, each made when it is first asked for.

They sign what we hand out and get back, such as a page's cursor. Whoever reads one can write a cursor, and gains no
right by it: every request is authorised by itself.
"""

from __future__ import annotations

import secrets

from sqlalchemy import Column, LargeBinary, Table, Text, select
from sqlalchemy.dialects import postgresql, sqlite

from trueup.store.database import Database
from trueup.store.tables import METADATA

_BYTES = 32

SECRET = Table(
    "trueup_secret",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
"""Keys by their purpose. Made by ``0003_secrets``."""


class Secrets:
    """The keys of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def key(self, purpose: str) -> bytes:
        """The key for this purpose: 32 random bytes, the same for every process and every time."""
        found = select(SECRET.c.value).where(SECRET.c.name == purpose)
        with self._database.reading() as connection:
            value = connection.execute(found).scalar()
        if value is None:
            with self._database.writing() as connection:
                dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
                made = dialect.insert(SECRET).values(name=purpose, value=secrets.token_bytes(_BYTES))
                connection.execute(made.on_conflict_do_nothing())
                value = connection.execute(found).scalar_one()
        return bytes(value)
