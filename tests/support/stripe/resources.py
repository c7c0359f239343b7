"""What can be asked for: addresses, permissions, filters and fields that expand, as SDK 16.1 has them.

The permissions are the names that Stripe's errors and dashboard links carry; ``rak_webhook_read`` is by analogy.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A kind of object with an address. ``filters`` are the parameters that compare with a field of the same path."""

    object: str
    path: str
    permission: str
    noun: str = ""
    filters: tuple[str, ...] = ()
    has_created: bool = True
    """Whether it can be filtered by ``created``."""

    @property
    def name(self) -> str:
        """What an error calls it."""
        return self.noun or self.object


@dataclass(frozen=True, slots=True, kw_only=True)
class Sublist:
    """A list that is part of an object: at ``field``, and complete at an address of its own.

    ``of`` is the field of the parts that names the parent, where the parts are objects with an address of their own.
    """

    parent: str
    field: str
    part: str
    url: str
    is_shown: bool
    """Whether it is in the object unasked; otherwise only when expanded."""
    of: str | None = None


RESOURCES = (
    Resource(object="customer", path="/v1/customers", permission="rak_customer_read", filters=("email",)),
    Resource(
        object="subscription",
        path="/v1/subscriptions",
        permission="rak_subscription_read",
        filters=("customer", "status", "collection_method", "price"),
    ),
    Resource(
        object="invoice",
        path="/v1/invoices",
        permission="rak_invoice_read",
        filters=("customer", "status", "subscription", "collection_method"),
    ),
    Resource(
        object="invoice_payment",
        path="/v1/invoice_payments",
        permission="rak_invoice_read",
        filters=("invoice", "status", "payment[type]", "payment[payment_intent]"),
    ),
    Resource(
        object="payment_intent",
        path="/v1/payment_intents",
        permission="rak_payment_intent_read",
        filters=("customer",),
    ),
    Resource(object="charge", path="/v1/charges", permission="rak_charge_read", filters=("customer", "payment_intent")),
    Resource(object="refund", path="/v1/refunds", permission="rak_charge_read", filters=("charge", "payment_intent")),
    Resource(
        object="dispute", path="/v1/disputes", permission="rak_dispute_read", filters=("charge", "payment_intent")
    ),
    Resource(
        object="checkout.session",
        path="/v1/checkout/sessions",
        permission="rak_checkout_session_read",
        filters=("customer", "payment_intent", "subscription", "status"),
    ),
    Resource(
        object="price",
        path="/v1/prices",
        permission="rak_plan_read",
        filters=("active", "currency", "product", "type"),
    ),
    Resource(object="product", path="/v1/products", permission="rak_product_read", filters=("active",)),
    Resource(
        object="entitlements.feature",
        path="/v1/entitlements/features",
        permission="rak_entitlement_read",
        noun="feature",
        filters=("lookup_key",),
        has_created=False,
    ),
    Resource(object="event", path="/v1/events", permission="rak_event_read", filters=("type", "types")),
    Resource(
        object="webhook_endpoint",
        path="/v1/webhook_endpoints",
        permission="rak_webhook_read",
        has_created=False,
    ),
    Resource(
        object="subscription_schedule",
        path="/v1/subscription_schedules",
        permission="rak_subscription_read",
        filters=("customer",),
    ),
    Resource(
        object="credit_note",
        path="/v1/credit_notes",
        permission="rak_credit_note_read",
        filters=("customer", "invoice"),
    ),
)

BY_OBJECT = {resource.object: resource for resource in RESOURCES}
BY_PATH = {resource.path: resource for resource in RESOURCES}

SUBLISTS = (
    Sublist(
        parent="subscription",
        field="items",
        part="subscription_item",
        url="/v1/subscription_items?subscription={id}",
        is_shown=True,
    ),
    Sublist(parent="invoice", field="lines", part="line_item", url="/v1/invoices/{id}/lines", is_shown=True),
    Sublist(
        parent="invoice",
        field="payments",
        part="invoice_payment",
        url="/v1/invoices/{id}/payments",
        is_shown=False,
        of="invoice",
    ),
    Sublist(parent="credit_note", field="lines", part="line_item", url="/v1/credit_notes/{id}/lines", is_shown=True),
    Sublist(
        parent="checkout.session",
        field="line_items",
        part="item",
        url="/v1/checkout/sessions/{id}/line_items",
        is_shown=False,
    ),
    Sublist(
        parent="product", field="features", part="product_feature", url="/v1/products/{id}/features", is_shown=False
    ),
    Sublist(
        parent="customer",
        field="subscriptions",
        part="subscription",
        url="/v1/customers/{id}/subscriptions",
        is_shown=False,
        of="customer",
    ),
    Sublist(
        parent="charge", field="refunds", part="refund", url="/v1/charges/{id}/refunds", is_shown=False, of="charge"
    ),
)

SUBLISTS_OF = {
    parent: {one.field: one for one in SUBLISTS if one.parent == parent} for parent in {one.parent for one in SUBLISTS}
}

UNEXPANDABLE = frozenset({("product", "features")})
"""Sublists that have an address and cannot be expanded."""

REFERENCES = frozenset(
    {
        "balance_transaction",
        "charge",
        "credit_note",
        "customer",
        "default_payment_method",
        "default_price",
        "discounts",
        "invoice",
        "latest_charge",
        "latest_invoice",
        "latest_revision",
        "payment_intent",
        "payment_method",
        "price",
        "product",
        "schedule",
        "subscription",
    }
)
"""Fields that hold the id of an object and expand into it; where the world has no such object, the id stays."""

SUBLIST_LENGTH = 10
"""How many parts an object shows of a list."""
