"""More cases of `missing-grant`, beside those that its own file teaches with."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from decimal import Decimal

from trueup.checks.case_rows import LATELY, invoice_line
from trueup.checks.revenue.missing_grant import _ACCOUNT, _BEGAN, _GIVEN, _PLANS, _grant, _invoice
from trueup.model.check import CASE_NOW, Case, ago
from trueup.model.policy import Policy
from trueup.model.relations import Account, EntryKind, Exemption, Interval, LedgerEntry, Plan, PlanPrice, Row
from trueup.model.severity import Severity
from trueup.model.stripe_objects import (
    CheckoutPayment,
    DisputeStatus,
    InvoiceStatus,
    PaymentStatus,
    RefundStatus,
    StripeCheckoutSession,
    StripeCustomer,
    StripeDispute,
    StripeEvent,
    StripeInvoicePayment,
    StripePaymentIntent,
    StripeRefund,
    StripeSubscription,
)


def _payment(
    number: int = 1,
    created_at: datetime = LATELY,
    *,
    amount: int = 1500,
    status: PaymentStatus = PaymentStatus.SUCCEEDED,
    customer: str | None = "cus_1",
    delayed: bool = False,
    livemode: bool = True,
) -> StripePaymentIntent:
    return StripePaymentIntent(
        payment_intent_id=f"pi_{number}",
        customer_id=customer,
        status=status,
        amount=amount,
        amount_received=amount,
        delayed=delayed,
        created_at=created_at,
        livemode=livemode,
    )


def _checkout(number: int = 1, *, account: str | None = None, invoice: str | None = None) -> StripeCheckoutSession:
    return StripeCheckoutSession(
        checkout_session_id=f"cs_{number}",
        customer_id="cus_1",
        account_id=account,
        mode="subscription" if invoice else "payment",
        payment_intent_id=None if invoice else f"pi_{number}",
        invoice_id=invoice,
        amount_total=1500,
        created_at=ago(days=10),
    )


def _sold(number: int = 8, *, amount: int = 1500) -> tuple[Row, ...]:
    """Another customer's purchase of credits for the same price, as it should be."""
    return (
        _payment(number, ago(days=20), amount=amount, customer="cus_8"),
        _grant(
            800 + number,
            payment=f"pi_{number}",
            kind=EntryKind.PURCHASE,
            account_id="user_8",
            created_at=ago(days=20),
        ),
    )


CASES: tuple[Case, ...] = (
    Case(
        name="100 % coupon, or a trial: an invoice of zero",
        given=(*_GIVEN, _invoice(total=0), invoice_line(amount=0)),
    ),
    Case(
        name="field failure 14: paid, and the event was never generated",
        given=(*_GIVEN, _invoice(), invoice_line()),
        fires=("in_1",),
        severities={"in_1": Severity.CRITICAL},
        evidence={
            "in_1": {
                "account_id": "user_1",
                "plan": "PRO",
                "credits_owed": Decimal(1000),
                "days_left": 20,
                "amount": 2900,
                "currency": "usd",
                "paid_at": ago(days=10),
            }
        },
    ),
    Case(
        name="field failure 6: the wrong dedupe key skipped one month's renewal",
        given=(
            *_GIVEN,
            _invoice(ago(days=35), number=1),
            invoice_line(number=1, start=ago(days=35)),
            _grant(1, invoice="in_1", created_at=ago(days=35)),
            _invoice(ago(days=5), number=2),
            invoice_line(number=2, start=ago(days=5)),
        ),
        fires=("in_2",),
    ),
    Case(
        name="the grant names the payment of the invoice",
        given=(
            *_GIVEN,
            _invoice(),
            invoice_line(),
            StripeInvoicePayment(invoice_payment_id="ip_1", invoice_id="in_1", payment_intent_id="pi_1"),
            _payment(),
            _grant(payment="pi_1"),
        ),
    ),
    Case(
        name="the grant names the checkout that made the invoice",
        given=(*_GIVEN, _invoice(), invoice_line(), _checkout(invoice="in_1"), _grant(checkout="cs_1")),
    ),
    Case(
        name="the grant names a subscription's checkout that does not say its invoice",
        given=(
            *_GIVEN,
            _invoice(),
            invoice_line(),
            StripeCheckoutSession(
                checkout_session_id="cs_1", mode="subscription", payment_intent_id=None, subscription_id="sub_1"
            ),
            _grant(checkout="cs_1"),
        ),
    ),
    Case(
        name="the grant names the event of the invoice",
        given=(
            *_GIVEN,
            _invoice(),
            invoice_line(),
            StripeEvent(event_id="evt_1", invoice_id="in_1"),
            _grant(event="evt_1"),
        ),
    ),
    Case(
        name="the grant names an event that can no longer be listed: unknown",
        given=(*_GIVEN, _invoice(ago(days=40)), invoice_line(), _grant(event="evt_1", created_at=ago(days=40))),
    ),
    Case(
        name="a grant that names nothing, a minute after the payment: unknown",
        given=(*_GIVEN, _invoice(), invoice_line(), _grant(created_at=ago(days=10, minutes=-1))),
    ),
    Case(
        name="the last moment at which a grant that names nothing may be the one",
        given=(*_GIVEN, _invoice(ago(days=30)), invoice_line(), _grant(created_at=ago(days=5))),
    ),
    Case(
        name="a grant that names nothing comes too late to be the one",
        given=(*_GIVEN, _invoice(ago(days=30)), invoice_line(), _grant(created_at=ago(days=5, seconds=-1))),
        fires=("in_1",),
    ),
    Case(
        name="a grant that names another invoice is not the one",
        given=(*_GIVEN, _invoice(), invoice_line(), _invoice(ago(days=200), number=2), _grant(invoice="in_2")),
        fires=("in_1",),
    ),
    Case(
        name="another account's grant is not the one",
        given=(*_GIVEN, _invoice(), invoice_line(), _grant(account_id="user_2")),
        fires=("in_1",),
    ),
    Case(
        name="field failure 39: an empty grant is the wrong amount, not a missing one",
        given=(*_GIVEN, _invoice(), invoice_line(), _grant(invoice="in_1", amount=0)),
    ),
    Case(
        name="a grant that is pending",
        given=(*_GIVEN, _invoice(), invoice_line(), _grant(invoice="in_1", posted=False)),
    ),
    Case(
        name="made good by an adjustment that names the invoice",
        given=(*_GIVEN, _invoice(), invoice_line(), _grant(invoice="in_1", kind=EntryKind.ADJUSTMENT)),
    ),
    Case(
        name="a promotional extra is not what was paid for",
        given=(*_GIVEN, _invoice(), invoice_line(), _grant(invoice="in_1", kind=EntryKind.PROMOTIONAL_GRANT)),
        fires=("in_1",),
    ),
    Case(
        name="a clawback alone gives no credits",
        given=(*_GIVEN, _invoice(), invoice_line(), _grant(invoice="in_1", kind=EntryKind.CLAWBACK, amount=-1000)),
        fires=("in_1",),
    ),
    Case(
        name="invoice paid from customer balance owes its credits all the same",
        given=(*_GIVEN, _invoice(amount_paid=0), invoice_line()),
        fires=("in_1",),
        evidence={"in_1": {"amount": 2900}},
    ),
    Case(
        name="invoice paid from customer balance, and credited",
        given=(*_GIVEN, _invoice(amount_paid=0), invoice_line(), _grant(invoice="in_1")),
    ),
    Case(
        name="net-60 invoice paid by transfer owes its credits all the same",
        given=(*_GIVEN, _invoice(paid_out_of_band=True), invoice_line()),
        fires=("in_1",),
    ),
    Case(
        name="an invoice that is not paid yet",
        given=(*_GIVEN, _invoice(status=InvoiceStatus.OPEN), invoice_line()),
    ),
    Case(
        name="a credit note took all of it back",
        given=(*_GIVEN, _invoice(credited=2900), invoice_line()),
    ),
    Case(
        name="a credit note took all of it off before there was anything to pay",
        given=(*_GIVEN, dataclasses.replace(_invoice(amount_paid=0), credited_before=2900), invoice_line()),
    ),
    Case(
        name="a credit note took some of it off before it was paid",
        given=(*_GIVEN, dataclasses.replace(_invoice(amount_paid=1), credited_before=2899), invoice_line()),
        fires=("in_1",),
    ),
    Case(
        name="a credit note took some of it back",
        given=(*_GIVEN, _invoice(credited=2899), invoice_line()),
        fires=("in_1",),
    ),
    Case(
        name="refunded in whole",
        given=(*_GIVEN, *_sold(), _payment(), StripeRefund(refund_id="re_1", amount=1500)),
    ),
    Case(
        name="a refund in whole is on its way",
        given=(
            *_GIVEN,
            *_sold(),
            _payment(),
            StripeRefund(refund_id="re_1", amount=1500, status=RefundStatus.PENDING),
        ),
    ),
    Case(
        name="lost in dispute",
        given=(*_GIVEN, *_sold(), _payment(), StripeDispute(dispute_id="dp_1", amount=1500)),
    ),
    Case(
        name="the dispute was won, the refund failed",
        given=(
            *_GIVEN,
            *_sold(),
            _payment(),
            StripeDispute(dispute_id="dp_1", amount=1500, status=DisputeStatus.WON),
            StripeRefund(refund_id="re_1", amount=1500, status=RefundStatus.FAILED),
        ),
        fires=("pi_1",),
    ),
    Case(
        name="a plan that grants no credits",
        given=(
            Plan(plan="PRO", rank=1, paid=True, credits_per_period=Decimal(0)),
            PlanPrice(price_id="price_pro", plan="PRO"),
            _ACCOUNT,
            _BEGAN,
            _invoice(),
            invoice_line(),
        ),
    ),
    Case(
        name="a plan of which nobody knows whether it grants credits",
        given=(
            Plan(plan="PRO", rank=1, paid=True),
            PlanPrice(price_id="price_pro", plan="PRO"),
            _ACCOUNT,
            _BEGAN,
            _invoice(),
            invoice_line(),
        ),
    ),
    Case(
        name="second product on the same Stripe account",
        given=(*_GIVEN, _invoice(), invoice_line(price="price_of_another_product")),
    ),
    Case(
        name="add-on price beside a mapped plan",
        given=(*_GIVEN, _invoice(total=3900), invoice_line(), invoice_line(price="price_addon", amount=1000)),
        fires=("in_1",),
        evidence={"in_1": {"credits_owed": Decimal(1000)}},
    ),
    Case(
        name="a price that means a plan by its lookup key",
        given=(*_GIVEN, _invoice(), invoice_line(price="price_new", lookup_key="price_pro")),
        fires=("in_1",),
    ),
    Case(
        name="a metered line owes nothing by itself",
        given=(*_GIVEN, _invoice(), invoice_line(metered=True)),
    ),
    Case(
        name="a change in the middle of a period owes what the policy says: at least nothing",
        given=(*_GIVEN, _invoice(), invoice_line(proration=True, amount=900)),
    ),
    Case(
        name="the subscription is another application's",
        given=(
            *_GIVEN,
            StripeSubscription(subscription_id="sub_1", other_application=True),
            _invoice(),
            invoice_line(),
        ),
    ),
    Case(
        name="field failure 24: paid, and no account is known, is an orphan's finding",
        given=(*_GIVEN, _invoice(customer="cus_of_nobody"), invoice_line()),
    ),
    Case(
        name="the account is known because the customer names it",
        given=(
            *_GIVEN,
            StripeCustomer(customer_id="cus_2", account_id="user_1"),
            _invoice(customer="cus_2"),
            invoice_line(),
        ),
        fires=("in_1",),
        evidence={"in_1": {"account_id": "user_1"}},
    ),
    Case(
        name="a closed account, and one whose credits are unlimited",
        given=(
            *_PLANS,
            _BEGAN,
            Account(account_id="user_1", stripe_customer_id="cus_1", active=False),
            Account(account_id="user_2", stripe_customer_id="cus_2", unlimited_credits=True),
            _invoice(),
            invoice_line(),
            _invoice(number=2, customer="cus_2"),
            invoice_line(number=2),
        ),
    ),
    Case(
        name="a test-mode invoice is no money",
        given=(*_GIVEN, _invoice(livemode=False), invoice_line()),
    ),
    Case(
        name="on the first moment of the period",
        given=(*_GIVEN, _invoice(ago(days=45)), invoice_line()),
        fires=("in_1",),
    ),
    Case(
        name="before the period",
        given=(*_GIVEN, _invoice(ago(days=45, seconds=1)), invoice_line()),
    ),
    Case(
        name="paid a second before the ledger began",
        given=(
            *_PLANS,
            _ACCOUNT,
            _invoice(),
            invoice_line(),
            LedgerEntry(entry_id=900, kind=EntryKind.ADJUSTMENT, created_at=ago(days=10, seconds=-1)),
        ),
    ),
    Case(
        name="a ledger without a single entry has not begun",
        given=(*_PLANS, _ACCOUNT, _invoice(), invoice_line()),
    ),
    Case(
        name="yearly invoice backing twelve monthly grants, the first of them given",
        given=(
            *_GIVEN,
            PlanPrice(price_id="price_yearly", plan="PRO", interval=Interval.YEAR),
            _invoice(ago(days=40), total=29000),
            invoice_line(price="price_yearly", days=365, start=ago(days=40)),
            _grant(invoice="in_1", created_at=ago(days=40)),
        ),
    ),
    Case(
        name="a zero-decimal currency is minor units all the same",
        given=(*_GIVEN, _invoice(total=500, currency="jpy"), invoice_line(amount=500)),
        fires=("in_1",),
        evidence={"in_1": {"amount": 500, "currency": "jpy"}},
    ),
    Case(
        name="a purchase that was credited, by payment and by checkout",
        given=(
            *_GIVEN,
            _payment(1),
            _grant(1, payment="pi_1", kind=EntryKind.PURCHASE),
            _payment(2),
            _checkout(2),
            _grant(2, checkout="cs_2", kind=EntryKind.PURCHASE),
        ),
    ),
    Case(
        name="field failure 5: the handler swallowed the failure of a purchase",
        given=(*_GIVEN, *_sold(), _payment()),
        fires=("pi_1",),
        evidence={"pi_1": {"account_id": "user_1", "amount": 1500, "plan": None, "credits_owed": None}},
    ),
    Case(
        name="the checkout names the account, the payment has no customer",
        given=(
            *_GIVEN,
            *_sold(),
            _checkout(8),
            _payment(customer=None),
            _checkout(1, account="user_1"),
        ),
        fires=("pi_1",),
        evidence={"pi_1": {"account_id": "user_1"}},
    ),
    Case(
        name="no payment of this amount ever bought credits",
        given=(*_GIVEN, *_sold(amount=9900), _payment()),
    ),
    Case(
        name="most payments of this amount buy something else",
        given=(*_GIVEN, *_sold(), _payment(1), _payment(2)),
    ),
    Case(
        name="credits are bought at checkout, this payment came another way",
        given=(*_GIVEN, *_sold(), _checkout(8), _payment()),
    ),
    Case(
        name="a payment that belongs to an invoice is no purchase",
        given=(
            *_GIVEN,
            *_sold(),
            _payment(),
            StripeInvoicePayment(invoice_payment_id="ip_1", invoice_id="in_of_last_year", payment_intent_id="pi_1"),
        ),
    ),
    Case(
        name="a payment that has not succeeded",
        given=(*_GIVEN, *_sold(), _payment(status=PaymentStatus.PROCESSING)),
    ),
    Case(
        name="100 % coupon: a checkout that needed no payment",
        given=(
            *_GIVEN,
            *_sold(),
            StripeCheckoutSession(
                checkout_session_id="cs_1",
                payment_intent_id=None,
                amount_total=0,
                payment_status=CheckoutPayment.NO_PAYMENT_REQUIRED,
                account_id="user_1",
            ),
        ),
    ),
    Case(
        name="a payment begun a day ago may have succeeded just now",
        given=(*_GIVEN, *_sold(), _payment(1, ago(days=1, minutes=15))),
    ),
    Case(
        name="a payment begun longer ago than a checkout stays open",
        given=(*_GIVEN, *_sold(), _payment(1, ago(days=1, minutes=15, seconds=1))),
        fires=("pi_1",),
    ),
    Case(
        name="its event says that a payment succeeded long enough ago",
        given=(
            *_GIVEN,
            *_sold(),
            _payment(1, ago(hours=1)),
            StripeEvent(
                event_id="evt_1",
                type="payment_intent.succeeded",
                payment_intent_id="pi_1",
                created_at=ago(minutes=15, seconds=1),
            ),
        ),
        fires=("pi_1",),
        evidence={"pi_1": {"paid_at": ago(minutes=15, seconds=1)}},
    ),
    Case(
        name="its event says that a payment begun long ago succeeded just now",
        given=(
            *_GIVEN,
            *_sold(),
            _payment(),
            StripeEvent(
                event_id="evt_1", type="charge.succeeded", payment_intent_id="pi_1", created_at=ago(minutes=15)
            ),
        ),
    ),
    Case(
        name="a delayed method may have succeeded just now",
        given=(*_GIVEN, *_sold(), _payment(1, ago(days=14), delayed=True)),
    ),
    Case(
        name="a delayed method past its window",
        given=(*_GIVEN, *_sold(), _payment(1, ago(days=14, seconds=1), delayed=True)),
        fires=("pi_1",),
    ),
    Case(
        name="a longer period reaches further back",
        given=(*_GIVEN, _invoice(CASE_NOW - timedelta(days=80)), invoice_line()),
        policy=Policy(period_days=90),
        fires=("in_1",),
    ),
    Case(
        name="comped partner with a live exemption",
        given=(
            *_GIVEN,
            _invoice(),
            invoice_line(),
            Exemption(check_id="missing-grant", subject="in_1", owner="finance", reason="credits are kept elsewhere"),
        ),
    ),
)
