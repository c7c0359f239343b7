"""Six apps of other kinds than the ten, each as its framework makes it, with a few planted faults."""

from __future__ import annotations

from tests.apps.rows import App, Rows, ago, sid

_CREATED = {"created_at": "time", "updated_at": "time"}


def _stamps(days: float) -> dict[str, object]:
    return {"created_at": ago(days), "updated_at": ago(1)}


def _pay(insert: Rows) -> None:
    """Rails with the Pay gem: customers and subscriptions are tables of the gem, owners polymorphic."""
    for n in range(1, 25):
        insert("users", id=n, email=f"u{n}@example.org", encrypted_password="x", admin=n == 1, **_stamps(90 - n))
        if n % 2:
            processor = "stripe" if n != 23 else "braintree"
            code = sid("cus", n) if n != 23 else "btree_9"
            insert(
                "pay_customers", id=100 + n, owner_type="User", owner_id=n, processor=processor, processor_id=code,
                default=True, **_stamps(80 - n),
            )  # fmt: skip
        if n % 4 == 1:
            insert(
                "pay_subscriptions", id=500 + n, customer_id=100 + n, name="default", processor_id=sid("sub", n),
                processor_plan="price_hobby" if n % 8 == 1 else "price_pro", quantity=1,
                status="canceled" if n == 13 else "active", ends_at=ago(3) if n == 13 else None, **_stamps(60 - n),
            )  # fmt: skip
        insert("teams", id=n, name=f"Team {n}", **_stamps(50))
        insert(
            "pay_webhooks",
            id=n,
            processor="stripe",
            event_type="invoice.paid",
            event={"id": sid("evt", n)},
            **_stamps(4),
        )
    insert("pay_customers", id=900, owner_type="User", owner_id=2, processor="stripe", processor_id=sid("cus", 1),
           default=True, **_stamps(5))  # fmt: skip


PAY = App(
    name="pay",
    tables={
        "users": {"id": "int key", "email": "text unique", "encrypted_password": "text", "admin": "bool", **_CREATED},
        "pay_customers": {"id": "int key", "owner_type": "text", "owner_id": "int", "processor": "text"}
        | {"processor_id": "text", "default": "bool", **_CREATED},
        "pay_subscriptions": {"id": "int key", "customer_id": "ref:pay_customers.id#", "name": "text"}
        | {"processor_id": "text", "processor_plan": "text", "quantity": "int", "status": "text", "ends_at": "time"}
        | _CREATED,
        "pay_webhooks": {"id": "int key", "processor": "text", "event_type": "text", "event": "json", **_CREATED},
        "teams": {"id": "int key", "name": "text", **_CREATED},
    },
    fill=_pay,
    faults={"shared-customer": 1},
)


def _supabase(insert: Rows) -> None:
    """Supabase and Vercel's subscription starter: customers, products, prices and subscriptions beside users."""
    for name, price in (("Hobby", "price_1HobbyAbc"), ("Freelancer", "price_1FreelXyz")):
        insert("products", id=sid("prod", name), active=True, name=name)
        insert("prices", id=price, product_id=sid("prod", name), active=True, unit_amount=1000, currency="usd")
    for n in range(24):
        user = f"00000000-0000-4000-8000-{n:012d}"
        insert("users", id=user, full_name=f"u{n}", avatar_url=None)
        if n % 2 and n != 5:
            insert("customers", id=user, stripe_customer_id=sid("cus", n))
        if n % 4 == 1:
            insert(
                "subscriptions", id=sid("sub", n), user_id=user, status="active" if n != 9 else "canceled",
                price_id="price_1HobbyAbc" if n % 8 == 1 else "price_1FreelXyz", quantity=1,
                cancel_at_period_end=False, created=ago(30), ended_at=ago(2) if n == 9 else None,
            )  # fmt: skip


SUPABASE = App(
    name="supabase",
    tables={
        "users": {"id": "text key", "full_name": "text", "avatar_url": "text"},
        "customers": {"id": "ref:users.id", "stripe_customer_id": "text"},
        "products": {"id": "text key", "active": "bool", "name": "text"},
        "prices": {"id": "text key", "product_id": "ref:products.id", "active": "bool", "unit_amount": "int"}
        | {"currency": "text"},
        "subscriptions": {"id": "text key", "user_id": "ref:users.id", "status": "text", "price_id": "ref:prices.id"}
        | {"quantity": "int", "cancel_at_period_end": "bool", "created": "time", "ended_at": "time"},
    },
    keys={"customers": ("id",)},
    fill=_supabase,
    faults={"paid-without-customer": 1},
)


def _wallet(insert: Rows) -> None:
    """Django with a wallet and unsigned transactions of type credit or debit."""
    for n in range(1, 25):
        insert("auth_user", id=n, username=f"u{n}", email=f"u{n}@example.org", password="x", is_staff=n == 1,
               is_active=n != 20, date_joined=ago(90 - n))  # fmt: skip
        balance = 0
        moves = [("credit", 100, ""), ("debit", 30, ""), ("debit", 5, "")]
        moves += [("credit", 500, sid("pi", n))] * (2 if n == 7 else n % 2)
        for place, (kind, amount, payment) in enumerate(moves):
            balance += amount if kind == "credit" else -amount
            insert("billing_transaction", id=n * 10 + place, wallet_id=1000 + n, type=kind, amount=amount,
                   reference=payment or f"job-{n}-{place}", created_at=ago(40 - n - place))  # fmt: skip
        insert(
            "billing_wallet", id=1000 + n, user_id=n, balance=balance + (99 if n == 3 else 0), created_at=ago(90 - n)
        )


WALLET = App(
    name="wallet",
    tables={
        "auth_user": {"id": "int key", "username": "text", "email": "text", "password": "text", "is_staff": "bool"}
        | {"is_active": "bool", "date_joined": "time"},
        "billing_wallet": {"id": "int key", "user_id": "ref:auth_user.id# unique", "balance": "money"}
        | {"created_at": "time"},
        "billing_transaction": {"id": "int key", "wallet_id": "ref:billing_wallet.id#", "type": "enum:credit,debit"}
        | {"amount": "money", "reference": "text", "created_at": "time"},
        "django_session": {"session_key": "text key", "session_data": "text"},
    },
    fill=_wallet,
    faults={"credit-balance": 1, "duplicate-payment-grant": 1},
)


def _epoch(insert: Rows) -> None:
    """MySQL's habits: milliseconds since 1970, an enum of states, the balance after each entry."""
    for n in range(1, 25):
        plan = ("free", "pro", "team")[n % 3]
        insert("customer", id=n, mail=f"c{n}@example.org", subscription_plan=plan, state="active",
               stripe_cust=None if n == 4 or plan == "free" else sid("cus", n), credit=0,
               created=_ms(90 - n))  # fmt: skip
        balance = 0
        for place, (kind, amount) in enumerate([("TOPUP", 900), ("SPEND", -20), ("SPEND", -35), ("BONUS", 15)]):
            before = balance
            balance += amount
            after = balance
            if n == 6 and place == 2:
                after = balance = before - 20
            insert("credit_log", id=n * 10 + place, customer_id=n, op=kind, delta=amount, saldo=after,
                   pay_ref=sid("pi", n) if kind == "TOPUP" else None, status="done", ts=_ms(30 - place))  # fmt: skip
        insert("credit_log", id=n * 10 + 8, customer_id=n, op="TOPUP", delta=50, saldo=balance + 50, pay_ref=None,
               status="pending", ts=_ms(2))  # fmt: skip
        insert("customer_balance", customer_id=n, tokens=balance + (7 if n == 10 else 0))


def _ms(days: float) -> int:
    return int(ago(days).timestamp() * 1000)


EPOCH = App(
    name="epoch",
    tables={
        "customer": {"id": "int key", "mail": "text", "subscription_plan": "enum:free,pro,team", "state": "text"}
        | {"stripe_cust": "text", "credit": "int", "created": "int"},
        "customer_balance": {"customer_id": "int key", "tokens": "int"},
        "credit_log": {"id": "int key", "customer_id": "ref:customer.id#", "op": "text", "delta": "int", "saldo": "int"}
        | {"pay_ref": "text", "status": "enum:pending,done,failed", "ts": "int"},
    },
    fill=_epoch,
    faults={"paid-without-customer": 1, "credit-balance": 1, "ledger-break": 1},
)


def _tenants(insert: Rows) -> None:
    """Organisations that pay, members, and a ledger whose payment is inside its metadata."""
    for n in range(24):
        org, user = f"org_{n:02d}", f"usr_{n:02d}"
        insert("organizations", id=org, name=org, plan="growth" if n % 2 else "free", credits_balance=0,
               stripe_customer_id=sid("cus", n) if n % 2 and n != 5 else None, created_at=ago(90 - n))  # fmt: skip
        insert("users", id=user, email=f"{user}@example.org", created_at=ago(90 - n), deleted_at=None)
        insert("memberships", id=f"m{n}", organization_id=org, user_id=user, role="owner")
        balance = 0
        moves: list[tuple[int, str, dict[str, object]]] = [(200, "signup_bonus", {}), (-17, "generation", {"job": n})]
        if n % 2:
            moves += [(1000, "purchase", {"stripe": {"payment_intent": sid("pi", n)}})] * (2 if n == 9 else 1)
        for place, (amount, reason, metadata) in enumerate(moves):
            balance += amount
            insert("credit_transactions", id=f"t{n:02d}{place}", organization_id=org, user_id=user, amount=amount,
                   reason=reason, metadata=metadata, created_at=ago(40 - n - place))  # fmt: skip
        insert.rows[-len(moves) - 3][1]["credits_balance"] = balance - (5 if n == 12 else 0)
        insert("audit_logs", id=f"a{n}", organization_id=org, actor_id=user, action="login", created_at=ago(2))
        insert(
            "customers", id=f"c{n}", organization_id=org, email="end@example.org", stripe_customer_id=sid("cus", "x", n)
        )


TENANTS = App(
    name="tenants",
    tables={
        "organizations": {"id": "text key", "name": "text", "plan": "text", "credits_balance": "int"}
        | {"stripe_customer_id": "text", "created_at": "time"},
        "users": {"id": "text key", "email": "text", "created_at": "time", "deleted_at": "time"},
        "memberships": {"id": "text key", "organization_id": "ref:organizations.id", "user_id": "ref:users.id"}
        | {"role": "text"},
        "credit_transactions": {"id": "text key", "organization_id": "ref:organizations.id", "user_id": "text"}
        | {"amount": "int", "reason": "text", "metadata": "json", "created_at": "time"},
        "audit_logs": {"id": "text key", "organization_id": "text", "actor_id": "text", "action": "text"}
        | {"created_at": "time"},
        "customers": {"id": "text key", "organization_id": "ref:organizations.id", "email": "text"}
        | {"stripe_customer_id": "text"},
    },
    fill=_tenants,
    faults={"paid-without-customer": 1, "credit-balance": 1, "duplicate-payment-grant": 1},
)


def _delta(insert: Rows) -> None:
    """A ledger of deltas and reasons beside ``credits_remaining`` on the users."""
    for n in range(24):
        user = f"user-{n:02d}"
        remaining = 0
        moves: list[tuple[int, str, str | None]] = [(25, "trial", None), (-4, "image", None), (-6, "image", None)]
        if n % 3 == 0:
            moves.append((300, "pack", sid("cs", n)))
        for place, (delta, reason, session) in enumerate(moves):
            remaining += delta
            insert("credit_events", id=f"{n:02d}-{place}", user_id=user, delta=delta, reason=reason,
                   checkout_session=session, occurred_at=ago(30 - place, seconds=n))  # fmt: skip
        if n == 8:
            remaining = -3
        insert("users", id=user, email=f"{user}@example.org", credits_remaining=remaining, credits_used=10,
               customer_id=sid("cus", n) if n % 3 == 0 else None, created_at=ago(80 - n), is_admin=n == 0)  # fmt: skip
        insert("stripe_events", id=sid("evt", n), type="checkout.session.completed", created_at=ago(20))


DELTA = App(
    name="delta",
    tables={
        "users": {"id": "text key", "email": "text", "credits_remaining": "int", "credits_used": "int"}
        | {"customer_id": "text", "created_at": "time", "is_admin": "bool"},
        "credit_events": {"id": "text key", "user_id": "ref:users.id", "delta": "int", "reason": "text"}
        | {"checkout_session": "text", "occurred_at": "time"},
        "stripe_events": {"id": "text key", "type": "text", "created_at": "time"},
    },
    fill=_delta,
    faults={"credit-balance": 1, "negative-balance": 1},
)

OTHERS = (PAY, SUPABASE, WALLET, EPOCH, TENANTS, DELTA)
