"""More cases of `wrong-grant-amount`, beside those that its own file teaches with."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from trueup.checks.revenue.wrong_grant_amount import _GIVEN, _PLANS, _grant, _invoice, _line
from trueup.model.check import Case, ago
from trueup.model.policy import Policy, Proration
from trueup.model.relations import Account, EntryKind, Interval, Plan, PlanPrice, Row
from trueup.model.stripe_objects import (
    InvoiceStatus,
    StripeInvoicePayment,
    StripePrice,
    StripeRefund,
)

_UPGRADED: tuple[Row, ...] = (
    StripePrice(price_id="price_pro", unit_amount=2000, interval="month"),
    StripePrice(price_id="price_team", unit_amount=10000, interval="month"),
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


CASES: tuple[Case, ...] = (
    Case(
        name="a fraction too much",
        given=(*_GIVEN, _invoice(), _line(), _grant(amount="1000.000000001")),
        fires=("in_1",),
    ),
    Case(
        name="another plan's amount",
        given=(*_GIVEN, _invoice(), _line(), _grant(amount=5000)),
        fires=("in_1",),
        evidence={"in_1": {"difference": Decimal(4000), "amount_at_risk": 8000}},
    ),
    Case(
        name="half of a zero-decimal currency's amount is at risk",
        given=(*_GIVEN, _invoice(total=301, currency="jpy"), _line(amount=301), _grant(amount=500)),
        fires=("in_1",),
        evidence={"in_1": {"amount_at_risk": 151, "currency": "jpy"}},
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
        given=(*_GIVEN, _invoice(), _line(), _grant(amount=500), _grant(amount=500, entry_id=2)),
    ),
    Case(
        name="made up for by an adjustment",
        given=(
            *_GIVEN,
            _invoice(),
            _line(),
            _grant(amount=400),
            _grant(amount=600, entry_id=2, kind=EntryKind.ADJUSTMENT),
        ),
    ),
    Case(
        name="taken back by an adjustment",
        given=(
            *_GIVEN,
            _invoice(),
            _line(),
            _grant(amount=5000),
            _grant(amount=-4000, entry_id=2, kind=EntryKind.ADJUSTMENT),
        ),
    ),
    Case(
        name="clawed back after a refund, granted right",
        given=(
            *_GIVEN,
            _invoice(),
            _line(),
            _grant(),
            _grant(amount=-1000, entry_id=2, kind=EntryKind.CLAWBACK),
            StripeInvoicePayment(invoice_payment_id="ip_1"),
            StripeRefund(refund_id="re_1", amount=2000),
        ),
    ),
    Case(
        name="something was paid back of a bill of nothing",
        given=(
            *_GIVEN,
            _invoice(total=0),
            _line(amount=0),
            StripeInvoicePayment(invoice_payment_id="ip_1"),
            StripeRefund(refund_id="re_1", amount=100),
            _grant(amount=1000),
        ),
    ),
    Case(
        name="promotional extra as its own kind",
        given=(
            *_GIVEN,
            _invoice(),
            _line(),
            _grant(),
            _grant(amount=100, entry_id=2, kind=EntryKind.PROMOTIONAL_GRANT),
        ),
    ),
    Case(
        name="an extra that hides in the grant",
        given=(*_GIVEN, _invoice(), _line(), _grant(amount=1100)),
        fires=("in_1",),
    ),
    Case(
        name="filled up to the allowance",
        given=(*_GIVEN, _invoice(), _line(), _grant(amount=400, balance_after=1000)),
    ),
    Case(
        name="filled up to less than the allowance",
        given=(*_GIVEN, _invoice(), _line(), _grant(amount=400, balance_after=999)),
        fires=("in_1",),
    ),
    Case(
        name="the second half is pending",
        given=(*_GIVEN, _invoice(), _line(), _grant(amount=500), _grant(amount=500, entry_id=2, posted=False)),
    ),
    Case(
        name="a credit note took some of it back",
        given=(*_GIVEN, _invoice(credited=1000), _line(), _grant(amount=500)),
    ),
    Case(
        name="100 % coupon, or a trial: an invoice of zero owes no certain amount",
        given=(*_GIVEN, _invoice(total=0), _line(amount=0, days=14), _grant(amount=50)),
    ),
    Case(
        name="an invoice that was not paid is another finding",
        given=(*_GIVEN, _invoice(status=InvoiceStatus.OPEN), _line(), _grant(amount=5)),
    ),
    Case(
        name="per subscription, whatever the quantity",
        given=(*_GIVEN, _invoice(total=6000), _line(amount=6000, quantity=3), _grant()),
    ),
    Case(
        name="three seats' credits where the policy grants per subscription",
        given=(*_GIVEN, _invoice(total=6000), _line(amount=6000, quantity=3), _grant(amount=3000)),
        fires=("in_1",),
    ),
    Case(
        name="three seats' credits where the policy grants per seat",
        given=(*_GIVEN, _invoice(total=6000), _line(amount=6000, quantity=3), _grant(amount=3000)),
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
        given=(*_GIVEN, _invoice(total=3000), _line(), _line("price_addon", amount=1000), _grant(amount=1500)),
    ),
    Case(
        name="add-on price beside a mapped plan: less is wrong",
        given=(*_GIVEN, _invoice(total=3000), _line(), _line("price_addon", amount=1000), _grant(amount=900)),
        fires=("in_1",),
    ),
    Case(
        name="two plans on one invoice",
        given=(*_GIVEN, _invoice(total=12000), _line(), _line("price_team", amount=10000), _grant(amount=6000)),
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
        given=(*_GIVEN, *_yearly(ago(days=10)), _grant(amount=12000)),
    ),
    Case(
        name="yearly plan granted more than a year up front",
        given=(*_GIVEN, *_yearly(ago(days=10)), _grant(amount=13000)),
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
        given=(*_GIVEN, *_upgrade(), _grant(amount=5000)),
        fires=("in_1",),
        evidence={"in_1": {"credits_owed": Decimal(4000), "difference": Decimal(1000)}},
    ),
    Case(
        name="an upgrade in the middle of a month grants up to the difference",
        given=(*_GIVEN, *_upgrade(), _grant(amount=4000)),
    ),
    Case(
        name="half of the difference is half of the period's, where the policy is proportional",
        given=(*_GIVEN, *_upgrade(), _grant(amount=2001)),
        policy=Policy(proration=Proration.PROPORTIONAL),
    ),
    Case(
        name="the whole difference for half a period, where the policy is proportional",
        given=(*_GIVEN, *_upgrade(), _grant(amount=4000)),
        policy=Policy(proration=Proration.PROPORTIONAL),
        fires=("in_1",),
    ),
    Case(
        name="less than half of the difference, where the policy is proportional",
        given=(*_GIVEN, *_upgrade(), _grant(amount=1998)),
        policy=Policy(proration=Proration.PROPORTIONAL),
        fires=("in_1",),
    ),
    Case(
        name="any credits for an upgrade, where the policy says none until the renewal",
        given=(*_GIVEN, *_upgrade(), _grant(amount=1)),
        policy=Policy(proration=Proration.NONE),
        fires=("in_1",),
        evidence={"in_1": {"amount_at_risk": 4000}},
    ),
    Case(
        name="a renewal that also settles an upgrade owes the new allowance",
        given=(*_GIVEN, *_upgrade(), _line("price_team", amount=10000), _grant(amount=5000)),
    ),
    Case(
        name="the account's credits are unlimited",
        given=(*_PLANS, Account(account_id="user_1", unlimited_credits=True), _invoice(), _line(), _grant(amount=5)),
    ),
    Case(
        name="on the first moment of the period",
        given=(*_GIVEN, _invoice(ago(days=45)), _line(), _grant(amount=500)),
        fires=("in_1",),
    ),
    Case(
        name="before the period",
        given=(*_GIVEN, _invoice(ago(days=45, seconds=1)), _line(), _grant(amount=500)),
    ),
    Case(
        name="the grant names the invoice's payment",
        given=(
            *_GIVEN,
            _invoice(),
            _line(),
            StripeInvoicePayment(invoice_payment_id="ip_1"),
            _grant(amount=500, invoice=None, payment="pi_1"),
        ),
        fires=("in_1",),
    ),
)
