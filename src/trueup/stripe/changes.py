"""What an event says has changed."""

from __future__ import annotations

from typing import Any

from trueup.stripe.cache import Touched
from trueup.stripe.listings import LISTINGS
from trueup.stripe.shapes.fields import JSON, first, id_of, within

_LISTED = {listing.object: listing.name for listing in LISTINGS if not listing.is_small and listing.object != "event"}
_PART_OF = {
    "subscription_schedule": ("subscriptions", ("subscription", "released_subscription")),
    "invoice_payment": ("invoices", ("invoice",)),
    "credit_note": ("invoices", ("invoice",)),
}
"""Objects whose change shows on another one: the list of that one, and the fields that may name it."""


def touched_by(event: JSON) -> Touched | None:
    """The object to ask for again; None where the event is about nothing that is kept."""
    about = within(event, "data", "object")
    kind: Any = within(about, "object")
    if kind in _LISTED:
        created = within(about, "created")
        customer = id_of(within(about, "customer"))
        return _make_touched(
            _LISTED[kind],
            within(about, "id"),
            customer_id=customer if isinstance(customer, str) else None,
            created=created if isinstance(created, int) else None,
        )
    if kind in _PART_OF:
        listing, names = _PART_OF[kind]
        return _make_touched(listing, first(*(id_of(within(about, name)) for name in names)))
    return None


def _make_touched(
    listing: str, named: object, *, customer_id: str | None = None, created: int | None = None
) -> Touched | None:
    if not isinstance(named, str) or not named:
        return None  # an invoice that is to come has none
    return Touched(listing=listing, object_id=named, customer_id=customer_id, created=created)
