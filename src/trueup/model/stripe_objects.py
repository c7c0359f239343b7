"""Stripe's objects as relations. Names and words are Stripe's own; amounts are integers in the currency's minor unit.

Each column holds what the object says at the time of reading, in every API version. ``account_id`` is the account of
the app that the object itself names (metadata under the configured key, ``client_reference_id``); NULL where it
names none. ``livemode`` is whether the object moves real money.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import get_args

from trueup.model.columns import fact, key


class SubscriptionStatus(StrEnum):
    """https://docs.stripe.com/api/subscriptions/object#subscription_object-status."""

    INCOMPLETE = "incomplete"
    INCOMPLETE_EXPIRED = "incomplete_expired"
    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    CANCELED = "canceled"
    UNPAID = "unpaid"
    PAUSED = "paused"


class InvoiceStatus(StrEnum):
    """https://docs.stripe.com/api/invoices/object#invoice_object-status."""

    DRAFT = "draft"
    OPEN = "open"
    PAID = "paid"
    UNCOLLECTIBLE = "uncollectible"
    VOID = "void"


class PaymentStatus(StrEnum):
    """https://docs.stripe.com/api/payment_intents/object#payment_intent_object-status."""

    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    REQUIRES_CONFIRMATION = "requires_confirmation"
    REQUIRES_ACTION = "requires_action"
    REQUIRES_CAPTURE = "requires_capture"
    PROCESSING = "processing"
    CANCELED = "canceled"
    SUCCEEDED = "succeeded"


class InvoicePaymentStatus(StrEnum):
    """https://docs.stripe.com/api/invoice-payment/object#invoice_payment_object-status."""

    OPEN = "open"
    PAID = "paid"
    CANCELED = "canceled"


class RefundStatus(StrEnum):
    """https://docs.stripe.com/api/refunds/object#refund_object-status."""

    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class DisputeStatus(StrEnum):
    """https://docs.stripe.com/api/disputes/object#dispute_object-status."""

    WARNING_NEEDS_RESPONSE = "warning_needs_response"
    WARNING_UNDER_REVIEW = "warning_under_review"
    WARNING_CLOSED = "warning_closed"
    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"
    PREVENTED = "prevented"


class CheckoutPayment(StrEnum):
    """https://docs.stripe.com/api/checkout/sessions/object#checkout_session_object-payment_status."""

    PAID = "paid"
    UNPAID = "unpaid"
    NO_PAYMENT_REQUIRED = "no_payment_required"


class EndpointStatus(StrEnum):
    """https://docs.stripe.com/api/webhook_endpoints/object#webhook_endpoint_object-status."""

    ENABLED = "enabled"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeCustomer:
    """A customer. A ``deleted`` one is known only where Stripe was asked for it by id."""

    customer_id: str = key()
    account_id: str | None = None
    email: str | None = None
    deleted: bool = False
    created_at: datetime | None = None
    livemode: bool = fact(True)  # noqa: FBT003 - an example value


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeSubscription:
    """A subscription. The period is the widest of its items'; ``other_application``: not this app's.

    ``paused`` says that collection is paused (``pause_collection``), which leaves the status as it is.
    ``next_price_id`` is what its schedule changes to at ``next_phase_at``: the prices of all of its items, with commas
    between them; NULL with a moment set: the plan ends.
    """

    subscription_id: str = key()
    customer_id: str = fact("cus_1")
    account_id: str | None = None
    status: SubscriptionStatus = fact(SubscriptionStatus.ACTIVE)
    collection_method: str = "charge_automatically"
    created_at: datetime = fact(datetime(2025, 1, 1))
    current_period_start: datetime | None = fact(datetime(2026, 2, 15))
    current_period_end: datetime | None = fact(datetime(2026, 3, 15))
    trial_end: datetime | None = None
    cancel_at: datetime | None = None
    cancel_at_period_end: bool = False
    canceled_at: datetime | None = None
    ended_at: datetime | None = None
    paused: bool = False
    next_price_id: str | None = None
    next_phase_at: datetime | None = None
    latest_invoice_id: str | None = None
    other_application: bool = False
    livemode: bool = fact(True)  # noqa: FBT003 - an example value


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeSubscriptionItem:
    """One price of a subscription, and how many of it. ``metered`` items bill usage and mean no plan by themselves."""

    item_id: str = key()
    subscription_id: str = fact("sub_1")
    price_id: str = fact("price_pro")
    lookup_key: str | None = None
    product_id: str | None = None
    quantity: int | None = 1
    interval: str | None = "month"
    interval_count: int = 1
    metered: bool = False
    livemode: bool = fact(True)  # noqa: FBT003 - an example value


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeInvoice:
    """An invoice. ``paid_at`` is when it was paid; ``paid_out_of_band`` says that it was paid outside Stripe.

    ``amount_paid`` is money; what a customer balance or a coupon covered is in ``total`` alone.
    """

    invoice_id: str = key()
    customer_id: str | None = fact("cus_1")
    subscription_id: str | None = None
    account_id: str | None = None
    status: InvoiceStatus = fact(InvoiceStatus.PAID)
    billing_reason: str | None = None
    collection_method: str = "charge_automatically"
    currency: str = fact("usd")
    subtotal: int = 0
    total: int = fact(2900)
    amount_due: int = 0
    amount_paid: int = fact(2900)
    credited: int = 0
    """The amount that credit notes took back after it was paid."""
    credited_before: int = 0
    """The amount that credit notes took off before it was paid."""
    paid_out_of_band: bool = False
    created_at: datetime = fact(datetime(2026, 2, 15))
    paid_at: datetime | None = None
    due_at: datetime | None = None
    livemode: bool = fact(True)  # noqa: FBT003 - an example value


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeInvoiceLine:
    """One line of an invoice: a price for a period. ``proration`` lines settle a change in the middle of one."""

    line_id: str = key()
    invoice_id: str = fact("in_1")
    subscription_id: str | None = None
    price_id: str | None = fact("price_pro")
    lookup_key: str | None = None
    product_id: str | None = None
    quantity: int | None = 1
    amount: int = fact(2900)
    currency: str = fact("usd")
    proration: bool = False
    metered: bool = False
    period_start: datetime | None = None
    period_end: datetime | None = None
    livemode: bool = fact(True)  # noqa: FBT003 - an example value


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeInvoicePayment:
    """A payment that was made or tried for an invoice."""

    invoice_payment_id: str = key()
    invoice_id: str = fact("in_1")
    payment_intent_id: str | None = fact("pi_1")
    charge_id: str | None = None
    """The charge that paid it, where there is no payment intent: before 2019, and today for what a charge paid."""
    status: InvoicePaymentStatus = fact(InvoicePaymentStatus.PAID)
    amount_paid: int | None = None
    currency: str | None = None
    livemode: bool = fact(True)  # noqa: FBT003 - an example value


@dataclass(frozen=True, slots=True, kw_only=True)
class StripePaymentIntent:
    """A payment: tried, under way, or completed."""

    payment_intent_id: str = key()
    customer_id: str | None = fact("cus_1")
    account_id: str | None = None
    status: PaymentStatus = fact(PaymentStatus.SUCCEEDED)
    amount: int = fact(2900)
    amount_received: int = fact(2900)
    currency: str = fact("usd")
    description: str | None = None
    charge_id: str | None = None
    """Its latest charge: the one that succeeded, if any did."""
    purpose: str | None = None
    """The object's own metadata as one canonical text: payments with different metadata are for different things."""
    delayed: bool = False
    """Whether its payment method confirms days later (bank debits, transfers, vouchers)."""
    created_at: datetime = fact(datetime(2026, 2, 15))
    livemode: bool = fact(True)  # noqa: FBT003 - an example value


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeRefund:
    """A refund."""

    refund_id: str = key()
    payment_intent_id: str | None = fact("pi_1")
    charge_id: str | None = None
    status: RefundStatus = fact(RefundStatus.SUCCEEDED)
    amount: int = fact(2900)
    currency: str = fact("usd")
    created_at: datetime = fact(datetime(2026, 2, 20))
    livemode: bool = fact(True)  # noqa: FBT003 - an example value


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeDispute:
    """A dispute: money that a customer's bank takes back, until the dispute is won."""

    dispute_id: str = key()
    payment_intent_id: str | None = fact("pi_1")
    charge_id: str | None = None
    status: DisputeStatus = fact(DisputeStatus.LOST)
    amount: int = fact(2900)
    currency: str = fact("usd")
    created_at: datetime = fact(datetime(2026, 2, 20))
    livemode: bool = fact(True)  # noqa: FBT003 - an example value


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeCheckoutSession:
    """A checkout session, and how it ended."""

    checkout_session_id: str = key()
    customer_id: str | None = fact("cus_1")
    account_id: str | None = None
    mode: str = "payment"
    status: str | None = "complete"
    payment_status: CheckoutPayment = fact(CheckoutPayment.PAID)
    payment_intent_id: str | None = fact("pi_1")
    subscription_id: str | None = None
    invoice_id: str | None = None
    amount_total: int | None = fact(2900)
    amount_subtotal: int | None = None
    """The amount before discounts and tax."""
    currency: str | None = fact("usd")
    price_id: str | None = None
    """The price of its only line, and below how many of it; NULL where there are several, or none is shown."""
    lookup_key: str | None = None
    product_id: str | None = None
    quantity: int | None = None
    purpose: str | None = None
    """Its own metadata as one canonical text."""
    created_at: datetime = fact(datetime(2026, 2, 15))
    livemode: bool = fact(True)  # noqa: FBT003 - an example value


@dataclass(frozen=True, slots=True, kw_only=True)
class StripePrice:
    """A price, also an archived one."""

    price_id: str = key()
    lookup_key: str | None = None
    product_id: str | None = fact("prod_1")
    active: bool = True
    unit_amount: int | None = None
    currency: str = fact("usd")
    interval: str | None = None
    interval_count: int = 1
    metered: bool = False
    livemode: bool = fact(True)  # noqa: FBT003 - an example value


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeEvent:
    """An event that Stripe still lists, which it does for 30 days, and the objects that the event names."""

    event_id: str = key()
    type: str = fact("invoice.paid")
    api_version: str | None = None
    object_id: str | None = None
    customer_id: str | None = None
    invoice_id: str | None = None
    payment_intent_id: str | None = None
    amount: int | None = None
    """The amount that was paid with it, in ``currency``; NULL where the event is not about money."""
    currency: str | None = None
    pending_webhooks: int = 0
    stripe_account: str | None = None
    """The connected account that it is of; NULL where it is of the account that was read."""
    created_at: datetime = fact(datetime(2026, 2, 15))
    livemode: bool = fact(True)  # noqa: FBT003 - an example value


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeWebhookEndpoint:
    """An address that Stripe sends events to. ``enabled_events`` is ``*`` or types between commas: ``,a.b,c.d,``."""

    endpoint_id: str = key()
    url: str = fact("https://app.example.com/webhooks/stripe")
    status: EndpointStatus = fact(EndpointStatus.ENABLED)
    api_version: str | None = None
    enabled_events: str = fact("*")
    livemode: bool = fact(True)  # noqa: FBT003 - an example value


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeProductFeature:
    """A feature that a product carries, by the feature's lookup key."""

    product_id: str = key()
    feature: str = key()
    livemode: bool = fact(True)  # noqa: FBT003 - an example value


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeReading:
    """How far back a Stripe relation is complete. A missing object that is younger is absent; an older one is unknown.

    ``complete_since`` is a moment of creation; NULL means that it holds everything there ever was. ``read_at`` is when
    the reading began: what happened at Stripe later may be missing. ``stripe_account`` is whose objects they are,
    where that is known.
    """

    relation: str = key()
    complete_since: datetime | None = None
    read_at: datetime | None = None
    api_version: str | None = None
    stripe_account: str | None = None


StripeRow = (
    StripeCustomer
    | StripeSubscription
    | StripeSubscriptionItem
    | StripeInvoice
    | StripeInvoiceLine
    | StripeInvoicePayment
    | StripePaymentIntent
    | StripeRefund
    | StripeDispute
    | StripeCheckoutSession
    | StripePrice
    | StripeEvent
    | StripeWebhookEndpoint
    | StripeProductFeature
)

STRIPE_OBJECTS: tuple[type[StripeRow], ...] = get_args(StripeRow)
"""Relations that Stripe supplies: its API, a sync tool's tables, or exported files."""

EVENT_TYPES = (
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.refunded",
    "charge.succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "customer.deleted",
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "customer.subscription.updated",
    "invoice.paid",
    "invoice.payment_failed",
    "invoice.payment_succeeded",
    "invoice_payment.paid",
    "payment_intent.payment_failed",
    "payment_intent.succeeded",
    "refund.created",
)
"""The types of events that are kept: those about money and plans, as many as Stripe takes in one question."""

EVENT_DAYS = 30
"""How long Stripe lists an event."""

WHOLE_OR_UNKNOWN = frozenset({"stripe_customer", "stripe_subscription", "stripe_subscription_item"})
"""Relations that must be complete: an object that is missing from a part may be older than it, and still be valid."""

OBJECT_KINDS: tuple[str, ...] = (
    "customers",
    "subscriptions",
    "subscription_items",
    "subscription_schedules",
    "invoices",
    "invoice_lines",
    "invoice_payments",
    "payment_intents",
    "refunds",
    "disputes",
    "checkout_sessions",
    "prices",
    "products",
    "events",
    "webhook_endpoints",
)
"""The kinds of Stripe's own objects that a sync tool's tables, or exported files, may hold."""

OBJECT, ACCOUNT, LIVEMODE, NEWEST = "object", "account", "livemode", "newest"
FIELD, NESTED = "field.", "nested."
"""The names of the columns of a table of objects: ``object`` holds the whole object as JSON; otherwise ``field.NAME``
holds one of its fields, and ``nested.NAME`` one whose value is JSON. ``account`` and ``livemode`` may be columns
beside it. ``newest`` is when the table was last synced."""
