"""How an audit treats the database it reads: one moment, read only, no lock, and honest when the database goes away."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Self

import psycopg
import pytest

from tests.support.command import Ran, environment, trueup
from tests.support.databases import PostgresServer

TABLES = """
CREATE TABLE users (id text PRIMARY KEY, plan text NOT NULL, credits bigint NOT NULL);
CREATE TABLE credit_transactions (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id text NOT NULL,
    sequence bigint NOT NULL, type text NOT NULL, amount bigint NOT NULL, balance_after bigint NOT NULL,
    stripe_event_id text, stripe_payment_intent_id text, stripe_invoice_id text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE stripe_webhook_events (event_id text PRIMARY KEY, type text, status text, received_at timestamptz,
    livemode boolean);
"""
FILL = """
INSERT INTO users SELECT 'user_' || n, 'FREE', {entries} FROM generate_series(1, {accounts}) AS n;
INSERT INTO credit_transactions (user_id, sequence, type, amount, balance_after, created_at)
SELECT 'user_' || a, s, 'usage', 1, s, now() - interval '40 days' + s * interval '1 minute'
FROM generate_series(1, {entries}) AS s, generate_series(1, {accounts}) AS a;
"""
CONFIG = """
preset = "canonical"
[stripe]
enabled = false
[gates]
enabled = false
[database]
url = "${DATABASE_URL}"
"""
SPENDING_ACCOUNTS = 1_000
SPENDS_PER_SECOND = 200


def company(url: str, folder: Path, *, accounts: int, entries: int) -> Path:
    """A Postgres app of ``accounts`` accounts with ``entries`` entries each, and its config in ``folder``."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLES.encode())
        connection.execute(FILL.format(accounts=accounts, entries=entries).encode())
    (folder / "trueup.toml").write_text(CONFIG, encoding="utf-8")
    return folder


class Spending:
    """An application that spends credits: an entry and a balance in one transaction, 200 times a second."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._spend)
        self.spent = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _spend(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            started = time.monotonic()
            while not self._stopped.is_set():
                self._one(connection, f"user_{1 + self.spent % SPENDING_ACCOUNTS}")
                self.spent += 1
                ahead = self.spent / SPENDS_PER_SECOND - (time.monotonic() - started)
                if ahead > 0:
                    time.sleep(ahead)

    @staticmethod
    def _one(connection: psycopg.Connection, account: str) -> None:
        with connection.transaction():
            row = connection.execute(
                "UPDATE users SET credits = credits - 1 WHERE id = %s RETURNING credits", [account]
            ).fetchone()
            assert row is not None
            connection.execute(
                "INSERT INTO credit_transactions (user_id, sequence, type, amount, balance_after) SELECT %s, "
                "max(sequence) + 1, 'usage', -1, %s FROM credit_transactions WHERE user_id = %s",
                [account, row[0], account],
            )


@pytest.mark.parametrize(
    ("accounts", "entries"), [(1_000, 60), pytest.param(5_000, 200, marks=pytest.mark.slow)], ids=["60k", "1M"]
)
def test_an_application_that_spends_while_we_audit_causes_no_finding(
    postgres_url: str, tmp_path: Path, accounts: int, entries: int
) -> None:
    company(postgres_url, tmp_path, accounts=accounts, entries=entries)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE INDEX ON credit_transactions (user_id, sequence)")
    with Spending(postgres_url) as spending:
        while spending.spent < SPENDS_PER_SECOND:
            time.sleep(0.05)
        before = spending.spent
        ran = trueup("audit", "--format", "json", cwd=tmp_path, DATABASE_URL=postgres_url)
        during = spending.spent - before
    document = json.loads(ran.out)
    assert during > 0
    assert document["issues"] == []
    assert document["summary"]["checkedTransactions"] >= accounts * entries + before


@pytest.mark.slow
def test_the_session_is_read_only_has_time_limits_and_is_gone_afterwards(
    postgres_url: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    company(postgres_url, tmp_path, accounts=200, entries=10)
    slow_down(tmp_path)
    seen: list[tuple[str, str]] = []
    with (
        subprocess.Popen(
            [sys.executable, "-m", "trueup", "audit", "--format", "json"],
            cwd=tmp_path,
            env=environment(DATABASE_URL=postgres_url),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
        psycopg.connect(postgres_server.admin_url, autocommit=True) as admin,
    ):
        while process.poll() is None:
            seen += admin.execute(
                "SELECT l.mode, a.state FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid) "
                "WHERE a.application_name LIKE 'trueup%' AND l.locktype = 'relation'"
            ).fetchall()
            time.sleep(0.02)
        process.communicate()
        left = admin.execute("SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'trueup%'").fetchall()
    assert seen, "the audit was never seen at work"
    assert {mode for mode, _ in seen} == {"AccessShareLock"}
    assert left == []


def slow_down(folder: Path) -> None:
    """Make the ledger's copy take seconds, by an expression that sleeps on every row."""
    lines = '[relations.ledger_entry.columns]\nposted = "(SELECT pg_sleep(0.001) IS NOT NULL AND id > 0)"\n'
    (folder / "trueup.toml").write_text(CONFIG + lines, encoding="utf-8")


def cut_off(url: str, server: PostgresServer, folder: Path) -> Ran:
    """An audit whose database connection is ended by the server in the middle of the ledger."""
    with (
        subprocess.Popen(
            [sys.executable, "-m", "trueup", "audit", "--format", "json"],
            cwd=folder,
            env=environment(DATABASE_URL=url),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
        psycopg.connect(server.admin_url, autocommit=True) as admin,
    ):
        while process.poll() is None:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'trueup%' "
                "AND state = 'active' AND query LIKE '%pg_sleep%' AND query NOT LIKE '%pg_stat_activity%' "
                "AND now() - query_start > interval '300 milliseconds'"
            )
            time.sleep(0.02)
        out, err = process.communicate()
    return Ran(code=process.returncode, out=out, err=err)


@pytest.mark.slow
def test_a_database_that_dies_in_the_middle_makes_an_incomplete_report_and_exit_three(
    postgres_url: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    company(postgres_url, tmp_path, accounts=500, entries=20)
    slow_down(tmp_path)
    ran = cut_off(postgres_url, postgres_server, tmp_path)
    assert ran.code == 3, ran.err
    assert "Traceback" not in ran.err
    document = json.loads(ran.out)
    assert document["summary"]["status"] == "incomplete"
    assert document["summary"]["checkedUsers"] == 500
    problems = {read["relation"]: read["problem"] for read in document["relations"]}
    assert problems["account"] is None
    assert "ended after" in problems["ledger_entry"]
    outcomes = {made["check"]: made["outcome"] for made in document["outcomes"]}
    assert outcomes["credit-balance"] == "broken"
    assert outcomes["shared-customer"] in {"checked", "skipped"}
    assert [issue for issue in document["issues"] if issue["check"] == "credit-balance"] == []


def test_the_audit_needs_no_more_than_select(
    postgres_url: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    company(postgres_url, tmp_path, accounts=10, entries=2)
    name = postgres_url.split("?", maxsplit=1)[0].rsplit("/", 1)[1]
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        role = f"reader_{name}"
        with psycopg.connect(postgres_server.admin_url, autocommit=True) as admin:
            admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'only-reads'".encode())
        for table in ("users", "credit_transactions", "stripe_webhook_events"):
            connection.execute(f"GRANT SELECT ON {table} TO {role}".encode())
    url = postgres_server.url(name, user=role, password="only-reads")
    ran = trueup("audit", "--format", "json", cwd=tmp_path, DATABASE_URL=url)
    assert ran.out, ran.err
    assert json.loads(ran.out)["summary"]["checkedUsers"] == 10
    assert "this connection only reads" in trueup("doctor", cwd=tmp_path, DATABASE_URL=url).out
    assert "warn  privileges" in trueup("doctor", cwd=tmp_path, DATABASE_URL=postgres_url).out
