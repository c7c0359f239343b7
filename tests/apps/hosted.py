"""Ten apps that are sold as a service, each as its framework makes it: accounts of teams, few of them with a ledger."""

from __future__ import annotations

from tests.apps.rows import App, Rows, ago, sid

_STAMPS = {"created_at": "time", "updated_at": "time"}


def _stamped(days: float) -> dict[str, object]:
    return {"created_at": ago(days), "updated_at": ago(1)}


def _ms(days: float) -> int:
    return int(ago(days).timestamp() * 1000)


def _signing(insert: Rows) -> None:
    """Prisma: organisations, and a table of subscriptions whose ``planId`` is Stripe's subscription."""
    for n in range(1, 25):
        org = f"org_{n:02d}"
        insert("User", id=n, name=f"u{n}", email=f"u{n}@example.org", password="x", customerId=None,
               createdAt=ago(90 - n))  # fmt: skip
        insert("OrganisationClaim", id=f"claim_{n}", originalSubscriptionClaimId="team" if n % 2 else "free",
               teamCount=1, memberCount=5 if n % 2 else 1, flags={"unlimitedDocuments": bool(n % 2)})  # fmt: skip
        insert("Organisation", id=org, name=org, url=org, ownerUserId=n, organisationClaimId=f"claim_{n}",
               customerId=sid("cus", n) if n % 2 and n != 5 else None, createdAt=ago(80 - n))  # fmt: skip
        insert("OrganisationMember", id=f"m{n}", userId=n, organisationId=org, createdAt=ago(70))
        insert("Webhook", id=f"w{n}", webhookUrl="https://example.org", eventTriggers="DOCUMENT_SENT", enabled=True,
               userId=n, createdAt=ago(9))  # fmt: skip
        if n % 2:
            status = {9: "INACTIVE", 11: "PAST_DUE"}.get(n, "ACTIVE")
            insert("Subscription", id=n, status=status, planId=sid("sub", n), priceId="price_1TeamAbc", quantity=1,
                   periodEnd=ago(-9), cancelAtPeriodEnd=False, customerId=sid("cus", n), organisationId=org,
                   createdAt=ago(60))  # fmt: skip


SIGNING = App(
    name="signing",
    tables={
        "User": {"id": "int key", "name": "text", "email": "text unique", "password": "text"}
        | {"customerId": "text unique", "createdAt": "time"},
        "OrganisationClaim": {"id": "text key", "originalSubscriptionClaimId": "text", "teamCount": "int"}
        | {"memberCount": "int", "flags": "json"},
        "Organisation": {"id": "text key", "name": "text", "url": "text unique", "ownerUserId": "ref:User.id#"}
        | {"organisationClaimId": "ref:OrganisationClaim.id", "customerId": "text unique", "createdAt": "time"},
        "OrganisationMember": {"id": "text key", "userId": "ref:User.id#", "organisationId": "ref:Organisation.id"}
        | {"createdAt": "time"},
        "Subscription": {"id": "int key", "status": "enum:ACTIVE,PAST_DUE,INACTIVE", "planId": "text unique"}
        | {"priceId": "text", "quantity": "int", "periodEnd": "time", "cancelAtPeriodEnd": "bool"}
        | {"customerId": "text", "organisationId": "ref:Organisation.id unique", "createdAt": "time"},
        "Webhook": {"id": "text key", "webhookUrl": "text", "eventTriggers": "text", "enabled": "bool"}
        | {"userId": "ref:User.id#", "createdAt": "time"},
    },
    fill=_signing,
    faults={"paid-without-customer": 1},
)


def _tracing(insert: Rows) -> None:
    """Organisations whose JSON config holds everything of Stripe's; the product says which plan they bought."""
    for n in range(1, 31):
        org = f"clorg{n:03d}"
        stripe: dict[str, object] | None = None
        if n % 2:
            stripe = {"customerId": sid("cus", 13 if n == 15 else n), "activeSubscriptionId": sid("sub", n),
                      "activeProductId": "prod_CoreAb1" if n % 4 == 1 else "prod_TeamXy2"}  # fmt: skip
            if n == 7:
                del stripe["customerId"]
        config = {"monthlyObservationLimit": 50000} | ({"stripe": stripe} if stripe else {})
        insert("organizations", id=org, name=org, cloud_config=config if n % 3 or stripe else None, **_stamped(90 - n))
        insert("users", id=f"u{n}", email=f"u{n}@example.org", password="x", admin=n == 1, **_stamped(90 - n))
        insert("organization_memberships", id=f"m{n}", org_id=org, user_id=f"u{n}", role="OWNER", **_stamped(80))
        insert("projects", id=f"p{n}", org_id=org, name="p", deleted_at=None, **_stamped(80))
        insert("api_keys", id=f"k{n}", project_id=f"p{n}", public_key="pk", hashed_secret_key="x", **_stamped(70))


TRACING = App(
    name="tracing",
    tables={
        "organizations": {"id": "text key", "name": "text", "cloud_config": "json", **_STAMPS},
        "users": {"id": "text key", "email": "text unique", "password": "text", "admin": "bool", **_STAMPS},
        "organization_memberships": {"id": "text key", "org_id": "ref:organizations.id", "user_id": "ref:users.id"}
        | {"role": "text", **_STAMPS},
        "projects": {"id": "text key", "org_id": "ref:organizations.id", "name": "text", "deleted_at": "time"}
        | _STAMPS,
        "api_keys": {"id": "text key", "project_id": "ref:projects.id", "public_key": "text"}
        | {"hashed_secret_key": "text", **_STAMPS},
    },
    fill=_tracing,
    faults={"paid-without-customer": 1, "shared-customer": 1},
)


def _publishing(insert: Rows) -> None:
    """MySQL: members whose status is free, paid or comped; customers and subscriptions are tables of their own."""
    insert("products", id="tier_free", name="Free", slug="free", type="free", active=True, created_at=ago(200))
    insert("products", id="tier_gold", name="Gold", slug="gold", type="paid", active=True, created_at=ago(200))
    insert("users", id="staff1", name="Editor", email="e@example.org", password="x", status="active",
           created_at=ago(200))  # fmt: skip
    for n in range(1, 31):
        status = ("free", "paid", "comped", "paid", "free")[n % 5]
        member = f"mem{n:021d}"
        insert("members", id=member, uuid=f"uu{n}", email=f"m{n}@example.org", status=status, name=f"m{n}",
               created_at=ago(90 - n))  # fmt: skip
        if status != "free":
            insert("members_products", id=f"mp{n}", member_id=member, product_id="tier_gold")
        if status == "paid" and n != 8:
            customer = sid("cus", n)
            insert("members_stripe_customers", id=f"c{n}", member_id=member, customer_id=customer, created_at=ago(60))
            insert("members_stripe_customers_subscriptions", id=f"s{n}", customer_id=customer,
                   subscription_id=sid("sub", n), stripe_price_id="price_1GoldMon", status="active",
                   cancel_at_period_end=False, current_period_end=ago(-9), plan_nickname="Monthly",
                   plan_interval="month", plan_amount=500, created_at=ago(60))  # fmt: skip
    insert("webhooks", id="w1", event="member.added", target_url="https://example.org", created_at=ago(9))


PUBLISHING = App(
    name="publishing",
    tables={
        "users": {"id": "text key", "name": "text", "email": "text", "password": "text", "status": "text"}
        | {"created_at": "time"},
        "products": {"id": "text key", "name": "text", "slug": "text", "type": "text", "active": "bool"}
        | {"created_at": "time"},
        "members": {"id": "text key", "uuid": "text unique", "email": "text unique", "status": "text", "name": "text"}
        | {"created_at": "time"},
        "members_products": {"id": "text key", "member_id": "ref:members.id", "product_id": "ref:products.id"},
        "members_stripe_customers": {"id": "text key", "member_id": "ref:members.id", "customer_id": "text unique"}
        | {"created_at": "time"},
        "members_stripe_customers_subscriptions": {"id": "text key"}
        | {"customer_id": "ref:members_stripe_customers.customer_id", "subscription_id": "text unique"}
        | {"stripe_price_id": "text", "status": "text", "cancel_at_period_end": "bool", "current_period_end": "time"}
        | {"plan_nickname": "text", "plan_interval": "text", "plan_amount": "int", "created_at": "time"},
        "webhooks": {"id": "text key", "event": "text", "target_url": "text", "created_at": "time"},
    },
    fill=_publishing,
    faults={"paid-without-customer": 1},
)


def _deploying(insert: Rows) -> None:
    """Laravel: teams with one row of subscriptions each, whose flags say what other apps have a status for."""
    for n in range(1, 25):
        insert("users", id=n, name=f"u{n}", email=f"u{n}@example.org", password="x", **_stamped(90 - n))
        insert("teams", id=100 + n, name=f"Team {n}", personal_team=n % 2 == 0, show_boarding=False, **_stamped(80))
        insert("team_user", id=n, team_id=100 + n, user_id=n, role="owner", **_stamped(80))
        insert("servers", id=n, team_id=100 + n, name="s", ip="10.0.0.1", **_stamped(70))
        if n % 2:
            ended = n == 9
            customer = None if n == 5 else sid("cus", 13 if n == 15 else n)
            insert("subscriptions", id=500 + n, team_id=100 + n, stripe_invoice_paid=not ended,
                   stripe_subscription_id=None if ended else sid("sub", n), stripe_customer_id=customer,
                   stripe_plan_id=None if ended else "price_1ProDyn", stripe_cancel_at_period_end=False,
                   stripe_past_due=False, stripe_feedback=None, **_stamped(60))  # fmt: skip


DEPLOYING = App(
    name="deploying",
    tables={
        "users": {"id": "int key", "name": "text", "email": "text unique", "password": "text", **_STAMPS},
        "teams": {"id": "int key", "name": "text", "personal_team": "bool", "show_boarding": "bool", **_STAMPS},
        "team_user": {"id": "int key", "team_id": "ref:teams.id#", "user_id": "ref:users.id#", "role": "text"}
        | _STAMPS,
        "servers": {"id": "int key", "team_id": "ref:teams.id#", "name": "text", "ip": "text", **_STAMPS},
        "subscriptions": {"id": "int key", "team_id": "ref:teams.id#", "stripe_invoice_paid": "bool"}
        | {"stripe_subscription_id": "text", "stripe_customer_id": "text", "stripe_plan_id": "text"}
        | {"stripe_cancel_at_period_end": "bool", "stripe_past_due": "bool", "stripe_feedback": "text", **_STAMPS},
    },
    fill=_deploying,
    faults={"paid-without-customer": 1, "shared-customer": 1},
)


def _budgeting(insert: Rows) -> None:
    """Rails with uuids: families pay by a subscription without a plan; they keep books of their bank accounts."""
    for n in range(1, 25):
        family = f"00000000-0000-4000-8000-{n:012d}"
        insert("families", id=family, name=f"F{n}", currency="USD", locale="en",
               stripe_customer_id=sid("cus", n) if n % 3 and n != 8 else None, **_stamped(90 - n))  # fmt: skip
        insert("users", id=f"10000000-0000-4000-8000-{n:012d}", family_id=family, email=f"u{n}@example.org",
               password_digest="x", role="admin", active=True, **_stamped(90 - n))  # fmt: skip
        if n % 3 or n == 6:
            status = {4: "canceled", 6: "trialing", 10: "past_due"}.get(n, "active")
            trial = n == 6
            insert("subscriptions", id=f"20000000-0000-4000-8000-{n:012d}", family_id=family, status=status,
                   stripe_id=None if trial else sid("sub", n), amount=None if trial else "9.000000",
                   currency="usd", interval=None if trial else "month",
                   current_period_ends_at=ago(-9), trial_ends_at=ago(-3) if trial else None,
                   **_stamped(50))  # fmt: skip
        total = 1000
        account = f"30000000-0000-4000-8000-{n:012d}"
        insert("accounts", id=account, family_id=family, name="Checking", balance=f"{total - 30}.000000",
               currency="USD", accountable_type="Depository", status="active", **_stamped(80))  # fmt: skip
        for place, amount in enumerate((20, 10)):
            insert("entries", id=f"4000000{place}-0000-4000-8000-{n:012d}", account_id=account, amount=f"{amount}.5",
                   currency="USD", date=ago(20 - place), name="shop", entryable_type="Transaction",
                   **_stamped(20))  # fmt: skip
            insert("balances", id=f"5000000{place}-0000-4000-8000-{n:012d}", account_id=account, date=ago(20 - place),
                   balance="990.5", currency="USD", **_stamped(20))  # fmt: skip


BUDGETING = App(
    name="budgeting",
    tables={
        "families": {"id": "text key", "name": "text", "currency": "text", "locale": "text"}
        | {"stripe_customer_id": "text", **_STAMPS},
        "users": {"id": "text key", "family_id": "ref:families.id", "email": "text", "password_digest": "text"}
        | {"role": "text", "active": "bool", **_STAMPS},
        "subscriptions": {"id": "text key", "family_id": "ref:families.id unique", "status": "text"}
        | {"stripe_id": "text", "amount": "money", "currency": "text", "interval": "text"}
        | {"current_period_ends_at": "time", "trial_ends_at": "time", **_STAMPS},
        "accounts": {"id": "text key", "family_id": "ref:families.id", "name": "text", "balance": "money"}
        | {"currency": "text", "accountable_type": "text", "status": "text", **_STAMPS},
        "entries": {"id": "text key", "account_id": "ref:accounts.id", "amount": "money", "currency": "text"}
        | {"date": "time", "name": "text", "entryable_type": "text", **_STAMPS},
        "balances": {"id": "text key", "account_id": "ref:accounts.id", "date": "time", "balance": "money"}
        | {"currency": "text", **_STAMPS},
    },
    fill=_budgeting,
    faults={"paid-without-customer": 1},
)


def _kit(insert: Rows) -> None:
    """A Supabase kit: the price that an account bought is two tables away, in the items of its subscription."""
    for n in range(1, 25):
        account = f"00000000-0000-4000-8000-{n:012d}"
        insert("accounts", id=account, primary_owner_user_id=f"10000000-0000-4000-8000-{n:012d}", name=f"a{n}",
               slug=f"a{n}", email=f"a{n}@example.org", is_personal_account=n % 4 == 0, **_stamped(90 - n))  # fmt: skip
        insert("accounts_memberships", user_id=f"10000000-0000-4000-8000-{n:012d}", account_id=account,
               account_role="owner", **_stamped(80))  # fmt: skip
        if n % 2 == 0:
            continue
        if n != 5:
            insert("billing_customers", id=n, account_id=account, provider="stripe",
                   customer_id=sid("cus", 13 if n == 15 else n), email=f"a{n}@example.org")  # fmt: skip
        sub, status = sid("sub", n), "canceled" if n == 9 else "active"
        insert("subscriptions", id=sub, account_id=account, billing_customer_id=n if n != 5 else 1, status=status,
               active=status == "active", billing_provider="stripe", cancel_at_period_end=False, currency="usd",
               period_starts_at=ago(20), period_ends_at=ago(-9), trial_ends_at=None, **_stamped(60))  # fmt: skip
        insert("subscription_items", id=sid("si", n), subscription_id=sub, product_id="prod_ProAbc1",
               variant_id="price_1ProMon" if n % 4 == 1 else "price_1ProYear", type="flat", price_amount=1000,
               quantity=1, interval="month", interval_count=1, **_stamped(60))  # fmt: skip


KIT = App(
    name="kit",
    tables={
        "accounts": {"id": "text key", "primary_owner_user_id": "text", "name": "text", "slug": "text", "email": "text"}
        | {"is_personal_account": "bool", **_STAMPS},
        "accounts_memberships": {"user_id": "text", "account_id": "ref:accounts.id", "account_role": "text"} | _STAMPS,
        "billing_customers": {"id": "int key", "account_id": "ref:accounts.id", "provider": "enum:stripe,paddle"}
        | {"customer_id": "text", "email": "text"},
        "subscriptions": {"id": "text key", "account_id": "ref:accounts.id"}
        | {"billing_customer_id": "ref:billing_customers.id#", "status": "enum:active,trialing,past_due,canceled"}
        | {"active": "bool", "billing_provider": "enum:stripe,paddle", "cancel_at_period_end": "bool"}
        | {"currency": "text", "period_starts_at": "time", "period_ends_at": "time", "trial_ends_at": "time"}
        | _STAMPS,
        "subscription_items": {"id": "text key", "subscription_id": "ref:subscriptions.id", "product_id": "text"}
        | {"variant_id": "text", "type": "enum:flat,per_seat,metered", "price_amount": "int", "quantity": "int"}
        | {"interval": "text", "interval_count": "int", **_STAMPS},
    },
    keys={"accounts_memberships": ("user_id", "account_id")},
    fill=_kit,
    faults={"paid-without-customer": 1, "shared-customer": 1},
)


def _keys(insert: Rows) -> None:
    """MySQL with milliseconds since 1970: the old plan column says free of all, the tier is what was bought."""
    for n in range(1, 25):
        tier = ("Free", "Pro", "Business")[n % 3]
        customer = None if n == 4 else sid("cus", n)
        insert("workspaces", id=f"ws_{n:02d}", org_id=f"org_{n:02d}", name=f"w{n}", plan="free", tier=tier,
               stripe_customer_id=None if tier == "Free" else customer,
               stripe_subscription_id=None if tier == "Free" else sid("sub", n), trial_ends=None, beta_features={},
               enabled=True, delete_protection=False, created_at_m=_ms(90 - n), updated_at_m=_ms(1),
               deleted_at_m=_ms(3) if n == 22 else None)  # fmt: skip
        insert("quota", workspace_id=f"ws_{n:02d}", requests_per_month=150000, logs_retention_days=7)
        insert("apis", id=f"api_{n}", workspace_id=f"ws_{n:02d}", name="a", created_at_m=_ms(60), deleted_at_m=None)
        insert("audit_log", id=f"l{n}", workspace_id=f"ws_{n:02d}", event="key.create", actor_id="u",
               created_at=_ms(5))  # fmt: skip


KEYS = App(
    name="keys",
    tables={
        "workspaces": {"id": "text key", "org_id": "text unique", "name": "text", "plan": "enum:free,pro,enterprise"}
        | {"tier": "text", "stripe_customer_id": "text", "stripe_subscription_id": "text", "trial_ends": "time"}
        | {"beta_features": "json", "enabled": "bool", "delete_protection": "bool", "created_at_m": "int"}
        | {"updated_at_m": "int", "deleted_at_m": "int"},
        "quota": {"workspace_id": "text key", "requests_per_month": "int", "logs_retention_days": "int"},
        "apis": {"id": "text key", "workspace_id": "text", "name": "text", "created_at_m": "int"}
        | {"deleted_at_m": "int"},
        "audit_log": {"id": "text key", "workspace_id": "text", "event": "text", "actor_id": "text"}
        | {"created_at": "int"},
    },
    fill=_keys,
    faults={"paid-without-customer": 1},
)


def _metering(insert: Rows) -> None:
    """Rails with numbers for words: a wallet for each customer, and its transactions inbound (0) or outbound (1)."""
    for n in range(1, 25):
        customer, wallet = f"00000000-0000-4000-8000-{n:012d}", f"10000000-0000-4000-8000-{n:012d}"
        insert("customers", id=customer, external_id=f"ext{n}", name=f"c{n}", email=f"c{n}@example.org",
               currency="EUR", payment_provider="stripe", deleted_at=None, **_stamped(90 - n))  # fmt: skip
        insert("payment_provider_customers", id=f"20000000-0000-4000-8000-{n:012d}", customer_id=customer,
               type="PaymentProviderCustomers::StripeCustomer", settings={},
               provider_customer_id=sid("cus", 13 if n == 15 else n), **_stamped(80))  # fmt: skip
        balance = 0
        moves = [(0, 100, 1, 0), (1, 30, 1, 3), (1, 7, 1, 3), (0, 50, 0, 0)]
        for place, (direction, amount, status, meaning) in enumerate(moves):
            if status:
                balance += amount if direction == 0 else -amount
            insert("wallet_transactions", id=f"3000000{place}-0000-4000-8000-{n:012d}", wallet_id=wallet,
                   transaction_type=direction, amount=f"{amount}.00000", credit_amount=f"{amount}.00000",
                   status=status, source=0, settled_at=ago(30 - place) if status else None,
                   transaction_status=meaning, metadata=[], **_stamped(31 - place))  # fmt: skip
        balance += 40 * (n == 6)
        insert("wallets", id=wallet, customer_id=customer, status=0, name=None, rate_amount="1.00000",
               credits_balance=f"{balance}.00000", balance_cents=balance * 100, consumed_credits="37.00000",
               currency="EUR", expiration_at=None, terminated_at=None, **_stamped(80))  # fmt: skip


METERING = App(
    name="metering",
    tables={
        "customers": {"id": "text key", "external_id": "text unique", "name": "text", "email": "text"}
        | {"currency": "text", "payment_provider": "text", "deleted_at": "time", **_STAMPS},
        "payment_provider_customers": {"id": "text key", "customer_id": "ref:customers.id", "type": "text"}
        | {"provider_customer_id": "text", "settings": "json", **_STAMPS},
        "wallets": {"id": "text key", "customer_id": "ref:customers.id", "status": "int", "name": "text"}
        | {"rate_amount": "money", "credits_balance": "money", "balance_cents": "int", "consumed_credits": "money"}
        | {"currency": "text", "expiration_at": "time", "terminated_at": "time", **_STAMPS},
        "wallet_transactions": {"id": "text key", "wallet_id": "ref:wallets.id", "transaction_type": "int"}
        | {"amount": "money", "credit_amount": "money", "status": "int", "source": "int", "settled_at": "time"}
        | {"transaction_status": "int", "metadata": "json", **_STAMPS},
    },
    fill=_metering,
    faults={"shared-customer": 1, "credit-balance": 1},
)


def _mailing(insert: Rows) -> None:
    """Prisma: users name the premium that pays for them, several the same one; it has tier, status and customer."""
    for n in range(1, 25):
        if n % 2:
            tier = "PRO_MONTHLY" if n % 4 == 1 else "BASIC_ANNUALLY"
            insert("Premium", id=f"pre{n:02d}", createdAt=ago(60), updatedAt=ago(1), tier=tier,
                   stripeCustomerId=None if n == 5 else sid("cus", n), stripeSubscriptionId=sid("sub", n),
                   stripePriceId="price_1Pro", stripeSubscriptionStatus="canceled" if n == 9 else "active",
                   stripeRenewsAt=ago(-9), stripeCancelAtPeriodEnd=False, lemonSqueezyCustomerId=None, aiCredits=None,
                   unsubscribeCredits=5)  # fmt: skip
    for n in range(1, 25):
        insert("User", id=f"usr{n:02d}", createdAt=ago(90 - n), email=f"u{n}@example.org", name=f"u{n}",
               premiumId=f"pre{n if n % 2 else n - 1:02d}" if n < 20 else None, completedOnboardingAt=None)  # fmt: skip
        insert("Account", id=f"acc{n:02d}", userId=f"usr{n:02d}", type="oidc", provider="google",
               providerAccountId=str(n), access_token="x", createdAt=ago(90))  # fmt: skip
        insert("EmailAccount", id=f"ea{n:02d}", userId=f"usr{n:02d}", email=f"u{n}@example.org", createdAt=ago(80))


MAILING = App(
    name="mailing",
    tables={
        "Premium": {"id": "text key", "createdAt": "time", "updatedAt": "time"}
        | {"tier": "enum:BASIC_MONTHLY,BASIC_ANNUALLY,PRO_MONTHLY,PRO_ANNUALLY,LIFETIME"}
        | {"stripeCustomerId": "text unique", "stripeSubscriptionId": "text unique", "stripePriceId": "text"}
        | {"stripeSubscriptionStatus": "text", "stripeRenewsAt": "time", "stripeCancelAtPeriodEnd": "bool"}
        | {"lemonSqueezyCustomerId": "int", "aiCredits": "int", "unsubscribeCredits": "int"},
        "User": {"id": "text key", "createdAt": "time", "email": "text unique", "name": "text"}
        | {"premiumId": "ref:Premium.id", "completedOnboardingAt": "time"},
        "Account": {"id": "text key", "userId": "ref:User.id", "type": "text", "provider": "text"}
        | {"providerAccountId": "text", "access_token": "text", "createdAt": "time"},
        "EmailAccount": {"id": "text key", "userId": "ref:User.id", "email": "text", "createdAt": "time"},
    },
    fill=_mailing,
    faults={"paid-without-customer": 1},
)


def _forms(insert: Rows) -> None:
    """An enum with plans that are given away: a lifetime deal and an offered one have no customer, and owe none."""
    for n in range(1, 37):
        plan = ("FREE", "STARTER", "PRO", "LIFETIME", "OFFERED", "FREE")[n % 6]
        customer = sid("cus", 13 if n == 19 else n) if plan in ("STARTER", "PRO") and n != 8 else None
        insert("Workspace", id=f"ws{n:02d}", name=f"w{n}", plan=plan, stripeId=customer, icon=None,
               additionalStorageIndex=0, chatsLimitFirstEmailSentAt=None, isQuarantined=False, isSuspended=False,
               isPastDue=n == 14, createdAt=ago(90 - n), updatedAt=ago(1))  # fmt: skip
        insert("User", id=f"u{n:02d}", email=f"u{n}@example.org", name=f"u{n}", company=None, createdAt=ago(90 - n))
        insert("MemberInWorkspace", userId=f"u{n:02d}", workspaceId=f"ws{n:02d}", role="ADMIN", createdAt=ago(80))
        insert("Credentials", id=f"c{n}", workspaceId=f"ws{n:02d}", data="x", type="stripe", iv="y", createdAt=ago(70))
        insert("Webhook", id=f"h{n}", url="https://example.org", typebotId="t", createdAt=ago(60))


FORMS = App(
    name="forms",
    tables={
        "Workspace": {"id": "text key", "name": "text"}
        | {"plan": "enum:FREE,STARTER,PRO,LIFETIME,OFFERED,CUSTOM,UNLIMITED,ENTERPRISE", "stripeId": "text"}
        | {"icon": "text", "additionalStorageIndex": "int", "chatsLimitFirstEmailSentAt": "time"}
        | {"isQuarantined": "bool", "isSuspended": "bool", "isPastDue": "bool", "createdAt": "time"}
        | {"updatedAt": "time"},
        "User": {"id": "text key", "email": "text unique", "name": "text", "company": "text", "createdAt": "time"},
        "MemberInWorkspace": {"userId": "ref:User.id", "workspaceId": "ref:Workspace.id"}
        | {"role": "enum:ADMIN,MEMBER,GUEST", "createdAt": "time"},
        "Credentials": {"id": "text key", "workspaceId": "ref:Workspace.id", "data": "text", "type": "text"}
        | {"iv": "text", "createdAt": "time"},
        "Webhook": {"id": "text key", "url": "text", "typebotId": "text", "createdAt": "time"},
    },
    keys={"MemberInWorkspace": ("userId", "workspaceId")},
    fill=_forms,
    faults={"paid-without-customer": 1, "shared-customer": 1},
)

HOSTED = (SIGNING, TRACING, PUBLISHING, DEPLOYING, BUDGETING, KIT, KEYS, METERING, MAILING, FORMS)
