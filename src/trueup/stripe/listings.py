"""The lists that are read, and the relations that each of them feeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from trueup.model.stripe_objects import EVENT_TYPES
from trueup.stripe.shapes.sql import object_of, shapes_of

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
    permission: str
    """What a restricted key needs for it, as Stripe's errors call it."""
    passes: tuple[Parameters, ...] = ({},)
    expand: tuple[str, ...] = ()
    sublists: tuple[Sublist, ...] = ()
    horizon: str | None = None
    has_created: bool = True
    needs: Mapping[str, str] = field(default_factory=dict)
    """By relation of this list: the relation that completes it."""
    gate: str | None = None
    """A list whose emptiness says that this one has nothing to show, and which costs one request."""
    gate_permission: str | None = None

    @property
    def is_small(self) -> bool:
        """Whether it is read whole each time: nothing says what changed in it."""
        return not self.has_created or any(sublist.is_always_asked for sublist in self.sublists)

    @property
    def kind(self) -> str:
        """The kind of its objects."""
        return "products" if self.name == "product_features" else self.name

    @property
    def object(self) -> str:
        """What each of its objects says that it is."""
        return object_of(self.kind)

    @property
    def relations(self) -> tuple[str, ...]:
        """The relations that are made of its objects."""
        return tuple(shape.relation for shape in shapes_of(self.kind))

    @property
    def title(self) -> str:
        """Its name as a person reads it."""
        return self.name.replace("_", " ")


SINCE_DAYS, EVENT_LIFE = "since_days", "event_life"

LISTINGS: tuple[Listing, ...] = (
    Listing(
        name="prices",
        path="/v1/prices",
        permission="rak_plan_read",
        passes=({"active": "true"}, {"active": "false"}),
    ),
    Listing(
        name="customers",
        path="/v1/customers",
        permission="rak_customer_read",
    ),
    Listing(
        name="subscriptions",
        path="/v1/subscriptions",
        permission="rak_subscription_read",
        passes=({"status": "all"},),
        expand=("schedule",),
        sublists=(Sublist(name="items", path="/v1/subscription_items", parameters={"subscription": "{id}"}),),
    ),
    Listing(
        name="invoices",
        path="/v1/invoices",
        permission="rak_invoice_read",
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
        permission="rak_payment_intent_read",
        horizon=SINCE_DAYS,
    ),
    Listing(
        name="refunds",
        path="/v1/refunds",
        permission="rak_charge_read",
        horizon=SINCE_DAYS,
    ),
    Listing(
        name="disputes",
        path="/v1/disputes",
        permission="rak_dispute_read",
        horizon=SINCE_DAYS,
    ),
    Listing(
        name="checkout_sessions",
        path="/v1/checkout/sessions",
        permission="rak_checkout_session_read",
        expand=("line_items",),
        horizon=SINCE_DAYS,
    ),
    Listing(
        name="events",
        path="/v1/events",
        permission="rak_event_read",
        passes=({"types": list(EVENT_TYPES)},),
        horizon=EVENT_LIFE,
    ),
    Listing(
        name="webhook_endpoints",
        path="/v1/webhook_endpoints",
        permission="rak_webhook_read",
        has_created=False,
    ),
    Listing(
        name="product_features",
        path="/v1/products",
        permission="rak_product_read",
        passes=({"active": "true"}, {"active": "false"}),
        sublists=(Sublist(name="features", path="/v1/products/{id}/features", is_always_asked=True),),
        gate="/v1/entitlements/features",
        gate_permission="rak_entitlement_read",
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
