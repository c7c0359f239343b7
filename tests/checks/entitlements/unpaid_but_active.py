"""More cases of `unpaid-but-active`, beside those that its own file teaches with."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime
from typing import Any

from trueup.checks.case_rows import invoice_line, refund
from trueup.checks.entitlements.unpaid_but_active import (
    _ACCOUNT,
    _CUSTOMER,
    _ENDED,
    _ITEM,
    _LATE,
    _LIVE,
    _READ,
    _SERVED,
    _SOLD,
    _with,
)
from trueup.model.check import Case, ago
from trueup.model.policy import Policy
from trueup.model.relations import (
    Account,
    AccountRole,
    Exemption,
    Member,
    PlanChange,
    Row,
    StripeProduct,
)
from trueup.model.stripe_objects import (
    DisputeStatus,
    InvoiceStatus,
    RefundStatus,
    StripeCustomer,
    StripeDispute,
    StripeEvent,
    StripeInvoice,
    StripeInvoiceLine,
    StripeInvoicePayment,
    StripeReading,
    StripeSubscriptionItem,
    SubscriptionStatus,
)

_TRANSFER = StripeInvoice(
    invoice_id="in_9", collection_method="send_invoice", total=120_000, created_at=ago(days=40), due_at=ago(days=-20)
)

_START = ago(days=14)


def _bill(
    number: int = 1,
    *,
    status: InvoiceStatus = InvoiceStatus.PAID,
    start: datetime = _START,
    subscription: str = "sub_1",
    **invoice: Any,
) -> tuple[Row, ...]:
    """An invoice for a month of PRO, paid by a payment of its own where it is paid."""
    given = {"total": 2900, "amount_paid": 2900 if status is InvoiceStatus.PAID else 0, "created_at": start} | invoice
    return (
        StripeInvoice(invoice_id=f"in_{number}", subscription_id=subscription, status=status, **given),
        invoice_line(number=number, start=start, amount=2900),
        StripeInvoicePayment(
            invoice_payment_id=f"inpay_{number}", invoice_id=f"in_{number}", payment_intent_id=f"pi_{number}"
        ),
    )


def _lost(**changes: Any) -> StripeDispute:
    return dataclasses.replace(StripeDispute(dispute_id="dp_1", created_at=ago(days=9)), **changes)


_RUNNING = (*_SERVED, _LIVE, _ITEM)
_OTHER_LIVE = dataclasses.replace(_LIVE, subscription_id="sub_2")
_OTHER_ITEM = dataclasses.replace(_ITEM, item_id="si_2", subscription_id="sub_2")

WHAT_WAS_PAID_FOR: tuple[Case, ...] = (
    Case(name="the running period is paid", given=(*_RUNNING, *_bill())),
    Case(
        name="the running period's payment was lost in a dispute",
        given=(*_RUNNING, *_bill(), _lost()),
        fires=("user_1",),
        evidence={"user_1": {"subscription_status": "active", "bill_given_up": True}},
    ),
    *(
        Case(name=f"a dispute that is {status}", given=(*_RUNNING, *_bill(), _lost(status=status)))
        for status in (DisputeStatus.WON, DisputeStatus.UNDER_REVIEW, DisputeStatus.WARNING_CLOSED)
    ),
    Case(
        name="an earlier period's payment was lost",
        given=(*_RUNNING, *_bill(), *_bill(2, start=ago(days=44)), _lost(payment_intent_id="pi_2")),
    ),
    Case(name="refunded in part", given=(*_RUNNING, *_bill(), refund(1450))),
    Case(name="refunded in full, and served on", given=(*_RUNNING, *_bill(), refund(2900)), fires=("user_1",)),
    Case(name="refunded in full a minute ago", given=(*_RUNNING, *_bill(), refund(2900, created_at=ago(minutes=1)))),
    Case(
        name="a refund that failed",
        given=(*_RUNNING, *_bill(), refund(2900, status=RefundStatus.FAILED)),
    ),
    Case(
        name="paid twice, and one of the payments refunded",
        given=(*_RUNNING, *_bill(amount_paid=5800), refund(2900)),
    ),
    Case(name="credited in full before it was paid", given=(*_RUNNING, *_bill(amount_paid=0, amount_due=0))),
    Case(name="credited in full after it was paid", given=(*_RUNNING, *_bill(credited=2900)), fires=("user_1",)),
    Case(name="credited in part, which is the refund", given=(*_RUNNING, *_bill(credited=1450), refund(1450))),
    Case(name="paid outside Stripe", given=(*_RUNNING, *_bill(paid_out_of_band=True))),
    Case(
        name="active, and its last three invoices uncollectible",
        given=(
            *_RUNNING,
            *(
                row
                for number, days in enumerate((14, 44, 74), start=1)
                for row in _bill(number, status=InvoiceStatus.UNCOLLECTIBLE, start=ago(days=days))
            ),
        ),
        fires=("user_1",),
    ),
    Case(name="voided and served on", given=(*_RUNNING, *_bill(status=InvoiceStatus.VOID)), fires=("user_1",)),
    Case(
        name="voided, and billed and paid again",
        given=(*_RUNNING, *_bill(status=InvoiceStatus.VOID), *_bill(2, start=ago(days=13))),
    ),
    Case(
        name="voided, and billed again on terms that run",
        given=(*_RUNNING, *_bill(status=InvoiceStatus.VOID), *_bill(2, status=InvoiceStatus.OPEN, start=ago(days=13))),
    ),
    Case(
        name="two subscriptions, of which one was refunded",
        given=(
            *_RUNNING,
            *_bill(),
            refund(2900),
            dataclasses.replace(_OTHER_LIVE, latest_invoice_id="in_2"),
            _OTHER_ITEM,
            *_bill(2, subscription="sub_2"),
        ),
    ),
    Case(
        name="a trial turned paid, and the first invoice was given up",
        given=(
            *_RUNNING,
            *_bill(2, start=ago(days=44), total=0, amount_paid=0),
            *_bill(status=InvoiceStatus.UNCOLLECTIBLE),
        ),
        fires=("user_1",),
    ),
    Case(
        name="begun in the past, and billed for it from then",
        given=(
            *_SERVED,
            *_with(_LIVE, created_at=ago(days=3), current_period_start=ago(days=25)),
            *_bill(start=ago(days=25), created_at=ago(days=3)),
        ),
    ),
    Case(
        name="uncollectible, and paid after the subscription was over",
        given=(
            *_SERVED,
            *_with(_ENDED, ended_at=ago(days=3), current_period_end=ago(days=-16)),
            *_bill(paid_at=ago(days=2)),
        ),
    ),
    Case(
        name="an invoice of what is in no plan was given up",
        given=(
            *_RUNNING,
            StripeInvoice(invoice_id="in_1", subscription_id="sub_1", status=InvoiceStatus.VOID),
            invoice_line("price_shirt", start=_START),
        ),
    ),
    Case(
        name="one customer pays for two organisations that its subscriptions name, and a third hangs on it",
        given=(
            *_SOLD,
            _READ,
            _CUSTOMER,
            *(dataclasses.replace(_ACCOUNT, account_id=f"org_{number}") for number in (1, 2, 3)),
            dataclasses.replace(_LIVE, account_id="org_1"),
            _ITEM,
            dataclasses.replace(_OTHER_LIVE, account_id="org_2"),
            _OTHER_ITEM,
        ),
        fires=("org_3",),
    ),
    Case(
        name="the subscription names a person, and the organisation that has the customer has the plan",
        given=(
            *_SERVED,
            Account(account_id="person_1", plan="FREE"),
            dataclasses.replace(_LIVE, account_id="person_1"),
            _ITEM,
        ),
    ),
)

CASES: tuple[Case, ...] = (
    *WHAT_WAS_PAID_FOR,
    Case(
        name="a customer who never subscribed",
        given=_SERVED,
        fires=("user_1",),
        evidence={"user_1": {"subscription_id": None, "subscription_status": "not there"}},
    ),
    Case(
        name="charged in yen, by the last invoice there was",
        given=(
            *_SERVED,
            *_with(_ENDED, latest_invoice_id="in_1"),
            StripeInvoice(invoice_id="in_1", subscription_id="sub_1", total=3_300, currency="jpy"),
        ),
        fires=("user_1",),
        evidence={"user_1": {"charged_minor": 3_300, "charged_currency": "jpy"}},
    ),
    Case(
        name="field failure 10: a late update restored a cancelled plan, whose period still runs",
        given=(*_SERVED, *_with(_ENDED, current_period_end=ago(days=-10), ended_at=ago(days=2))),
        fires=("user_1",),
    ),
    *(
        Case(
            name=f"field failure 19: access kept after {status}",
            given=(*_SERVED, *_with(_LIVE, status=status)),
            fires=("user_1",),
            evidence={"user_1": {"subscription_status": str(status)}},
        )
        for status in (
            SubscriptionStatus.UNPAID,
            SubscriptionStatus.PAUSED,
            SubscriptionStatus.INCOMPLETE_EXPIRED,
        )
    ),
    Case(
        name="field failure 20: granted on the price without looking at the status",
        given=(*_SERVED, *_with(_LIVE, status=SubscriptionStatus.INCOMPLETE)),
        fires=("user_1",),
    ),
    Case(
        name="cancelled at period end and, in an old copy, over already: the period still runs",
        given=(*_SERVED, *_with(_ENDED, cancel_at_period_end=True, current_period_end=ago(seconds=-1))),
    ),
    Case(
        name="cancelled at period end, which is now",
        given=(*_SERVED, *_with(_ENDED, cancel_at_period_end=True, current_period_end=ago())),
        fires=("user_1",),
    ),
    Case(
        name="past due on day 10 of dunning",
        given=(*_SERVED, *_with(_LATE, current_period_start=ago(days=10))),
    ),
    Case(
        name="past due for two periods, and the second has just begun",
        given=(
            *_SERVED,
            *_with(_LATE, current_period_start=ago(days=2)),
            StripeInvoice(
                invoice_id="in_0", subscription_id="sub_1", status=InvoiceStatus.OPEN, created_at=ago(days=33)
            ),
        ),
        fires=("user_1",),
        evidence={"user_1": {"late_since": ago(days=33)}},
    ),
    Case(
        name="past due, and the invoice was to be paid by transfer last week",
        given=(
            *_SERVED,
            *_with(_LATE, current_period_start=ago(days=67), collection_method="send_invoice"),
            dataclasses.replace(_TRANSFER, subscription_id="sub_1", status=InvoiceStatus.OPEN, due_at=ago(days=7)),
        ),
    ),
    Case(
        name="net-60 invoice to be paid by transfer, not due yet",
        given=(
            *_SERVED,
            *_with(_LIVE, current_period_start=ago(days=40), collection_method="send_invoice"),
            dataclasses.replace(_TRANSFER, subscription_id="sub_1", status=InvoiceStatus.OPEN),
        ),
    ),
    Case(
        name="net-60 invoice without a subscription, not due yet",
        given=(*_SERVED, dataclasses.replace(_TRANSFER, status=InvoiceStatus.OPEN)),
    ),
    Case(
        name="net-60 invoice without a subscription, late beyond the grace",
        given=(
            *_SERVED,
            dataclasses.replace(_TRANSFER, status=InvoiceStatus.OPEN, due_at=ago(days=16, seconds=1)),
        ),
        fires=("user_1",),
    ),
    Case(
        name="a year paid by transfer, without a subscription",
        given=(
            *_SERVED,
            _TRANSFER,
            StripeInvoiceLine(line_id="il_1", invoice_id="in_9", price_id=None, period_end=ago(days=-325)),
        ),
    ),
    Case(
        name="a year paid by transfer that is over",
        given=(
            *_SERVED,
            _TRANSFER,
            StripeInvoiceLine(line_id="il_1", invoice_id="in_9", price_id=None, period_end=ago(days=3)),
        ),
        fires=("user_1",),
    ),
    Case(
        name="a year paid by transfer, and taken back by a credit note",
        given=(
            *_SERVED,
            dataclasses.replace(_TRANSFER, credited=120_000),
            StripeInvoiceLine(line_id="il_1", invoice_id="in_9", price_id=None, period_end=ago(days=-325)),
        ),
        fires=("user_1",),
    ),
    Case(
        name="paid out of band after the subscription was given up",
        given=(
            *_SERVED,
            _ENDED,
            _ITEM,
            dataclasses.replace(_TRANSFER, subscription_id="sub_1", paid_out_of_band=True),
            StripeInvoiceLine(line_id="il_1", invoice_id="in_9", period_end=ago(days=-10)),
        ),
    ),
    Case(
        name="the cancelled subscription's own invoice pays for nothing more",
        given=(
            *_SERVED,
            *_with(_ENDED, current_period_end=ago(days=-10)),
            dataclasses.replace(_TRANSFER, subscription_id="sub_1"),
            StripeInvoiceLine(line_id="il_1", invoice_id="in_9", period_end=ago(days=-10)),
        ),
        fires=("user_1",),
    ),
    Case(name="paused by policy", given=(*_SERVED, *_with(_LIVE, paused=True))),
    Case(
        name="paused by policy, which voids the bills of that time",
        given=(*_SERVED, *_with(_LIVE, paused=True), *_bill(status=InvoiceStatus.VOID)),
    ),
    Case(
        name="paused, where the policy ends service with it",
        given=(*_SERVED, *_with(_LIVE, paused=True)),
        policy=Policy(paused_entitles=False),
        fires=("user_1",),
    ),
    Case(
        name="100 % coupon: the subscription is live and its invoices are of zero",
        given=(
            *_SERVED,
            *_with(_LIVE, latest_invoice_id="in_1"),
            StripeInvoice(invoice_id="in_1", subtotal=2900, total=0, amount_paid=0),
        ),
    ),
    Case(
        name="yearly plan on day 300",
        given=(
            *_SERVED,
            dataclasses.replace(_LIVE, created_at=ago(days=300), current_period_start=ago(days=300)),
            StripeSubscriptionItem(item_id="si_1", price_id="price_pro_yearly", interval="year"),
        ),
    ),
    Case(
        name="a live subscription whose price is in no plan is another finding",
        given=(*_SERVED, _LIVE, StripeSubscriptionItem(item_id="si_1", price_id="price_of_2026")),
    ),
    Case(
        name="a live subscription to the free plan pays for none",
        given=(*_SERVED, _LIVE, StripeSubscriptionItem(item_id="si_1", price_id="price_free")),
        fires=("user_1",),
    ),
    Case(
        name="a live subscription to a product that is not ours pays for none",
        given=(
            *_SERVED,
            StripeProduct(product_id="prod_pro"),
            _LIVE,
            StripeSubscriptionItem(item_id="si_1", price_id="price_tickets", product_id="prod_tickets"),
        ),
        fires=("user_1",),
    ),
    Case(
        name="a live subscription of another application pays for none",
        given=(*_SERVED, *_with(_LIVE, other_application=True)),
        fires=("user_1",),
    ),
    Case(
        name="two customers, the live one named by its subscription's metadata",
        given=(*_SERVED, *_with(_LIVE, customer_id="cus_2", account_id="user_1")),
    ),
    Case(
        name="two customers, the live one naming the account",
        given=(
            *_SERVED,
            StripeCustomer(customer_id="cus_2", account_id="user_1"),
            *_with(_LIVE, customer_id="cus_2"),
        ),
    ),
    Case(
        name="two customers with one address, the live one unlinked",
        given=(
            *_SOLD,
            _READ,
            _CUSTOMER,
            dataclasses.replace(_ACCOUNT, email="Ada@example.com"),
            StripeCustomer(customer_id="cus_2", email="ada@example.com"),
            *_with(_LIVE, customer_id="cus_2"),
        ),
    ),
    Case(
        name="the account names the live subscription of another customer",
        given=(
            *_SOLD,
            _READ,
            _CUSTOMER,
            dataclasses.replace(_ACCOUNT, stripe_subscription_id="sub_1"),
            *_with(_LIVE, customer_id="cus_2"),
        ),
    ),
    Case(
        name="several subscriptions of which one is cancelled",
        given=(
            *_SERVED,
            _LIVE,
            _ITEM,
            dataclasses.replace(_ENDED, subscription_id="sub_2"),
            dataclasses.replace(_ITEM, item_id="si_2", subscription_id="sub_2"),
        ),
    ),
    Case(
        name="a customer shared by two accounts is another finding",
        given=(*_SERVED, dataclasses.replace(_ACCOUNT, account_id="user_2"), _LIVE, _ITEM),
    ),
    Case(
        name="team member whose organisation pays",
        given=(
            *_SERVED,
            _ENDED,
            _ITEM,
            Account(account_id="org_1", plan="PRO", stripe_customer_id="cus_2", created_at=ago(days=90)),
            Member(account_id="org_1", member_id="user_1"),
            StripeCustomer(customer_id="cus_2"),
            dataclasses.replace(_LIVE, subscription_id="sub_2", customer_id="cus_2"),
            dataclasses.replace(_ITEM, item_id="si_2", subscription_id="sub_2"),
        ),
    ),
    Case(
        name="ended exactly as long ago as it takes to settle",
        given=(*_SERVED, *_with(_ENDED, ended_at=ago(minutes=15))),
    ),
    Case(
        name="ended a second longer ago",
        given=(*_SERVED, *_with(_ENDED, ended_at=ago(minutes=15, seconds=1))),
        fires=("user_1",),
    ),
    Case(
        name="changed in Stripe a minute ago, as its event says",
        given=(
            *_SERVED,
            *_with(_LIVE, status=SubscriptionStatus.UNPAID),
            StripeEvent(event_id="evt_1", object_id="sub_1", created_at=ago(minutes=1)),
        ),
    ),
    Case(
        name="the plan was changed here a minute ago",
        given=(
            *_SERVED,
            PlanChange(account_id="user_1", from_plan="FREE", to_plan="PRO", changed_at=ago(minutes=1)),
        ),
    ),
    Case(
        name="account created a minute ago",
        given=(*_SOLD, _READ, _CUSTOMER, dataclasses.replace(_ACCOUNT, created_at=ago(minutes=1))),
    ),
    Case(
        name="the listing of subscriptions is not complete: unknown is not absent",
        given=(
            *_SOLD,
            _CUSTOMER,
            _ACCOUNT,
            StripeReading(relation="stripe_subscription", complete_since=ago(days=365)),
        ),
    ),
    Case(name="nobody says how far the listing reaches", given=(*_SOLD, _CUSTOMER, _ACCOUNT)),
    Case(name="a customer that Stripe does not know is another finding", given=(*_SOLD, _READ, _ACCOUNT)),
    Case(
        name="a deleted customer is another finding",
        given=(*_SOLD, _READ, dataclasses.replace(_CUSTOMER, deleted=True), _ACCOUNT),
    ),
    Case(
        name="a customer of the other mode is another finding",
        given=(*_SOLD, _READ, dataclasses.replace(_CUSTOMER, livemode=False), _ACCOUNT),
    ),
    Case(
        name="a live subscription in test mode pays for nothing",
        given=(*_SERVED, *_with(_LIVE, livemode=False)),
        fires=("user_1",),
    ),
    Case(
        name="without a customer it is another finding",
        given=(*_SOLD, _READ, dataclasses.replace(_ACCOUNT, stripe_customer_id=None)),
    ),
    Case(
        name="an administrator is served without paying",
        given=(*_SOLD, _READ, _CUSTOMER, dataclasses.replace(_ACCOUNT, role=AccountRole.ADMIN)),
    ),
    Case(
        name="unlimited credits are given by hand, and are their own finding",
        given=(*_SOLD, _READ, _CUSTOMER, dataclasses.replace(_ACCOUNT, unlimited_credits=True)),
    ),
    Case(
        name="a closed account is not served",
        given=(*_SOLD, _READ, _CUSTOMER, dataclasses.replace(_ACCOUNT, active=False)),
    ),
    Case(
        name="a plan that the config does not know may be free",
        given=(*_SOLD, _READ, _CUSTOMER, dataclasses.replace(_ACCOUNT, plan="LEGACY")),
    ),
    Case(
        name="comped partner with a live exemption",
        given=(
            *_SERVED,
            Exemption(
                check_id="unpaid-but-active",
                subject="user_1",
                owner="partners",
                reason="comped",
                expires_at=date(2026, 3, 1),
            ),
        ),
    ),
)
