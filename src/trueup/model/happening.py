"""What happened around a finding: each row of the app and each object of Stripe, as the moments that it records."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from trueup.model.timeline import Side

if TYPE_CHECKING:
    from trueup.model.relations import Account, LedgerEntry, PlanChange, WebhookEvent
    from trueup.model.stripe_objects import (
        StripeCheckoutSession,
        StripeCustomer,
        StripeDispute,
        StripeEvent,
        StripeInvoice,
        StripePaymentIntent,
        StripeRefund,
        StripeSubscription,
    )

_UNREADABLE = "unreadable"
"""What is shown for a word that could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that happened. ``place`` orders what happened at one moment on one side.

    ``named`` marks what the finding itself is about. ``entry`` is the ledger entry, where this is one.
    """

    at: datetime | None
    side: Side
    relation: str
    id: str
    what: str
    place: int
    named: bool = False
    money: int | None = None
    currency: str | None = None
    credits: Decimal | None = None
    balance_after: Decimal | None = None
    note: str | None = None
    livemode: bool | None = None
    entry: LedgerEntry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a finding names: its subject and every id in its evidence, its accounts, entries and moments."""

    ids: frozenset[str]
    accounts: frozenset[str] = field(default=frozenset())
    entries: frozenset[str] = field(default=frozenset())
    moments: frozenset[datetime] = field(default=frozenset())

    def starting_with(self, prefix: str) -> set[str]:
        """The ids of one kind of Stripe's objects."""
        return {name for name in self.ids if name.startswith(prefix)}

    def names_entry(self, entry: LedgerEntry) -> bool:
        """Whether the finding is about this entry: by its id, by its moment, or by the Stripe object it refers to."""
        return (
            str(entry.entry_id) in self.entries
            or entry.created_at in self.moments
            or not self.ids.isdisjoint(stripe_ids_of(entry))
        )


def stripe_ids_of(entry: LedgerEntry) -> tuple[str | None, ...]:
    """The Stripe object that an entry refers to."""
    return (
        entry.stripe_event_id,
        entry.stripe_invoice_id,
        entry.stripe_payment_intent_id,
        entry.stripe_checkout_session_id,
        entry.stripe_charge_id,
        entry.stripe_subscription_id,
    )


def of_account(account: Account) -> Iterator[Happening]:
    """When an account was created, where the app says so."""
    if account.created_at is not None:
        yield _of_app("account", account.account_id, account.created_at, "account created")


def of_plan_change(change: PlanChange) -> Iterator[Happening]:
    """Who changed an account's plan, and why."""
    by = "" if change.actor is None else f", by {change.actor}"
    what = f"plan {_word(change.from_plan, 'unknown')} to {_word(change.to_plan)}{by}"
    yield _of_app("plan_change", change.account_id, change.changed_at, what, place=1, note=change.reason)


def of_webhook_event(event: WebhookEvent, named: Named) -> Iterator[Happening]:
    """When the app received an event, and how far it processed it."""
    yield Happening(
        at=event.received_at,
        side=Side.APP,
        relation="webhook_event",
        id=event.event_id,
        what=f"webhook {_word(event.type)}, {_word(event.status)}",
        place=0,
        named=event.event_id in named.ids,
        livemode=event.livemode,
    )


def of_entry(entry: LedgerEntry, place: int, named: Named) -> Happening:
    """How an entry changed the balance; ``place`` is its place among the entries, in ledger order."""
    return Happening(
        at=entry.created_at,
        side=Side.APP,
        relation="ledger_entry",
        id=str(entry.entry_id),
        what=f"{_phrase(entry.kind)}{'' if entry.posted else ', pending'}",
        place=place,
        named=named.names_entry(entry),
        credits=entry.amount,
        balance_after=entry.balance_after,
        note=entry.reason,
        entry=entry,
    )


def of_customer(customer: StripeCustomer, named: Named) -> Iterator[Happening]:
    """When a customer was created."""
    what = "customer, deleted since" if customer.deleted else "customer created"
    yield _of_stripe(
        "stripe_customer", customer.customer_id, customer.created_at, what, 0, named, livemode=customer.livemode
    )


def of_subscription(subscription: StripeSubscription, named: Named) -> Iterator[Happening]:
    """What happened to a subscription, and what is scheduled for it."""
    s = subscription
    paused = ", paused" if s.paused else ""
    other = ", of another application" if s.other_application else ""
    ends_at = s.cancel_at or (s.current_period_end if s.cancel_at_period_end else None)
    next_phase = "schedule ends it"
    if s.next_price_id is not None:
        next_phase = f"schedule changes it to {s.next_price_id.replace(',', ', ')}"
    steps = (
        (s.created_at, f"subscription started, now {_phrase(s.status)}{paused}{other}"),
        (s.trial_end, "trial ends"),
        (s.canceled_at, "subscription canceled"),
        (ends_at if s.ended_at is None else None, "subscription is to end"),
        (s.next_phase_at, next_phase),
        (s.ended_at, "subscription ended"),
    )
    for place, (at, what) in enumerate(steps, start=1):
        if at is not None:
            yield _of_stripe("stripe_subscription", s.subscription_id, at, what, place, named, livemode=s.livemode)


def of_invoice(invoice: StripeInvoice, named: Named) -> Iterator[Happening]:
    """When an invoice was made, and when and how it was paid."""
    created = f"invoice made, now {_word(invoice.status)}"
    yield _of_invoice(invoice, invoice.created_at, created, 10, invoice.total, named)
    if invoice.paid_at is not None:
        outside = invoice.paid_out_of_band
        what = "invoice paid outside Stripe" if outside else "invoice paid"
        yield _of_invoice(invoice, invoice.paid_at, what, 12, invoice.total if outside else invoice.amount_paid, named)


def of_payment(payment: StripePaymentIntent, named: Named) -> Iterator[Happening]:
    """A payment that was made or tried."""
    yield _of_stripe(
        "stripe_payment_intent",
        payment.payment_intent_id,
        payment.created_at,
        f"payment {_phrase(payment.status)}",
        11,
        named,
        money=payment.amount_received if payment.status == "succeeded" else payment.amount,
        currency=payment.currency,
        livemode=payment.livemode,
    )


def of_refund(refund: StripeRefund, named: Named) -> Iterator[Happening]:
    """A refund."""
    yield _of_money_back("stripe_refund", refund.refund_id, refund, f"refund {_phrase(refund.status)}", 13, named)


def of_dispute(dispute: StripeDispute, named: Named) -> Iterator[Happening]:
    """A dispute: money that a cardholder's bank takes back, or wants to."""
    what = f"dispute {_phrase(dispute.status)}"
    yield _of_money_back("stripe_dispute", dispute.dispute_id, dispute, what, 14, named)


def of_checkout(session: StripeCheckoutSession, named: Named) -> Iterator[Happening]:
    """When a checkout began, and whether it was paid."""
    yield _of_stripe(
        "stripe_checkout_session",
        session.checkout_session_id,
        session.created_at,
        f"checkout {_word(session.status, 'of unknown state')}, {_phrase(session.payment_status)}",
        9,
        named,
        money=session.amount_total,
        currency=session.currency,
        livemode=session.livemode,
    )


def of_event(event: StripeEvent, named: Named, received: Container[str] | None) -> Iterator[Happening]:
    """An event that the app has not ``received``, or that the finding names; None where its events were not read."""
    is_received = received is not None and event.event_id in received
    if is_received and event.event_id not in named.ids:
        return
    by_app = "" if received is None else f", {'' if is_received else 'not '}received by the app"
    yield _of_stripe(
        "stripe_event",
        event.event_id,
        event.created_at,
        f"event {_word(event.type)}{by_app}",
        15,
        named,
        money=event.amount,
        currency=event.currency,
        livemode=event.livemode,
    )


def _of_invoice(
    invoice: StripeInvoice, at: datetime, what: str, place: int, money: int | None, named: Named
) -> Happening:
    return _of_stripe(
        "stripe_invoice",
        invoice.invoice_id,
        at,
        what,
        place,
        named,
        money=money,
        currency=invoice.currency,
        livemode=invoice.livemode,
    )


def _of_money_back(
    relation: str, object_id: str, back: StripeRefund | StripeDispute, what: str, place: int, named: Named
) -> Happening:
    return _of_stripe(
        relation,
        object_id,
        back.created_at,
        what,
        place,
        named,
        money=_negative(back.amount),
        currency=back.currency,
        livemode=back.livemode,
    )


def _of_app(
    relation: str, row_id: str, at: datetime | None, what: str, *, place: int = 0, note: str | None = None
) -> Happening:
    return Happening(at=at, side=Side.APP, relation=relation, id=row_id, what=what, place=place, note=note)


def _of_stripe(
    relation: str,
    object_id: str,
    at: datetime | None,
    what: str,
    place: int,
    named: Named,
    *,
    livemode: bool | None,
    money: int | None = None,
    currency: str | None = None,
) -> Happening:
    return Happening(
        at=at,
        side=Side.STRIPE,
        relation=relation,
        id=object_id,
        what=what,
        place=place,
        named=object_id in named.ids,
        money=money,
        currency=currency,
        livemode=livemode,
    )


def _word(word: str | None, otherwise: str = _UNREADABLE) -> str:
    return otherwise if word is None else str(word)


def _phrase(word: str | None) -> str:
    return _word(word).replace("_", " ")


def _negative(amount: int | None) -> int | None:
    return None if amount is None else -amount
