"""Random keys that every replica of one store shares, each made when it is first needed.

They sign what the API hands out and gets back, such as a page's cursor. A person who reads a key can write a cursor,
but gains no right by it: every request is authorised by itself.
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
        query = select(SECRET.c.value).where(SECRET.c.name == purpose)
        with self._database.reading() as connection:
            value = connection.execute(query).scalar()
        if value is None:
            with self._database.writing() as connection:
                dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
                statement = dialect.insert(SECRET).values(name=purpose, value=secrets.token_bytes(_BYTES))
                connection.execute(statement.on_conflict_do_nothing())
                value = connection.execute(query).scalar_one()
        return bytes(value)
