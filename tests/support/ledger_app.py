"""A tiny application's SQLite database, for tests that need a particular row in it.

Leaves out everything a real application has besides the canonical tables.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable
from pathlib import Path

TABLES = """
CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT, role TEXT, plan TEXT, stripe_customer_id TEXT,
    stripe_subscription_id TEXT, credits, unlimited_credits BOOLEAN DEFAULT 0, active BOOLEAN DEFAULT 1,
    created_at TEXT);
CREATE TABLE credit_transactions (id INTEGER PRIMARY KEY, user_id TEXT, sequence INTEGER, type TEXT, amount,
    balance_after, posted BOOLEAN DEFAULT 1, stripe_event_id TEXT, stripe_payment_intent_id TEXT,
    stripe_invoice_id TEXT, stripe_checkout_session_id TEXT, created_at TEXT, actor TEXT, reason TEXT);
CREATE TABLE stripe_webhook_events (event_id TEXT PRIMARY KEY, type TEXT, status TEXT, received_at TEXT,
    processed_at TEXT, livemode BOOLEAN, api_version TEXT);
"""

CONFIG = """
preset = "canonical"
[stripe]
enabled = false
[gates]
enabled = false
[database]
url = "sqlite:///{path}"
"""

NOW = "2026-03-01T12:00"


def made(
    folder: Path, *statements: str, users: Iterable[tuple[object, ...]] = (), entries: Iterable[tuple[object, ...]] = ()
) -> Path:
    """An app database in ``folder`` with a config beside it; the folder.

    ``users`` are (id, plan, credits); ``entries`` are (id, user, sequence, amount, balance_after, created_at).
    """
    path = folder / "app.db"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(TABLES)
        connection.executemany("INSERT INTO users (id, plan, credits) VALUES (?, ?, ?)", users)
        connection.executemany(
            "INSERT INTO credit_transactions (id, user_id, sequence, type, amount, balance_after, created_at) "
            "VALUES (?, ?, ?, 'usage', ?, ?, ?)",
            entries,
        )
        for statement in statements:
            connection.execute(statement)
    (folder / "trueup.toml").write_text(CONFIG.format(path=path), encoding="utf-8")
    return folder
