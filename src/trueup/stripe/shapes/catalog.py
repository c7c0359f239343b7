"""Customers, prices, what products carry, and webhook endpoints."""

from __future__ import annotations

from trueup.stripe.shapes.declaration import PartOf, Shape

# Types between commas, so that a check can look for one.
_ENABLED_EVENTS = """
CASE WHEN list_contains(TRY(from_json({value}, '["VARCHAR"]')), '*') THEN '*'
     WHEN len(TRY(from_json({value}, '["VARCHAR"]'))) > 0
     THEN ',' || array_to_string(TRY(from_json({value}, '["VARCHAR"]')), ',') || ',' END
"""

CUSTOMER = Shape(
    relation="stripe_customer",
    kind="customers",
    columns="""
customer_id  id
account_id   metadata.$account
""",
)

PRICE = Shape(
    relation="stripe_price",
    kind="prices",
    columns="""
price_id        id
product_id      product:id
interval        recurring.interval
interval_count  recurring.interval_count
metered         recurring.usage_type
""",
    sql={"metered": "coalesce({value} = 'metered', FALSE)"},
)

PRODUCT_FEATURE = Shape(
    relation="stripe_product_feature",
    kind="products",
    part_of=PartOf(list="features"),
    where="{entitlement_feature.lookup_key} IS NOT NULL",
    columns="""
product_id  ^id
feature     entitlement_feature.lookup_key
""",
)

WEBHOOK_ENDPOINT = Shape(
    relation="stripe_webhook_endpoint",
    kind="webhook_endpoints",
    columns="endpoint_id id",
    sql={"enabled_events": _ENABLED_EVENTS},
    keeps=("enabled_events[]",),
)
