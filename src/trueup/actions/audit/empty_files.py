"""Empty files of Stripe's objects: an export that failed leaves one, and so does one that has nothing to write.

What else was read tells them apart: an empty file is wrong where an object of its kind is named by another object of
Stripe's, or by the app. Where nothing names one, the checks that read it answer, and the report says that it was empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trueup.books.copy import replace_problem
from trueup.books.file import Books
from trueup.model.errors import EMPTY_FILE
from trueup.model.report import NOT_ONE_ROW, NOTHING_NAMES_ONE
from trueup.model.stripe_objects import StripeReading

_NAMED_BY: Mapping[str, Sequence[str]] = {
    "stripe_customer": (
        "account.stripe_customer_id",
        "stripe_subscription.customer_id",
        "stripe_invoice.customer_id",
        "stripe_payment_intent.customer_id",
        "stripe_checkout_session.customer_id",
    ),
    "stripe_subscription": (
        "account.stripe_subscription_id",
        "stripe_invoice.subscription_id",
        "stripe_checkout_session.subscription_id",
    ),
    "stripe_subscription_item": ("stripe_subscription.subscription_id",),
    "stripe_invoice": (
        "ledger_entry.stripe_invoice_id",
        "stripe_subscription.latest_invoice_id",
        "stripe_invoice_payment.invoice_id",
        "stripe_checkout_session.invoice_id",
        "stripe_event.invoice_id",
    ),
    "stripe_invoice_line": ("stripe_invoice.invoice_id",),
    "stripe_invoice_payment": ("stripe_invoice.invoice_id",),
    "stripe_payment_intent": (
        "ledger_entry.stripe_payment_intent_id",
        "stripe_invoice_payment.payment_intent_id",
        "stripe_refund.payment_intent_id",
        "stripe_dispute.payment_intent_id",
        "stripe_checkout_session.payment_intent_id",
        "stripe_event.payment_intent_id",
    ),
    "stripe_refund": ("re_ stripe_event.object_id",),
    "stripe_dispute": ("dp_ stripe_event.object_id", "du_ stripe_event.object_id"),
    "stripe_checkout_session": ("ledger_entry.stripe_checkout_session_id", "cs_ stripe_event.object_id"),
    "stripe_price": ("stripe_subscription_item.price_id", "stripe_invoice_line.price_id"),
    "stripe_event": ("webhook_event.event_id", "ledger_entry.stripe_event_id"),
    "stripe_webhook_endpoint": ("webhook_event.event_id",),
}
"""By relation, the columns that name its objects; a prefix before one says which of its values do."""


def judge_empty_files(books: Books, read: Sequence[StripeReading]) -> list[StripeReading]:
    """Return how Stripe's relations were read, those among them of which an empty file is taken for what it says."""
    moments = [each.read_at for each in read if each.read_at is not None]
    readings = list(read)
    for each in books.copies():
        name = each.relation
        if each.problem is None or EMPTY_FILE not in each.problem or name not in _NAMED_BY:
            continue
        named_by = next((column for column in _NAMED_BY[name] if _is_named(books, column)), None)
        if named_by is None:
            replace_problem(books, name, f"{NOT_ONE_ROW}, because {each.problem}, though {NOTHING_NAMES_ONE}")
            readings.append(StripeReading(relation=name, read_at=min(moments, default=books.as_of)))
        elif name == "stripe_event":  # Stripe lists events for thirty days only; most checks do without them
            replace_problem(books, name, f"{NOT_ONE_ROW}, because {each.problem}; {named_by} names some")
    return readings


def _is_named(books: Books, reference: str) -> bool:
    prefix, _, place = reference.rpartition(" ")
    relation, _, column = place.partition(".")
    named = f"SELECT 1 FROM {relation} WHERE starts_with({column}, '{prefix}') LIMIT 1"
    return bool(books.connection.execute(named).fetchall())
