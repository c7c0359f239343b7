"""Apps that keep things in other shapes: soft deletes, ULIDs, balances in JSON, signs by a code, lots that expire."""

from __future__ import annotations

import json
from datetime import datetime

from tests.apps.rows import App, Rows, ago, sid

_STAMPS = {"created_at": "time", "deleted_at": "time"}


def _soft(insert: Rows) -> None:
    """Tenants, subscriptions and entries are only marked as deleted; those rows count nowhere."""
    for n in range(1, 31):
        tenant = f"t-{n:03d}"
        gone = ago(5) if n == 29 else None
        balance = 0
        moves: list[tuple[str, int, str | None, datetime | None]]
        moves = [("grant", 300, None, None), ("usage", -40 - n, None, None), ("usage", -500, None, ago(9))]
        moves += [("purchase", 200, sid("pi", n), None)] * (2 if n == 11 else n % 2)
        for place, (kind, amount, payment, removed) in enumerate(moves):
            balance += 0 if removed else amount
            insert("credit_entries", id=n * 10 + place, tenant_id=tenant, entry_type=kind, credits=amount,
                   payment_intent_id=payment, created_at=ago(40 - place, seconds=n), deleted_at=removed)  # fmt: skip
        insert("tenants", id=tenant, name=tenant, credit_balance=balance + 25 * (n == 6), billing_email="x@example.org",
               stripe_customer_id=None if n in (9, 29) else sid("cus", n), created_at=ago(90 - n),
               deleted_at=gone)  # fmt: skip
        insert("users", id=f"u-{n:03d}", tenant_id=tenant, email=f"u{n}@example.org", created_at=ago(80),
               deleted_at=None)  # fmt: skip
        if n % 3:
            insert("tenant_subscriptions", id=f"s-{n:03d}a", tenant_id=tenant, plan="starter", status="canceled",
                   stripe_subscription_id=sid("sub", n, "old"), created_at=ago(80), deleted_at=ago(60))  # fmt: skip
            insert("tenant_subscriptions", id=f"s-{n:03d}b", tenant_id=tenant, plan="growth" if n % 2 else "starter",
                   status="active", stripe_subscription_id=sid("sub", n), created_at=ago(50),
                   deleted_at=None)  # fmt: skip


SOFT = App(
    name="soft deletes",
    tables={
        "tenants": {"id": "text key", "name": "text", "credit_balance": "int", "billing_email": "text"}
        | {"stripe_customer_id": "text", **_STAMPS},
        "users": {"id": "text key", "tenant_id": "ref:tenants.id", "email": "text", **_STAMPS},
        "credit_entries": {"id": "int key", "tenant_id": "ref:tenants.id", "entry_type": "text", "credits": "int"}
        | {"payment_intent_id": "text", **_STAMPS},
        "tenant_subscriptions": {"id": "text key", "tenant_id": "ref:tenants.id", "plan": "text", "status": "text"}
        | {"stripe_subscription_id": "text", **_STAMPS},
    },
    fill=_soft,
    faults={"credit-balance": 1, "duplicate-payment-grant": 1},
)


def _ulid(*parts: int) -> str:
    """An id that sorts by when it was made."""
    return (
        "01J"
        + "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[(sum(parts) * 7 + place * 5) % 32] for place in range(16))
        + (f"{parts[0]:03d}{parts[-1]:04d}")
    )


def _ulids(insert: Rows) -> None:
    """Every id is a ULID with a prefix; the workspace pays, and an entry holds what was left after it."""
    for n in range(1, 27):
        workspace = f"ws_{_ulid(n, 1)}"
        plan = ("FREE", "PRO", "SCALE")[n % 3]
        left = 0
        for place, (reason, delta) in enumerate([("SIGNUP", 50), ("TOKENS", -8), ("TOPUP", 400), ("TOKENS", -n)]):
            left += delta + 3 * (n == 8 and place == 3)
            insert("LedgerEntry", id=f"le_{n:03d}{place}{_ulid(n, place)}", workspaceId=workspace, reason=reason,
                   delta=delta, balanceAfter=left, checkoutId=sid("cs", n) if reason == "TOPUP" else None,
                   createdAt=ago(40 - 3 * place, seconds=n))  # fmt: skip
        insert("Workspace", id=workspace, slug=f"w{n}", tier=plan, creditBalance=left - 12 * (n == 15),
               stripeCustomerId=sid("cus", n) if plan != "FREE" and n != 4 else None,
               createdAt=ago(90 - n))  # fmt: skip
        insert("Member", id=f"me_{_ulid(n, 9)}", workspaceId=workspace, email=f"u{n}@example.org", role="OWNER")


ULIDS = App(
    name="ulids",
    tables={
        "Workspace": {"id": "text key", "slug": "text unique", "tier": "text", "creditBalance": "int"}
        | {"stripeCustomerId": "text", "createdAt": "time"},
        "LedgerEntry": {"id": "text key", "workspaceId": "ref:Workspace.id", "reason": "text", "delta": "int"}
        | {"balanceAfter": "int", "checkoutId": "text", "createdAt": "time"},
        "Member": {"id": "text key", "workspaceId": "ref:Workspace.id", "email": "text", "role": "text"},
    },
    fill=_ulids,
    faults={"credit-balance": 1, "ledger-break": 1, "paid-without-customer": 1},
)


def _in_json(insert: Rows) -> None:
    """The balances are inside a JSON column of the account, one for each pool that an entry names."""
    for n in range(1, 25):
        held = {"paid": 0, "promo": 0}
        moves = [("promo", "welcome", 80), ("promo", "job", -15), ("paid", "purchase", 600), ("paid", "job", -n)]
        for place, (pool, kind, amount) in enumerate(moves):
            held[pool] += amount
            insert("balance_changes", id=n * 10 + place, account_id=n, pool=pool, kind=kind, amount=amount,
                   payment_ref=sid("pi", n) if kind == "purchase" else None, created_at=ago(30 - place))  # fmt: skip
        held["paid"] += 70 * (n == 13)
        insert("accounts", id=n, email=f"a{n}@example.org", settings=json.dumps({"theme": "dark"}), balances=held,
               stripe_customer_id=sid("cus", n), created_at=ago(90 - n))  # fmt: skip


IN_JSON = App(
    name="in json",
    tables={
        "accounts": {"id": "int key", "email": "text", "settings": "json", "balances": "json"}
        | {"stripe_customer_id": "text", "created_at": "time"},
        "balance_changes": {"id": "int key", "account_id": "ref:accounts.id#", "pool": "text", "kind": "text"}
        | {"amount": "int", "payment_ref": "text", "created_at": "time"},
    },
    fill=_in_json,
    faults={"credit-balance": 1},
)


def _coded(insert: Rows) -> None:
    """A bookkeeper's ledger in cents: CR and DR say the direction, a code why, reversals name the entry they undo."""
    for n in range(1, 27):
        cents = 0
        moves = [("CR", "LOAD", 5000, sid("ch", n)), ("DR", "CALL", 137 + n, None), ("DR", "CALL", 90, None)]
        moves += [("CR", "LOAD", 5000, sid("ch", n))] * (n == 16)
        for place, (side, code, amount, charge) in enumerate(moves):
            cents += amount if side == "CR" else -amount
            insert("postings", posting_id=n * 10 + place, client_no=n, side=side, code=code, amount_cents=amount,
                   charge_ref=charge, posted_on=ago(30 - place, seconds=n))  # fmt: skip
        insert("clients", client_no=n, mail=f"c{n}@example.org", balance_cents=cents - 250 * (n == 21),
               stripe_ref=sid("cus", n), opened_on=ago(90 - n))  # fmt: skip


CODED = App(
    name="coded",
    tables={
        "clients": {"client_no": "int key", "mail": "text", "balance_cents": "int", "stripe_ref": "text"}
        | {"opened_on": "time"},
        "postings": {"posting_id": "int key", "client_no": "ref:clients.client_no#", "side": "text", "code": "text"}
        | {"amount_cents": "int", "charge_ref": "text", "posted_on": "time"},
    },
    fill=_coded,
    faults={"credit-balance": 1, "duplicate-payment-grant": 1},
)


def _lots(insert: Rows) -> None:
    """Credits are lots with what is left of each and the day they lapse; the user's column is what is left of all."""
    for n in range(1, 27):
        total = 0
        lots = [(500, 500 - 10 * n, ago(-30)), (100, 40, ago(12)), (200, 200, None)]
        for place, (granted, remaining, expires) in enumerate(lots):
            lapsed = expires is not None and place == 1
            total += 0 if lapsed and n != 7 else remaining
            insert("credit_lots", id=f"lot-{n}-{place}", user_id=n, amount=granted, remaining=remaining,
                   source=("purchase", "promo", "referral")[place], expires_at=expires,
                   stripe_payment_intent_id=sid("pi", n) if place == 0 else None,
                   created_at=ago(60 - place))  # fmt: skip
        insert("users", id=n, email=f"u{n}@example.org", credits=total, stripe_customer_id=sid("cus", n),
               created_at=ago(90 - n))  # fmt: skip


LOTS = App(
    name="lots",
    tables={
        "users": {"id": "int key", "email": "text", "credits": "int", "stripe_customer_id": "text"}
        | {"created_at": "time"},
        "credit_lots": {"id": "text key", "user_id": "ref:users.id#", "amount": "int", "remaining": "int"}
        | {"source": "text", "expires_at": "time", "stripe_payment_intent_id": "text", "created_at": "time"},
    },
    fill=_lots,
    faults={"lapsed-credits": 1},
)

SHAPED = (SOFT, ULIDS, IN_JSON, CODED, LOTS)
