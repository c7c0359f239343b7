"""A field case: the app's tables, Stripe's side, a config, and the real audit held against what was expected.

    company = FieldCompany()
    company.ledger.add("u1", "purchase", 500, ago(40), payment="pi_1")
    company.users(u1={"stripe_customer_id": "cus_1"})
    company.stripe.payment("pi_1", "cus_1", 600, ago(40))
    company.expect(tmp_path, MAPPING + PLANS, must={"credit-balance:u1"}, looked={"credit-balance"})

A case of another shape gives its tables by ``company.table(...)`` and its own config.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from tests.support.field.stripe_side import KINDS, NOW, StripeSide, ago, written
from trueup.actions.audit.run_audit import audit
from trueup.actions.checks.catalogue import full_catalogue
from trueup.config import Config, load_config
from trueup.model.outcome import Checked
from trueup.model.report import Report
from trueup.model.source import Silent

Row = Mapping[str, object]

USERS = """CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT, plan TEXT, stripe_customer_id TEXT, credits NUMERIC,
  status TEXT DEFAULT 'active', created_at TEXT)"""
ENTRIES = """CREATE TABLE credit_transactions (id INTEGER PRIMARY KEY, user_id TEXT, type TEXT, amount NUMERIC,
  balance_after NUMERIC, stripe_event_id TEXT, stripe_payment_intent_id TEXT, stripe_invoice_id TEXT,
  stripe_checkout_session_id TEXT, created_at TEXT)"""
EVENTS = "CREATE TABLE stripe_events (id TEXT PRIMARY KEY, type TEXT, received_at TEXT)"

ACCOUNT = """
[relations.account]
table = "users"
[relations.account.columns]
account_id = "id"
email = "email"
plan = "plan"
stripe_customer_id = "stripe_customer_id"
credits = "credits"
active = "status = 'active'"
created_at = "created_at"
[relations.account.values.plan]
FREE = ["free", ""]
PRO = ["pro"]
TEAM = ["team"]
"""
LEDGER_ENTRY = """
[relations.ledger_entry]
table = "credit_transactions"
dense_sequence = false
[relations.ledger_entry.columns]
entry_id = "id"
account_id = "user_id"
kind = "type"
amount = "amount"
balance_after = "balance_after"
stripe_event_id = "stripe_event_id"
stripe_payment_intent_id = "stripe_payment_intent_id"
stripe_invoice_id = "stripe_invoice_id"
stripe_checkout_session_id = "stripe_checkout_session_id"
created_at = "created_at"
"""
WEBHOOK_EVENT = """
[relations.webhook_event]
table = "stripe_events"
[relations.webhook_event.columns]
event_id = "id"
type = "type"
received_at = "received_at"
"""
MAPPING = ACCOUNT + LEDGER_ENTRY + WEBHOOK_EVENT
"""The mapping of the usual tables. A case that changes one of its parts writes the other parts beside its own."""
PLANS = """
[plans.FREE]
rank = 0
[plans.PRO]
rank = 1
prices = [{ id = "price_pro" }]
credits_per_period = 1000
price = { usd = 2900 }
[plans.TEAM]
rank = 2
prices = [{ id = "price_team" }]
credits_per_period = 5000
price = { usd = 9900 }
"""
WITHOUT_CREDITS = PLANS.replace("credits_per_period = 1000\n", "").replace("credits_per_period = 5000\n", "")
"""The same plans, of which the config does not say what they owe."""
_HEAD = """
environment = "production"
[database]
url = "sqlite:///{folder}/app.db"
[gates]
enabled = false
[stripe]
supplier = "files"
url = "{folder}/stripe"
may_be_empty = [{empty}]
"""


@dataclass(slots=True)
class Ledger:
    """The entries of all accounts, numbered as they come, each with its account's running balance."""

    rows: list[dict[str, object]] = field(default_factory=list)
    balances: dict[str, Decimal] = field(default_factory=dict)

    def add(
        self,
        user: str,
        kind: str,
        amount: Decimal | int | str,
        moment: int,
        *,
        event: str | None = None,
        payment: str | None = None,
        invoice: str | None = None,
        session: str | None = None,
    ) -> dict[str, object]:
        """Add an entry and return its row, which a case may spoil."""
        balance = self.balances[user] = self.balances.get(user, Decimal(0)) + Decimal(amount)
        row: dict[str, object] = {
            "id": len(self.rows) + 1,
            "user_id": user,
            "type": kind,
            "amount": str(Decimal(amount)),
            "balance_after": str(balance),
            "stripe_event_id": event,
            "stripe_payment_intent_id": payment,
            "stripe_invoice_id": invoice,
            "stripe_checkout_session_id": session,
            "created_at": written(moment),
        }
        self.rows.append(row)
        return row


@dataclass(slots=True)
class FieldCompany:
    """One small company in the making."""

    stripe: StripeSide = field(default_factory=StripeSide)
    ledger: Ledger = field(default_factory=Ledger)
    tables: list[tuple[str, Sequence[Row]]] = field(default_factory=list)
    """Each a CREATE TABLE statement and its rows."""

    def table(self, create: str, rows: Sequence[Row] = ()) -> None:
        """Add a table; ``rows`` may still change until the audit."""
        self.tables.append((create, rows))

    def users(self, **users: Row) -> None:
        """Add the usual tables: these users over a free one with the ledger's balance, the entries, no webhooks."""
        rows = [
            {
                "id": name,
                "email": f"{name}@example.com",
                "plan": "free",
                "credits": str(self.ledger.balances.get(name, Decimal(0))),
                "created_at": written(ago(300)),
                **more,
            }
            for name, more in users.items()
        ]
        self.table(USERS, rows)
        self.table(ENTRIES, self.ledger.rows)

    def webhooks(self, *events: Mapping[str, object]) -> None:
        """Add the usual table of webhooks, in which these events were received."""
        rows = [
            {"id": event["id"], "type": event["type"], "received_at": written(int(str(event["created"])) + 2)}
            for event in events
        ]
        self.table(EVENTS, rows)

    def audit(self, folder: Path, config: str) -> Report:
        """Write the company into the folder and audit it."""
        return audit(self.write(folder, config), checks=full_catalogue(None), now=NOW, progress=Silent())

    def write(self, folder: Path, config: str) -> Config:
        """Write the company into the folder. ``config`` has the relations and all after them."""
        if not any(" stripe_events " in create for create, _ in self.tables):
            self.webhooks()
        with contextlib.closing(sqlite3.connect(folder / "app.db")) as connection, connection:
            for create, rows in self.tables:
                connection.execute(create)
                name = create.split()[2]
                for row in rows:
                    marks = ", ".join("?" * len(row))
                    connection.execute(
                        f"INSERT INTO {name} ({', '.join(row)}) VALUES ({marks})",
                        [str(value) if isinstance(value, Decimal) else value for value in row.values()],
                    )
        self.stripe.export(folder / "stripe")
        path = folder / "trueup.toml"
        empty = ", ".join(f'"{kind}"' for kind in KINDS)
        path.write_text(_HEAD.format(folder=folder, empty=empty) + config, encoding="utf-8")
        return load_config(path, {})

    def expect(
        self,
        folder: Path,
        config: str,
        *,
        looked: Collection[str],
        must: Collection[str] = (),
        may: Collection[str] = (),
        one_of: Collection[str] = (),
    ) -> Report:
        """Audit, and hold the issues against what was expected.

        ``must`` are issue ids; ``may`` too, or beginnings that end in ``*``; of ``one_of`` one is enough. ``looked``
        are the checks that must have run on something, or a skipped check would pass for a quiet one.
        """
        report = self.audit(folder, config)
        issues = {
            finding.id: finding.message
            for run in report.outcomes
            if isinstance(run.outcome, Checked)
            for finding in run.outcome.findings
            if finding.exemption is None
        }
        outcomes = {run.check: run.outcome for run in report.outcomes}
        blind = {check: outcomes[check] for check in looked if not _looked(outcomes[check])}
        assert not blind, blind
        assert not set(must) - issues.keys(), issues
        assert not one_of or set(one_of) & issues.keys(), issues
        allowed = {*must, *may, *one_of}
        beginnings = tuple(name.removesuffix("*") for name in may if name.endswith("*"))
        false = {
            issue: message
            for issue, message in issues.items()
            if issue not in allowed and not (beginnings and issue.startswith(beginnings))
        }
        assert not false, false
        return report


def _looked(outcome: object) -> bool:
    return isinstance(outcome, Checked) and outcome.population > 0
