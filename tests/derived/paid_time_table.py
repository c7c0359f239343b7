"""The table that decides what was paid for: for each hard case the rows, the spans that are right, and what follows.

It was written before the SQL. Days count back from the moment of the audit: 14 is two weeks ago, -16 is in 16 days.
The month that runs is from 14 to -16 in every case, and costs 2900 (PRO) or 9900 (TEAM).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from trueup.checks.case_rows import invoice_line, refund
from trueup.model.check import ago
from trueup.model.price_list import SoldPrice
from trueup.model.relations import Account, Plan, PlanPrice, Row
from trueup.model.stripe_objects import (
    DisputeStatus,
    InvoiceStatus,
    StripeCheckoutSession,
    StripeCustomer,
    StripeDispute,
    StripeInvoice,
    StripeInvoicePayment,
    StripePaymentIntent,
    StripePrice,
    StripeReading,
    StripeSubscription,
    StripeSubscriptionItem,
    SubscriptionStatus,
)

SOLD: tuple[Row, ...] = (
    Plan(plan="FREE", rank=0),
    Plan(plan="PRO", rank=1, paid=True, price_minor=2900, price_currency="usd"),
    Plan(plan="TEAM", rank=2, paid=True, price_minor=9900, price_currency="usd"),
    PlanPrice(price_id="price_pro", plan="PRO"),
    PlanPrice(price_id="price_team", plan="TEAM"),
    PlanPrice(price_id="price_instalment", plan="PRO"),
    PlanPrice(price_id="price_for_good", plan="PRO"),
    SoldPrice(price_name="price_instalment", lifetime_after=5),
    SoldPrice(price_name="price_for_good", lifetime=True),
    StripePrice(price_id="price_for_good", unit_amount=18_000),
    StripeReading(relation="stripe_subscription"),
    StripeCustomer(customer_id="cus_1", created_at=ago(days=400)),
)
ACCOUNT = Account(account_id="user_1", plan="PRO", stripe_customer_id="cus_1", created_at=ago(days=400))
MONTH = 30


@dataclass(frozen=True, slots=True)
class Span:
    """A span of an account's time. ``until`` is None where it has no end; ``runs`` says that service is right now."""

    name: str
    plan: str | None
    since: float
    until: float | None
    runs: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class HardCase:
    """Rows beside the account's own, and what is right of them.

    ``findings`` are the checks that speak of the account when it is on a plan; on a plan that is not named, none does.
    """

    name: str
    right: str
    rows: tuple[Row, ...]
    spans: tuple[Span, ...]
    findings: dict[str, str]


def _subscription(price: str = "price_pro", *, number: int = 1, **changes: Any) -> tuple[Row, ...]:
    subscription = StripeSubscription(
        subscription_id=f"sub_{number}",
        created_at=ago(days=104),
        current_period_start=ago(days=14),
        current_period_end=ago(days=-16),
    )
    return (
        dataclasses.replace(subscription, **changes),
        StripeSubscriptionItem(item_id=f"si_{number}", subscription_id=f"sub_{number}", price_id=price),
    )


def _bill(
    price: str | None = "price_pro",
    *,
    number: int = 1,
    subscription: str | None = "sub_1",
    since: float = 14,
    days: int = MONTH,
    amount: int = 2900,
    status: InvoiceStatus = InvoiceStatus.PAID,
    **invoice: Any,
) -> tuple[Row, ...]:
    """An invoice of one line, and the payment that it is paid by where it is."""
    given: dict[str, Any] = {
        "total": amount,
        "amount_paid": amount if status is InvoiceStatus.PAID else 0,
        "created_at": ago(days=since),
    }
    return (
        StripeInvoice(invoice_id=f"in_{number}", subscription_id=subscription, status=status, **given | invoice),
        invoice_line(price, number=number, amount=amount, start=ago(days=since), days=days),
        StripeInvoicePayment(
            invoice_payment_id=f"inpay_{number}", invoice_id=f"in_{number}", payment_intent_id=f"pi_{number}"
        ),
    )


def _proration(price: str, amount: int, *, number: int, since: float, until: float) -> Row:
    line = invoice_line(price, number=number, amount=amount, start=ago(days=since), proration=True)
    return dataclasses.replace(line, period_end=ago(days=until))


def _instalments(count: int, *, last_refunded: bool = False) -> tuple[Row, ...]:
    """So many monthly instalments from 190 days ago on, and the subscription's end after the last of them."""
    ended = 190 - MONTH * count
    rows = _subscription(
        "price_instalment",
        status=SubscriptionStatus.CANCELED,
        created_at=ago(days=190),
        current_period_start=ago(days=ended + MONTH),
        current_period_end=ago(days=ended),
        ended_at=ago(days=ended),
        canceled_at=ago(days=ended),
    )
    for number in range(1, count + 1):
        rows += _bill("price_instalment", number=number, since=190 - MONTH * (number - 1), amount=4000)
    if last_refunded:
        back = refund(4000, created_at=ago(days=ended + MONTH - 2))
        rows += (dataclasses.replace(back, payment_intent_id=f"pi_{count}"),)
    return rows


def _dispute(status: DisputeStatus) -> StripeDispute:
    return StripeDispute(dispute_id="dp_1", status=status, created_at=ago(days=9))


_PAID = Span("paid", "PRO", 14, -16)
_NOT_SERVED = {"FREE": "paid-but-blocked", "TEAM": "plan-mismatch"}
"""What follows where PRO is paid for now."""
_NOT_PAID = {"PRO": "unpaid-but-active", "TEAM": "unpaid-but-active"}
"""What follows where nothing is."""

TABLE: tuple[HardCase, ...] = (
    HardCase(
        name="partial refund",
        right="A part of the money is a kindness or a correction: the time stays paid until its end.",
        rows=(*_subscription(), *_bill(), refund(1450)),
        spans=(_PAID,),
        findings=_NOT_SERVED,
    ),
    HardCase(
        name="credit note before the payment, in full",
        right="Nothing was left to be paid, and nothing was: the time is billed and not paid.",
        rows=(*_subscription(), *_bill(amount_due=0, amount_paid=0, credited_before=2900)),
        spans=(Span("unpaid", "PRO", 14, -16, runs=False),),
        findings=_NOT_PAID,
    ),
    HardCase(
        name="credit note before the payment, in part",
        right="What was left was paid.",
        rows=(*_subscription(), *_bill(amount_due=1900, amount_paid=1900, credited_before=1000)),
        spans=(_PAID,),
        findings=_NOT_SERVED,
    ),
    HardCase(
        name="credit note before the payment, and the rest refunded",
        right="Together they are the whole amount.",
        rows=(*_subscription(), *_bill(amount_due=1900, amount_paid=1900, credited_before=1000), refund(1900)),
        spans=(Span("returned", "PRO", 14, -16, runs=False),),
        findings=_NOT_PAID,
    ),
    HardCase(
        name="credit note after the payment, in full",
        right="The money went back, to the card or to the customer's balance: the time is not paid.",
        rows=(*_subscription(), *_bill(credited=2900)),
        spans=(Span("returned", "PRO", 14, -16, runs=False),),
        findings=_NOT_PAID,
    ),
    HardCase(
        name="credit note after the payment, in part",
        right="As a partial refund.",
        rows=(*_subscription(), *_bill(credited=1450)),
        spans=(_PAID,),
        findings=_NOT_SERVED,
    ),
    HardCase(
        name="paid from the customer's balance",
        right="The balance was money once: paid, although no payment was made for this invoice.",
        rows=(*_subscription(), *_bill(amount_due=0, amount_paid=0)),
        spans=(_PAID,),
        findings=_NOT_SERVED,
    ),
    HardCase(
        name="paid out of band",
        right="Stripe saw no payment, and was told of one: paid, also where the subscription is over; but the end was "
        "meant, so that no service is owed.",
        rows=(
            *_subscription(status=SubscriptionStatus.CANCELED, ended_at=ago(days=9)),
            *_bill(paid_out_of_band=True, amount_paid=0),
        ),
        spans=(_PAID,),
        findings={},
    ),
    HardCase(
        name="downgrade in mid-period, without proration",
        right="TEAM was paid until the end of the period and may be served until then; PRO is what renews.",
        rows=(*_subscription("price_pro"), *_bill("price_team", amount=9900)),
        spans=(Span("paid", "TEAM", 14, -16),),
        findings={"FREE": "paid-but-blocked"},
    ),
    HardCase(
        name="downgrade in mid-period, with proration",
        right="The rest of TEAM was given back as a credit: TEAM ends at the change, and PRO is paid from it on.",
        rows=(
            *_subscription("price_pro"),
            *_bill("price_team", amount=9900),
            StripeInvoice(
                invoice_id="in_2", subscription_id="sub_1", total=-3733, amount_paid=0, created_at=ago(days=4)
            ),
            _proration("price_team", -5280, number=2, since=4, until=-16),
            _proration("price_pro", 1547, number=2, since=4, until=-16),
        ),
        spans=(Span("paid", "TEAM", 14, 4, runs=False), Span("paid", "PRO", 4, -16)),
        findings=_NOT_SERVED,
    ),
    HardCase(
        name="pause",
        right="The pause voids the bill of its time, and the policy says whether service goes on: here it may.",
        rows=(*_subscription(paused=True), *_bill(status=InvoiceStatus.VOID)),
        spans=(Span("unpaid", "PRO", 14, -16, runs=False), Span("pause", "PRO", 14, -16)),
        findings={},
    ),
    HardCase(
        name="two subscriptions",
        right="One was refunded in full and the other is paid: the account is paid for.",
        rows=(
            *_subscription(),
            *_bill(),
            refund(2900),
            *_subscription(number=2),
            *_bill(number=2, subscription="sub_2"),
        ),
        spans=(Span("returned", "PRO", 14, -16, runs=False), _PAID),
        findings=_NOT_SERVED,
    ),
    HardCase(
        name="instalments, all of them paid",
        right="After the fifth the plan is the customer's for good, whatever became of the subscription.",
        rows=_instalments(5),
        spans=(Span("paid", "PRO", 70, 40, runs=False), Span("lifetime", "PRO", 70, None)),
        findings={"FREE": "paid-but-blocked", "TEAM": "plan-mismatch"},
    ),
    HardCase(
        name="instalments, two of five paid",
        right="They paid for their two months and for nothing after.",
        rows=_instalments(2),
        spans=(),
        findings=_NOT_PAID,
    ),
    HardCase(
        name="instalments, the fifth refunded",
        right="Four of five are paid.",
        rows=_instalments(5, last_refunded=True),
        spans=(Span("returned", "PRO", 70, 40, runs=False),),
        findings=_NOT_PAID,
    ),
    HardCase(
        name="backdated start",
        right="The time is that of the line, from before the subscription was made.",
        rows=(
            *_subscription(created_at=ago(days=3), current_period_start=ago(days=25), current_period_end=ago(days=-5)),
            *_bill(since=25, created_at=ago(days=3)),
        ),
        spans=(Span("paid", "PRO", 25, -5),),
        findings=_NOT_SERVED,
    ),
    HardCase(
        name="trial turned paid",
        right="The trial is a span with a name of its own; its invoice of zero pays for nothing.",
        rows=(
            *_subscription(created_at=ago(days=28), trial_end=ago(days=14)),
            *_bill(number=2, since=28, days=14, amount=0),
            *_bill(),
        ),
        spans=(Span("trial", "PRO", 28, 14, runs=False), _PAID),
        findings=_NOT_SERVED,
    ),
    HardCase(
        name="trial that was never paid",
        right="The trial is over, and its first bill was given up.",
        rows=(
            *_subscription(created_at=ago(days=28), trial_end=ago(days=14)),
            *_bill(status=InvoiceStatus.UNCOLLECTIBLE),
        ),
        spans=(Span("trial", "PRO", 28, 14, runs=False), Span("unpaid", "PRO", 14, -16, runs=False)),
        findings=_NOT_PAID,
    ),
    HardCase(
        name="dispute won",
        right="The money came back: paid.",
        rows=(*_subscription(), *_bill(), _dispute(DisputeStatus.WON)),
        spans=(_PAID,),
        findings=_NOT_SERVED,
    ),
    HardCase(
        name="dispute lost",
        right="The bank took the money of the time that runs: not paid, though the subscription is active.",
        rows=(*_subscription(), *_bill(), _dispute(DisputeStatus.LOST)),
        spans=(Span("returned", "PRO", 14, -16, runs=False),),
        findings=_NOT_PAID,
    ),
    HardCase(
        name="uncollectible, then paid",
        right="It was paid after the subscription had ended for it: the time that it paid for is owed.",
        rows=(
            *_subscription(status=SubscriptionStatus.CANCELED, ended_at=ago(days=3), canceled_at=ago(days=3)),
            *_bill(paid_at=ago(days=2)),
        ),
        spans=(_PAID,),
        findings=_NOT_SERVED,
    ),
    HardCase(
        name="cancelled at once in mid-period, and not refunded",
        right="Who ends a subscription at once ends the right to it: paid until the end of the subscription.",
        rows=(
            *_subscription(status=SubscriptionStatus.CANCELED, ended_at=ago(days=3), canceled_at=ago(days=3)),
            *_bill(),
        ),
        spans=(Span("paid", "PRO", 14, 3, runs=False),),
        findings=_NOT_PAID,
    ),
    HardCase(
        name="bought for good, without an invoice",
        right="A payment of the one price's amount, which the finished checkout says is this account's.",
        rows=(
            StripePaymentIntent(
                payment_intent_id="pi_9", amount=18_000, amount_received=18_000, created_at=ago(days=250)
            ),
            StripeCheckoutSession(
                checkout_session_id="cs_9",
                payment_intent_id="pi_9",
                account_id="user_1",
                amount_total=18_000,
                created_at=ago(days=250),
            ),
        ),
        spans=(Span("lifetime", "PRO", 250, None),),
        findings={"FREE": "paid-but-blocked", "TEAM": "plan-mismatch"},
    ),
    HardCase(
        name="bought for good by an invoice of its own, and refunded",
        right="What was paid for went back.",
        rows=(
            *_bill("price_for_good", subscription=None, since=250, days=0, amount=18_000),
            refund(18_000, created_at=ago(days=240)),
        ),
        spans=(),
        findings=_NOT_PAID,
    ),
    HardCase(
        name="a year paid by an invoice without a subscription",
        right="The line says which plan and until when.",
        rows=_bill("price_team", subscription=None, since=100, days=365, amount=99_000, paid_out_of_band=True),
        spans=(Span("paid", "TEAM", 100, -265),),
        findings={"FREE": "paid-but-blocked", "PRO": "paid-but-blocked"},
    ),
)
