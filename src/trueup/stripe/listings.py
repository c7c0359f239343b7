"""The lists that are read, and the relations that each of them feeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from trueup.model.stripe_objects import EVENT_TYPES
from trueup.stripe.shapes.catalog import customer_rows, endpoint_rows, price_rows, product_rows
from trueup.stripe.shapes.events import event_rows
from trueup.stripe.shapes.fields import JSON, AccountFilter, Rows
from trueup.stripe.shapes.invoices import invoice_rows
from trueup.stripe.shapes.payments import checkout_session_rows, dispute_rows, payment_intent_rows, refund_rows
from trueup.stripe.shapes.subscriptions import subscription_rows

Parameters = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sublist:
    """A list inside an object: its field's name, and where it is whole. ``{id}`` is replaced by the object's id."""

    name: str
    path: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    is_always_asked: bool = False
    """Whether the object never shows it, so that each object costs a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list of Stripe's. It is read once, whatever it feeds.

    ``passes`` are the questions that together show all of it; ``horizon`` says how far back it is asked for: not at
    all (None: whole), or the ``since_days`` of the config, or as long as events live. ``needs`` are relations without
    which the rows of this list are not whole.
    """

    name: str
    path: str
    object: str
    relations: tuple[str, ...]
    rows: Callable[[JSON, AccountFilter], Rows]
    passes: tuple[Parameters, ...] = ({},)
    expand: tuple[str, ...] = ()
    sublists: tuple[Sublist, ...] = ()
    horizon: str | None = None
    has_created: bool = True
    needs: Mapping[str, str] = field(default_factory=dict)
    """By relation of this list: the relation that completes it."""
    gate: str | None = None
    """A list whose emptiness says that this one has nothing to show, and which costs one request."""

    @property
    def is_small(self) -> bool:
        """Whether it is read whole each time: nothing says what changed in it."""
        return not self.has_created or any(sublist.is_always_asked for sublist in self.sublists)

    @property
    def part_relations(self) -> tuple[str, ...]:
        """The relations that hold parts of its objects, and not the objects themselves."""
        return self.relations if self.gate else self.relations[1:]

    @property
    def title(self) -> str:
        """Its name as a person reads it."""
        return self.name.replace("_", " ")


SINCE_DAYS, EVENT_LIFE = "since_days", "event_life"

LISTINGS: tuple[Listing, ...] = (
    Listing(
        name="prices",
        path="/v1/prices",
        object="price",
        relations=("stripe_price",),
        rows=price_rows,
        passes=({"active": "true"}, {"active": "false"}),
    ),
    Listing(
        name="customers",
        path="/v1/customers",
        object="customer",
        relations=("stripe_customer",),
        rows=customer_rows,
    ),
    Listing(
        name="subscriptions",
        path="/v1/subscriptions",
        object="subscription",
        relations=("stripe_subscription", "stripe_subscription_item"),
        rows=subscription_rows,
        passes=({"status": "all"},),
        expand=("schedule",),
        sublists=(Sublist(name="items", path="/v1/subscription_items", parameters={"subscription": "{id}"}),),
    ),
    Listing(
        name="invoices",
        path="/v1/invoices",
        object="invoice",
        relations=("stripe_invoice", "stripe_invoice_line", "stripe_invoice_payment"),
        rows=invoice_rows,
        expand=("payments",),
        sublists=(
            Sublist(name="lines", path="/v1/invoices/{id}/lines"),
            Sublist(name="payments", path="/v1/invoice_payments", parameters={"invoice": "{id}"}),
        ),
        horizon=SINCE_DAYS,
        needs={"stripe_invoice_line": "stripe_price"},
    ),
    Listing(
        name="payment_intents",
        path="/v1/payment_intents",
        object="payment_intent",
        relations=("stripe_payment_intent",),
        rows=payment_intent_rows,
        horizon=SINCE_DAYS,
    ),
    Listing(
        name="refunds",
        path="/v1/refunds",
        object="refund",
        relations=("stripe_refund",),
        rows=refund_rows,
        horizon=SINCE_DAYS,
    ),
    Listing(
        name="disputes",
        path="/v1/disputes",
        object="dispute",
        relations=("stripe_dispute",),
        rows=dispute_rows,
        horizon=SINCE_DAYS,
    ),
    Listing(
        name="checkout_sessions",
        path="/v1/checkout/sessions",
        object="checkout.session",
        relations=("stripe_checkout_session",),
        rows=checkout_session_rows,
        horizon=SINCE_DAYS,
    ),
    Listing(
        name="events",
        path="/v1/events",
        object="event",
        relations=("stripe_event",),
        rows=event_rows,
        passes=({"types": list(EVENT_TYPES)},),
        horizon=EVENT_LIFE,
    ),
    Listing(
        name="webhook_endpoints",
        path="/v1/webhook_endpoints",
        object="webhook_endpoint",
        relations=("stripe_webhook_endpoint",),
        rows=endpoint_rows,
        has_created=False,
    ),
    Listing(
        name="product_features",
        path="/v1/products",
        object="product",
        relations=("stripe_product_feature",),
        rows=product_rows,
        passes=({"active": "true"}, {"active": "false"}),
        sublists=(Sublist(name="features", path="/v1/products/{id}/features", is_always_asked=True),),
        gate="/v1/entitlements/features",
    ),
)

BY_NAME = {listing.name: listing for listing in LISTINGS}
CUSTOMERS, EVENTS = BY_NAME["customers"], BY_NAME["events"]


def listings_for(relations: frozenset[str]) -> tuple[Listing, ...]:
    """The lists that these relations are read from."""
    wanted = relations | {
        completing for listing in LISTINGS for fed, completing in listing.needs.items() if fed in relations
    }
    return tuple(listing for listing in LISTINGS if wanted.intersection(listing.relations))
