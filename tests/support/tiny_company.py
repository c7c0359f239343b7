"""A living company of two accounts, of which everything agrees: the gate lets it pass until a test breaks something.

It has a SQLite database, a store, a matrix of plan gates and a probe that reads a file; Stripe is switched off. It is
small, so that an audit of it takes well under a second.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from tests.support.gating import now
from tests.support.small_companies import SmallCompany

CONFIG = """\
environment = "production"
preset = "canonical"
[database]
url = "sqlite:///app.db"
[store]
url = "sqlite:///store.db"
[stripe]
enabled = false
[gates]
matrix = "gates.toml"
private_hosts = ["127.0.0.1"]
[plans.PRO]
prices = ["price_pro"]
credits_per_period = 100
"""
PROBE = """\
[gates.probes.build]
kind = "file"
path = "plans.json"
"""
MATRIX = """\
[features]
exports = { min_plan = "PRO" }
[limits]
seats = { FREE = 1, PRO = 5, TEAM = 50 }
"""
PLANS = {
    "features": {"exports": {"FREE": False, "PRO": True, "TEAM": True}},
    "limits": {"seats": {"FREE": 1, "PRO": 5, "TEAM": 50}},
}


def make_company(folder: Path) -> Path:
    """Write the company into this folder; the folder."""
    _rows().write(folder / "app.db")
    (folder / "trueup.toml").write_text(CONFIG + PROBE)
    (folder / "gates.toml").write_text(MATRIX)
    (folder / "plans.json").write_text(json.dumps(PLANS))
    return folder


def _rows() -> SmallCompany:
    long_ago = (now() - timedelta(days=200)).isoformat(sep=" ", timespec="seconds")
    users = [
        {"id": f"user_{number}", "role": "user", "plan": "FREE", "credits": 10, "unlimited_credits": False}
        | {"active": True, "created_at": long_ago}
        for number in (1, 2)
    ]
    entries = [
        {"user_id": user["id"], "sequence": 1, "type": "promotional_grant", "amount": 10, "balance_after": 10}
        | {"posted": True, "created_at": long_ago}
        for user in users
    ]
    event = {"event_id": "evt_1", "type": "customer.updated", "status": "processed", "livemode": True}
    event |= {"received_at": long_ago, "processed_at": long_ago, "api_version": "2025-03-31.basil"}
    return SmallCompany(rows={"users": users, "credit_transactions": entries, "stripe_webhook_events": [event]})


def run_sql(folder: Path, *statements: str) -> None:
    """Run these in the app's database."""
    with contextlib.closing(sqlite3.connect(folder / "app.db")) as database, database:
        for statement in statements:
            database.execute(statement)


def spoil(folder: Path) -> None:
    """Change a balance by hand: one new critical finding, ``credit-balance:user_1``."""
    run_sql(folder, "UPDATE users SET credits = credits + 500 WHERE id = 'user_1'")


def change_plans(folder: Path, edit: Callable[[dict[str, dict[str, dict[str, object]]]], object]) -> None:
    """Change what the probe's file says."""
    path = folder / "plans.json"
    plans = json.loads(path.read_text())
    edit(plans)
    path.write_text(json.dumps(plans))


def replace(folder: Path, old: str, new: str, file: str = "trueup.toml") -> None:
    """Change one place of a file."""
    text = (folder / file).read_text()
    assert text.count(old) >= 1, text
    (folder / file).write_text(text.replace(old, new, 1))
