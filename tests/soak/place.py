"""One round's company: a fresh database, its journal, a config, and a token for its server."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from tests.actions.repair.hostile.company import FOREIGN_KEY, Company
from tests.actions.repair.hostile.database import Database
from tests.support.databases import ENCODED_PASSWORD, PASSWORD, MariaDBServer, PostgresServer
from trueup import journal
from trueup.config import load_config
from trueup.store import open_store
from trueup.targets import open_target

REPAIRER = "soak_repairer"
"""The role that repairs on MariaDB, whose connections are known by their user."""

OPENING = 1000
WITNESS = "a-2"
"""An account that nobody may touch: what changes it came from a trigger, and was committed."""

VANDALISED = tuple(f"v-{number:02d}" for number in range(16))
HONEST = tuple(f"h-{number:02d}" for number in range(8))
"""Accounts whose balance is only ever moved by the application, and so is always right."""

CONFIG = """
environment = "soak"
preset = "canonical"
[stripe]
enabled = false
[gates]
enabled = false
[repairs]
most_per_run = 1000
most_per_day = 10000
[database]
url = "${PLACE}"
repair_url = "${REPAIR}"
[plans.FREE]
rank = 0
[plans.PRO]
rank = 1
prices = ["price_pro"]
[policy.severity]
mapping-suspect = "off"
"""
"""Two thirds of the balances are edited in here, which would look like a wrong column, and hold the repairs back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a round takes place."""

    database: Database
    folder: Path
    repair_url: str
    token: str

    @property
    def variables(self) -> dict[str, str]:
        """What the config needs of a process's environment."""
        return {"PLACE": self.database.url, "REPAIR": self.repair_url}


@contextlib.contextmanager
def founded(
    kind: str, server: PostgresServer | MariaDBServer | None, folder: Path, *, with_keys: bool
) -> Iterator[Place]:
    """A company in a fresh database; ``with_keys``: its ledger refers to its accounts and keeps their order unique."""
    url = server.create_database() if server else f"sqlite:///{folder / 'app.db'}"
    repair_url = _for_repairs(server, url) if isinstance(server, MariaDBServer) else url
    database = Database(kind=kind, url=url)
    if kind == "sqlite":
        database.execute(["PRAGMA journal_mode = wal"])
    company = Company(
        foreign_key=FOREIGN_KEY if with_keys else None,
        besides={"credit_transactions": "UNIQUE (user_id, sequence)"} if with_keys else {},
    )
    database.execute([*company.statements(kind), *_accounts(), "CREATE TABLE history (id INTEGER, what VARCHAR(64))"])
    with open_target(url).transaction() as connection:
        journal.install(connection)
        connection.commit()
    yield Place(database=database, folder=folder, repair_url=repair_url, token=_token(folder, url, repair_url))
    if isinstance(server, PostgresServer):
        server.drop_database(url)


def _for_repairs(server: MariaDBServer, url: str) -> str:
    with contextlib.closing(server.admin()) as connection:
        cursor = connection.cursor()
        cursor.execute(f"CREATE USER IF NOT EXISTS {REPAIRER}@'%' IDENTIFIED BY '{PASSWORD}'")
        cursor.execute(f"GRANT ALL ON *.* TO {REPAIRER}@'%'")
    return server.url(urlsplit(url).path.removeprefix("/"), user=REPAIRER, password=ENCODED_PASSWORD)


def _accounts() -> Iterator[str]:
    for key in (*VANDALISED, *HONEST):
        yield (
            "INSERT INTO users (id, role, plan, credits, unlimited_credits, active, created_at) "
            f"VALUES ('{key}', 'user', 'FREE', {OPENING}, FALSE, TRUE, '2026-01-01 10:00:00')"
        )
        yield (
            "INSERT INTO credit_transactions "
            "(user_id, sequence, type, amount, balance_after, posted, created_at, actor) "
            f"VALUES ('{key}', 1, 'purchase', {OPENING}, {OPENING}, TRUE, '2026-01-02 10:00:00', 'app')"
        )


def _token(folder: Path, url: str, repair_url: str) -> str:
    path = folder / "trueup.toml"
    path.write_text(CONFIG, encoding="utf-8")
    config = load_config(path, {"PLACE": url, "REPAIR": repair_url})
    with open_store(config.store_url) as store:
        now = datetime.now(UTC).replace(tzinfo=None)
        token, _ = store.tokens.create(name="soak", role="super_admin", lifetime_days=1, created_by="soak", now=now)
    return token


def repairing_backends(place: Place, server: PostgresServer | MariaDBServer | None) -> list[int]:
    """The server's own numbers of the connections that repair in this place now."""
    name = urlsplit(place.database.url).path.removeprefix("/")
    match server:
        case PostgresServer():
            with psycopg.connect(server.admin_url, autocommit=True) as connection:
                rows = connection.execute(
                    "SELECT pid FROM pg_stat_activity WHERE application_name = 'trueup-repair' AND datname = %s", [name]
                ).fetchall()
        case MariaDBServer():
            with contextlib.closing(server.admin()) as admin:
                cursor = admin.cursor()
                query = "SELECT id FROM information_schema.processlist WHERE user = %s AND db = %s"
                cursor.execute(query, [REPAIRER, name])
                rows = list(cursor.fetchall())
        case None:
            rows = []
    return [int(row[0]) for row in rows]
