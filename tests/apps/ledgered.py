"""Nine apps that keep credits or plans as other frameworks do: two columns of amounts, numbers for words, cents."""

from __future__ import annotations

from tests.apps.rows import App, Rows, ago, sid

_STAMPS = {"created_at": "time", "updated_at": "time"}


def _stamped(days: float) -> dict[str, object]:
    return {"created_at": ago(days), "updated_at": ago(1)}


def _two_columns(insert: Rows) -> None:
    """Ecto: what came in and what went out are two columns, of which one is 0; the balance after is kept."""
    for n in range(1, 25):
        balance = 0
        for place, (came, went) in enumerate([(400, 0), (0, 35), (0, 12), (60, 0)]):
            before = balance
            balance += came - went
            if n == 6 and place == 2:
                balance = before
            insert("credit_entries", id=n * 10 + place, account_id=n, credit=came, debit=went, balance=balance,
                   memo="top-up" if came else "export", inserted_at=ago(40 - n - place))  # fmt: skip
        insert("accounts", id=n, name=f"a{n}", email=f"a{n}@example.org", credits=balance + 5 * (n == 11),
               stripe_customer_id=sid("cus", n), inserted_at=ago(90 - n))  # fmt: skip


TWO_COLUMNS = App(
    name="two columns",
    tables={
        "accounts": {"id": "int key", "name": "text", "email": "text", "credits": "int", "stripe_customer_id": "text"}
        | {"inserted_at": "time"},
        "credit_entries": {"id": "int key", "account_id": "ref:accounts.id#", "credit": "int", "debit": "int"}
        | {"balance": "int", "memo": "text", "inserted_at": "time"},
    },
    fill=_two_columns,
    faults={"ledger-break": 1, "credit-balance": 1},
)


def _workflows(insert: Rows) -> None:
    """better-auth in Postgres: plans belong to a user or to an organisation, credits to the user's statistics."""
    for n in range(1, 29):
        user = f"user{n:03d}"
        insert("user", id=user, name=f"u{n}", email=f"u{n}@example.org", email_verified=True, is_super_user=n == 1,
               stripe_customer_id=sid("cus", n) if n % 2 and n != 5 else None, **_stamped(90 - n))  # fmt: skip
        insert("user_stats", id=f"st{n}", user_id=user, total_manual_executions=n, total_tokens_used=n * 1000,
               total_cost=f"{n}.25", current_usage_limit="10.00", credit_balance="-2.50" if n == 8 else "5.00",
               last_active=ago(1))  # fmt: skip
        if n % 4 == 1:
            insert("organization", id=f"org{n}", name=f"o{n}", slug=f"o{n}", credit_balance="0.00", created_at=ago(60))
            insert("member", id=f"mb{n}", user_id=user, organization_id=f"org{n}", role="owner", created_at=ago(60))
        if n % 2:
            insert("subscription", id=f"sub{n}", plan="team" if n % 4 == 3 else "pro", reference_id=user,
                   stripe_customer_id=sid("cus", n) if n != 5 else None, stripe_subscription_id=sid("sub", n),
                   status="canceled" if n == 9 else "active", period_start=ago(20), period_end=ago(-10),
                   cancel_at_period_end=False, seats=1)  # fmt: skip
        insert("session", id=f"ss{n}", user_id=user, token="x", expires_at=ago(-3))
        insert("account", id=f"ac{n}", account_id=str(n), provider_id="google", user_id=user, access_token="x",
               **_stamped(90))  # fmt: skip


WORKFLOWS = App(
    name="workflows",
    tables={
        "user": {"id": "text key", "name": "text", "email": "text unique", "email_verified": "bool"}
        | {"is_super_user": "bool", "stripe_customer_id": "text", **_STAMPS},
        "user_stats": {"id": "text key", "user_id": "ref:user.id unique", "total_manual_executions": "int"}
        | {"total_tokens_used": "int", "total_cost": "money", "current_usage_limit": "money"}
        | {"credit_balance": "money", "last_active": "time"},
        "organization": {"id": "text key", "name": "text", "slug": "text", "credit_balance": "money"}
        | {"created_at": "time"},
        "member": {"id": "text key", "user_id": "ref:user.id", "organization_id": "ref:organization.id"}
        | {"role": "text", "created_at": "time"},
        "subscription": {"id": "text key", "plan": "text", "reference_id": "text", "stripe_customer_id": "text"}
        | {"stripe_subscription_id": "text", "status": "text", "period_start": "time", "period_end": "time"}
        | {"cancel_at_period_end": "bool", "seats": "int"},
        "session": {"id": "text key", "user_id": "ref:user.id", "token": "text", "expires_at": "time"},
        "account": {"id": "text key", "account_id": "text", "provider_id": "text", "user_id": "ref:user.id"}
        | {"access_token": "text", **_STAMPS},
    },
    fill=_workflows,
    faults={"paid-without-customer": 1, "negative-balance": 1},
)


def _numbered(insert: Rows) -> None:
    """Rails' enums: the plan and the kind of an entry are numbers whose words are in the code alone."""
    for n in range(1, 31):
        plan = n % 3
        balance = 0
        moves: list[tuple[int, int, str | None]] = [(2, 50, None), (1, -8, None), (1, -9, None)]
        moves += [(0, 300, sid("pi", n))] * (2 if n == 10 else plan > 0)
        for place, (kind, amount, payment) in enumerate(moves):
            balance += amount
            insert("credit_transactions", id=n * 10 + place, user_id=n, kind=kind, amount=amount,
                   stripe_payment_intent_id=payment, **_stamped(40 - n - place))  # fmt: skip
        insert("users", id=n, email=f"u{n}@example.org", encrypted_password="x", role=0 if n > 2 else 1, plan=plan,
               stripe_customer_id=sid("cus", n) if plan and n != 4 else None, credits=balance + 3 * (n == 13),
               sign_in_count=n, **_stamped(90 - n))  # fmt: skip


NUMBERED = App(
    name="numbered",
    tables={
        "users": {"id": "int key", "email": "text unique", "encrypted_password": "text", "role": "int", "plan": "int"}
        | {"stripe_customer_id": "text", "credits": "int", "sign_in_count": "int", **_STAMPS},
        "credit_transactions": {"id": "int key", "user_id": "ref:users.id#", "kind": "int", "amount": "int"}
        | {"stripe_payment_intent_id": "text", **_STAMPS},
    },
    fill=_numbered,
    faults={"paid-without-customer": 1, "duplicate-payment-grant": 1, "credit-balance": 1},
)


def _plans_table(insert: Rows) -> None:
    """Django: the subscription names a row of the plans, whose slug says which it is; deleted users are only marked."""
    for key, (slug, price) in enumerate((("free", 0), ("starter", 900), ("growth", 2900)), start=1):
        insert("billing_plan", id=key, slug=slug, name=slug.title(), price_cents=price, is_public=True)
    for n in range(1, 31):
        insert("users_user", id=n, email=f"u{n}@example.org", password="x", is_staff=n == 1, is_active=True,
               is_deleted=n == 28, date_joined=ago(90 - n))  # fmt: skip
        if n % 3:
            if n not in (7, 28):
                insert("billing_customer", id=n, user_id=n, stripe_id=sid("cus", 13 if n == 16 else n))
            insert("billing_subscription", id=n, user_id=n, plan_id=1 + n % 3, stripe_id=sid("sub", n),
                   status="canceled" if n == 10 else "active", current_period_end=ago(-9), **_stamped(60))  # fmt: skip


PLANS_TABLE = App(
    name="plans table",
    tables={
        "users_user": {"id": "int key", "email": "text", "password": "text", "is_staff": "bool", "is_active": "bool"}
        | {"is_deleted": "bool", "date_joined": "time"},
        "billing_plan": {"id": "int key", "slug": "text unique", "name": "text", "price_cents": "int"}
        | {"is_public": "bool"},
        "billing_customer": {"id": "int key", "user_id": "ref:users_user.id# unique", "stripe_id": "text"},
        "billing_subscription": {"id": "int key", "user_id": "ref:users_user.id#", "plan_id": "ref:billing_plan.id#"}
        | {"stripe_id": "text", "status": "text", "current_period_end": "time", **_STAMPS},
    },
    fill=_plans_table,
    faults={"paid-without-customer": 1, "shared-customer": 1},
)


def _support(insert: Rows) -> None:
    """Rails with a JSON of attributes: every account has a customer, also those on the free plan of the code's name."""
    for n in range(1, 31):
        plan = ("Hacker", "Startups", "Business")[n % 3]
        attributes: dict[str, object] = {"plan_name": plan, "subscription_status": "active", "subscribed_quantity": 2,
                                         "stripe_price_id": f"price_1{plan}Ab", "stripe_product_id": f"prod_{plan}X1",
                                         "stripe_customer_id": sid("cus", 13 if n == 16 else n)}  # fmt: skip
        if n == 8:
            del attributes["stripe_customer_id"]
        insert("accounts", id=n, name=f"a{n}", status=0, locale=0, domain=None, custom_attributes=attributes,
               limits={"agents": 2}, feature_flags=7, **_stamped(90 - n))  # fmt: skip
        insert("users", id=n, email=f"u{n}@example.org", encrypted_password="x", type=None, **_stamped(90 - n))
        insert("account_users", id=n, account_id=n, user_id=n, role=1, **_stamped(90 - n))
        insert("webhooks", id=n, account_id=n, url="https://example.org", subscriptions=["x"], **_stamped(9))
        insert("contacts", id=n, account_id=n, name="c", email="end@example.org", custom_attributes={}, **_stamped(9))


SUPPORT = App(
    name="support",
    tables={
        "accounts": {"id": "int key", "name": "text", "status": "int", "locale": "int", "domain": "text"}
        | {"custom_attributes": "json", "limits": "json", "feature_flags": "int", **_STAMPS},
        "users": {"id": "int key", "email": "text unique", "encrypted_password": "text", "type": "text", **_STAMPS},
        "account_users": {"id": "int key", "account_id": "ref:accounts.id#", "user_id": "ref:users.id#"}
        | {"role": "int", **_STAMPS},
        "webhooks": {"id": "int key", "account_id": "ref:accounts.id#", "url": "text", "subscriptions": "json"}
        | _STAMPS,
        "contacts": {"id": "int key", "account_id": "ref:accounts.id#", "name": "text", "email": "text"}
        | {"custom_attributes": "json", **_STAMPS},
    },
    fill=_support,
    faults={"paid-without-customer": 1, "shared-customer": 1},
)


def _cents(insert: Rows) -> None:
    """The balance is in dollars on the account, its movements in cents."""
    for n in range(1, 25):
        cents = 0
        moves: list[tuple[str, int, str | None]] = [("topup", 2500, sid("pi", n)), ("usage", -137, None)]
        moves += [("usage", -64, None), ("topup", 2500, sid("pi", n))][: 2 if n == 9 else 1]
        for place, (kind, amount, payment) in enumerate(moves):
            cents += amount
            insert("balance_transactions", id=f"bt{n:02d}{place}", team_id=f"team{n:02d}", type=kind,
                   amount_cents=amount, payment_intent_id=payment, created_at=ago(40 - n - place))  # fmt: skip
        insert("teams", id=f"team{n:02d}", name=f"t{n}", stripe_customer_id=sid("cus", n), created_at=ago(90 - n),
               balance_usd=f"{cents / 100 + (1 if n == 5 else 0):.2f}")  # fmt: skip


CENTS = App(
    name="cents",
    tables={
        "teams": {"id": "text key", "name": "text", "stripe_customer_id": "text", "balance_usd": "money"}
        | {"created_at": "time"},
        "balance_transactions": {"id": "text key", "team_id": "ref:teams.id", "type": "text", "amount_cents": "int"}
        | {"payment_intent_id": "text", "created_at": "time"},
    },
    fill=_cents,
    faults={"credit-balance": 1, "duplicate-payment-grant": 1},
)


def _holders(insert: Rows) -> None:
    """A wallet package of Laravel's: holders and payables are polymorphic, unconfirmed transactions do not count."""
    for n in range(1, 25):
        insert("users", id=n, name=f"u{n}", email=f"u{n}@example.org", password="x", stripe_id=sid("cus", n),
               **_stamped(90 - n))  # fmt: skip
        balance = 0
        moves: list[tuple[str, int, bool, dict[str, object]]] = [
            ("deposit", 900, True, {"stripe_payment_intent": sid("pi", n)}), ("withdraw", -40, True, {"job": n}),
            ("deposit", 70, False, {}),
        ]  # fmt: skip
        moves += moves[:1] if n == 9 else []
        for place, (kind, amount, confirmed, meta) in enumerate(moves):
            balance += amount if confirmed else 0
            insert("transactions", id=n * 10 + place, payable_type="App\\Models\\User", payable_id=n, wallet_id=200 + n,
                   type=kind, amount=amount, confirmed=confirmed, meta=meta, uuid=f"uu{n}-{place}",
                   **_stamped(40 - place))  # fmt: skip
        insert("wallets", id=200 + n, holder_type="App\\Models\\User", holder_id=n, name="Default Wallet",
               slug="default", uuid=f"wu{n}", meta={}, balance=balance + 6 * (n == 5), decimal_places=2,
               **_stamped(80))  # fmt: skip


HOLDERS = App(
    name="holders",
    tables={
        "users": {"id": "int key", "name": "text", "email": "text", "password": "text", "stripe_id": "text"} | _STAMPS,
        "wallets": {"id": "int key", "holder_type": "text", "holder_id": "int", "name": "text", "slug": "text"}
        | {"uuid": "text unique", "meta": "json", "balance": "int", "decimal_places": "int", **_STAMPS},
        "transactions": {"id": "int key", "payable_type": "text", "payable_id": "int"}
        | {"wallet_id": "ref:wallets.id#", "type": "enum:deposit,withdraw", "amount": "int", "confirmed": "bool"}
        | {"meta": "json", "uuid": "text unique", **_STAMPS},
    },
    fill=_holders,
    faults={"credit-balance": 1, "duplicate-payment-grant": 1},
)


def _signed_in_elsewhere(insert: Rows) -> None:
    """Users have a number, and the id of the service that they sign in with, by which everything else names them."""
    for n in range(1, 25):
        clerk = f"user_2{n:020d}x"
        left = 0
        for place, (delta, why) in enumerate([(100, "signup"), (-5, "render"), (-9, "render")]):
            left += delta
            insert("credit_log", id=n * 10 + place, user_id=clerk, delta=delta, reason=why,
                   created_at=ago(30 - place))  # fmt: skip
        insert("users", id=n, clerk_id=clerk, email=f"u{n}@example.org", credits=left + 2 * (n == 7),
               is_pro=n % 2 == 1, stripe_customer_id=sid("cus", n) if n % 2 and n != 5 else None,
               created_at=ago(90 - n))  # fmt: skip


SIGNED_IN_ELSEWHERE = App(
    name="signed in elsewhere",
    tables={
        "users": {"id": "int key", "clerk_id": "text unique", "email": "text", "credits": "int", "is_pro": "bool"}
        | {"stripe_customer_id": "text", "created_at": "time"},
        "credit_log": {"id": "int key", "user_id": "text", "delta": "int", "reason": "text", "created_at": "time"},
    },
    fill=_signed_in_elsewhere,
    faults={"paid-without-customer": 1, "credit-balance": 1},
)


def _by_customer(insert: Rows) -> None:
    """The subscriptions know their Stripe customer alone, and the quota is what is left of it."""
    for n in range(1, 31):
        customer = sid("cus", 13 if n == 15 else n)
        insert("users", id=n, username=f"u{n}", email=f"u{n}@example.org", quota=-40 if n == 6 else 5000 - n,
               used_quota=n * 10, request_count=n, stripe_customer=customer if n % 2 else "",
               created_time=ago(90 - n))  # fmt: skip
        if n % 2 and n != 15:
            insert("subscriptions", id=n, stripe_subscription_id=sid("sub", n), stripe_customer_id=customer,
                   plan_name="pro" if n % 4 == 1 else "max", status="active" if n != 9 else "canceled",
                   created_time=ago(60))  # fmt: skip
        insert("top_ups", id=n, user_id=n, amount=500, money="5.00", trade_no=f"t{n}", status="success",
               create_time=int(ago(20).timestamp()))  # fmt: skip


BY_CUSTOMER = App(
    name="by customer",
    tables={
        "users": {"id": "int key", "username": "text", "email": "text", "quota": "int", "used_quota": "int"}
        | {"request_count": "int", "stripe_customer": "text", "created_time": "time"},
        "subscriptions": {"id": "int key", "stripe_subscription_id": "text", "stripe_customer_id": "text"}
        | {"plan_name": "text", "status": "text", "created_time": "time"},
        "top_ups": {"id": "int key", "user_id": "int", "amount": "int", "money": "money", "trade_no": "text"}
        | {"status": "text", "create_time": "int"},
    },
    fill=_by_customer,
    faults={"shared-customer": 1, "negative-balance": 1},
)

LEDGERED = (
    TWO_COLUMNS,
    WORKFLOWS,
    NUMBERED,
    PLANS_TABLE,
    SUPPORT,
    CENTS,
    HOLDERS,
    SIGNED_IN_ELSEWHERE,
    BY_CUSTOMER,
)
