"""Customers, subscriptions, schedules, events and endpoints, as Stripe's API 2026-10-28.endive writes them.

Each function makes one object from its id; any keyword replaces or adds a field. Times are Unix seconds, amounts are in
minor units. Left out are fields that say nothing (the empty settings of taxes, shipping, branding) and payment methods.
"""

from __future__ import annotations

from typing import Any

JSON = dict[str, Any]

VERSION = "2026-10-28.endive"
DAY = 86_400
MONTH = 30 * DAY
EPOCH = 1_793_000_000
"""When objects were created unless it is said: 26 October 2026."""


def listing(data: list[JSON], url: str, *, has_more: bool = False) -> JSON:
    """A list object."""
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def account(account_id: str, **fields: Any) -> JSON:
    """The account that the key belongs to."""
    return {
        "id": account_id,
        "object": "account",
        "business_profile": {
            "name": "Example, Inc.",
            "support_email": "help@example.com",
            "url": "https://example.com",
        },
        "business_type": "company",
        "charges_enabled": True,
        "country": "US",
        "created": EPOCH - 1000 * DAY,
        "default_currency": "usd",
        "details_submitted": True,
        "email": "owner@example.com",
        "metadata": {},
        "payouts_enabled": True,
        "settings": {"dashboard": {"display_name": "Example", "timezone": "Etc/UTC"}},
        "type": "standard",
    } | fields


def customer(customer_id: str, **fields: Any) -> JSON:
    """A customer without a balance or a discount."""
    return {
        "id": customer_id,
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": EPOCH,
        "currency": "usd",
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": f"{customer_id}@example.com",
        "invoice_prefix": customer_id[-8:].upper(),
        "invoice_settings": {"custom_fields": None, "default_payment_method": None, "footer": None},
        "livemode": True,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    } | fields


def deleted_customer(customer_id: str) -> JSON:
    """All that is left of a customer that was deleted."""
    return {"id": customer_id, "object": "customer", "deleted": True}


def subscription_item(item_id: str, subscription_id: str, priced: JSON, **fields: Any) -> JSON:
    """One item; a billing period belongs to the item since 2025-03-31."""
    created = fields.get("created", EPOCH)
    recurring = priced.get("recurring") or {}
    return {
        "id": item_id,
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": created,
        "current_period_end": created + MONTH,
        "current_period_start": created,
        "discounts": [],
        "metadata": {},
        "plan": {
            "id": priced["id"],
            "object": "plan",
            "active": priced["active"],
            "amount": priced["unit_amount"],
            "billing_scheme": priced["billing_scheme"],
            "created": priced["created"],
            "currency": priced["currency"],
            "interval": recurring.get("interval"),
            "interval_count": recurring.get("interval_count"),
            "livemode": priced["livemode"],
            "product": priced["product"],
            "usage_type": recurring.get("usage_type"),
        },
        "price": priced,
        "quantity": 1,
        "subscription": subscription_id,
        "tax_rates": [],
    } | fields


def subscription(subscription_id: str, customer_id: str, items: list[JSON], **fields: Any) -> JSON:
    """A subscription that is active and charged automatically."""
    created = fields.get("created", EPOCH)
    return {
        "id": subscription_id,
        "object": "subscription",
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": {"enabled": False, "disabled_reason": None, "liability": None},
        "billing_cycle_anchor": created,
        "billing_mode": {"type": "flexible"},
        "billing_thresholds": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "created": created,
        "currency": "usd",
        "customer": customer_id,
        "customer_account": None,
        "days_until_due": None,
        "default_payment_method": None,
        "default_source": None,
        "description": None,
        "discounts": [],
        "ended_at": None,
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "items": listing(items, f"/v1/subscription_items?subscription={subscription_id}"),
        "latest_invoice": None,
        "livemode": True,
        "metadata": {},
        "on_behalf_of": None,
        "pause_collection": None,
        "payment_settings": {"payment_method_types": None, "save_default_payment_method": "off"},
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "start_date": created,
        "status": "active",
        "test_clock": None,
        "transfer_data": None,
        "trial_end": None,
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": None,
    } | fields


def phase(items: list[JSON], *, start_date: int, end_date: int, **fields: Any) -> JSON:
    """One phase of a schedule. An item is ``{"price": id, "quantity": n}``."""
    plain: JSON = {
        "currency": "usd",
        "discounts": [],
        "metadata": {},
        "proration_behavior": "create_prorations",
        "trial_end": None,
    }
    return plain | {"items": items, "start_date": start_date, "end_date": end_date} | fields


def subscription_schedule(schedule_id: str, customer_id: str, phases: list[JSON], **fields: Any) -> JSON:
    """A schedule in its first phase."""
    return {
        "id": schedule_id,
        "object": "subscription_schedule",
        "application": None,
        "billing_mode": {"type": "flexible"},
        "canceled_at": None,
        "completed_at": None,
        "created": EPOCH,
        "current_phase": {name: phases[0][name] for name in ("start_date", "end_date")},
        "customer": customer_id,
        "default_settings": {"collection_method": "charge_automatically", "default_payment_method": None},
        "end_behavior": "release",
        "livemode": True,
        "metadata": {},
        "phases": phases,
        "released_at": None,
        "released_subscription": None,
        "status": "active",
        "subscription": None,
        "test_clock": None,
    } | fields


def event(event_id: str, kind: str, about: JSON, **fields: Any) -> JSON:
    """An event about an object, as that object was when it happened."""
    return {
        "id": event_id,
        "object": "event",
        "api_version": VERSION,
        "created": EPOCH,
        "data": {"object": about},
        "livemode": True,
        "pending_webhooks": 0,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    } | fields


def webhook_endpoint(endpoint_id: str, **fields: Any) -> JSON:
    """An endpoint that is enabled, as it is read: its secret is shown once, when it is made."""
    return {
        "id": endpoint_id,
        "object": "webhook_endpoint",
        "api_version": VERSION,
        "application": None,
        "created": EPOCH,
        "description": None,
        "enabled_events": ["*"],
        "livemode": True,
        "metadata": {},
        "status": "enabled",
        "url": "https://app.example.com/webhooks/stripe",
    } | fields
