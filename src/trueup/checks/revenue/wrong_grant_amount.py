"""Each plan's invoice is credited with what the plan's period owes, no less and no more."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from trueup.model.check import Case, Check, ago, money_at_risk
from trueup.model.finding import Area
from trueup.model.policy import Policy, Proration
from trueup.model.relations import Account, EntryKind, Interval, LedgerEntry, Plan, PlanPrice, Row
from trueup.model.severity import Severity
from trueup.model.stripe_objects import (
    InvoiceStatus,
    StripeInvoice,
    StripeInvoiceLine,
    StripeInvoicePayment,
    StripePrice,
    StripeRefund,
)

_PLANS: tuple[Row, ...] = (
    Plan(plan="PRO", rank=1, paid=True, credits_per_period=Decimal(1000)),
    Plan(plan="TEAM", rank=2, paid=True, credits_per_period=Decimal(5000)),
    PlanPrice(price_id="price_pro", plan="PRO"),
    PlanPrice(price_id="price_team", plan="TEAM"),
    PlanPrice(price_id="price_yearly", plan="PRO", interval=Interval.YEAR),
)
_GIVEN: tuple[Row, ...] = (*_PLANS, Account(account_id="user_1", stripe_customer_id="cus_1"))
_UPGRADED: tuple[Row, ...] = (
    StripePrice(price_id="price_pro", unit_amount=2000, interval="month"),
    StripePrice(price_id="price_team", unit_amount=10000, interval="month"),
)
_LATELY = ago(days=10)


def _invoice(
    paid_at: datetime = _LATELY,
    *,
    total: int = 2000,
    status: InvoiceStatus = InvoiceStatus.PAID,
    credited: int = 0,
    currency: str = "usd",
) -> StripeInvoice:
    return StripeInvoice(
        invoice_id="in_1",
        status=status,
        currency=currency,
        total=total,
        amount_paid=total,
        credited=credited,
        created_at=paid_at,
        paid_at=paid_at,
    )


def _line(
    price: str = "price_pro",
    *,
    amount: int = 2000,
    start: datetime = _LATELY,
    days: int = 30,
    quantity: int = 1,
    proration: bool = False,
    metered: bool = False,
) -> StripeInvoiceLine:
    return StripeInvoiceLine(
        line_id=f"il_{price}_{amount}",
        price_id=price,
        quantity=quantity,
        amount=amount,
        proration=proration,
        metered=metered,
        period_start=start,
        period_end=start + timedelta(days=days),
    )


def _upgrade() -> tuple[Row, ...]:
    """Half a month of PRO is given back, half a month of TEAM is charged."""
    return (
        *_UPGRADED,
        _invoice(total=4000),
        _line(amount=-1000, proration=True, days=15),
        _line("price_team", amount=5000, proration=True, days=15),
    )


def _yearly(paid_at: datetime) -> tuple[Row, ...]:
    return (_invoice(paid_at, total=20000), _line("price_yearly", amount=20000, start=paid_at, days=365))


def _grant(
    amount: int | str = 1000,
    *,
    entry_id: int = 1,
    kind: EntryKind = EntryKind.SUBSCRIPTION_GRANT,
    created_at: datetime = _LATELY,
    account_id: str = "user_1",
    posted: bool = True,
    balance_after: int = 99999,
    payment: str | None = None,
) -> LedgerEntry:
    return LedgerEntry(
        entry_id=entry_id,
        account_id=account_id,
        kind=kind,
        amount=Decimal(amount),
        balance_after=Decimal(balance_after),
        posted=posted,
        stripe_invoice_id=None if payment else "in_1",
        stripe_payment_intent_id=payment,
        created_at=created_at,
    )


CHECK = Check(
    id="wrong-grant-amount",
    area=Area.REVENUE,
    severity=Severity.ERROR,
    revenue_impacting=True,
    title="Granted another amount than the plan's period owes",
    why="Too little, and the customer did not receive what was paid for; too much, and credits that cost money are given "
    "away with every renewal. One wrong number in a table of plans does it to everybody on the plan.",
    population="""
SELECT count(*)
FROM stripe_money AS m
JOIN invoice_owed AS o ON o.invoice_id = m.money_id
JOIN money_credit AS c ON c.money_id = m.money_id
WHERE m.state = 'paid' AND m.livemode = $livemode AND c.grants > 0
  AND (m.paid_at >= $period_start OR o.periods > 1 AND o.period_end >= $period_start)
""",
    # Several grants that are each no more than what is owed are a repetition, which is another check's; so is none.
    # An app that fills the balance up to the allowance writes what was missing: its balance is then what is owed.
    violations="""
WITH granted AS (
    SELECT m.money_id, c.account_id, m.customer_id, o.plan, o.periods, o.least_credits, o.most_credits, o.prorations,
           c.grants, c.largest_grant, m.amount, m.currency, m.paid_at,
           c.granted + c.reinstated + c.adjusted_up AS given,
           c.granted + c.reinstated + c.adjusted_up - c.reversed - c.adjusted_down AS kept,
           m.credited > 0 OR c.pending_entries > 0 AS may_be_less
    FROM stripe_money AS m
    JOIN invoice_owed AS o ON o.invoice_id = m.money_id
    JOIN money_credit AS c ON c.money_id = m.money_id
    WHERE m.state = 'paid'
      AND m.amount > 0
      AND m.livemode = $livemode
      AND NOT m.other_application
      AND c.grants > 0
      AND m.paid_at < $settled_before
      AND c.last_entry_at < $settled_before
      AND (m.paid_at >= $period_start OR o.periods > 1 AND o.period_end >= $period_start)
),
wrong AS (
    SELECT g.money_id, g.account_id, g.customer_id, g.plan, g.periods, g.grants, g.amount, g.currency, g.paid_at,
           g.given AS credits_granted,
           CASE WHEN g.given < g.least_credits THEN g.least_credits ELSE g.most_credits END AS credits_owed,
           CASE WHEN g.given < g.least_credits THEN g.least_credits - g.given
                ELSE least(g.largest_grant, g.kept) - g.most_credits END                  AS difference
    FROM granted AS g
    WHERE g.given < g.least_credits AND NOT g.may_be_less
       OR g.largest_grant > g.most_credits AND g.kept > g.most_credits
),
filled_up AS (
    SELECT w.money_id
    FROM wrong AS w
    JOIN money_entry AS e  ON e.money_id = w.money_id
    JOIN ledger_entry AS l ON l.entry_id = e.entry_id
    WHERE w.credits_granted < w.credits_owed
      AND e.posted AND e.kind IN ('purchase', 'subscription_grant')
      AND l.balance_after = w.credits_owed
)
SELECT w.money_id AS subject,
       w.account_id,
       w.customer_id,
       w.plan,
       w.periods,
       w.grants,
       w.credits_granted,
       w.credits_owed,
       w.difference,
       w.amount,
       w.currency,
       CAST(round(CASE WHEN w.credits_owed > 0 THEN w.amount * CAST(w.difference AS DOUBLE)
                                                    * power(CAST(w.credits_owed AS DOUBLE), -1)
                       ELSE w.amount END, 0) AS BIGINT) AS amount_at_risk,
       w.paid_at
FROM wrong AS w
JOIN account AS a ON a.account_id = w.account_id
WHERE NOT a.unlimited_credits
  AND w.money_id NOT IN (SELECT money_id FROM filled_up)
""",
    message="{subject} granted {account_id} {credits_granted} credits; {plan} owes {credits_owed}.",
    optional=(
        "ledger_entry.stripe_event_id",
        "ledger_entry.stripe_payment_intent_id",
        "ledger_entry.stripe_invoice_id",
        "ledger_entry.balance_after",
    ),
    impact=money_at_risk("amount_at_risk", "currency"),
    cases=(
        Case(name="what the plan owes", given=(*_GIVEN, _invoice(), _line(), _grant())),
        Case(
            name="field failure 39: a renewal granted nothing for a legacy tier",
            given=(*_GIVEN, _invoice(), _line(), _grant(0)),
            fires=("in_1",),
            severities={"in_1": Severity.ERROR},
            evidence={
                "in_1": {
                    "account_id": "user_1",
                    "plan": "PRO",
                    "credits_granted": Decimal(0),
                    "credits_owed": Decimal(1000),
                    "amount_at_risk": 2000,
                    "currency": "usd",
                }
            },
        ),
        Case(
            name="a fraction too little",
            given=(*_GIVEN, _invoice(), _line(), _grant("999.999999999")),
            fires=("in_1",),
        ),
        Case(
            name="a fraction too much",
            given=(*_GIVEN, _invoice(), _line(), _grant("1000.000000001")),
            fires=("in_1",),
        ),
        Case(
            name="another plan's amount",
            given=(*_GIVEN, _invoice(), _line(), _grant(5000)),
            fires=("in_1",),
            evidence={"in_1": {"difference": Decimal(4000), "amount_at_risk": 8000}},
        ),
        Case(
            name="half of a zero-decimal currency's amount is at risk",
            given=(*_GIVEN, _invoice(total=301, currency="jpy"), _line(amount=301), _grant(500)),
            fires=("in_1",),
            evidence={"in_1": {"amount_at_risk": 151, "currency": "jpy"}},
        ),
        Case(
            name="no grant at all is another finding",
            given=(*_GIVEN, _invoice(), _line()),
        ),
        Case(
            name="field failure 41: two allowances for one payment are another finding",
            given=(*_GIVEN, _invoice(), _line(), _grant(), _grant(entry_id=2)),
        ),
        Case(
            name="two accounts of one invoice by design",
            given=(*_GIVEN, _invoice(), _line(), _grant(), _grant(entry_id=2, account_id="user_2")),
        ),
        Case(
            name="granted in two halves",
            given=(*_GIVEN, _invoice(), _line(), _grant(500), _grant(500, entry_id=2)),
        ),
        Case(
            name="made up for by an adjustment",
            given=(*_GIVEN, _invoice(), _line(), _grant(400), _grant(600, entry_id=2, kind=EntryKind.ADJUSTMENT)),
        ),
        Case(
            name="taken back by an adjustment",
            given=(*_GIVEN, _invoice(), _line(), _grant(5000), _grant(-4000, entry_id=2, kind=EntryKind.ADJUSTMENT)),
        ),
        Case(
            name="clawed back after a refund, granted right",
            given=(
                *_GIVEN,
                _invoice(),
                _line(),
                _grant(),
                _grant(-1000, entry_id=2, kind=EntryKind.CLAWBACK),
                StripeInvoicePayment(invoice_payment_id="ip_1"),
                StripeRefund(refund_id="re_1", amount=2000),
            ),
        ),
        Case(
            name="promotional extra as its own kind",
            given=(*_GIVEN, _invoice(), _line(), _grant(), _grant(100, entry_id=2, kind=EntryKind.PROMOTIONAL_GRANT)),
        ),
        Case(
            name="an extra that hides in the grant",
            given=(*_GIVEN, _invoice(), _line(), _grant(1100)),
            fires=("in_1",),
        ),
        Case(
            name="filled up to the allowance",
            given=(*_GIVEN, _invoice(), _line(), _grant(400, balance_after=1000)),
        ),
        Case(
            name="filled up to less than the allowance",
            given=(*_GIVEN, _invoice(), _line(), _grant(400, balance_after=999)),
            fires=("in_1",),
        ),
        Case(
            name="the second half is pending",
            given=(*_GIVEN, _invoice(), _line(), _grant(500), _grant(500, entry_id=2, posted=False)),
        ),
        Case(
            name="a credit note took some of it back",
            given=(*_GIVEN, _invoice(credited=1000), _line(), _grant(500)),
        ),
        Case(
            name="100 % coupon, or a trial: an invoice of zero owes no certain amount",
            given=(*_GIVEN, _invoice(total=0), _line(amount=0, days=14), _grant(50)),
        ),
        Case(
            name="an invoice that was not paid is another finding",
            given=(*_GIVEN, _invoice(status=InvoiceStatus.OPEN), _line(), _grant(5)),
        ),
        Case(
            name="per subscription, whatever the quantity",
            given=(*_GIVEN, _invoice(total=6000), _line(amount=6000, quantity=3), _grant()),
        ),
        Case(
            name="three seats' credits where the policy grants per subscription",
            given=(*_GIVEN, _invoice(total=6000), _line(amount=6000, quantity=3), _grant(3000)),
            fires=("in_1",),
        ),
        Case(
            name="three seats' credits where the policy grants per seat",
            given=(*_GIVEN, _invoice(total=6000), _line(amount=6000, quantity=3), _grant(3000)),
            policy=Policy(credits_per_seat=True),
        ),
        Case(
            name="one seat's credits where the policy grants per seat",
            given=(*_GIVEN, _invoice(total=6000), _line(amount=6000, quantity=3), _grant()),
            policy=Policy(credits_per_seat=True),
            fires=("in_1",),
            evidence={"in_1": {"amount_at_risk": 4000}},
        ),
        Case(
            name="add-on price beside a mapped plan: more may be right",
            given=(*_GIVEN, _invoice(total=3000), _line(), _line("price_addon", amount=1000), _grant(1500)),
        ),
        Case(
            name="add-on price beside a mapped plan: less is wrong",
            given=(*_GIVEN, _invoice(total=3000), _line(), _line("price_addon", amount=1000), _grant(900)),
            fires=("in_1",),
        ),
        Case(
            name="two plans on one invoice",
            given=(*_GIVEN, _invoice(total=12000), _line(), _line("price_team", amount=10000), _grant(6000)),
        ),
        Case(
            name="a metered line beside a plan owes nothing",
            given=(*_GIVEN, _invoice(), _line(), _line("price_team", amount=10, metered=True), _grant()),
        ),
        Case(
            name="yearly invoice backing twelve monthly grants, on day 40 with two of them",
            given=(
                *_GIVEN,
                *_yearly(ago(days=40)),
                _grant(created_at=ago(days=40)),
                _grant(entry_id=2, created_at=ago(days=10)),
            ),
        ),
        Case(
            name="the second month's credits are inside the grace",
            given=(*_GIVEN, *_yearly(ago(days=47, seconds=-1)), _grant(created_at=ago(days=46))),
        ),
        Case(
            name="field failure 38: a yearly plan received one month",
            given=(*_GIVEN, *_yearly(ago(days=47)), _grant(created_at=ago(days=46))),
            fires=("in_1",),
            evidence={"in_1": {"credits_granted": Decimal(1000), "credits_owed": Decimal(2000), "periods": 12}},
        ),
        Case(
            name="yearly plan on day 300, with its ten grants",
            given=(
                *_GIVEN,
                *_yearly(ago(days=300)),
                *(_grant(entry_id=n, created_at=ago(days=300 - 30 * n)) for n in range(10)),
            ),
        ),
        Case(
            name="yearly plan on day 300, never refilled",
            given=(*_GIVEN, *_yearly(ago(days=300)), _grant(created_at=ago(days=300))),
            fires=("in_1",),
            evidence={"in_1": {"credits_owed": Decimal(10000)}},
        ),
        Case(
            name="yearly plan granted up front",
            given=(*_GIVEN, *_yearly(ago(days=10)), _grant(12000)),
        ),
        Case(
            name="yearly plan granted more than a year up front",
            given=(*_GIVEN, *_yearly(ago(days=10)), _grant(13000)),
            fires=("in_1",),
        ),
        Case(
            name="the plan's own period is a year",
            given=(
                Plan(plan="PRO", rank=1, paid=True, interval=Interval.YEAR, credits_per_period=Decimal(1000)),
                PlanPrice(price_id="price_yearly", plan="PRO", interval=Interval.YEAR),
                Account(account_id="user_1"),
                *_yearly(ago(days=60)),
                _grant(created_at=ago(days=60)),
            ),
        ),
        Case(
            name="field failure 40: an upgrade in the middle of a month grants a second full allowance",
            given=(*_GIVEN, *_upgrade(), _grant(5000)),
            fires=("in_1",),
            evidence={"in_1": {"credits_owed": Decimal(4000), "difference": Decimal(1000)}},
        ),
        Case(
            name="an upgrade in the middle of a month grants up to the difference",
            given=(*_GIVEN, *_upgrade(), _grant(4000)),
        ),
        Case(
            name="half of the difference is half of the period's, where the policy is proportional",
            given=(*_GIVEN, *_upgrade(), _grant(2001)),
            policy=Policy(proration=Proration.PROPORTIONAL),
        ),
        Case(
            name="the whole difference for half a period, where the policy is proportional",
            given=(*_GIVEN, *_upgrade(), _grant(4000)),
            policy=Policy(proration=Proration.PROPORTIONAL),
            fires=("in_1",),
        ),
        Case(
            name="less than half of the difference, where the policy is proportional",
            given=(*_GIVEN, *_upgrade(), _grant(1998)),
            policy=Policy(proration=Proration.PROPORTIONAL),
            fires=("in_1",),
        ),
        Case(
            name="any credits for an upgrade, where the policy says none until the renewal",
            given=(*_GIVEN, *_upgrade(), _grant(1)),
            policy=Policy(proration=Proration.NONE),
            fires=("in_1",),
            evidence={"in_1": {"amount_at_risk": 4000}},
        ),
        Case(
            name="a renewal that also settles an upgrade owes the new allowance",
            given=(*_GIVEN, *_upgrade(), _line("price_team", amount=10000), _grant(5000)),
        ),
        Case(
            name="the account's credits are unlimited",
            given=(*_PLANS, Account(account_id="user_1", unlimited_credits=True), _invoice(), _line(), _grant(5)),
        ),
        Case(
            name="write in flight at the snapshot: exactly as old as it takes to settle",
            given=(*_GIVEN, _invoice(), _line(), _grant(500, created_at=ago(minutes=15))),
        ),
        Case(
            name="a second older than it takes to settle",
            given=(*_GIVEN, _invoice(), _line(), _grant(500, created_at=ago(minutes=15, seconds=1))),
            fires=("in_1",),
        ),
        Case(
            name="on the first moment of the period",
            given=(*_GIVEN, _invoice(ago(days=45)), _line(), _grant(500)),
            fires=("in_1",),
        ),
        Case(
            name="before the period",
            given=(*_GIVEN, _invoice(ago(days=45, seconds=1)), _line(), _grant(500)),
        ),
        Case(
            name="the grant names the invoice's payment",
            given=(
                *_GIVEN,
                _invoice(),
                _line(),
                StripeInvoicePayment(invoice_payment_id="ip_1"),
                _grant(500, payment="pi_1"),
            ),
            fires=("in_1",),
        ),
    ),
)
