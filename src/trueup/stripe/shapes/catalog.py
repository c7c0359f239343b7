"""Customers, prices, what products carry, and webhook endpoints."""

from __future__ import annotations

from trueup.stripe.shapes.fields import JSON, AccountFilter, Row, Rows, id_of, parts, within


def customer_rows(customer: JSON, account_filter: AccountFilter) -> Rows:
    """A customer. Of a deleted one only the id is left, and that it is deleted."""
    row = {
        "customer_id": customer.get("id"),
        "account_id": account_filter.account_of(customer.get("metadata")),
        "email": customer.get("email"),
        "deleted": customer.get("deleted"),
        "created_at": customer.get("created"),
        "livemode": account_filter.mode_of(customer),
    }
    return {"stripe_customer": [row]}


def price_rows(price: JSON, account_filter: AccountFilter) -> Rows:
    """A price."""
    recurring = price.get("recurring")
    row = {
        "price_id": price.get("id"),
        "lookup_key": price.get("lookup_key"),
        "product_id": id_of(price.get("product")),
        "active": price.get("active"),
        "unit_amount": price.get("unit_amount"),
        "currency": price.get("currency"),
        **billing_of(recurring),
        "livemode": account_filter.mode_of(price),
    }
    return {"stripe_price": [row]}


def billing_of(recurring: object) -> Row:
    """How often a price bills, and whether it bills usage."""
    return {
        "interval": within(recurring, "interval"),
        "interval_count": within(recurring, "interval_count"),
        "metered": within(recurring, "usage_type") == "metered",
    }


def product_rows(product_object: JSON, account_filter: AccountFilter) -> Rows:
    """The features of a product, which its list of them was read into."""
    product = product_object.get("id")
    rows: list[Row] = [
        {"product_id": product, "feature": feature, "livemode": account_filter.mode_of(part)}
        for part in parts(product_object, "features")
        if (feature := within(part, "entitlement_feature", "lookup_key")) is not None
    ]
    return {"stripe_product_feature": rows}


def endpoint_rows(endpoint: JSON, account_filter: AccountFilter) -> Rows:
    """A webhook endpoint, with its types between commas."""
    types = endpoint.get("enabled_events")
    words = [str(word) for word in types] if isinstance(types, list) else []
    row = {
        "endpoint_id": endpoint.get("id"),
        "url": endpoint.get("url"),
        "status": endpoint.get("status"),
        "api_version": endpoint.get("api_version"),
        "enabled_events": "*" if "*" in words else f",{','.join(words)}," if words else None,
        "livemode": account_filter.mode_of(endpoint),
    }
    return {"stripe_webhook_endpoint": [row]}
