"""Three apps of further shapes: usage that subtracts, flags of MySQL, credits of an organisation with UUIDs."""

from __future__ import annotations

import uuid

from tests.apps.rows import App, Rows, ago, sid


def _uuid(*parts: object) -> str:
    """The same UUID for the same parts."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, repr(parts)))


def _subtracting(insert: Rows) -> None:
    """Packs are bought in one table, and each job's cost is in another, which never says that it is subtracted."""
    for n in range(1, 27):
        user, bought, used = _uuid("user", n), 0, 0
        for k in range(1 + n % 3):
            amount = 200 * (1 + k)
            bought += amount
            insert("credit_purchases", id=_uuid("pack", n, k), user_id=user, credits=amount, price_cents=amount * 2,
                   payment_intent=sid("pi", n, 0 if n == 8 and k == 1 else k),
                   purchased_at=ago(50 - n - k))  # fmt: skip
        for k in range(3 + n % 4):
            cost = 7 + n + k
            used += cost
            insert("render_jobs", id=_uuid("job", n, k), user_id=user, credits_used=cost, state="done",
                   output=f"s3://renders/{n}/{k}.png", finished_at=ago(20 - k))  # fmt: skip
        insert("users", id=user, email=f"r{n}@example.org", stripe_customer_id=sid("cus", n),
               credit_balance=bought - used + 55 * (n == 14), created_at=ago(100 - n))  # fmt: skip


SUBTRACTING = App(
    name="subtracting",
    tables={
        "users": {"id": "text key", "email": "text unique", "stripe_customer_id": "text", "credit_balance": "int"}
        | {"created_at": "time"},
        "credit_purchases": {"id": "text key", "user_id": "ref:users.id", "credits": "int", "price_cents": "int"}
        | {"payment_intent": "text", "purchased_at": "time"},
        "render_jobs": {"id": "text key", "user_id": "ref:users.id", "credits_used": "int", "state": "text"}
        | {"output": "text", "finished_at": "time"},
    },
    fill=_subtracting,
    faults={"credit-balance": 1, "duplicate-payment-grant": 1},
)


def _flagged(insert: Rows) -> None:
    """Flags are 0 and 1: whether an account pays, is an administrator, is closed, and has credits without end."""
    for n in range(1, 31):
        pays = n % 2 == 0
        insert("subscriber", subscriber_id=n, mail=f"s{n}@example.org", is_pro=int(pays), is_admin=int(n == 2),
               is_closed=int(n in (5, 11)), unlimited_credits=int(n in (2, 7)),
               stripe_cust=sid("cus", n) if pays and n != 16 else None, coins=300 - n + 90 * (n == 20),
               joined=ago(120 - n))  # fmt: skip
        for k, (sort, coins) in enumerate((("grant", 300), ("spend", n))):
            insert("coin_log", log_id=n * 10 + k, subscriber_id=n, sort=sort, coins=coins, is_debit=k,
                   at=ago(60 - n - k))  # fmt: skip


FLAGGED = App(
    name="flagged",
    tables={
        "subscriber": {"subscriber_id": "int key", "mail": "text unique", "is_pro": "int", "is_admin": "int"}
        | {"is_closed": "int", "unlimited_credits": "int", "stripe_cust": "text", "coins": "int", "joined": "time"},
        "coin_log": {"log_id": "int key", "subscriber_id": "ref:subscriber.subscriber_id#", "sort": "text"}
        | {"coins": "int", "is_debit": "int", "at": "time"},
    },
    fill=_flagged,
    faults={"credit-balance": 1, "paid-without-customer": 1, "unlimited-credits": 1},
)


def _organised(insert: Rows) -> None:
    """Prisma: people belong to organisations, which pay and keep the credits; entries name both."""
    for n in range(1, 21):
        org, balance = _uuid("org", n), 0
        plan = ("FREE", "PRO", "SCALE")[n % 3]
        for k in range(1 + n % 3):
            person = _uuid("person", n, k)
            insert("User", id=person, email=f"p{n}.{k}@example.org", emailVerified=True, createdAt=ago(150 - n))
            insert("OrganizationMember", id=_uuid("m", n, k), organizationId=org, userId=person,
                   role="OWNER" if k == 0 else "MEMBER", createdAt=ago(140 - n))  # fmt: skip
        renewal: tuple[str, int, str | None] = ("SUBSCRIPTION_RENEWAL", 1000, sid("in", n))
        moves = [renewal if plan != "FREE" else ("SIGNUP_BONUS", 50, None)]
        moves += [("MODEL_CALL", -13 - n, None), ("MODEL_CALL", -8, None)]
        moves += [renewal] * (n == 8)
        for k, (kind, amount, bill) in enumerate(moves):
            balance += amount
            insert("OrganizationCreditLedger", id=_uuid("entry", n, k), organizationId=org,
                   performedByUserId=_uuid("person", n, 0), entryType=kind, creditsDelta=amount,
                   balanceAfterCredits=balance + (400 if (n, k) == (13, 1) else 0), stripeInvoiceId=bill,
                   createdAt=ago(20 - k))  # fmt: skip
        insert("Organization", id=org, slug=f"org-{n}", planTier=plan, isUnlimited=False, deletedAt=None,
               stripeCustomerId=sid("cus", n) if plan != "FREE" else None,
               aiCreditsRemaining=balance + 75 * (n == 4), createdAt=ago(145 - n))  # fmt: skip


ORGANISED = App(
    name="organised",
    tables={
        "User": {"id": "text key", "email": "text unique", "emailVerified": "bool", "createdAt": "time"},
        "Organization": {"id": "text key", "slug": "text unique", "planTier": "enum:FREE,PRO,SCALE"}
        | {"stripeCustomerId": "text", "aiCreditsRemaining": "int", "isUnlimited": "bool", "createdAt": "time"}
        | {"deletedAt": "time"},
        "OrganizationMember": {"id": "text key", "organizationId": "ref:Organization.id", "userId": "ref:User.id"}
        | {"role": "enum:OWNER,MEMBER", "createdAt": "time"},
        "OrganizationCreditLedger": {"id": "text key", "organizationId": "ref:Organization.id"}
        | {"performedByUserId": "ref:User.id", "entryType": "text", "creditsDelta": "int"}
        | {"balanceAfterCredits": "int", "stripeInvoiceId": "text", "createdAt": "time"},
    },
    fill=_organised,
    faults={"credit-balance": 1, "ledger-break": 2, "duplicate-invoice-grant": 1},
)

SUNDRY = (SUBTRACTING, FLAGGED, ORGANISED)
