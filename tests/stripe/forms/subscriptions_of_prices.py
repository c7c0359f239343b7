"""Subscriptions, items and schedules from 2020 to 2025-03-31: prices, and the period on the subscription."""

from __future__ import annotations

from tests.stripe.forms.form import (
    COPIES,
    COPIES_AND_COLUMNS,
    JSON,
    MONTH,
    T2020,
    T2023,
    T2024,
    YEAR,
    Form,
    Period,
    listing,
)
from tests.stripe.forms.subscriptions_of_plans import PLAN_2017


def make_price(named: str, product: object, **fields: object) -> JSON:
    return {
        "id": named,
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": T2020,
        "currency": "usd",
        "livemode": True,
        "lookup_key": None,
        "product": product,
        "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
        "type": "recurring",
        "unit_amount": 2900,
        "unit_amount_decimal": "2900",
    } | fields


FORMS = (
    Form(
        tag="s20",
        period=Period.Y2020_2022,
        what="prices beside plans, a paused collection, and the period on the subscription",
        source='Stripe documentation, "Migrate to the Prices API"; API reference 2020-08-27, "The subscription '
        'object": pause_collection',
        objects={
            "subscriptions": [
                {
                    "id": "sub_s20",
                    "object": "subscription",
                    "billing_cycle_anchor": T2020,
                    "cancel_at": T2020 + YEAR,
                    "cancel_at_period_end": False,
                    "canceled_at": T2020 + 5,
                    "collection_method": "charge_automatically",
                    "created": T2020,
                    "current_period_end": T2020 + MONTH,
                    "current_period_start": T2020,
                    "customer": "cus_s20",
                    "default_payment_method": "pm_s20",
                    "ended_at": None,
                    "items": listing(
                        {
                            "id": "si_s20",
                            "object": "subscription_item",
                            "created": T2020,
                            "plan": {"id": "price_s20", "object": "plan", "interval": "month", "product": "prod_s20"},
                            "price": make_price("price_s20", "prod_s20", lookup_key="pro"),
                            "quantity": 1,
                            "subscription": "sub_s20",
                            "tax_rates": [],
                        }
                    ),
                    "latest_invoice": "in_s20",
                    "livemode": True,
                    "metadata": {},
                    "pause_collection": {"behavior": "void", "resumes_at": None},
                    "plan": {"id": "price_s20", "object": "plan", "interval": "month", "product": "prod_s20"},
                    "quantity": 1,
                    "schedule": None,
                    "start_date": T2020,
                    "status": "past_due",
                    "trial_end": None,
                }
            ]
        },
        rows={
            "stripe_subscription": [
                {
                    "subscription_id": "sub_s20",
                    "customer_id": "cus_s20",
                    "status": "past_due",
                    "created_at": T2020,
                    "current_period_start": T2020,
                    "current_period_end": T2020 + MONTH,
                    "cancel_at": T2020 + YEAR,
                    "canceled_at": T2020 + 5,
                    "paused": True,
                    "latest_invoice_id": "in_s20",
                }
            ],
            "stripe_subscription_item": [
                {
                    "item_id": "si_s20",
                    "subscription_id": "sub_s20",
                    "price_id": "price_s20",
                    "lookup_key": "pro",
                    "product_id": "prod_s20",
                    "quantity": 1,
                    "interval": "month",
                }
            ],
        },
        suppliers=COPIES_AND_COLUMNS,
    ),
    Form(
        tag="s20later",
        period=Period.Y2020_2022,
        what="a schedule whose phases list plans",
        source='Stripe changelog 2020-08-27, "Renames phases attributes in subscription schedules"',
        objects={
            "subscriptions": [
                {
                    "id": "sub_s20later",
                    "object": "subscription",
                    "cancel_at_period_end": False,
                    "collection_method": "charge_automatically",
                    "created": T2020,
                    "current_period_end": T2020 + MONTH,
                    "current_period_start": T2020,
                    "customer": "cus_s20later",
                    "items": listing(
                        {"id": "si_s20later", "object": "subscription_item", "plan": PLAN_2017, "quantity": 1}
                    ),
                    "livemode": True,
                    "metadata": {},
                    "schedule": "sub_sched_s20later",
                    "status": "active",
                }
            ],
            "subscription_schedules": [
                {
                    "id": "sub_sched_s20later",
                    "object": "subscription_schedule",
                    "created": T2020,
                    "current_phase": {"end_date": T2020 + MONTH, "start_date": T2020},
                    "customer": "cus_s20later",
                    "end_behavior": "release",
                    "livemode": True,
                    "metadata": {},
                    "phases": [
                        {
                            "end_date": T2020 + MONTH,
                            "plans": [{"plan": "gold", "quantity": 1}],
                            "start_date": T2020,
                            "trial_end": None,
                        },
                        {
                            "end_date": T2020 + 2 * MONTH,
                            "plans": [{"plan": "platinum", "price": "platinum", "quantity": 1}],
                            "start_date": T2020 + MONTH,
                            "trial_end": None,
                        },
                    ],
                    "status": "active",
                    "subscription": "sub_s20later",
                }
            ],
        },
        rows={
            "stripe_subscription": [
                {
                    "subscription_id": "sub_s20later",
                    "customer_id": "cus_s20later",
                    "status": "active",
                    "created_at": T2020,
                    "current_period_start": T2020,
                    "current_period_end": T2020 + MONTH,
                    "next_price_id": "platinum",
                    "next_phase_at": T2020 + MONTH,
                }
            ],
            "stripe_subscription_item": [
                {
                    "item_id": "si_s20later",
                    "subscription_id": "sub_s20later",
                    "price_id": "gold",
                    "quantity": 1,
                    "interval": "month",
                }
            ],
        },
        suppliers=COPIES,
    ),
    Form(
        tag="s23",
        period=Period.Y2023_2024,
        what="customer, product and latest invoice expanded, and a schedule whose last phase cancels",
        source='Stripe API reference 2023-10-16, "The subscription object" and "The schedule object"; "Expanding '
        'responses"',
        objects={
            "subscriptions": [
                {
                    "id": "sub_s23",
                    "object": "subscription",
                    "cancel_at_period_end": False,
                    "cancellation_details": {"comment": None, "feedback": None, "reason": None},
                    "collection_method": "charge_automatically",
                    "created": T2023,
                    "current_period_end": T2023 + MONTH,
                    "current_period_start": T2023,
                    "customer": {"id": "cus_s23", "object": "customer", "metadata": {"user_id": "the_customers"}},
                    "items": listing(
                        {
                            "id": "si_s23",
                            "object": "subscription_item",
                            "price": make_price("price_s23", {"id": "prod_s23", "object": "product", "name": "Pro"}),
                            "quantity": 1,
                            "subscription": "sub_s23",
                        }
                    ),
                    "latest_invoice": {"id": "in_s23", "object": "invoice", "status": "paid"},
                    "livemode": True,
                    "metadata": {"user_id": "user_s23"},
                    "pause_collection": None,
                    "schedule": {
                        "id": "sub_sched_s23",
                        "object": "subscription_schedule",
                        "current_phase": {"end_date": T2023 + MONTH, "start_date": T2023},
                        "end_behavior": "cancel",
                        "phases": [
                            {
                                "end_date": T2023 + MONTH,
                                "items": [{"plan": "price_s23", "price": "price_s23", "quantity": 1}],
                                "start_date": T2023,
                            }
                        ],
                        "status": "active",
                        "subscription": "sub_s23",
                    },
                    "status": "active",
                    "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
                }
            ]
        },
        rows={
            "stripe_subscription": [
                {
                    "subscription_id": "sub_s23",
                    "customer_id": "cus_s23",
                    "account_id": "user_s23",
                    "status": "active",
                    "created_at": T2023,
                    "current_period_start": T2023,
                    "current_period_end": T2023 + MONTH,
                    "next_phase_at": T2023 + MONTH,
                    "latest_invoice_id": "in_s23",
                }
            ],
            "stripe_subscription_item": [
                {
                    "item_id": "si_s23",
                    "subscription_id": "sub_s23",
                    "price_id": "price_s23",
                    "product_id": "prod_s23",
                    "quantity": 1,
                    "interval": "month",
                }
            ],
        },
        suppliers=COPIES,
    ),
    Form(
        tag="s24",
        period=Period.BEFORE_BASIL,
        what="the last form with the period on the subscription",
        source='Stripe API reference 2024-12-18.acacia, "The Subscription object"',
        objects={
            "subscriptions": [
                {
                    "id": "sub_s24",
                    "object": "subscription",
                    "cancel_at_period_end": True,
                    "canceled_at": T2024 + 9,
                    "collection_method": "send_invoice",
                    "created": T2024,
                    "current_period_end": T2024 + MONTH,
                    "current_period_start": T2024,
                    "customer": "cus_s24",
                    "days_until_due": 14,
                    "discounts": [],
                    "items": listing(
                        {
                            "id": "si_s24",
                            "object": "subscription_item",
                            "price": make_price("price_s24", "prod_s24"),
                            "quantity": 5,
                            "subscription": "sub_s24",
                        }
                    ),
                    "latest_invoice": None,
                    "livemode": True,
                    "metadata": {},
                    "schedule": None,
                    "status": "unpaid",
                }
            ]
        },
        rows={
            "stripe_subscription": [
                {
                    "subscription_id": "sub_s24",
                    "customer_id": "cus_s24",
                    "status": "unpaid",
                    "collection_method": "send_invoice",
                    "created_at": T2024,
                    "current_period_start": T2024,
                    "current_period_end": T2024 + MONTH,
                    "cancel_at_period_end": True,
                    "canceled_at": T2024 + 9,
                }
            ],
            "stripe_subscription_item": [
                {
                    "item_id": "si_s24",
                    "subscription_id": "sub_s24",
                    "price_id": "price_s24",
                    "product_id": "prod_s24",
                    "quantity": 5,
                    "interval": "month",
                }
            ],
        },
        suppliers=COPIES_AND_COLUMNS,
    ),
)
