"""Apps of yet other shapes: nanoseconds, reservations, licences, two kinds of owners, names in German, flags."""

from __future__ import annotations

from tests.apps.rows import App, Rows, ago, sid


def _ns(days: float) -> int:
    return int(ago(days).timestamp()) * 1_000_000_000


def _nanoseconds(insert: Rows) -> None:
    """Times are nanoseconds since 1970, as Go writes them; amounts in millionths of a dollar."""
    for n in range(1, 31):
        balance = 0
        moves = [("topup", 5_000_000, sid("pi", n)), ("spend", -1_200_000 - n * 1000, None), ("spend", -300_000, None)]
        if n == 8:
            moves.append(("topup", 5_000_000, sid("pi", n)))
        for place, (kind, amount, payment) in enumerate(moves):
            balance += amount
            insert("ledger_events", id=n * 10 + place, workspace_id=f"ws_{n}", kind=kind, delta_micros=amount,
                   balance_micros=balance, stripe_payment_intent=payment, created_at_ns=_ns(30 - place))  # fmt: skip
        insert("workspaces", id=f"ws_{n}", owner_email=f"w{n}@example.org", stripe_customer=sid("cus", n),
               balance_micros=balance + (900_000 if n == 5 else 0), created_at_ns=_ns(90))  # fmt: skip


NANOSECONDS = App(
    name="nanoseconds",
    tables={
        "workspaces": {"id": "text key", "owner_email": "text", "stripe_customer": "text", "balance_micros": "int",
                       "created_at_ns": "int"},
        "ledger_events": {"id": "int key", "workspace_id": "ref:workspaces.id", "kind": "text", "delta_micros": "int",
                          "balance_micros": "int", "stripe_payment_intent": "text", "created_at_ns": "int"},
    },
    fill=_nanoseconds,
    faults={"credit-balance": 1, "duplicate-payment-grant": 1},
)  # fmt: skip


def _reservations(insert: Rows) -> None:
    """Two balances. A job reserves credits, then settles or releases them; only settled rows move credits."""
    for n in range(1, 31):
        moves = [("PURCHASE", 1000, "settled"), ("JOB", -100 - n, "settled"), ("JOB", -400, "released")]
        moves += [("JOB", -50, "settled")] + [("JOB", -5000, "settled")] * (n == 4)
        for place, (kind, amount, state) in enumerate(moves):
            insert("credit_movements", id=f"mv_{n:03d}_{place}", organization_id=f"org_{n}", movement_type=kind,
                   amount=amount, state=state, payment_intent_id=None if place else sid("pi", n),
                   created_at=ago(40 - place))  # fmt: skip
        available = sum(amount for _, amount, state in moves if state == "settled")
        insert("organizations", id=f"org_{n}", name=f"Org {n}", billing_email=f"o{n}@example.org",
               stripe_customer_id=sid("cus", n), credits_available=available + 70 * (n == 12), credits_reserved=0,
               created_at=ago(100))  # fmt: skip


RESERVATIONS = App(
    name="reservations",
    tables={
        "organizations": {"id": "text key", "name": "text", "billing_email": "text", "stripe_customer_id": "text",
                          "credits_available": "int", "credits_reserved": "int", "created_at": "time"},
        "credit_movements": {"id": "text key", "organization_id": "ref:organizations.id", "movement_type": "text",
                             "amount": "int", "state": "text", "payment_intent_id": "text", "created_at": "time"},
    },
    fill=_reservations,
    faults={"credit-balance": 1, "negative-balance": 1},
)  # fmt: skip


def _licences(insert: Rows) -> None:
    """No ledger: licences per user with a tier, a Stripe subscription and its end; an audit log beside."""
    for n in range(1, 41):
        tier = ("community", "professional", "enterprise")[n % 3]
        insert(
            "app_user",
            user_id=n,
            login=f"user{n}",
            email_address=f"user{n}@example.org",
            is_superuser=n == 1,
            date_joined=ago(200 - n),
        )
        if tier != "community":
            insert(
                "licence",
                licence_id=n,
                user_id=n,
                tier=tier,
                stripe_customer_id=None if n == 7 else sid("cus", n),
                stripe_subscription_id=None if n == 7 else sid("sub", n),
                valid_until=ago(-20),
                revoked_at=None,
                seats=5,
            )
        insert("audit_log", id=n, actor=f"user{n}", action="login", at=ago(n % 9))
    insert(
        "licence",
        licence_id=90,
        user_id=1,
        tier="professional",
        stripe_customer_id=sid("cus", 1),
        stripe_subscription_id=sid("sub", 1),
        valid_until=ago(60),
        revoked_at=ago(70),
        seats=5,
    )


LICENCES = App(
    name="licences",
    tables={
        "app_user": {"user_id": "int key", "login": "text", "email_address": "text", "is_superuser": "bool",
                     "date_joined": "time"},
        "licence": {"licence_id": "int key", "user_id": "ref:app_user.user_id#", "tier": "text",
        "stripe_customer_id": "text",
                    "stripe_subscription_id": "text", "valid_until": "time", "revoked_at": "time", "seats": "int"},
        "audit_log": {"id": "int key", "actor": "text", "action": "text", "at": "time"},
    },
    fill=_licences,
    faults={"paid-without-customer": 1},
)  # fmt: skip


def _polymorphic(insert: Rows) -> None:
    """A Rails ledger whose owner is a user or a team, with the receipt's Stripe id in a polymorphic reference."""
    key = 0
    for n in range(1, 25):
        for owner in ("User", "Team"):
            if owner == "Team" and n > 8:
                continue
            total = 0
            for place, (reason, cents) in enumerate(
                (("purchase", 2000), ("consumption", -350 - n), ("consumption", -90))
            ):
                key += 1
                total += cents
                insert(
                    "credit_entries",
                    id=key,
                    owner_type=owner,
                    owner_id=n,
                    entry_reason=reason,
                    cents=cents,
                    running_total=total + (33 if (owner, n, place) == ("User", 3, 1) else 0),
                    source_ref=sid("pi", owner, n) if place == 0 else None,
                    created_at=ago(20 - place),
                )
            table = "users" if owner == "User" else "teams"
            extra = {"email": f"u{n}@example.org"} if owner == "User" else {"title": f"Team {n}"}
            insert(table, id=n, stripe_id=sid("cus", owner, n), credits_cents=total, created_at=ago(60), **extra)


POLYMORPHIC = App(
    name="polymorphic",
    tables={
        "users": {"id": "int key", "email": "text", "stripe_id": "text", "credits_cents": "int", "created_at": "time"},
        "teams": {"id": "int key", "title": "text", "stripe_id": "text", "credits_cents": "int", "created_at": "time"},
        "credit_entries": {"id": "int key", "owner_type": "text", "owner_id": "int", "entry_reason": "text",
        "cents": "int",
                           "running_total": "int", "source_ref": "text", "created_at": "time"},
    },
    fill=_polymorphic,
    faults={"ledger-break": 2},
)  # fmt: skip


def _german(insert: Rows) -> None:
    """Names of another language: konto, buchung, guthaben; German words for kinds."""
    for n in range(1, 31):
        stand = 0
        for place, (art, betrag, ref) in enumerate(
            (("kauf", 500, sid("pi", n)), ("verbrauch", -120 - n, None), ("verbrauch", -30, None))
        ):
            stand += betrag
            insert(
                "buchung",
                id=n * 10 + place,
                konto_id=n,
                art=art,
                betrag=betrag,
                saldo_danach=stand,
                stripe_zahlung=ref,
                gebucht_am=ago(20 - place),
            )
        insert(
            "konto",
            id=n,
            email=f"k{n}@example.org",
            stripe_kunde=sid("cus", n),
            guthaben=stand + (40 if n == 9 else 0),
            angelegt_am=ago(90),
        )


GERMAN = App(
    name="german",
    tables={
        "konto": {"id": "int key", "email": "text", "stripe_kunde": "text", "guthaben": "int", "angelegt_am": "time"},
        "buchung": {"id": "int key", "konto_id": "ref:konto.id#", "art": "text", "betrag": "int", "saldo_danach": "int",
                    "stripe_zahlung": "text", "gebucht_am": "time"},
    },
    fill=_german,
    faults={"credit-balance": 1},
)  # fmt: skip


def _before_after(insert: Rows) -> None:
    """Each entry keeps the balance before and after; usage is batched by the day; webhooks in a table with payloads."""
    for n in range(1, 31):
        balance = 0
        for place, (kind, amount, event) in enumerate(
            (
                ("stripe_purchase", 900, sid("evt", n)),
                ("daily_usage", -45 - n, None),
                ("daily_usage", -60, None),
                ("admin_adjustment", 10, None),
            )
        ):
            before = balance
            balance += amount
            insert(
                "credit_logs",
                log_id=n * 100 + place,
                member_id=n,
                change_type=kind,
                change_amount=amount,
                balance_before=before,
                balance_after=balance,
                stripe_event_id=event,
                note="x",
                created=ago(25 - place),
            )
            if event:
                insert(
                    "stripe_webhooks",
                    id=n,
                    event_id=event,
                    event_type="checkout.session.completed",
                    payload={"id": event, "object": "event"},
                    processed=n != 6,
                    received=ago(25),
                    handled=None if n == 6 else ago(25, -5),
                )
        insert(
            "members",
            id=n,
            mail=f"m{n}@example.org",
            customer=sid("cus", n),
            credit_balance=balance - (15 if n == 14 else 0),
            joined=ago(50),
        )


BEFORE_AFTER = App(
    name="before and after",
    tables={
        "members": {"id": "int key", "mail": "text", "customer": "text", "credit_balance": "int", "joined": "time"},
        "credit_logs": {"log_id": "int key", "member_id": "ref:members.id#", "change_type": "text",
        "change_amount": "int",
                        "balance_before": "int", "balance_after": "int", "stripe_event_id": "text", "note": "text",
                        "created": "time"},
        "stripe_webhooks": {"id": "int key", "event_id": "text unique", "event_type": "text", "payload": "json",
                            "processed": "bool", "received": "time", "handled": "time"},
    },
    fill=_before_after,
    faults={"credit-balance": 1, "stuck-event": 1},
)  # fmt: skip


FURTHER = (NANOSECONDS, RESERVATIONS, LICENCES, POLYMORPHIC, GERMAN, BEFORE_AFTER)
