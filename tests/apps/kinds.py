"""Apps in which two kinds of accounts pay, and a wallet that is soft deleted with its owner in MariaDB."""

from __future__ import annotations

from tests.apps.rows import App, Rows, ago, sid


def _either(insert: Rows) -> None:
    """Prisma: an entry is of a user or of an organisation, each in a column of its own; who wrote it is a third."""
    key = 0
    for n in range(1, 25):
        for owner, table in (("userId", "User"), ("organizationId", "Organization")):
            if owner == "organizationId" and n > 16:
                continue
            name, balance = f"{table[:1].lower()}_{n:03d}", 0
            moves = [("PURCHASE", 500, sid("pi", owner, n)), ("USAGE", -40 - n, None), ("USAGE", -15, None)]
            if (table, n) == ("Organization", 4):
                moves.append(("PURCHASE", 500, sid("pi", owner, n)))
            for place, (kind, amount, payment) in enumerate(moves):
                key += 1
                balance += amount
                insert("CreditTransaction", id=f"ct_{key:05d}", createdById=f"u_{n:03d}", amount=amount, type=kind,
                       stripePaymentIntentId=payment, createdAt=ago(30 - place), **{owner: name})  # fmt: skip
            wrong = {("User", 7): 60, ("Organization", 9): 25}.get((table, n), 0)
            insert(table, id=name, stripeCustomerId=sid("cus", owner, n), credits=balance + wrong, createdAt=ago(90),
                   **({"email": f"u{n}@example.org"} if table == "User" else {"name": f"Org {n}"}))  # fmt: skip
        if n <= 16:
            insert("Membership", id=f"m{n}", organizationId=f"o_{n:03d}", userId=f"u_{n:03d}", role="OWNER")


EITHER = App(
    name="either",
    tables={
        "User": {"id": "text key", "email": "text", "stripeCustomerId": "text", "credits": "int", "createdAt": "time"},
        "Organization": {"id": "text key", "name": "text", "stripeCustomerId": "text", "credits": "int",
                         "createdAt": "time"},
        "Membership": {"id": "text key", "organizationId": "ref:Organization.id", "userId": "ref:User.id",
                       "role": "text"},
        "CreditTransaction": {"id": "text key", "userId": "ref:User.id", "organizationId": "ref:Organization.id",
                              "createdById": "ref:User.id", "amount": "int", "type": "text",
                              "stripePaymentIntentId": "text", "createdAt": "time"},
    },
    fill=_either,
    faults={"credit-balance": 2, "duplicate-payment-grant": 1},
)  # fmt: skip


def _apart(insert: Rows) -> None:
    """Django: people and companies each have a table of movements, numbered from 1 like the owners."""
    for table, log, column, count in (
        ("accounts_profile", "billing_profilecredit", "profile_id", 24),
        ("accounts_company", "billing_companycredit", "company_id", 15),
    ):
        key = 0
        for n in range(1, count + 1):
            balance = 0
            moves = [("topup", 2000, sid("pi", table, n)), ("usage", -310 - n, None), ("usage", -45, None)]
            for place, (kind, amount, payment) in enumerate(moves):
                key += 1
                balance += amount
                off = 70 if (table, n, place) == ("accounts_company", 6, 1) else 0
                insert(log, id=key, kind=kind, amount=amount, balance_after=balance + off, sequence=place + 1,
                       payment_intent=payment, created=ago(40 - place), **{column: n})  # fmt: skip
            wrong = 90 if (table, n) == ("accounts_profile", 11) else 0
            insert(table, id=n, email=f"{table}{n}@example.org", plan="pro" if n % 2 else "free",
                   stripe_customer=sid("cus", table, n), credits=balance + wrong, created=ago(120))  # fmt: skip


_OWNER = {"id": "int key", "email": "text", "plan": "text", "stripe_customer": "text", "credits": "int",
          "created": "time"}  # fmt: skip
_ENTRY = {"kind": "text", "amount": "int", "balance_after": "int", "sequence": "int", "payment_intent": "text",
          "created": "time"}  # fmt: skip

APART = App(
    name="apart",
    tables={
        "accounts_profile": _OWNER,
        "accounts_company": _OWNER,
        "billing_profilecredit": {"id": "int key", "profile_id": "ref:accounts_profile.id#", **_ENTRY},
        "billing_companycredit": {"id": "int key", "company_id": "ref:accounts_company.id#", **_ENTRY},
    },
    fill=_apart,
    faults={"ledger-break": 2, "credit-balance": 1},
)


def _acted(insert: Rows) -> None:
    """Users have rewards of their own, and act for organisations: only these pay. No second kind of account."""
    for n in range(1, 25):
        insert("users", id=n, email=f"a{n}@example.org", points=n % 3, created_at=ago(90))
        balance = 0
        for place, (kind, amount, payment) in enumerate((("purchase", 900, sid("pi", n)), ("usage", -70 - n, None))):
            balance += amount
            insert("credit_movements", id=n * 10 + place, organization_id=n, user_id=n, kind=kind, amount=amount,
                   payment_intent_id=payment, created_at=ago(20 - place))  # fmt: skip
        insert("organizations", id=n, owner_id=n, name=f"Org {n}", stripe_customer_id=sid("cus", n),
               credits=balance + 33 * (n == 5), created_at=ago(80))  # fmt: skip


ACTED = App(
    name="acted",
    tables={
        "users": {"id": "int key", "email": "text", "points": "int", "created_at": "time"},
        "organizations": {"id": "int key", "owner_id": "ref:users.id#", "name": "text", "stripe_customer_id": "text",
                          "credits": "int", "created_at": "time"},
        "credit_movements": {"id": "int key", "organization_id": "ref:organizations.id#", "user_id": "ref:users.id#",
                             "kind": "text", "amount": "int", "payment_intent_id": "text", "created_at": "time"},
    },
    fill=_acted,
    faults={"credit-balance": 1},
)  # fmt: skip


def _drizzle(insert: Rows) -> None:
    """Drizzle on MySQL: wallets in millionths of a dollar beside workspaces, named by a slug; both are soft deleted."""
    for n in range(1, 31):
        balance, slug = 0, f"team-{n:02d}"
        moves = [("TOP_UP", 10_000_000, sid("cs", n)), ("CONSUMPTION", -1_250_000 - n * 10, None)]
        moves += [("CONSUMPTION", -400_000, None)] + [("CONSUMPTION", -20_000_000, None)] * (n == 3)
        gone = int(ago(3).timestamp() * 1000) if n == 22 else None
        insert("workspaces", slug=slug, display_name=f"Team {n}", tier="scale" if n % 3 == 0 else "starter",
               billing_customer=sid("cus", n) if n % 3 == 0 else None, created_at=int(ago(100).timestamp() * 1000),
               deleted_at=gone)  # fmt: skip
        for place, (kind, amount, checkout) in enumerate(moves):
            balance += amount
            insert("wallet_transactions", id=f"wt_{n:03d}_{place}", wallet_id=f"w_{n:03d}", type=kind,
                   amount_micros=amount, balance_micros=balance, checkout_session=checkout,
                   created_at=int(ago(25 - place).timestamp() * 1000))  # fmt: skip
        insert("wallets", id=f"w_{n:03d}", workspace_slug=slug, balance_micros=balance + 5_000_000 * (n == 12),
               deleted_at=gone)  # fmt: skip


DRIZZLE = App(
    name="drizzle",
    tables={
        "workspaces": {"slug": "text key", "display_name": "text", "tier": "enum:starter,scale",
                       "billing_customer": "text", "created_at": "int", "deleted_at": "int"},
        "wallets": {"id": "text key", "workspace_slug": "ref:workspaces.slug", "balance_micros": "int",
                    "deleted_at": "int"},
        "wallet_transactions": {"id": "text key", "wallet_id": "ref:wallets.id",
                                "type": "enum:TOP_UP,CONSUMPTION,REFUND,ADJUSTMENT", "amount_micros": "int",
                                "balance_micros": "int", "checkout_session": "text", "created_at": "int"},
    },
    fill=_drizzle,
    faults={"credit-balance": 1, "negative-balance": 1},
)  # fmt: skip

KINDS_IN_SQLITE, KINDS_IN_MARIADB = (EITHER, APART, ACTED), (DRIZZLE,)
