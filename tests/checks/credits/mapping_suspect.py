"""The table of docs/decisions/0049: what a wrong mapping shows, and what only looks like one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from trueup.model.check import Case, ago
from trueup.model.relations import Account, LedgerEntry, Plan, WalletBalance, WebhookEvent
from trueup.model.severity import Severity

BALANCE, AMOUNT, SEQUENCE = "ledger_entry.balance_after", "ledger_entry.amount", "ledger_entry.sequence"
CREDITS = "account.credits"


def ledger(account: str, *steps: tuple[int, int], days: int = 60, shuffled: bool = False) -> list[LedgerEntry]:
    """An account's entries: (amount, balance_after), one a day from so many days ago. Shuffled, their dates turn."""
    places = list(range(len(steps)))
    if shuffled:
        places.reverse()
    return [
        LedgerEntry(
            entry_id=f"{account}_{number}",
            account_id=account,
            amount=Decimal(amount),
            balance_after=Decimal(balance),
            created_at=ago(days=days - place),
        )
        for number, (place, (amount, balance)) in enumerate(zip(places, steps, strict=True))
    ]


def company(*steps: tuple[int, int], accounts: int = 12, first: int = 1, shuffled: bool = False) -> list[LedgerEntry]:
    return [
        entry for number in range(first, first + accounts) for entry in ledger(f"u{number}", *steps, shuffled=shuffled)
    ]


def users(credits_cached: Iterable[int], first: int = 1) -> list[Account]:
    return [
        Account(account_id=f"u{number}", credits=Decimal(value)) for number, value in enumerate(credits_cached, first)
    ]


def created(moment: datetime, *, accounts: int, first: int = 1) -> list[Account]:
    return [Account(account_id=f"u{number}", created_at=moment) for number in range(first, first + accounts)]


SOUND = ((100, 100), (-30, 70), (-20, 50))
SENSELESS = ((100, 3), (-30, 44), (-20, 9))
TWELVE = range(1, 13)


def in_wallets(*, entry: str, balance: str) -> tuple[Account | LedgerEntry | WalletBalance, ...]:
    """An account with an entry in one wallet, and a balance of another name."""
    name = f"of_{entry}_{balance}"
    return (
        Account(account_id=name),
        LedgerEntry(entry_id=name, account_id=name, wallet=entry, amount=Decimal(10), balance_after=Decimal(10)),
        WalletBalance(account_id=name, wallet=balance, credits=Decimal(10)),
    )


CASES = (
    Case(
        name="a job broke a step in a third of the ledgers",
        given=(*company(*SOUND, accounts=20), *company((100, 100), (-30, 70), (-20, 9), accounts=10, first=21)),
    ),
    Case(
        name="nine ledgers are not judged",
        given=tuple(company(*SENSELESS, accounts=9)),
    ),
    Case(
        name="ten ledgers are",
        given=tuple(company(*SENSELESS, accounts=10)),
        fires=(BALANCE,),
        evidence={BALANCE: {"judged": 20, "agreeing": 0}},
    ),
    Case(
        name="a deploy broke every step since yesterday, but the first steps of older ledgers follow",
        given=tuple(company((100, 100), (-30, 70), (-20, 9), (-10, 44), (-5, 3), accounts=20)),
    ),
    Case(
        name="the batch job broke the first step too, in a third of the ledgers",
        given=(*company(*SOUND, accounts=20), *company((100, 100), (-30, 60), (-20, 10), accounts=10, first=21)),
    ),
    Case(
        name="ledgers in another order lack a sequence",
        given=tuple(company(*SOUND, (40, 90), shuffled=True)),
        fires=(SEQUENCE,),
    ),
    Case(
        name="one ledger in another order is a finding of its own",
        given=(*company(*SOUND), *ledger("u99", *SOUND, (40, 90), shuffled=True)),
    ),
    Case(
        name="no amount has a sign",
        given=tuple(company((100, 100), (30, 70), (20, 50))),
        fires=(AMOUNT,),
        evidence={AMOUNT: {"kind": "direction", "judged": 24, "agreeing": 0}},
    ),
    Case(
        name="usage without a sign since yesterday has negative amounts before",
        given=(*company(*SOUND), *company((100, 100), (30, 70), (20, 50), accounts=11, first=50)),
    ),
    Case(
        name="grants alone are positive and their balances rise",
        given=tuple(company((100, 100), (30, 130))),
    ),
    Case(
        name="the cached balance is the last balance_after, so the amounts are wrong",
        given=(*company((7, 100), (-7, 70), (-7, 50)), *users([50] * 12)),
        fires=(AMOUNT,),
        evidence={AMOUNT: {"kind": "amount"}},
    ),
    Case(
        name="the cached balance is the sum, so balance_after is wrong",
        given=(*company(*SENSELESS), *users([50] * 12)),
        fires=(BALANCE,),
        evidence={BALANCE: {"kind": "chain"}},
    ),
    Case(
        name="the cached balance has nothing to do with the ledger",
        given=(*company(*SOUND), *users(1000 + 17 * number for number in TWELVE)),
        fires=(CREDITS,),
        evidence={CREDITS: {"kind": "balance", "judged": 12, "agreeing": 0}},
    ),
    Case(
        name="a log of grants is only a part of what moves the cached balance",
        given=(*company((100, 100), (30, 130)), *users(11 + 7 * number for number in TWELVE)),
        fires=(CREDITS,),
        severities={CREDITS: Severity.WARNING},
        evidence={CREDITS: {"kind": "unspent", "judged": 12, "agreeing": 0}},
    ),
    Case(
        name="the cached balance is in hundredths",
        given=(*company(*SOUND), *users([5000] * 12)),
        fires=(CREDITS,),
        evidence={CREDITS: {"kind": "scale"}},
    ),
    Case(
        name="a batch gave everyone 500 without an entry",
        given=(*company(*SOUND), *users([550] * 12)),
    ),
    Case(
        name="the cache was not written for a week",
        given=(*company(*SOUND), *users([70] * 6 + [100] * 6)),
    ),
    Case(
        name="a third of the cached balances are wrong",
        given=(*company(*SOUND), *users([50] * 8 + [3, 8, 1, 2])),
    ),
    Case(
        name="unlimited accounts and accounts without credits are not judged",
        given=(
            *company(*SOUND),
            *(Account(account_id=f"u{n}", credits=Decimal(900 + 7 * n), unlimited_credits=True) for n in TWELVE),
        ),
    ),
    Case(
        name="two ids of another object are findings of their own",
        given=(
            Account(account_id="u1", stripe_customer_id="sub_1"),
            Account(account_id="u2", stripe_customer_id="sub_2"),
        ),
    ),
    Case(
        name="ids of one's own making, and half that are another object's",
        given=tuple(
            Account(account_id=f"u{place}", stripe_customer_id=name)
            for place, name in enumerate(("4711", "x_1", "cus_1", "sub_1", "sub_2", "sub_3"))
        ),
    ),
    Case(
        name="a charge where a payment intent may stand",
        given=tuple(LedgerEntry(entry_id=n, stripe_payment_intent_id=f"ch_{n}") for n in TWELVE),
    ),
    Case(
        name="webhook rows keyed by their objects",
        given=tuple(WebhookEvent(event_id=f"in_{n}") for n in TWELVE),
        fires=("webhook_event.event_id",),
    ),
    Case(
        name="the config knows nearly none of the plans",
        given=(Plan(plan="pro"), *(Account(account_id=f"u{n}", plan=f"word {n}") for n in TWELVE)),
        fires=("account.plan",),
    ),
    Case(
        name="a new plan that was sold and not configured",
        given=(
            Plan(plan="pro"),
            *(Account(account_id=f"u{n}", plan="pro" if n < 4 else "team") for n in TWELVE),
        ),
    ),
    Case(
        name="without plans in the config no plan is unknown",
        given=tuple(Account(account_id=f"u{n}", plan=f"word {n}") for n in TWELVE),
    ),
    Case(
        name="epoch seconds read as milliseconds",
        given=tuple(created(datetime(1970, 1, 21), accounts=12)),
        fires=("account.created_at",),
        evidence={"account.created_at": {"kind": "time", "judged": 12, "agreeing": 0}},
    ),
    Case(
        name="a fourth of the rows came of a migration without their dates",
        given=(*created(datetime(1970, 1, 1), accounts=4), *created(ago(days=30), accounts=12, first=5)),
    ),
    Case(
        name="entries of something else than accounts",
        given=(*company(*SOUND), *(Account(account_id=f"user-{n}") for n in TWELVE)),
        fires=("ledger_entry.account_id",),
    ),
    Case(
        name="half of the accounts were deleted",
        given=(*company(*SOUND), *users([50] * 6)),
    ),
    Case(
        name="entries and balances call their wallets by other words",
        given=in_wallets(entry="PAID", balance="paid"),
        fires=("ledger_entry.wallet",),
        evidence={"ledger_entry.wallet": {"kind": "wallet-name", "judged": 1, "agreeing": 0}},
    ),
    Case(
        name="the ledger is about one of two wallets",
        given=(*in_wallets(entry="paid", balance="paid"), *in_wallets(entry="paid", balance="bonus")),
    ),
)
