"""Subscriptions, with their items and what their schedule holds for them.

Since 2025-03-31 a period is an item's, and no more the subscription's.
"""

from __future__ import annotations

from trueup.stripe.shapes.declaration import OTHER_APPLICATION, PartOf, Shape

# One that is no moment goes before the widest, so that it is seen.
_WIDEST = """
coalesce({{value}}, (
    SELECT coalesce(
        min(item.{end}) FILTER (WHERE TRY_CAST(item.{end} AS BIGINT) IS NULL),
        CAST({pick}(TRY_CAST(item.{end} AS BIGINT)) AS VARCHAR)
    )
    FROM stripe_subscription_item_part AS item WHERE item."^id" = {{id}}
))
"""

_IN_FORCE = "{schedule.status} IN ('not_started', 'active')"

# Of the phases that begin when the current one ends, or later, the first, with the prices of all of its items. Before
# 2020-08-27 a phase lists plans, and an item may name one.
_NEXT_PHASE = """
list_sort(list_filter(
    list_transform(
        TRY(json_extract({schedule.phases}, '$[*]')),
        lambda phase: struct_pack(
            begins_at := TRY_CAST(json_extract_string(phase, '/start_date') AS BIGINT),
            prices := array_to_string(list_transform(
                list_concat(json_extract(phase, '$.items[*]'), json_extract(phase, '$.plans[*]')),
                lambda item: coalesce(json_extract_string(item, '/price/id'), json_extract_string(item, '/price'),
                                      json_extract_string(item, '/plan/id'), json_extract_string(item, '/plan'))
            ), ',')
        )
    ),
    lambda phase: phase.begins_at >= coalesce(TRY_CAST({schedule.current_phase.end_date} AS BIGINT), 0)
))[1]
"""

SUBSCRIPTION = Shape(
    relation="stripe_subscription",
    kind="subscriptions",
    columns="""
subscription_id       id
customer_id           customer:id
account_id            metadata.$account
collection_method     collection_method
                      billing until 2019-10-17
current_period_start  current_period_start until 2025-03-31
current_period_end    current_period_end until 2025-03-31
paused                pause_collection
next_price_id
next_phase_at
latest_invoice_id     latest_invoice:id
other_application
""",
    sql={
        "current_period_start": _WIDEST.format(end="current_period_start", pick="min"),
        "current_period_end": _WIDEST.format(end="current_period_end", pick="max"),
        "paused": "{value} IS NOT NULL",
        "next_price_id": f"CASE WHEN {_IN_FORCE} THEN nullif(({_NEXT_PHASE}).prices, '') END",
        # At the end of a last phase that cancels, nothing comes.
        "next_phase_at": f"CASE WHEN {_IN_FORCE} THEN coalesce(CAST(({_NEXT_PHASE}).begins_at AS VARCHAR), "
        "CASE WHEN {schedule.end_behavior} = 'cancel' THEN {schedule.current_phase.end_date} END) END",
        "other_application": OTHER_APPLICATION,
    },
    keeps=(
        "schedule.phases[].start_date",
        *(f"schedule.phases[].{items}[].{price}:id" for items in ("items", "plans") for price in ("price", "plan")),
    ),
)

# A subscription of 2016 has no items: its own plan is its one item, which has no id of its own.
_OLD_ITEM = {
    "id": "{id} || '/' || {plan.id}",
    "plan:id": "{plan.id}",
    "quantity": "{quantity}",
    **{place: f"{{{place}}}" for place in ("plan.interval", "plan.interval_count", "plan.usage_type", "plan.livemode")},
    "plan.product:id": "{plan.product:id}",
}

SUBSCRIPTION_ITEM = Shape(
    relation="stripe_subscription_item",
    kind="subscriptions",
    part_of=PartOf(
        list="items",
        kind="subscription_items",
        parent="subscription",
        spoils=("stripe_subscription",),
        needless="{items.data} IS NULL AND {items.has_more} IS NULL AND {plan.id} IS NOT NULL",
        instead=_OLD_ITEM,
        is_never_empty=True,
    ),
    names_price=True,
    columns="""
item_id          id
subscription_id  ^id
price_id         price:id
                 plan:id until 2020-08-27
lookup_key       price.lookup_key
                 prices!lookup_key
product_id       price.product:id
                 plan.product:id until 2020-08-27
                 prices!product:id
interval         price.recurring.interval
                 plan.interval until 2020-08-27
                 prices!recurring.interval
interval_count   price.recurring.interval_count
                 plan.interval_count until 2020-08-27
                 prices!recurring.interval_count
metered          price.recurring.usage_type
                 plan.usage_type until 2020-08-27
                 prices!recurring.usage_type
livemode         price.livemode
                 plan.livemode until 2020-08-27
                 ^livemode
""",
    sql={"metered": "coalesce({value} = 'metered', FALSE)"},
    keeps=("current_period_start", "current_period_end"),
)
