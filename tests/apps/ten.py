"""The ten apps whose tables public code declares: their names, filled by our own code, with planted faults."""

from __future__ import annotations

from collections.abc import Iterator

from tests.apps.rows import App, Rows, ago, sid

_Moves = list[tuple[int, str, dict[str, object]]]


def _autogpt(insert: Rows) -> None:
    """A running balance on the ledger, its end in a table beside the users, pending checkouts among the entries."""
    for n in range(30):
        user, has_customer = f"user_{n:02d}", n != 9 and n % 5 != 4
        tier = "BUSINESS" if n in (9, 10, 11) else "FREE" if n % 5 == 4 else "PRO"
        insert("User", id=user, email=f"{user}@example.org", createdAt=ago(120 - n), subscriptionTier=tier,
               stripeCustomerId=sid("cus", user) if has_customer else None)  # fmt: skip
        balance = 0
        for place, (amount, kind, key, counts, meta) in enumerate(_autogpt_moves(n, has_customer=has_customer)):
            after = balance + amount
            if n == 5 and place == 3:
                after -= 40  # a second writer overwrote the first
            insert("CreditTransaction", transactionKey=key, userId=user, createdAt=ago(60 - n - place), amount=amount,
                   type=kind, runningBalance=after, isActive=counts, metadata=meta)  # fmt: skip
            balance = after if counts else balance
        insert("UserBalance", userId=user, balance=balance + (5000 if n == 3 else 0), updatedAt=ago(1))


def _autogpt_moves(n: int, *, has_customer: bool) -> Iterator[tuple[int, str, str, bool, dict[str, object]]]:
    yield 1500, "GRANT", "MONTHLY-2026-08", True, {}
    for k in range(3):
        yield -(11 + k + n), "USAGE", f"use-{n}-{k}", True, {"graph": k}
    if has_customer:
        paid: dict[str, object] = {
            "id": sid("cs", n),
            "object": "checkout.session",
            "payment_intent": {"id": sid("pi", n)},
        }
        yield 2000, "TOP_UP", sid("pi", n), True, paid
        if n == 7:
            yield 2000, "TOP_UP", f"again-{n}", True, {"payment_intent": {"id": sid("pi", n)}}
    if n in (12, 13):
        yield 5000, "TOP_UP", sid("cs", n, "open"), False, {}


AUTOGPT = App(
    name="autogpt",
    tables={
        "User": {"id": "text key", "email": "text unique", "createdAt": "time", "stripeCustomerId": "text"}
        | {"subscriptionTier": "enum:FREE,PRO,BUSINESS,ENTERPRISE"},
        "UserBalance": {"userId": "ref:User.id", "balance": "int", "updatedAt": "time"},
        "CreditTransaction": {"transactionKey": "text", "createdAt": "time", "userId": "ref:User.id", "amount": "int"}
        | {"type": "enum:TOP_UP,USAGE,GRANT,REFUND,CARD_CHECK", "runningBalance": "int", "isActive": "bool"}
        | {"metadata": "json"},
        "IntegrationWebhook": {"id": "text key", "userId": "text", "provider": "text", "secret": "text"},
        "APIKey": {"id": "text key", "name": "text", "hash": "text", "userId": "text"},
    },
    keys={"UserBalance": ("userId",), "CreditTransaction": ("transactionKey", "userId")},
    fill=_autogpt,
    faults={"credit-balance": 1, "ledger-break": 1, "duplicate-payment-grant": 1, "paid-without-customer": 1},
)


def _betterauth(insert: Rows) -> None:
    """A subscription refers to a user or to an organisation; ``account`` holds sign-ins."""
    for n in range(24):
        user, cus = f"u{n:02d}", None if n == 4 else sid("cus", 2 if n == 6 else n)
        insert("user", id=user, name=user, email=f"{user}@example.org", createdAt=ago(90 - n), stripeCustomerId=cus,
               banned=0, role="admin" if n == 0 else "user")  # fmt: skip
        insert("account", id=f"a{n}", accountId=user, providerId="credential", userId=user, password="x")
        if n % 2 == 0:
            insert("subscription", id=f"s{n}", plan=("pro", "basic")[n % 4 // 2], referenceId=user,
                   stripeCustomerId=cus, stripeSubscriptionId=sid("sub", n), seats=1,
                   status="canceled" if n == 8 else "active")  # fmt: skip
    for k in range(3):
        org = f"org{k}"
        insert("organization", id=org, name=org, slug=org, createdAt=ago(50), stripeCustomerId=sid("cus", org))
        insert("subscription", id=f"so{k}", plan="team", referenceId=org, stripeCustomerId=sid("cus", org),
               stripeSubscriptionId=sid("sub", org), status="active", seats=5)  # fmt: skip
        insert("member", id=f"m{k}", organizationId=org, userId=f"u{k:02d}", role="member")


BETTERAUTH = App(
    name="betterauth",
    tables={
        "user": {
            "id": "text key",
            "name": "text",
            "email": "text",
            "createdAt": "time",
            "role": "text",
            "banned": "int",
        }
        | {"stripeCustomerId": "text"},
        "organization": {
            "id": "text key",
            "name": "text",
            "slug": "text",
            "createdAt": "time",
            "stripeCustomerId": "text",
        },
        "member": {"id": "text key", "organizationId": "text", "userId": "text", "role": "text"},
        "subscription": {"id": "text key", "plan": "text", "referenceId": "text", "stripeCustomerId": "text"}
        | {"stripeSubscriptionId": "text", "status": "text", "seats": "int"},
        "account": {"id": "text key", "accountId": "text", "providerId": "text", "userId": "text", "password": "text"},
    },
    fill=_betterauth,
    faults={"paid-without-customer": 1, "shared-customer": 1},
)


def _calcom(insert: Rows) -> None:
    """A balance of a team or of a user, with purchases and expenses in two tables and neither running."""
    for n in range(1, 25):
        insert("users", id=n, email=f"u{n}@example.org", created=ago(90 - n),
               metadata={"stripeCustomerId": sid("cus", n)} if n % 2 else {})  # fmt: skip
        insert("Team", id=n, name=f"T{n}", createdAt=ago(80 - n), metadata={"subscriptionId": sid("sub", n)})
        insert("Webhook", id=f"w{n}", userId=n, subscriberUrl="https://example.org", active=True)
        balance = 0
        if n % 2:
            balance = 1000 - 3 * 7
            insert("CreditPurchaseLog", id=f"p{n}", creditBalanceId=f"cb{n}", credits=1000, createdAt=ago(30))
            for k in range(3):
                insert("CreditExpenseLog", id=f"e{n}{k}", creditBalanceId=f"cb{n}", credits=7, creditType="ADDITIONAL",
                       date=ago(9 - k))  # fmt: skip
        insert("CreditExpenseLog", id=f"m{n}", creditBalanceId=f"cb{n}", credits=3, creditType="MONTHLY", date=ago(2))
        team, user = (n, None) if n % 3 else (None, n)
        insert("CreditBalance", id=f"cb{n}", teamId=team, userId=user, additionalCredits=balance + 500 * (n in (5, 7)))


CALCOM = App(
    name="calcom",
    tables={
        "users": {"id": "int key", "email": "text", "created": "time", "metadata": "json"},
        "Team": {"id": "int key", "name": "text", "createdAt": "time", "metadata": "json"},
        "CreditBalance": {"id": "text key", "teamId": "int unique", "userId": "int unique", "additionalCredits": "int"},
        "CreditPurchaseLog": {"id": "text key", "creditBalanceId": "text", "credits": "int", "createdAt": "time"},
        "CreditExpenseLog": {"id": "text key", "creditBalanceId": "text", "credits": "int", "date": "time"}
        | {"creditType": "enum:MONTHLY,ADDITIONAL"},
        "Webhook": {"id": "text key", "userId": "int", "subscriberUrl": "text", "active": "bool"},
    },
    fill=_calcom,
    faults={"credit-balance": 2},
)


def _dub(insert: Rows) -> None:
    """Workspaces pay; ``Customer`` holds the customers of customers."""
    for n in range(24):
        space = f"ws_{n:02d}"
        plan = ("free", "pro", "business", "business plus", "advanced", "enterprise")[n % 6]
        insert("User", id=f"u{n}", name=f"u{n}", email=f"u{n}@example.org", createdAt=ago(90 - n))
        insert("Project", id=space, name=space, slug=space, plan=plan, usage=3, usageLimit=1000, createdAt=ago(90 - n),
               stripeId=None if n == 4 or plan == "free" else sid("cus", n))  # fmt: skip
        insert("ProjectUsers", id=f"pu{n}", role="owner", userId=f"u{n}", projectId=space)
        insert("Customer", id=f"c{n}", name="end", stripeCustomerId=sid("cus", "end", n), projectId=space, sales=0)
        insert("Webhook", id=f"w{n}", name="w", url="https://example.org", secret="x", projectId=space)


DUB = App(
    name="dub",
    tables={
        "User": {"id": "text key", "name": "text", "email": "text", "createdAt": "time"},
        "Project": {"id": "text key", "name": "text", "slug": "text", "plan": "text", "stripeId": "text unique"}
        | {"usage": "int", "usageLimit": "int", "createdAt": "time"},
        "ProjectUsers": {"id": "text key", "role": "text", "userId": "text", "projectId": "text"},
        "Customer": {"id": "text key", "name": "text", "stripeCustomerId": "text", "projectId": "text", "sales": "int"},
        "Webhook": {"id": "text key", "name": "text", "url": "text", "secret": "text", "projectId": "text"},
    },
    fill=_dub,
    faults={"paid-without-customer": 1},
)


def _elizacloud(insert: Rows) -> None:
    """Organisations hold dollars with six decimals; some payments are named in metadata alone."""
    for n in range(25):
        org = f"org{n}"
        moves: _Moves = [(5_000_000, "credit", {}), (-123_456, "debit", {"model": "m"}), (50_000, "refund", {})]
        moves += [(50_000_000, "credit", {"session_id": sid("cs", n)})] * (n % 2)
        moves += [(50_000_000, "credit", {"payment_intent": sid("pi", n)})] * (n == 7)
        drift = {3: 100, 5: -50, 8: -1}.get(n, 0) * 1_000_000
        insert("organizations", id=org, name=org, credit_balance=_dollars(sum(m[0] for m in moves) + drift),
               billing_email=None, stripe_customer_id=sid("cus", n) if n % 2 else None, is_active=True,
               created_at=ago(70 - n))  # fmt: skip
        insert("users", id=f"u{n}", email=f"u{n}@example.org", organization_id=org, role="owner", is_active=True)
        for place, (amount, kind, metadata) in enumerate(moves):
            insert("credit_transactions", id=f"{n}-{place}", organization_id=org, user_id=f"u{n}", type=kind,
                   amount=_dollars(amount), metadata=metadata, created_at=ago(30 - place),
                   stripe_payment_intent_id=sid("pi", n) if "session_id" in metadata else None)  # fmt: skip
        insert("webhook_events", id=f"w{n}", event_id=sid("evt", n) if n % 2 else f"oxa_{n}", event_type="paid",
               provider="stripe" if n % 2 else "oxapay", processed_at=ago(3))  # fmt: skip


def _dollars(micro: int) -> str:
    return f"{micro / 1_000_000:.6f}"


ELIZACLOUD = App(
    name="elizacloud",
    tables={
        "organizations": {"id": "text key", "name": "text", "credit_balance": "money", "stripe_customer_id": "text"}
        | {"billing_email": "text", "is_active": "bool", "created_at": "time"},
        "users": {"id": "text key", "email": "text", "organization_id": "ref:organizations.id", "role": "text"}
        | {"is_active": "bool"},
        "credit_transactions": {"id": "text key", "organization_id": "ref:organizations.id", "user_id": "ref:users.id"}
        | {
            "amount": "money",
            "type": "text",
            "metadata": "json",
            "stripe_payment_intent_id": "text",
            "created_at": "time",
        },
        "webhook_events": {"id": "text key", "event_id": "text unique", "provider": "text", "event_type": "text"}
        | {"processed_at": "time"},
        "app_credit_balances": {
            "id": "text key",
            "app_id": "text",
            "organization_id": "text",
            "credit_balance": "money",
        },
    },
    fill=_elizacloud,
    faults={"credit-balance": 3, "duplicate-payment-grant": 1},
)


def _laravel(insert: Rows) -> None:
    """``credits`` is the ledger: unsigned, polymorphic, in the order of its ids; no column caches the balance."""
    number = 0
    for n in range(1, 26):
        insert("users", id=n, email=f"u{n}@example.org", password="x", created_at=ago(90 - n),
               stripe_id=sid("cus", n) if n % 2 and n != 9 else None,
               deleted_at=ago(2) if n == 24 else None)  # fmt: skip
        if n % 4 == 1:
            insert("subscriptions", id=n, user_id=n, type="default", stripe_id=sid("sub", n), stripe_price="price_pro",
                   stripe_status="canceled" if n == 13 else "active", ends_at=None, created_at=ago(40))  # fmt: skip
        moves: _Moves = [(100, "credit", {}), (15, "debit", {}), (7, "debit", {})]
        moves[1:1] = [(500, "credit", {"payment_intent": sid("pi", n)})] * (2 if n == 7 else n % 2)
        moves += [(900, "debit", {})] * (n == 11)
        balance = 0
        for place, (amount, kind, metadata) in enumerate(moves):
            number += 1
            balance += amount if kind == "credit" else -amount
            balance += 20 * (n == 5 and place == 2)
            insert("credits", id=number, creditable_type="App\\Models\\User", creditable_id=n, amount=amount,
                   type=kind, running_balance=balance, metadata=metadata or None,
                   created_at=ago(30 - place % 2))  # fmt: skip
    for k in range(3):
        insert("credits", id=900 + k, creditable_type="App\\Models\\Team", creditable_id=k + 1, amount=1000,
               type="credit", running_balance=1000, metadata=None, created_at=ago(10))  # fmt: skip


LARAVEL = App(
    name="laravel",
    tables={
        "users": {"id": "int key", "email": "text", "password": "text", "stripe_id": "text", "created_at": "time"}
        | {"deleted_at": "time"},
        "subscriptions": {
            "id": "int key",
            "user_id": "int",
            "type": "text",
            "stripe_id": "text",
            "stripe_status": "text",
        }
        | {"stripe_price": "text", "ends_at": "time", "created_at": "time"},
        "credits": {"id": "int key", "creditable_type": "text", "creditable_id": "int", "amount": "money"}
        | {"running_balance": "money", "type": "text", "metadata": "json", "created_at": "time"},
        "jobs": {"id": "int key", "queue": "text", "payload": "text"},
    },
    fill=_laravel,
    faults={"ledger-break": 1, "duplicate-payment-grant": 1, "paid-without-customer": 1, "negative-balance": 1},
)


def _opencode(insert: Rows) -> None:
    """Payments come in, usage goes out, the balance and the plan's JSON are in a table beside the workspaces."""
    for n in range(25):
        space, cus = f"space_{n:02d}", sid("cus", n) if n % 2 and n != 9 else None
        insert("workspace", id=space, name=space, time_created=ago(80 - n), time_deleted=ago(9) if n == 24 else None)
        balance = 0
        subscribed = n in (9, 11, 13)
        payments = [(2000, None)] * (2 * (n % 2)) + [(10_000, {"type": "subscription"})] * (
            subscribed and cus is not None
        )
        payments += [(2000, None)] * (n == 5)
        for k, (amount, enrichment) in enumerate(payments):
            balance += 0 if enrichment or k > 1 else amount
            insert("payment", id=f"pay_{n}_{k}", workspace_id=space, customer_id=cus, payment_id=sid("pi", n, k),
                   invoice_id=sid("in", n, k), amount=amount, enrichment=enrichment, time_created=ago(40 - k),
                   time_deleted=None)  # fmt: skip
        for k in range(4):
            cost = (n + k) * 3 * (n % 2)
            balance -= cost
            insert("usage", id=f"usg_{n}_{k}", workspace_id=space, model="m", input_tokens=n, cost=cost,
                   time_created=ago(20 - k))  # fmt: skip
        insert("billing", id=f"bil_{n}", workspace_id=space, customer_id=cus, balance=balance + 777 * (n == 3),
               subscription={"status": "subscribed", "seats": 1, "plan": "100"} if subscribed else None,
               time_created=ago(80 - n))  # fmt: skip


OPENCODE = App(
    name="opencode",
    tables={
        "account": {"id": "text key", "time_created": "time"},
        "workspace": {"id": "text key", "name": "text", "time_created": "time", "time_deleted": "time"},
        "billing": {"id": "text", "workspace_id": "text", "customer_id": "text unique", "balance": "int"}
        | {"subscription": "json", "time_created": "time"},
        "payment": {"id": "text", "workspace_id": "text", "customer_id": "text", "invoice_id": "text"}
        | {"payment_id": "text", "amount": "int", "enrichment": "json", "time_created": "time", "time_deleted": "time"},
        "usage": {"id": "text", "workspace_id": "text", "model": "text", "input_tokens": "int", "cost": "int"}
        | {"time_created": "time"},
    },
    keys={"billing": ("workspace_id", "id"), "payment": ("workspace_id", "id"), "usage": ("workspace_id", "id")},
    fill=_opencode,
    faults={"credit-balance": 2, "paid-without-customer": 1},
)


def _opensaas(insert: Rows) -> None:
    """Everything on the users: plan, its status, credits; no ledger."""
    for n in range(25):
        plan = ("hobby", "pro")[n % 2] if n % 3 == 1 else None
        status = {7: "deleted", 10: "past_due"}.get(n, "active" if plan else None)
        insert("User", id=f"u{n:02d}", createdAt=ago(90 - n), email=f"u{n}@example.org", isAdmin=n == 0,
               paymentProcessorUserId=None if n == 4 or not plan else sid("cus", n), subscriptionStatus=status,
               subscriptionPlan=plan, credits=-2 if n == 6 else 3 + n % 4)  # fmt: skip
        insert("Task", id=f"t{n}", userId=f"u{n:02d}", description="x", isDone=False, createdAt=ago(3))


OPENSAAS = App(
    name="opensaas",
    tables={
        "User": {"id": "text key", "createdAt": "time", "email": "text unique", "isAdmin": "bool", "credits": "int"}
        | {"paymentProcessorUserId": "text unique", "subscriptionStatus": "text", "subscriptionPlan": "text"},
        "Task": {"id": "text key", "createdAt": "time", "userId": "text", "description": "text", "isDone": "bool"},
    },
    fill=_opensaas,
    faults={"paid-without-customer": 1, "negative-balance": 1},
)


def _pollinations(insert: Rows) -> None:
    """Tiers that are no plans, three balances, grants that are not the whole ledger, moments as numbers."""
    for n in range(24):
        user, now = f"u{n:02d}", int(ago(0).timestamp())
        insert("user", id=user, email=f"{user}@example.org", created_at=now - 86_400 * (90 - n), banned=int(n == 20),
               role="admin" if n == 0 else "user", tier=("spore", "seed", "flower", "nectar")[n % 4], tier_balance=2,
               pack_balance=-3 if n == 6 else 10 * (n % 3),
               stripe_customer_id=sid("cus", n) if n % 3 else None)  # fmt: skip
        insert("account", id=f"a{n}", account_id=str(1000 + n), provider_id="github", user_id=user, created_at=now)
        insert("reward_grants", id=f"r{n}", user_id=user, source="quest", amount=1, created_at=(now - 9_000) * 1000)


POLLINATIONS = App(
    name="pollinations",
    tables={
        "user": {
            "id": "text key",
            "email": "text",
            "created_at": "int",
            "role": "text",
            "banned": "int",
            "tier": "text",
        }
        | {"tier_balance": "money", "pack_balance": "money", "stripe_customer_id": "text"},
        "account": {
            "id": "text key",
            "account_id": "text",
            "provider_id": "text",
            "user_id": "text",
            "created_at": "int",
        },
        "reward_grants": {
            "id": "text key",
            "user_id": "text",
            "source": "text",
            "amount": "money",
            "created_at": "int",
        },
    },
    fill=_pollinations,
    faults={"negative-balance": 1},
)


def _saasstarter(insert: Rows) -> None:
    """The team has customer, subscription and plan; users are its members."""
    for n in range(1, 26):
        plan = ("Base", "Plus")[n % 2] if n % 3 else None
        insert("users", id=n, email=f"u{n}@example.org", password_hash="x", role="owner", created_at=ago(90 - n))
        insert("teams", id=n, name=f"Team {n}", created_at=ago(90 - n), plan_name=plan,
               stripe_customer_id=sid("cus", n) if plan and n != 4 else None,
               stripe_subscription_id=sid("sub", n) if plan and n != 4 else None,
               subscription_status="canceled" if n == 5 else "active" if plan else None)  # fmt: skip
        insert("team_members", id=n, user_id=n, team_id=n, role="owner", joined_at=ago(5))
        insert("activity_logs", id=n, team_id=n, user_id=n, action="SIGN_IN", timestamp=ago(1))


SAASSTARTER = App(
    name="saasstarter",
    tables={
        "users": {"id": "int key", "email": "text", "password_hash": "text", "role": "text", "created_at": "time"},
        "teams": {"id": "int key", "name": "text", "created_at": "time", "stripe_customer_id": "text unique"}
        | {"stripe_subscription_id": "text unique", "plan_name": "text", "subscription_status": "text"},
        "team_members": {"id": "int key", "user_id": "ref:users.id#", "team_id": "ref:teams.id#", "role": "text"}
        | {"joined_at": "time"},
        "activity_logs": {"id": "int key", "team_id": "int", "user_id": "int", "action": "text", "timestamp": "time"},
    },
    fill=_saasstarter,
    faults={"paid-without-customer": 1},
)

IN_POSTGRES = (AUTOGPT, CALCOM, ELIZACLOUD, OPENSAAS, SAASSTARTER)
IN_SQLITE = (BETTERAUTH, DUB, LARAVEL, OPENCODE, POLLINATIONS)
IN_MARIADB = (DUB, OPENCODE)
"""Two that are MySQL's at home."""
