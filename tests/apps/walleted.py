"""Apps whose accounts have several balances: columns, a wallets' table, a row for each bucket, one sum for all."""

from __future__ import annotations

from tests.apps.rows import App, Rows, ago, sid

Move = tuple[str, str, int, str | None]
"""A pool, a reason, an amount and the payment that it names."""


def _pools(insert: Rows) -> None:
    """Credits of the month are set anew on each cycle, those of top-ups stay; each pool has a running balance."""
    for n in range(1, 27):
        user = f"usr_{n:03d}"
        moves: list[Move] = [("monthly", "cycle_reset", 1000, None), ("monthly", "render", -130 - n, None)]
        moves += [("topup", "purchase", 500, sid("pi", n)), ("topup", "render", -20, None)][: 2 * (n % 3 > 0)]
        moves += [("monthly", "cycle_reset", 1000, None), ("monthly", "render", -7 * n, None)]
        moves += [("topup", "purchase", 500, sid("pi", n))] * (n == 7)
        held = {"monthly": 0, "topup": 0}
        for place, (pool, reason, amount, payment) in enumerate(moves):
            held[pool] = amount if reason == "cycle_reset" else held[pool] + amount
            if n == 10 and pool == "topup" and reason == "render":
                held[pool] += 4
            insert("credit_ledger", id=n * 20 + place, user_id=user, pool=pool, reason=reason, delta=amount,
                   pool_balance=held[pool], payment_intent=payment,
                   created_at=ago(60 - 5 * place, seconds=n))  # fmt: skip
        insert("users", id=user, email=f"{user}@example.org", monthly_credits=held["monthly"] + 50 * (n == 14),
               topup_credits=held["topup"], stripe_customer_id=sid("cus", n), created_at=ago(90 - n))  # fmt: skip


POOLS = App(
    name="pools",
    tables={
        "users": {"id": "text key", "email": "text", "monthly_credits": "int", "topup_credits": "int"}
        | {"stripe_customer_id": "text", "created_at": "time"},
        "credit_ledger": {"id": "int key", "user_id": "ref:users.id", "pool": "text", "reason": "text", "delta": "int"}
        | {"pool_balance": "int", "payment_intent": "text", "created_at": "time"},
    },
    fill=_pools,
    faults={"credit-balance": 1, "ledger-break": 1, "duplicate-payment-grant": 1},
)


def _purses(insert: Rows) -> None:
    """An organisation has a wallet of each kind, and a movement knows its wallet alone, without a balance."""
    for n in range(1, 25):
        org = f"org_{n:02d}"
        insert("organizations", id=org, name=org, stripe_customer_id=sid("cus", n), created_at=ago(90 - n))
        for offset, kind in enumerate(("main", "promo")[: 1 + (n % 4 > 0)]):
            wallet = n * 10 + offset
            moves = [("deposit", 900, sid("pi", n)), ("spend", -40 - n, None)] if kind == "main" else []
            moves += [("bonus", 150, None), ("spend", -25, None)] if kind == "promo" else []
            moves += [("deposit", 900, sid("pi", n))] * (n == 9 and kind == "main")
            moves += [("spend", -200, None)] * (n == 18 and kind == "promo")
            total = sum(amount for _, amount, _ in moves)
            insert("wallets", id=wallet, organization_id=org, kind=kind, balance=total + 11 * (n == 5 and offset),
                   created_at=ago(80))  # fmt: skip
            for place, (kind_of, amount, payment) in enumerate(moves):
                insert("wallet_movements", id=wallet * 10 + place, wallet_id=wallet, type=kind_of, amount=amount,
                       reference=payment, created_at=ago(40 - place, seconds=n))  # fmt: skip


PURSES = App(
    name="purses",
    tables={
        "organizations": {"id": "text key", "name": "text", "stripe_customer_id": "text", "created_at": "time"},
        "wallets": {"id": "int key", "organization_id": "ref:organizations.id", "kind": "text", "balance": "int"}
        | {"created_at": "time"},
        "wallet_movements": {"id": "int key", "wallet_id": "ref:wallets.id#", "type": "text", "amount": "int"}
        | {"reference": "text", "created_at": "time"},
    },
    fill=_purses,
    faults={"credit-balance": 1, "duplicate-payment-grant": 1, "negative-balance": 1},
)


def _buckets(insert: Rows) -> None:
    """A row for each user and bucket holds the balance; amounts have no sign, and the month's bucket is set anew."""
    for n in range(1, 25):
        insert("app_user", id=n, mail=f"u{n}@example.org", tier="pro" if n % 2 else "free",
               customer=sid("cus", n) if n % 2 and n != 3 else None, joined_at=ago(90 - n))  # fmt: skip
        moves = [("PLAN", "allowance", 300), ("PLAN", "debit", 120 + n), ("PLAN", "allowance", 300)]
        moves += [("PLAN", "debit", n), ("GIFT", "credit", 50), ("GIFT", "debit", 8)]
        held = {"PLAN": 0, "GIFT": 0}
        for place, (bucket, direction, amount) in enumerate(moves):
            left = 0 if direction == "allowance" else held[bucket]
            held[bucket] = left - amount if direction == "debit" else left + amount
            insert("usage_log", id=n * 10 + place, user_id=n, bucket=bucket, direction=direction, amount=amount,
                   at=ago(50 - place, seconds=n))  # fmt: skip
        for bucket, left in held.items():
            insert("user_balance", user_id=n, bucket=bucket, remaining=left + 9 * (n == 12 and bucket == "GIFT"))


BUCKETS = App(
    name="buckets",
    tables={
        "app_user": {"id": "int key", "mail": "text", "tier": "text", "customer": "text", "joined_at": "time"},
        "user_balance": {"user_id": "ref:app_user.id#", "bucket": "text", "remaining": "int"},
        "usage_log": {"id": "int key", "user_id": "ref:app_user.id#", "bucket": "text", "direction": "text"}
        | {"amount": "int", "at": "time"},
    },
    keys={"user_balance": ("user_id", "bucket")},
    fill=_buckets,
    faults={"credit-balance": 1, "paid-without-customer": 1},
)


def _one_sum(insert: Rows) -> None:
    """Two columns on the account, and a ledger whose one running balance is what is in both."""
    for n in range(1, 25):
        held = 0
        moves = [("gift", 100), ("bought", 400), ("used", -30), ("used", -n)]
        for place, (kind, amount) in enumerate(moves):
            held += amount
            insert("credit_transactions", id=n * 10 + place, account_id=n, kind=kind, amount=amount,
                   balance_after=held, created_at=ago(40 - place, seconds=n))  # fmt: skip
        insert("accounts", id=n, email=f"a{n}@example.org", free_credits=60 - n, paid_credits=410 + 5 * (n == 8),
               stripe_customer_id=sid("cus", n), created_at=ago(90 - n))  # fmt: skip


ONE_SUM = App(
    name="one sum",
    tables={
        "accounts": {"id": "int key", "email": "text", "free_credits": "int", "paid_credits": "int"}
        | {"stripe_customer_id": "text", "created_at": "time"},
        "credit_transactions": {"id": "int key", "account_id": "ref:accounts.id#", "kind": "text", "amount": "int"}
        | {"balance_after": "int", "created_at": "time"},
    },
    fill=_one_sum,
    faults={"credit-balance": 1},
)


def _anew(insert: Rows) -> None:
    """One balance, which each month's grant sets anew: what was left is gone, and no entry says so."""
    for n in range(1, 25):
        moves = [("monthly_grant", 500), ("usage", -90), ("usage", -n), ("monthly_grant", 500), ("usage", -2 * n)]
        held = 0
        for place, (kind, amount) in enumerate(moves):
            held = amount if kind == "monthly_grant" else held + amount
            held += 6 * (n == 4 and place == 2)
            insert("token_transactions", id=n * 10 + place, user_id=n, type=kind, tokens=amount, balance=held,
                   created_at=ago(50 - 9 * place, seconds=n))  # fmt: skip
        insert("users", id=n, email=f"u{n}@example.org", tokens=held - 40 * (n == 17),
               stripe_customer_id=sid("cus", n), created_at=ago(90 - n))  # fmt: skip


ANEW = App(
    name="anew",
    tables={
        "users": {"id": "int key", "email": "text", "tokens": "int", "stripe_customer_id": "text"}
        | {"created_at": "time"},
        "token_transactions": {"id": "int key", "user_id": "ref:users.id#", "type": "text", "tokens": "int"}
        | {"balance": "int", "created_at": "time"},
    },
    fill=_anew,
    faults={"ledger-break": 1, "credit-balance": 1},
)

WALLETED = (POOLS, PURSES, BUCKETS, ONE_SUM, ANEW)
