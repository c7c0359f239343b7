"""Products, prices and features, as Stripe's API 2026-10-28.endive writes them. ``objects`` has the rules."""

from __future__ import annotations

from typing import Any

from tests.support.stripe.objects import EPOCH, JSON


def product(product_id: str, **fields: Any) -> JSON:
    """A service."""
    return {
        "id": product_id,
        "object": "product",
        "active": True,
        "created": EPOCH,
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": True,
        "marketing_features": [],
        "metadata": {},
        "name": "Pro",
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": None,
        "updated": EPOCH,
        "url": None,
    } | fields


def price(
    price_id: str, product_id: str, *, interval: str | None = "month", unit_amount: int = 2900, **fields: Any
) -> JSON:
    """A price per unit; for one payment where there is no interval."""
    recurring = {
        "interval": interval,
        "interval_count": 1,
        "meter": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }
    return {
        "id": price_id,
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": EPOCH,
        "currency": "usd",
        "custom_unit_amount": None,
        "livemode": True,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": product_id,
        "recurring": recurring if interval else None,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if interval else "one_time",
        "unit_amount": unit_amount,
        "unit_amount_decimal": str(unit_amount),
    } | fields


def feature(feature_id: str, lookup_key: str, **fields: Any) -> JSON:
    """A feature that products can carry. It has no ``created``."""
    return {
        "id": feature_id,
        "object": "entitlements.feature",
        "active": True,
        "livemode": True,
        "lookup_key": lookup_key,
        "metadata": {},
        "name": lookup_key,
    } | fields


def product_feature(link_id: str, carried: JSON, **fields: Any) -> JSON:
    """That a product carries a feature."""
    return {"id": link_id, "object": "product_feature", "entitlement_feature": carried, "livemode": True} | fields
