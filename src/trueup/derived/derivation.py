"""What a derived relation is: named SQL over the relations, computed once per audit."""

from __future__ import annotations

from dataclasses import dataclass

ENTRY_LINKS = (
    "ledger_entry.stripe_event_id",
    "ledger_entry.stripe_payment_intent_id",
    "ledger_entry.stripe_invoice_id",
)
"""What an entry may name of Stripe's objects, and an app need not map: ``optional`` to what reads them."""

READ_FOR_OWED = (
    *ENTRY_LINKS,
    "account",
    "plan",
    "plan_price",
    "stripe_customer",
    "stripe_subscription",
    "stripe_subscription_item",
    "stripe_invoice",
    "stripe_invoice_line",
    "stripe_invoice_payment",
    "stripe_payment_intent",
    "stripe_checkout_session",
    "stripe_price",
    "stripe_refund",
    "stripe_dispute",
    "stripe_event",
)
"""What is read to know what a money owes: ``optional`` to checks that it only excuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """A named query. Its column names are those of its outermost SELECT.

    ``optional`` names what it reads only if it is mapped, as ``relation`` or ``relation.column``: a check on a derived
    relation says itself, in ``requires``, which of these it needs.
    """

    name: str
    holds: str
    sql: str
    optional: tuple[str, ...] = ()
