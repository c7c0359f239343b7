"""Further apps: amounts with a factor, entries of two balances and no amount, and plans that are only a date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC

from tests.apps.rows import App, Rows, ago, sid


def _minutes(insert: Rows) -> None:
    """Calls are paid in minutes: each move has a factor of 1 or -1, and the account keeps what is left."""
    number = 0
    for n in range(1, 25):
        left = 0
        paid = n % 3 == 0
        moves = [
            (1, 60, "signup", None),
            (1, 300, "topup", sid("pi", n)),
            (-1, 45, "call", None),
            (-1, 20, "call", None),
        ]
        if paid:
            moves.append((1, 500, "renewal", sid("pi", "r", n)))
        if n == 4:
            moves.append((1, 300, "topup", sid("pi", n)))
        moves.append((-1, 15, "call", None))
        for place, (factor, minutes, source, payment) in enumerate(moves):
            number += 1
            left += factor * minutes
            insert("minute_moves", id=number, account_id=n, factor=factor, minutes=minutes, source=source,
                   payment_intent=payment, created_at=ago(60 - n - place))  # fmt: skip
        insert("accounts", id=n, email=f"a{n}@example.org", tier="pro" if paid else "free",
               stripe_customer=sid("cus", n) if n not in (9, 10) else None,
               minutes_left=left + (30 if n == 7 else 0), created_at=ago(90 - n))  # fmt: skip


MINUTES = App(
    name="minutes",
    tables={
        "accounts": {"id": "int key", "email": "text unique", "tier": "text", "stripe_customer": "text"}
        | {"minutes_left": "int", "created_at": "time"},
        "minute_moves": {"id": "int key", "account_id": "ref:accounts.id#", "factor": "int", "minutes": "int"}
        | {"source": "text", "payment_intent": "text", "created_at": "time"},
    },
    fill=_minutes,
    faults={"credit-balance": 1, "duplicate-payment-grant": 1, "paid-without-customer": 1},
)


def _two_balances(insert: Rows) -> None:
    """An audit table of the balance: what it was and what it became, and nothing that says the difference."""
    number = 0
    for n in range(1, 25):
        user, balance = f"usr{n:03d}", 0
        moves = [(500, "purchase", sid("cs", n)), (-30, "render", None), (-70, "render", None), (500, "purchase", None),
                 (-25, "render", None)]  # fmt: skip
        for place, (change, reason, session) in enumerate(moves):
            number += 1
            before = balance
            balance += change
            wrong = 40 if n == 5 and place >= 3 else 0
            second = sid("cs", n) if n == 8 else sid("cs", "second", n)
            named = session or (second if reason == "purchase" else None)
            insert("balance_log", log_id=number, user_id=user, old_balance=before + wrong,
                   new_balance=balance + wrong, reason=reason, checkout_session=named,
                   logged_at=ago(70 - n - 3 * place))  # fmt: skip
        insert("users", id=user, email=f"{user}@example.org", stripe_customer_id=sid("cus", n),
               balance=balance + (40 if n == 5 else 0) + (9 if n == 11 else 0), created_at=ago(90 - n))  # fmt: skip


TWO_BALANCES = App(
    name="two balances",
    tables={
        "users": {"id": "text key", "email": "text unique", "stripe_customer_id": "text", "balance": "int"}
        | {"created_at": "time"},
        "balance_log": {"log_id": "int key", "user_id": "ref:users.id", "old_balance": "int", "new_balance": "int"}
        | {"reason": "text", "checkout_session": "text", "logged_at": "time"},
    },
    fill=_two_balances,
    faults={"credit-balance": 1, "ledger-break": 1, "duplicate-payment-grant": 1},
)


def _until(insert: Rows, when: Callable[[float], object]) -> None:
    """Only the day until which an account has paid: none who never did, a past day who stopped. A token has one too."""
    for n in range(1, 31):
        pays, stopped = n % 3 == 0, n % 5 == 0 and n % 3 != 0
        insert("members", id=f"mem-{n:03d}", email=f"m{n}@example.org", customer_ref=sid("cus", 6 if n == 9 else n)
               if (pays and n != 12) or stopped else None, created_at=ago(200 - n), access_token_expires_at=ago(-1),
               premium_until=when(-n) if pays else when(40 + n) if stopped else None)  # fmt: skip
        insert("recipes", id=n, author=f"mem-{n:03d}", title=f"Recipe {n}", published_until=ago(-3))


_MEMBER = {"id": "text key", "email": "text unique", "customer_ref": "text", "created_at": "time"}
_MEMBER |= {"access_token_expires_at": "time"}
_RECIPES = {"id": "int key", "author": "ref:members.id", "title": "text", "published_until": "time"}
_UNTIL_FAULTS = {"paid-without-customer": 1, "shared-customer": 1}

UNTIL = App(
    name="until",
    tables={"members": {**_MEMBER, "premium_until": "time"}, "recipes": _RECIPES},
    fill=lambda insert: _until(insert, ago),
    faults=_UNTIL_FAULTS,
)
UNTIL_IN_NUMBERS = App(
    name="until in numbers",
    tables={"members": {**_MEMBER, "premium_until": "int"}, "recipes": _RECIPES},
    fill=lambda insert: _until(insert, lambda days: int(ago(days).replace(tzinfo=UTC).timestamp() * 1000)),
    faults=_UNTIL_FAULTS,
)

DATED = (MINUTES, TWO_BALANCES, UNTIL, UNTIL_IN_NUMBERS)
