"""The rows that checks' cases are made of. Each is an ordinary row, except where the case says otherwise."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from trueup.model.check import ago
from trueup.model.relations import EntryKind, LedgerEntry, WebhookEvent
from trueup.model.stripe_objects import (
    InvoiceStatus,
    RefundStatus,
    StripeInvoice,
    StripeInvoiceLine,
    StripeRefund,
)

LATELY = ago(days=10)


def entry(
    entry_id: int | str = 1,
    created_at: datetime = LATELY,
    *,
    amount: int | str = 100,
    kind: EntryKind = EntryKind.PURCHASE,
    account_id: str = "user_1",
    posted: bool = True,
    balance_after: int | str = 0,
    event: str | None = None,
    payment: str | None = None,
    invoice: str | None = None,
    checkout: str | None = None,
) -> LedgerEntry:
    """Return an entry of the ledger; ``{}`` in the name of an event or an invoice is the entry's own id."""
    return LedgerEntry(
        entry_id=entry_id,
        account_id=account_id,
        kind=kind,
        amount=Decimal(amount),
        balance_after=Decimal(balance_after),
        posted=posted,
        stripe_event_id=event and event.format(entry_id),
        stripe_payment_intent_id=payment,
        stripe_invoice_id=invoice and invoice.format(entry_id),
        stripe_checkout_session_id=checkout,
        created_at=created_at,
    )


def balanced_entry(
    entry_id: int | str, amount: int, balance_after: int, when: datetime, *, sequence: int | None = None
) -> LedgerEntry:
    """Return an entry that moves ``amount`` and leaves ``balance_after``."""
    return LedgerEntry(
        entry_id=entry_id,
        sequence=sequence,
        amount=Decimal(amount),
        balance_after=Decimal(balance_after),
        created_at=when,
    )


def granted_event(
    event_type: str = "invoice.paid",
    *,
    number: int = 1,
    when: datetime = LATELY,
    api_version: str | None = None,
    event_id: str = "evt_{}",
) -> tuple[WebhookEvent, LedgerEntry]:
    """Return an event that was received, and the credits that it led to."""
    name = event_id.format(number)
    received = WebhookEvent(
        event_id=name, type=event_type, received_at=when, processed_at=when, api_version=api_version
    )
    return received, entry(number, when, kind=EntryKind.SUBSCRIPTION_GRANT, amount=1000, event=name)


def paid_invoice(
    paid_at: datetime = LATELY,
    *,
    number: int = 1,
    total: int = 2900,
    amount_paid: int | None = None,
    subscription: str | None = None,
    customer: str | None = "cus_1",
    status: InvoiceStatus = InvoiceStatus.PAID,
    credited: int = 0,
    currency: str = "usd",
    livemode: bool = True,
    paid_out_of_band: bool = False,
) -> StripeInvoice:
    """Return an invoice that was paid when it was made."""
    return StripeInvoice(
        invoice_id=f"in_{number}",
        customer_id=customer,
        subscription_id=subscription,
        status=status,
        currency=currency,
        total=total,
        amount_paid=total if amount_paid is None else amount_paid,
        credited=credited,
        paid_out_of_band=paid_out_of_band,
        created_at=paid_at,
        paid_at=paid_at,
        livemode=livemode,
    )


def invoice_line(
    price: str | None = "price_pro",
    *,
    number: int = 1,
    lookup_key: str | None = None,
    amount: int = 2900,
    quantity: int = 1,
    days: int = 30,
    metered: bool = False,
    proration: bool = False,
    start: datetime = LATELY,
) -> StripeInvoiceLine:
    """Return a line of the invoice with this number: a price for a period of so many days."""
    return StripeInvoiceLine(
        line_id=f"il_{number}_{price}_{amount}",
        invoice_id=f"in_{number}",
        price_id=price,
        lookup_key=lookup_key,
        quantity=quantity,
        amount=amount,
        metered=metered,
        proration=proration,
        period_start=start,
        period_end=start + timedelta(days=days),
    )


def refund(
    amount: int = 2900,
    *,
    number: int = 1,
    status: RefundStatus = RefundStatus.SUCCEEDED,
    created_at: datetime = LATELY,
    currency: str = "usd",
) -> StripeRefund:
    """Return a refund of the first payment."""
    return StripeRefund(
        refund_id=f"re_{number}", amount=amount, status=status, created_at=created_at, currency=currency
    )
