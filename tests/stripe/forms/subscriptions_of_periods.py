"""Subscriptions, items and schedules since 2025-03-31, when each item got its own period."""

from __future__ import annotations

from tests.stripe.forms.form import COPIES, MONTH, T2025, T2026, YEAR, Form, Period, listing
from tests.stripe.forms.subscriptions_of_prices import make_price

PERIODS = (
    'Stripe changelog 2025-03-31.basil, "Adds subscription item-level billing periods and removes subscription-level '
    'periods"'
)


FORMS = (
    Form(
        tag="s25",
        period=Period.AFTER_BASIL,
        what="each item has its own period: the subscription's is the widest",
        source=PERIODS,
        objects={
            "subscriptions": [
                {
                    "id": "sub_s25",
                    "object": "subscription",
                    "cancel_at_period_end": False,
                    "collection_method": "charge_automatically",
                    "created": T2025,
                    "customer": "cus_s25",
                    "items": listing(
                        {
                            "id": "si_a_s25",
                            "object": "subscription_item",
                            "current_period_end": T2025 + MONTH,
                            "current_period_start": T2025,
                            "price": make_price("price_a_s25", "prod_s25"),
                            "quantity": 1,
                            "subscription": "sub_s25",
                        },
                        {
                            "id": "si_b_s25",
                            "object": "subscription_item",
                            "current_period_end": T2025 + YEAR,
                            "current_period_start": T2025 + 60,
                            "price": make_price(
                                "price_b_s25",
                                "prod_s25",
                                recurring={"interval": "year", "interval_count": 1, "usage_type": "licensed"},
                            ),
                            "quantity": 2,
                            "subscription": "sub_s25",
                        },
                    ),
                    "latest_invoice": "in_s25",
                    "livemode": True,
                    "metadata": {"user_id": "user_s25"},
                    "pause_collection": None,
                    "schedule": None,
                    "status": "active",
                    "trial_end": T2025,
                }
            ]
        },
        rows={
            "stripe_subscription": [
                {
                    "subscription_id": "sub_s25",
                    "customer_id": "cus_s25",
                    "account_id": "user_s25",
                    "status": "active",
                    "created_at": T2025,
                    "current_period_start": T2025,
                    "current_period_end": T2025 + YEAR,
                    "trial_end": T2025,
                    "latest_invoice_id": "in_s25",
                }
            ],
            "stripe_subscription_item": [
                {
                    "item_id": "si_a_s25",
                    "subscription_id": "sub_s25",
                    "price_id": "price_a_s25",
                    "product_id": "prod_s25",
                    "quantity": 1,
                    "interval": "month",
                },
                {
                    "item_id": "si_b_s25",
                    "subscription_id": "sub_s25",
                    "price_id": "price_b_s25",
                    "product_id": "prod_s25",
                    "quantity": 2,
                    "interval": "year",
                },
            ],
        },
    ),
    Form(
        tag="s26",
        period=Period.TODAY,
        what="flexible billing, a metered item without a quantity, and a schedule with a next phase",
        source='Stripe API reference 2026, "The Subscription object": billing_mode; "The Subscription Schedule object"',
        objects={
            "subscriptions": [
                {
                    "id": "sub_s26",
                    "object": "subscription",
                    "billing_mode": {"flexible": {"proration_discounts": "included"}, "type": "flexible"},
                    "cancel_at_period_end": False,
                    "collection_method": "charge_automatically",
                    "created": T2026,
                    "customer": "cus_s26",
                    "customer_account": None,
                    "items": listing(
                        {
                            "id": "si_s26",
                            "object": "subscription_item",
                            "current_period_end": T2026 + MONTH,
                            "current_period_start": T2026,
                            "price": make_price(
                                "price_s26",
                                "prod_s26",
                                recurring={
                                    "interval": "month",
                                    "interval_count": 1,
                                    "meter": "mtr_s26",
                                    "usage_type": "metered",
                                },
                            ),
                            "subscription": "sub_s26",
                        }
                    ),
                    "latest_invoice": None,
                    "livemode": True,
                    "metadata": {},
                    "pause_collection": None,
                    "schedule": {
                        "id": "sub_sched_s26",
                        "object": "subscription_schedule",
                        "current_phase": {"end_date": T2026 + MONTH, "start_date": T2026},
                        "end_behavior": "release",
                        "phases": [
                            {
                                "end_date": T2026 + MONTH,
                                "items": [{"price": "price_s26"}],
                                "start_date": T2026,
                            },
                            {
                                "end_date": T2026 + 2 * MONTH,
                                "items": [{"price": "price_next_s26", "quantity": 1}],
                                "start_date": T2026 + MONTH,
                            },
                        ],
                        "status": "active",
                        "subscription": "sub_s26",
                    },
                    "status": "paused",
                }
            ]
        },
        rows={
            "stripe_subscription": [
                {
                    "subscription_id": "sub_s26",
                    "customer_id": "cus_s26",
                    "status": "paused",
                    "created_at": T2026,
                    "current_period_start": T2026,
                    "current_period_end": T2026 + MONTH,
                    "next_price_id": "price_next_s26",
                    "next_phase_at": T2026 + MONTH,
                }
            ],
            "stripe_subscription_item": [
                {
                    "item_id": "si_s26",
                    "subscription_id": "sub_s26",
                    "price_id": "price_s26",
                    "product_id": "prod_s26",
                    "interval": "month",
                    "metered": True,
                }
            ],
        },
    ),
    Form(
        tag="s26parts",
        period=Period.TODAY,
        what="items and schedule apart, as tools keep them: the item names its price, which is in the prices",
        source='Stripe Sync Engine, tables "subscription_items" and "subscription_schedules"',
        objects={
            "subscriptions": [
                {
                    "id": "sub_s26parts",
                    "object": "subscription",
                    "cancel_at_period_end": False,
                    "collection_method": "charge_automatically",
                    "created": T2026,
                    "customer": "cus_s26parts",
                    "latest_invoice": None,
                    "livemode": True,
                    "metadata": {},
                    "pause_collection": None,
                    "schedule": "sub_sched_s26parts",
                    "status": "active",
                }
            ],
            "subscription_items": [
                {
                    "id": "si_s26parts",
                    "object": "subscription_item",
                    "current_period_end": T2026 + MONTH,
                    "current_period_start": T2026,
                    "price": "price_s26parts",
                    "quantity": 4,
                    "subscription": "sub_s26parts",
                }
            ],
            "subscription_schedules": [
                {
                    "id": "sub_sched_s26parts",
                    "object": "subscription_schedule",
                    "current_phase": {"end_date": T2026 + MONTH, "start_date": T2026},
                    "end_behavior": "release",
                    "livemode": True,
                    "phases": [
                        {"end_date": T2026 + MONTH, "items": [{"price": "price_s26parts"}], "start_date": T2026}
                    ],
                    "status": "active",
                    "subscription": "sub_s26parts",
                }
            ],
            "prices": [make_price("price_s26parts", "prod_s26parts", lookup_key="team_s26parts")],
        },
        rows={
            "stripe_subscription": [
                {
                    "subscription_id": "sub_s26parts",
                    "customer_id": "cus_s26parts",
                    "status": "active",
                    "created_at": T2026,
                    "current_period_start": T2026,
                    "current_period_end": T2026 + MONTH,
                }
            ],
            "stripe_subscription_item": [
                {
                    "item_id": "si_s26parts",
                    "subscription_id": "sub_s26parts",
                    "price_id": "price_s26parts",
                    "lookup_key": "team_s26parts",
                    "product_id": "prod_s26parts",
                    "quantity": 4,
                    "interval": "month",
                }
            ],
            "stripe_price": [
                {
                    "price_id": "price_s26parts",
                    "lookup_key": "team_s26parts",
                    "product_id": "prod_s26parts",
                    "unit_amount": 2900,
                    "currency": "usd",
                    "interval": "month",
                }
            ],
        },
        suppliers=COPIES,
    ),
)
