"""Opening the store: its schema is brought up to date, whoever else starts at the same moment."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Engine

from trueup.model.errors import StoreUnavailable
from trueup.store.alerts import Alerts
from trueup.store.database import Database, open_database
from trueup.store.exemptions import Exemptions
from trueup.store.findings import Findings
from trueup.store.leases import Leases
from trueup.store.migrate import UnknownRevision, newest_revision, revision_of, upgrade
from trueup.store.outbox import Outbox
from trueup.store.runs import Runs
from trueup.store.secrets import Secrets
from trueup.store.sessions import Sessions
from trueup.store.tokens import Tokens

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "trueup_store_version"


class Store:
    """Our own memory, open. Any number of threads may use it; ``close`` it, or use it in a ``with``.

    Every method of its parts is one transaction and may raise ``StoreUnavailable``.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.runs = Runs(database)
        self.findings = Findings(database)
        self.exemptions = Exemptions(database)
        self.tokens = Tokens(database)
        self.sessions = Sessions(database)
        self.leases = Leases(database)
        self.secrets = Secrets(database)
        self.alerts = Alerts(database)
        self.outbox = Outbox(database)

    @property
    def engine(self) -> Engine:
        """The pool of connections, for what the parts do not offer."""
        return self.database.engine

    def close(self) -> None:
        """Close the connections."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(url: str) -> Store:
    """The store at ``sqlite:///path`` or ``postgresql://…``, made or migrated to what this code wants.

    Replicas may start at once: one migrates, the others wait for it. Raises ``StoreUnavailable`` when it cannot be
    reached or a newer trueup wrote it, and ``ConfigurationError`` for an address that is neither.
    """
    database = open_database(url)
    with contextlib.ExitStack() as undone:
        undone.callback(database.close)
        try:
            _bring_up_to_date(database)
        except UnknownRevision as error:
            raise StoreUnavailable(f"The store {database.place} was written by a newer trueup: {error}.") from None
        undone.pop_all()
    return Store(database)


def _bring_up_to_date(database: Database) -> None:
    # Most starts have nothing to do, and must not wait for whoever is writing at the moment.
    with database.reading() as connection:
        current = revision_of(connection, version_table=VERSION_TABLE)
    if current != newest_revision(MIGRATIONS):
        with database.writing() as connection:
            upgrade(connection, scripts=MIGRATIONS, version_table=VERSION_TABLE)
