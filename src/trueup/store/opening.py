"""Open the store, and migrate its schema, also when several processes start at the same moment."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from sqlalchemy import Engine

from trueup.migrations import UnknownRevision, find_newest_revision, revision_of, upgrade
from trueup.model.errors import StoreUnavailable
from trueup.store.alerts import Alerts
from trueup.store.approvals import Approvals
from trueup.store.database import Database, open_database, sqlite_path
from trueup.store.exemptions import Exemptions
from trueup.store.findings import Findings
from trueup.store.leases import Leases
from trueup.store.notes import FindingNotes
from trueup.store.outbox import Outbox
from trueup.store.presence import VERSION_TABLE, absent, empty, holds_store, is_there, make_whole, mark
from trueup.store.runs import Runs
from trueup.store.secrets import Secrets
from trueup.store.sent_forms import SentForms
from trueup.store.sessions import Sessions
from trueup.store.sign_in_links import SignInLinks
from trueup.store.tokens import Tokens

MIGRATIONS = Path(__file__).parent / "migrations"


class Store:
    """The open store. Any number of threads may use it; ``close`` it, or use it in a ``with``.

    Every method of its parts is one transaction and may raise ``StoreUnavailable``.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.runs = Runs(database)
        self.findings = Findings(database)
        self.exemptions = Exemptions(database)
        self.approvals = Approvals(database)
        self.notes = FindingNotes(database)
        self.tokens = Tokens(database)
        self.sessions = Sessions(database)
        self.sign_in_links = SignInLinks(database)
        self.sent_forms = SentForms(database)
        self.leases = Leases(database)
        self.secrets = Secrets(database)
        self.alerts = Alerts(database)
        self.outbox = Outbox(database)

    @property
    def engine(self) -> Engine:
        """The pool of connections, for what the store's parts do not offer."""
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


def open_store(url: str, *, may_make: bool = True) -> Store:
    """Open the store at ``sqlite:///path`` or ``postgresql://…``, migrated to the schema that this version needs.

    Where there is none it is made, if ``may_make`` is True and none was there before. Replicas may start at once: one
    migrates, the others wait for it. Raises ``StoreUnavailable`` when the store cannot be reached, is not a store, is
    not complete, or was written by a newer trueup, and ``ConfigurationError`` for another kind of address.
    """
    path = sqlite_path(url)
    if path is not None:
        place = f"sqlite:///{path.as_posix()}"
        if not is_there(path, place):
            if not may_make:
                raise absent(place)
            make_whole(path, place, _filled)
    store = _opened(open_database(url), may_make=may_make and path is None)
    if path is not None:
        mark(path)
    return store


def _filled(path: Path) -> None:
    _opened(open_database(f"sqlite:///{quote(path.as_posix())}"), may_make=True).close()


def _opened(database: Database, *, may_make: bool) -> Store:
    with contextlib.ExitStack() as undone:
        undone.callback(database.close)
        try:
            _bring_up_to_date(database, may_make=may_make)
        except UnknownRevision as error:
            raise StoreUnavailable(f"The store {database.place} was written by a newer trueup: {error}.") from None
        undone.pop_all()
    return Store(database)


def _bring_up_to_date(database: Database, *, may_make: bool) -> None:
    # Most starts have nothing to do, and must not wait for a process that is writing at the moment.
    with database.reading() as connection:
        if not holds_store(connection, database.place) and not may_make:
            raise empty(database.place) if database.is_file else absent(database.place)
        current = revision_of(connection, version_table=VERSION_TABLE)
    if current != find_newest_revision(MIGRATIONS):
        with database.writing() as connection:
            upgrade(connection, scripts=MIGRATIONS, version_table=VERSION_TABLE)
