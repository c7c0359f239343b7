"""One company under random names, orders, types and decoys: ``trueup init`` gives the same findings.

``TRUEUP_SCHEMA_SEEDS=100`` tries as many; a failing seed is in the name of its test.
"""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.apps.rows import App, Rows, ago, audited, missed_and_false, sid, written

SEEDS = int(os.environ.get("TRUEUP_SCHEMA_SEEDS", "3"))
FAULTS = {
    "credit-balance": 1,
    "duplicate-payment-grant": 1,
    "paid-without-customer": 1,
    "shared-customer": 1,
}
_ACCOUNTS = ("users", "accounts", "customers", "organizations", "workspaces", "teams", "app_users", "Profile", "tenant")
_LEDGERS = ("credit_transactions", "CreditTransaction", "wallet_entries", "token_ledger", "point_transactions")
_AMOUNTS = ("amount", "delta", "credits", "change", "credit_amount")
_BALANCES = ("credits", "credit_balance", "tokens_remaining", "balance", "creditsRemaining", "token_balance")
_RUNNING = ("balance_after", "runningBalance", "new_balance", "closing", "saldo")
_KINDS = ("type", "kind", "reason", "operation", "entry_type")
_PLANS = ("plan", "tier", "subscription_plan", "planName", "membership_tier")
_CUSTOMERS = ("stripe_customer_id", "stripeId", "customer_ref", "billing_customer", "processor_id")
_MOMENTS = ("created_at", "createdAt", "inserted_at", "created", "occurred_at")
_PAYMENTS = ("stripe_payment_intent_id", "payment_id", "reference", "external_ref", "metadata")
_DECOYS: Mapping[str, Mapping[str, str]] = {
    "sessions": {"id": "text key", "token": "text", "expires_at": "time"},
    "api_keys": {"id": "text key", "name": "text", "key": "text"},
    "audit_logs": {"id": "text key", "action": "text", "actor_id": "text", "created_at": "time"},
    "posts": {"id": "text key", "title": "text", "views": "int", "created_at": "time"},
    "outgoing_webhooks": {"id": "text key", "url": "text", "secret": "text"},
    "products": {"id": "text key", "name": "text", "price": "int"},
    "feature_flags": {"id": "text key", "name": "text", "enabled": "bool"},
    "jobs": {"id": "text key", "queue": "text", "attempts": "int", "created_at": "time"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names that a schema has, and how it keeps things."""

    account: str
    ledger: str
    amount: str
    balance: str
    running: str | None
    kind: str
    plan: str
    customer: str
    moment: str
    payment: str
    link: str
    is_unsigned: bool
    has_wallet: bool
    numbers: bool


def names_of(chance: random.Random) -> Names:
    account = chance.choice(_ACCOUNTS)
    return Names(
        account=account,
        ledger=chance.choice(_LEDGERS),
        amount=chance.choice(_AMOUNTS),
        balance=chance.choice(_BALANCES),
        running=chance.choice((None, *_RUNNING)),
        kind=chance.choice(_KINDS),
        plan=chance.choice(_PLANS),
        customer=chance.choice(_CUSTOMERS),
        moment=chance.choice(_MOMENTS),
        payment=chance.choice(_PAYMENTS),
        link={"Profile": "profileId", "app_users": "user_id"}.get(account, f"{account.removesuffix('s')}_id"),
        is_unsigned=chance.random() < 0.4,
        has_wallet=chance.random() < 0.3,
        numbers=chance.random() < 0.5,
    )


def company(seed: int) -> App:
    """The company under the names of this seed."""
    chance = random.Random(seed)
    names = names_of(chance)
    number = "int" if names.numbers else "text"
    account = {"id": f"{number} key", "email": "text", names.plan: "text", names.customer: "text", "made_by": "text"}
    account |= {names.moment: "time"} | ({} if names.has_wallet else {names.balance: "int"})
    target = f"ref:{names.account}.id" + ("#" if names.numbers else "")
    entry = {"id": "int key", names.link: target, names.amount: "int", names.kind: "text", names.moment: "time"}
    entry |= {names.payment: "json" if names.payment == "metadata" else "text"}
    entry |= {} if names.running is None else {names.running: "int"}
    tables = {names.account: _shuffled(account, chance), names.ledger: _shuffled(entry, chance)}
    if names.has_wallet:
        tables |= {"wallets": {names.link: f"{target} unique", names.balance: "int"}}
    decoys = chance.sample(sorted(_DECOYS), 5)
    tables |= {name: _DECOYS[name] for name in decoys}
    return App(name=f"seed {seed}", tables=tables, fill=lambda insert: _fill(insert, names), faults=FAULTS)


def _shuffled(columns: Mapping[str, str], chance: random.Random) -> Mapping[str, str]:
    order = list(columns.items())
    chance.shuffle(order)
    return dict(order)


def _fill(insert: Rows, names: Names) -> None:
    number = 0
    for n in range(1, 31):
        key: object = n if names.numbers else f"acc-{n:04d}"
        plan = ("free", "pro", "business")[n % 3]
        customer = None if plan == "free" or n == 4 else sid("cus", 10 if n == 7 else n)
        moves = [(120, "bonus", False), (-7, "usage", False), (-11, "usage", False)]
        moves += [(500, "purchase", True)] * (2 if n == 8 else plan != "free")
        balance = 0
        for place, (amount, kind, paid) in enumerate(moves):
            number += 1
            balance += amount
            payment: object = sid("pi", n) if paid else None
            if names.payment == "metadata":
                payment = {"payment_intent": payment} if paid else None
            row = {"id": number, names.link: key, names.kind: kind, names.payment: payment}
            row |= {names.amount: abs(amount) if names.is_unsigned else amount, names.moment: ago(50 - n - place)}
            row |= {} if names.running is None else {names.running: balance}
            insert(names.ledger, **row)
        balance += 77 * (n == 12)
        own = {} if names.has_wallet else {names.balance: balance}
        account = {"id": key, "email": f"u{n}@example.org", names.plan: plan, names.customer: customer}
        insert(names.account, **account, **own, **{names.moment: ago(90 - n)})
        if names.has_wallet:
            insert("wallets", **{names.link: key, names.balance: balance})


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_findings_are_the_same_under_other_names(seed: int, sqlite_url: str, tmp_path: Path) -> None:
    app = company(seed)
    written(app, sqlite_url)
    audit = audited(sqlite_url, tmp_path)
    assert missed_and_false(app, audit) == ([], []), audit.config
