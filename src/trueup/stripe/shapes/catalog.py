"""Customers, prices, what products carry, and webhook endpoints."""

from __future__ import annotations

from trueup.stripe.shapes.fields import JSON, AccountFilter, Row, Rows, id_of, parts, within


def customer_rows(found: JSON, account_filter: AccountFilter) -> Rows:
    """A customer. Of a deleted one only the id is left, and that it is deleted."""
    row = {
        "customer_id": found.get("id"),
        "account_id": account_filter.account_of(found.get("metadata")),
        "email": found.get("email"),
        "deleted": found.get("deleted"),
        "created_at": found.get("created"),
        "livemode": account_filter.mode_of(found),
    }
    return {"stripe_customer": [row]}


def price_rows(found: JSON, account_filter: AccountFilter) -> Rows:
    """A price."""
    recurring = found.get("recurring")
    row = {
        "price_id": found.get("id"),
        "lookup_key": found.get("lookup_key"),
        "product_id": id_of(found.get("product")),
        "active": found.get("active"),
        "unit_amount": found.get("unit_amount"),
        "currency": found.get("currency"),
        **billing_of(recurring),
        "livemode": account_filter.mode_of(found),
    }
    return {"stripe_price": [row]}


def billing_of(recurring: object) -> Row:
    """How often a price bills, and whether it bills usage."""
    return {
        "interval": within(recurring, "interval"),
        "interval_count": within(recurring, "interval_count"),
        "metered": within(recurring, "usage_type") == "metered",
    }


def product_rows(found: JSON, account_filter: AccountFilter) -> Rows:
    """The features of a product, which its list of them was read into."""
    product = found.get("id")
    rows: list[Row] = [
        {"product_id": product, "feature": feature, "livemode": account_filter.mode_of(part)}
        for part in parts(found, "features")
        if (feature := within(part, "entitlement_feature", "lookup_key")) is not None
    ]
    return {"stripe_product_feature": rows}


def endpoint_rows(found: JSON, account_filter: AccountFilter) -> Rows:
    """A webhook endpoint, with its types between commas."""
    types = found.get("enabled_events")
    words = [str(word) for word in types] if isinstance(types, list) else []
    row = {
        "endpoint_id": found.get("id"),
        "url": found.get("url"),
        "status": found.get("status"),
        "api_version": found.get("api_version"),
        "enabled_events": "*" if "*" in words else f",{','.join(words)}," if words else None,
        "livemode": account_filter.mode_of(found),
    }
    return {"stripe_webhook_endpoint": [row]}
