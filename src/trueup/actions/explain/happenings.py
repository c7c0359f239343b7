"""What happened around a finding: whose it is, who pays, and what both sides have of them, the newest of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from trueup.model import happening
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
from trueup.model.timeline import Side

if TYPE_CHECKING:
    from trueup.books.lookup import Lookup
    from trueup.model.happening import Happening, Named

_SPARE = 1000
"""How many happenings are gathered before those that will not be shown are let go: an account may have millions."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_MICROSECOND = timedelta(microseconds=1)


LOOKED_UP_BY = (
    (StripeCustomer, "customer_id"),
    (StripeCustomer, "account_id"),
    (StripeCustomer, "email"),
    (StripeSubscription, "subscription_id"),
    (StripeSubscription, "customer_id"),
    (StripeSubscription, "account_id"),
    (StripeInvoice, "invoice_id"),
    (StripeInvoice, "customer_id"),
    (StripePaymentIntent, "payment_intent_id"),
    (StripePaymentIntent, "charge_id"),
    (StripePaymentIntent, "customer_id"),
    (StripeRefund, "payment_intent_id"),
    (StripeDispute, "payment_intent_id"),
    (StripeCheckoutSession, "checkout_session_id"),
    (StripeCheckoutSession, "customer_id"),
    (StripeCheckoutSession, "account_id"),
    (StripeEvent, "event_id"),
    (StripeEvent, "customer_id"),
)
"""The columns by which Stripe's objects are looked up here: those that an index answers for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryInFull:
    """An entry of the ledger, and the status of the app's record of the event that caused it."""

    entry: LedgerEntry
    webhook_status: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The newest happenings of each side and all that are named, oldest first; ``earlier`` are how many are left out.

    ``entries`` are those of the ledger, and ``earlier_entries`` how many of these are left out.
    """

    happenings: tuple[Happening, ...] = ()
    entries: tuple[EntryInFull, ...] = ()
    earlier_app: int = 0
    earlier_stripe: int = 0
    earlier_entries: int = 0


def happenings_around(lookup: Lookup, named: Named, *, knows_events: bool, length: int) -> Shown:
    """What happened around what is ``named``: the ``length`` newest of each side, and all that is named.

    ``knows_events`` says whether the app's webhook events were read.
    """
    first = _first_accounts(lookup, named)
    customers = _customers(lookup, named, first)
    whose = first | {row.account_id for row in lookup.rows(Account, stripe_customer_id=customers)}
    app, stripe, referred = _Newest(length), _Newest(length), _Referred()
    for account in lookup.rows(Account, account_id=whose):
        app.add(happening.of_account(account))
    for change in lookup.rows(PlanChange, account_id=whose):
        app.add(happening.of_plan_change(change))
    for place, entry in enumerate(lookup.rows(LedgerEntry, account_id=whose), start=1):
        referred.add(entry)
        app.add((happening.of_entry(entry, place, named),))
    events = referred.events | named.starting_with("evt_")
    events |= {event.event_id for event in lookup.rows(StripeEvent, customer_id=customers)}
    statuses: dict[str, str] = {}
    for received in lookup.rows(WebhookEvent, event_id=events):
        statuses[received.event_id] = received.status
        app.add(happening.of_webhook_event(received, named))
    for event in lookup.rows(StripeEvent, event_id=events):
        stripe.add(happening.of_event(event, named, statuses if knows_events else None))
    for objects in _of_stripe(lookup, named, whose, customers, referred):
        stripe.add(objects)
    return _shown(app, stripe, referred.entries, statuses)


@dataclass(slots=True)
class _Referred:
    """What the entries refer to at Stripe, and how many there are."""

    entries: int = 0
    events: set[str] = field(default_factory=set)
    invoices: set[str] = field(default_factory=set)
    payments: set[str] = field(default_factory=set)
    checkouts: set[str] = field(default_factory=set)

    def add(self, entry: LedgerEntry) -> None:
        self.entries += 1
        for ids, value in (
            (self.events, entry.stripe_event_id),
            (self.invoices, entry.stripe_invoice_id),
            (self.payments, entry.stripe_payment_intent_id),
            (self.payments, entry.stripe_charge_id),
            (self.checkouts, entry.stripe_checkout_session_id),
        ):
            if value is not None:
                ids.add(value)


class _Newest:
    """The newest happenings of one side, and those that are named, of any number that are added."""

    def __init__(self, length: int) -> None:
        self.count = 0
        self._length = length
        self._kept: list[Happening] = []
        self._most = length + _SPARE

    def add(self, happenings: Iterable[Happening]) -> None:
        before = len(self._kept)
        self._kept.extend(happenings)
        self.count += len(self._kept) - before
        if len(self._kept) > self._most:
            self._most = len(self.kept()) + _SPARE

    def kept(self) -> list[Happening]:
        """Those that are to be shown; the others are let go."""
        self._kept.sort(key=_age)
        left = self._kept[: self._length]
        self._kept = [*left, *(older for older in self._kept[self._length :] if older.named)]
        return self._kept


def _first_accounts(lookup: Lookup, named: Named) -> set[str]:
    """Whose it is, as the app's own rows say."""
    ids = named.ids
    customers = named.starting_with("cus_")
    entries = lookup.rows(
        LedgerEntry,
        stripe_event_id=ids,
        stripe_payment_intent_id=ids,
        stripe_invoice_id=ids,
        stripe_checkout_session_id=ids,
        stripe_charge_id=ids,
    )
    accounts = {*named.accounts, *(entry.account_id for entry in entries)}
    accounts |= {account.account_id for account in lookup.rows(Account, stripe_customer_id=customers)}
    return _known(accounts)


def _customers(lookup: Lookup, named: Named, accounts: set[str]) -> set[str]:
    """Who pays, in each way that one of the two sides could name it."""
    ids = named.ids
    of_app = list(lookup.rows(Account, account_id=accounts))
    emails = _known(account.email for account in of_app)
    subscriptions = ids | _known(account.stripe_subscription_id for account in of_app)
    customers: set[str | None] = {*named.starting_with("cus_"), *(account.stripe_customer_id for account in of_app)}
    customers |= {row.customer_id for row in lookup.rows(StripeCustomer, account_id=accounts, email=emails)}
    customers |= {
        row.customer_id for row in lookup.rows(StripeSubscription, account_id=accounts, subscription_id=subscriptions)
    }
    customers |= {row.customer_id for row in lookup.rows(StripeInvoice, invoice_id=ids)}
    customers |= {row.customer_id for row in lookup.rows(StripePaymentIntent, payment_intent_id=ids, charge_id=ids)}
    customers |= {row.customer_id for row in lookup.rows(StripeCheckoutSession, checkout_session_id=ids)}
    customers |= {row.customer_id for row in lookup.rows(StripeEvent, event_id=ids)}
    return _known(customers)


def _of_stripe(
    lookup: Lookup, named: Named, accounts: set[str], customers: set[str], referred: _Referred
) -> Iterator[Iterable[Happening]]:
    """What Stripe has of these customers, of what the entries refer to, and of what is named; events apart."""
    ids = named.ids
    for customer in lookup.rows(StripeCustomer, customer_id=customers):
        yield happening.of_customer(customer, named)
    for subscription in lookup.rows(StripeSubscription, customer_id=customers, subscription_id=ids):
        yield happening.of_subscription(subscription, named)
    for invoice in lookup.rows(StripeInvoice, customer_id=customers, invoice_id=ids | referred.invoices):
        yield happening.of_invoice(invoice, named)
    payments = referred.payments | named.starting_with("pi_")
    for payment in lookup.rows(
        StripePaymentIntent,
        customer_id=customers,
        payment_intent_id=frozenset(payments),
        charge_id=frozenset(payments),
    ):
        payments.add(payment.payment_intent_id)
        yield happening.of_payment(payment, named)
    for refund in lookup.rows(StripeRefund, payment_intent_id=payments):
        yield happening.of_refund(refund, named)
    for dispute in lookup.rows(StripeDispute, payment_intent_id=payments):
        yield happening.of_dispute(dispute, named)
    checkouts = ids | referred.checkouts
    for session in lookup.rows(
        StripeCheckoutSession, customer_id=customers, account_id=accounts, checkout_session_id=checkouts
    ):
        yield happening.of_checkout(session, named)


def _shown(app: _Newest, stripe: _Newest, entries: int, statuses: dict[str, str]) -> Shown:
    of_app, of_stripe = app.kept(), stripe.kept()
    happenings = sorted((*of_app, *of_stripe), key=_place_in_time)
    in_full = tuple(
        EntryInFull(entry=shown.entry, webhook_status=statuses.get(shown.entry.stripe_event_id or ""))
        for shown in happenings
        if shown.entry is not None
    )
    return Shown(
        happenings=tuple(happenings),
        entries=in_full,
        earlier_app=app.count - len(of_app),
        earlier_stripe=stripe.count - len(of_stripe),
        earlier_entries=entries - len(in_full),
    )


def _known(values: Iterable[str | None]) -> set[str]:
    return {value for value in values if value is not None}


def _age(shown: Happening) -> tuple[bool, int, int, str, str]:
    """Newest first, and last what has no moment."""
    since = 0 if shown.at is None else (_EPOCH - shown.at) // _MICROSECOND
    return (shown.at is None, since, -shown.place, shown.relation, shown.id)


def _place_in_time(shown: Happening) -> tuple[bool, datetime, bool, int, str, str]:
    """Oldest first, and before it what has no moment; of one moment, what Stripe says goes first."""
    at = shown.at or datetime.min  # noqa: DTZ901 - naive, as all moments in the books
    return (shown.at is not None, at, shown.side is Side.APP, shown.place, shown.relation, shown.id)
