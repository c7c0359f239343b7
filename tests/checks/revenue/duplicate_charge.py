"""More cases of `duplicate-charge`, beside those that its own file teaches with."""

from __future__ import annotations

from trueup.checks.revenue.duplicate_charge import _FIRST, _THREE_MINUTES_LATER, _TWICE, _invoiced, _payment
from trueup.model.check import Case, ago
from trueup.model.policy import Policy
from trueup.model.relations import Exemption
from trueup.model.stripe_objects import (
    DisputeStatus,
    PaymentStatus,
    RefundStatus,
    StripeDispute,
    StripeInvoicePayment,
    StripeRefund,
)

CASES: tuple[Case, ...] = (
    Case(
        name="charged three times",
        given=(*_TWICE, _payment(3, ago(days=3, minutes=-12))),
        fires=("pi_2", "pi_3"),
    ),
    Case(
        name="two orders with descriptions of their own",
        given=(
            _payment(1, _FIRST, description="Order 1"),
            _payment(2, _THREE_MINUTES_LATER, description="Order 2"),
        ),
    ),
    Case(
        name="no metadata at all says that nothing tells them apart",
        given=(_payment(1, _FIRST, purpose=None), _payment(2, _THREE_MINUTES_LATER, purpose=None)),
        fires=("pi_2",),
    ),
    Case(
        name="another amount, another currency, another customer",
        given=(
            _payment(1, _FIRST),
            _payment(2, _THREE_MINUTES_LATER, amount=1501),
            _payment(3, _THREE_MINUTES_LATER, currency="eur"),
            _payment(4, _THREE_MINUTES_LATER, customer="cus_2"),
        ),
    ),
    Case(
        name="nobody knows whose they are",
        given=(_payment(1, _FIRST, customer=None), _payment(2, _THREE_MINUTES_LATER, customer=None)),
    ),
    Case(
        name="a business that expects no second purchase within the hour",
        given=(_payment(1, _FIRST), _payment(2, ago(days=3, minutes=-59))),
        policy=Policy(duplicate_charge_minutes=60),
        fires=("pi_2",),
    ),
    Case(
        name="the first attempt did not succeed",
        given=(
            _payment(1, _FIRST, status=PaymentStatus.REQUIRES_PAYMENT_METHOD),
            _payment(2, _THREE_MINUTES_LATER),
        ),
    ),
    Case(
        name="the second was refunded",
        given=(*_TWICE, StripeRefund(refund_id="re_1", payment_intent_id="pi_2", amount=1500)),
    ),
    Case(name="the first was refunded", given=(*_TWICE, StripeRefund(refund_id="re_1", amount=1500))),
    Case(
        name="the refund is on its way",
        given=(*_TWICE, StripeRefund(refund_id="re_1", amount=1500, status=RefundStatus.PENDING)),
    ),
    Case(
        name="the refund failed",
        given=(*_TWICE, StripeRefund(refund_id="re_1", amount=1500, status=RefundStatus.FAILED)),
        fires=("pi_2",),
    ),
    Case(
        name="only some of it was refunded",
        given=(*_TWICE, StripeRefund(refund_id="re_1", amount=1499)),
        fires=("pi_2",),
    ),
    Case(
        name="the second is in dispute already",
        given=(
            *_TWICE,
            StripeDispute(
                dispute_id="dp_1", payment_intent_id="pi_2", amount=1500, status=DisputeStatus.NEEDS_RESPONSE
            ),
        ),
    ),
    Case(
        name="a credit note took one of two invoices back",
        given=(*_invoiced(1, _FIRST), *_invoiced(2, _THREE_MINUTES_LATER, credited=1500)),
    ),
    Case(
        name="two invoices for different things",
        given=(*_invoiced(1, _FIRST), *_invoiced(2, _THREE_MINUTES_LATER, price="price_other")),
    ),
    Case(
        name="two subscriptions that renew at the same hour",
        given=(
            *_invoiced(1, _FIRST, subscription="sub_1", billing_reason="subscription_cycle"),
            *_invoiced(2, _THREE_MINUTES_LATER, subscription="sub_2", billing_reason="subscription_cycle"),
        ),
    ),
    Case(
        name="two seats added to one subscription, one after the other",
        given=(
            *_invoiced(1, _FIRST, subscription="sub_1", billing_reason="subscription_update"),
            *_invoiced(2, _THREE_MINUTES_LATER, subscription="sub_1", billing_reason="subscription_update"),
        ),
    ),
    Case(
        name="payments of invoices that were not read",
        given=(
            *_TWICE,
            StripeInvoicePayment(invoice_payment_id="ip_1", invoice_id="in_1", payment_intent_id="pi_1"),
            StripeInvoicePayment(invoice_payment_id="ip_2", invoice_id="in_2", payment_intent_id="pi_2"),
        ),
    ),
    Case(
        name="test-mode payments",
        given=(_payment(1, _FIRST, livemode=False), _payment(2, _THREE_MINUTES_LATER, livemode=False)),
    ),
    Case(
        name="payments of zero",
        given=(_payment(1, _FIRST, amount=0), _payment(2, _THREE_MINUTES_LATER, amount=0)),
    ),
    Case(
        name="the second is in flight at the snapshot: exactly as old as it takes to settle",
        given=(_payment(1, ago(minutes=18)), _payment(2, ago(minutes=15))),
    ),
    Case(
        name="the second is a second older than it takes to settle",
        given=(_payment(1, ago(minutes=18)), _payment(2, ago(minutes=15, seconds=1))),
        fires=("pi_2",),
    ),
    Case(
        name="on the first moment of the period",
        given=(_payment(1, ago(days=45, minutes=3)), _payment(2, ago(days=45))),
        fires=("pi_2",),
    ),
    Case(
        name="before the period",
        given=(_payment(1, ago(days=45, minutes=3)), _payment(2, ago(days=45, seconds=1))),
    ),
    Case(
        name="bought twice on purpose, exempted",
        given=(
            *_TWICE,
            Exemption(
                check_id="duplicate-charge", subject="pi_2", owner="support", reason="the customer asked for two"
            ),
        ),
    ),
)
