"""More cases of `hollow-event`, beside those that its own file teaches with."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from decimal import Decimal

from trueup.checks.webhooks.hollow_event import _event, _handled
from trueup.model.check import Case, ago
from trueup.model.price_list import SoldPrice
from trueup.model.relations import (
    EntryKind,
    EventStatus,
    LedgerEntry,
    Plan,
    PlanPrice,
    Row,
    WebhookEvent,
)
from trueup.model.stripe_objects import (
    StripeEvent,
    StripeInvoice,
    StripeInvoiceLine,
    StripePrice,
    StripeReading,
)


def _of_subscription(price: str) -> tuple[Row, ...]:
    """A processed event that granted nothing, of a paid invoice for a subscription to this price, among good ones."""
    return (
        Plan(plan="BASIC", rank=1, paid=True),
        Plan(plan="PRO", rank=2, paid=True, credits_per_period=Decimal(1000)),
        PlanPrice(price_id="price_basic", plan="BASIC"),
        PlanPrice(price_id="price_pro", plan="PRO"),
        StripeReading(relation="stripe_event", complete_since=ago(days=30)),
        *_handled(1, ago(days=3)),
        *_handled(2, ago(days=2)),
        _event(3, ago(days=1)),
        StripeEvent(event_id="evt_3", invoice_id="in_3", amount=2900, currency="usd"),
        StripeInvoice(invoice_id="in_3", subscription_id="sub_3"),
        StripeInvoiceLine(line_id="il_3", invoice_id="in_3", price_id=price),
    )


def _pack_by_invoice() -> tuple[Row, ...]:
    """The same, of an invoice for something that is sold once."""
    return (
        *(row for row in _of_subscription("price_pack") if not isinstance(row, StripeInvoice)),
        StripeInvoice(invoice_id="in_3", created_at=ago(days=1), paid_at=ago(days=1)),
        StripePrice(price_id="price_pack", unit_amount=2900),
    )


def _checkouts(when: datetime) -> tuple[Row, ...]:
    """Two checkouts that granted, and one that did not."""
    kind = "checkout.session.completed"
    good = (row for n in (1, 2) for row in _handled(n, ago(days=n), event_type=kind))
    return (*good, _event(3, when, event_type=kind))


_UNLISTED = (*_handled(1, ago(days=3)), *_handled(2, ago(days=2)), _event(3, ago(days=40)))


_EVENTS_READ = StripeReading(relation="stripe_event", complete_since=ago(days=30))


_PLAN_CASES = (
    Case(name="a plan without credits", given=_of_subscription("price_basic")),
    Case(name="a subscription to a price in no plan", given=_of_subscription("price_of_another_product")),
    Case(name="a plan with credits", given=_of_subscription("price_pro"), fires=("evt_3",)),
    Case(
        name="an add-on beside a plan with credits",
        given=(
            *_of_subscription("price_pro"),
            StripeInvoiceLine(line_id="il_4", invoice_id="in_3", price_id="price_addon"),
        ),
        fires=("evt_3",),
    ),
    Case(
        name="a purchase by invoice, of what is in no plan and has led to credits before",
        given=(
            *_pack_by_invoice(),
            StripeEvent(event_id="evt_2", invoice_id="in_2", amount=2900, currency="usd"),
            StripeInvoice(invoice_id="in_2", created_at=ago(days=2), paid_at=ago(days=2)),
            StripeInvoiceLine(line_id="il_2", invoice_id="in_2", price_id="price_pack"),
        ),
        fires=("evt_3",),
        evidence={"evt_3": {"guessed_by": "price", "credits_owed": None}},
    ),
    Case(name="a purchase by invoice, of what is in no plan and has never led to credits", given=_pack_by_invoice()),
    Case(
        name="a purchase by invoice of what sells nothing that the app keeps",
        given=(
            *_pack_by_invoice(),
            StripeInvoice(invoice_id="in_2", created_at=ago(days=2), paid_at=ago(days=2)),
            StripeInvoiceLine(line_id="il_2", invoice_id="in_2", price_id="price_pack"),
            StripeEvent(event_id="evt_2", invoice_id="in_2", amount=2900, currency="usd"),
            SoldPrice(price_name="price_pack", sells_nothing=True),
        ),
    ),
    Case(
        name="a checkout whose payment confirms days later",
        given=(
            *_checkouts(ago(days=1)),
            StripeEvent(event_id="evt_3", type="checkout.session.completed", object_id="cs_3"),
        ),
    ),
    Case(
        name="a paid checkout",
        given=(
            *_checkouts(ago(days=1)),
            StripeEvent(event_id="evt_3", type="checkout.session.completed", object_id="cs_3", amount=1500),
        ),
        fires=("evt_3",),
    ),
    Case(
        name="a checkout that began a subscription, whose invoice was credited",
        given=(
            *_checkouts(ago(days=1)),
            StripeEvent(
                event_id="evt_3", type="checkout.session.completed", object_id="cs_3", invoice_id="in_3", amount=2900
            ),
            StripeInvoice(invoice_id="in_3", subscription_id="sub_3"),
            LedgerEntry(entry_id=3, kind=EntryKind.SUBSCRIPTION_GRANT, amount=Decimal(100), stripe_invoice_id="in_3"),
        ),
    ),
    Case(
        name="a second event of a payment that was credited",
        given=(
            *_checkouts(ago(days=1)),
            StripeEvent(event_id="evt_3", type="checkout.session.completed", payment_intent_id="pi_3", amount=1500),
            LedgerEntry(entry_id=3, kind=EntryKind.PURCHASE, amount=Decimal(100), stripe_payment_intent_id="pi_3"),
        ),
    ),
    Case(
        name="a change of plan that owes nothing before it renews",
        given=(
            *(row for row in _of_subscription("price_pro") if not isinstance(row, StripeInvoiceLine)),
            StripeInvoiceLine(line_id="il_3", invoice_id="in_3", price_id="price_pro", proration=True),
        ),
    ),
    Case(name="not listed any more", given=(*_UNLISTED, _EVENTS_READ)),
    Case(
        name="made before what is listed, and delivered three days later",
        given=(*_handled(1, ago(days=3)), _event(3, ago(days=27, seconds=1)), _EVENTS_READ),
    ),
    Case(
        name="of a type that is not listed",
        given=(*_handled(1, ago(days=3)), _event(3, ago(days=27)), _EVENTS_READ),
        fires=("evt_3",),
    ),
    Case(name="as old, where Stripe's events are not read", given=_UNLISTED, fires=("evt_3",)),
)

CASES: tuple[Case, ...] = (
    Case(
        name="trial with no invoice to pay, as Stripe's side says",
        given=(
            *_handled(1, ago(days=3)),
            *_handled(2, ago(days=2)),
            _event(3, ago(days=1)),
            StripeEvent(event_id="evt_3", invoice_id="in_3", amount=0, currency="usd"),
            StripeInvoice(invoice_id="in_3", subtotal=0, total=0, amount_paid=0),
        ),
    ),
    Case(
        name="an event of no money, its invoice not read",
        given=(
            *_handled(1, ago(days=3)),
            *_handled(2, ago(days=2)),
            _event(3, ago(days=1)),
            StripeEvent(event_id="evt_3", invoice_id="in_3", amount=0, currency="usd"),
        ),
    ),
    Case(
        name="invoice paid from customer balance: no money moved, and credits are owed",
        given=(
            *_handled(1, ago(days=3)),
            *_handled(2, ago(days=2)),
            _event(3, ago(days=1)),
            StripeEvent(event_id="evt_3", invoice_id="in_3", amount=0, currency="usd"),
            StripeInvoice(invoice_id="in_3", subtotal=2900, total=2900, amount_paid=0),
            StripeInvoiceLine(line_id="il_3", invoice_id="in_3"),
            Plan(plan="PRO", rank=2, paid=True, credits_per_period=Decimal(1000)),
            PlanPrice(price_id="price_pro", plan="PRO"),
        ),
        fires=("evt_3",),
    ),
    *_PLAN_CASES,
    Case(
        name="event types that never grant",
        given=(
            *_handled(1, ago(days=2)),
            _event(2, ago(days=1), event_type="customer.updated"),
            _event(3, ago(days=1), event_type="invoice.payment_succeeded"),
        ),
    ),
    Case(
        name="a dispute that was lost, where those that were won gave the credits back",
        given=(
            *_handled(1, ago(days=3), event_type="charge.dispute.closed"),
            _event(2, ago(days=1), event_type="charge.dispute.closed"),
        ),
    ),
    Case(
        name="most events of the period failed, of a type that always granted before",
        given=(
            *(row for n in range(1, 6) for row in _handled(n, ago(days=100 + n))),
            *_handled(6, ago(days=9)),
            _event(7, ago(days=8)),
            _event(8, ago(days=7)),
        ),
        fires=("evt_7", "evt_8"),
    ),
    Case(
        name="a type that the app stopped granting on",
        given=(
            *(row for n in range(1, 6) for row in _handled(n, ago(days=100 + n))),
            _event(7, ago(days=8)),
            *_handled(8, ago(days=8), event_type="checkout.session.completed"),
        ),
    ),
    Case(
        name="the first moment of the period",
        given=(*_handled(1, ago(days=2)), _event(2, ago(days=45))),
        fires=("evt_2",),
    ),
    Case(
        name="before the period",
        given=(*_handled(1, ago(days=2)), _event(2, ago(days=45, seconds=1))),
    ),
    Case(
        name="an event whose credits are pending",
        given=(
            *_handled(1, ago(days=2)),
            _event(2, ago(days=1)),
            LedgerEntry(
                entry_id=2,
                kind=EntryKind.SUBSCRIPTION_GRANT,
                posted=False,
                amount=Decimal(100),
                stripe_event_id="evt_2",
            ),
        ),
    ),
    Case(
        name="an event of a connected account, whose credits are not this app's",
        given=(
            *_handled(1, ago(days=2)),
            StripeReading(relation="stripe_event", complete_since=ago(days=30), stripe_account="acct_own"),
            dataclasses.replace(_event(2, ago(days=1)), stripe_account="acct_seller"),
            StripeEvent(event_id="evt_2", amount=2900, currency="usd"),
        ),
    ),
    Case(
        name="nothing says when it was processed",
        given=(*_handled(1, ago(days=2)), dataclasses.replace(_event(2, ago(days=1)), processed_at=None)),
        fires=("evt_2",),
    ),
    Case(
        name="an event that is not marked processed is stuck, not hollow",
        given=(
            *_handled(1, ago(days=2)),
            WebhookEvent(event_id="evt_2", status=EventStatus.FAILED, received_at=ago(days=1)),
        ),
    ),
)
