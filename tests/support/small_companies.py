"""Any small company: accounts, ledgers and webhooks in every state that an honest or a broken application leaves.

Leaves out what only many accounts show (what is usual for a kind), and money: nothing here has a price.
"""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import strategies as st

from trueup.demo.tables import TABLES, AppTable, Type
from trueup.demo.writers.statements import create_statement

NOW = datetime(2026, 3, 1, 12)
CONFIG = """
environment = "test"
preset = "canonical"
[stripe]
enabled = false
[gates]
enabled = false
[repairs]
downgrade_without_stripe = true
[database]
url = "${PLACE}"
repair_url = "${PLACE}"
[relations.account]
allow_empty = true
[relations.ledger_entry]
allow_empty = true
[plans.FREE]
rank = 0
[plans.PRO]
rank = 1
prices = ["price_pro"]
credits_per_period = 100
[plans.TEAM]
rank = 2
prices = ["price_team"]
credits_per_period = 500
"""
_TYPES = {Type.ID: "TEXT", Type.TEXT: "TEXT", Type.INTEGER: "INTEGER", Type.FLAG: "BOOLEAN", Type.MOMENT: "DATETIME"}
_KINDS = ["purchase", "subscription_grant", "promotional_grant", "usage", "refund", "clawback", "adjustment", "expiry"]
_AGES = [0.01, 0.5, 2, 20, 40, 60, 200]

Row = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallCompany:
    """Rows by table."""

    rows: dict[str, list[Row]] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Write it into a new SQLite file."""
        with contextlib.closing(sqlite3.connect(path)) as connection:
            for table in TABLES:
                connection.execute(create_statement(table, _TYPES, quote='"'))
                for row in self.rows.get(table.name, []):
                    _insert(connection, table, row)
            connection.commit()


def _insert(connection: sqlite3.Connection, table: AppTable, row: Row) -> None:
    names = ", ".join(row)
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", list(row.values()))


def _days_ago(days: float) -> str:
    return (NOW - timedelta(days=days)).isoformat(sep=" ")


_rare = st.sampled_from([False, False, False, True])
_age = st.sampled_from(_AGES)
_event = st.sampled_from([None, None, "evt_1", "evt_2", "evt_3"])
_invoice = st.sampled_from([None, None, "in_1", "in_2"])
_payment = st.sampled_from([None, None, "pi_1", "pi_2"])
_customer = st.sampled_from([None, None, "cus_1", "cus_2", "cus_3"])


@st.composite
def _ledgers(draw: st.DrawFn, account_id: str) -> tuple[list[Row], int]:
    """An account's entries, and its balance by the last of them."""
    ages = sorted(draw(st.lists(_age, max_size=5)), reverse=True)
    balance = draw(st.sampled_from([0, 0, 0, 50]))
    entries: list[Row] = []
    for number, age in enumerate(ages, start=1):
        amount = draw(st.integers(-30, 120))
        balance += amount
        is_broken = draw(_rare) and draw(_rare)
        entries.append(
            {
                "user_id": account_id,
                "sequence": number + (draw(_rare) and draw(_rare)),
                "type": draw(st.sampled_from(_KINDS)),
                "amount": amount,
                "balance_after": balance + (7 if is_broken else 0),
                "posted": not (draw(_rare) and draw(_rare)),
                "stripe_event_id": draw(_event),
                "stripe_invoice_id": draw(_invoice),
                "stripe_payment_intent_id": draw(_payment),
                "created_at": _days_ago(age),
            }
        )
    return entries, balance


@st.composite
def small_companies(draw: st.DrawFn) -> SmallCompany:
    """Up to four accounts."""
    users: list[Row] = []
    entries: list[Row] = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        account_id = f"user_{number}"
        ledger, balance = draw(_ledgers(account_id))
        entries += ledger
        users.append(
            {
                "id": account_id,
                "role": draw(st.sampled_from(["user", "user", "user", "admin"])),
                "plan": draw(st.sampled_from(["FREE", "PRO", "TEAM"])),
                "stripe_customer_id": draw(_customer),
                "stripe_subscription_id": draw(st.sampled_from([None, None, "sub_1"])),
                "credits": balance + (draw(st.integers(1, 40)) if draw(_rare) else 0),
                "unlimited_credits": draw(_rare),
                "active": not (draw(_rare) and draw(_rare)),
                "created_at": draw(st.sampled_from([None, _days_ago(0.01), _days_ago(3), _days_ago(300)])),
            }
        )
    names = [str(user["id"]) for user in users]
    return SmallCompany(
        rows={
            "users": users,
            "credit_transactions": entries,
            "stripe_webhook_events": draw(_webhooks()),
            "plan_changes": draw(_plan_changes(names)),
            "members": draw(_members(names)),
        }
    )


@st.composite
def _webhooks(draw: st.DrawFn) -> list[Row]:
    known = draw(st.sets(st.sampled_from(["evt_1", "evt_2", "evt_3", "evt_4"])))
    return [
        {
            "event_id": event,
            "type": draw(st.sampled_from(["invoice.paid", "checkout.session.completed", "customer.updated"])),
            "status": draw(st.sampled_from(["processed", "processed", "processing", "failed"])),
            "received_at": _days_ago(draw(_age)),
            "livemode": not (draw(_rare) and draw(_rare)),
        }
        for event in sorted(known)
    ]


@st.composite
def _plan_changes(draw: st.DrawFn, names: list[str]) -> list[Row]:
    count = draw(st.integers(0, 2))
    plan = st.sampled_from(["FREE", "PRO", "TEAM"])
    return [
        {
            "user_id": draw(st.sampled_from(names)),
            "from_plan": draw(plan),
            "to_plan": draw(plan),
            "changed_at": _days_ago(draw(_age)),
        }
        for _ in range(count)
    ]


@st.composite
def _members(draw: st.DrawFn, names: list[str]) -> list[Row]:
    count = draw(st.integers(0, 1))
    return [
        {"account_id": draw(st.sampled_from(names)), "member_id": draw(st.sampled_from(names)), "billable": True}
        for _ in range(count)
    ]
