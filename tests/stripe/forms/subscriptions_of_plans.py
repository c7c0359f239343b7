"""Subscriptions and items of 2017 and 2018, of plans."""

from __future__ import annotations

from tests.stripe.forms.form import COPIES, JSON, MONTH, T2017, YEAR, Form, Period, listing

PLAN_2017: JSON = {
    "id": "gold",
    "object": "plan",
    "amount": 2900,
    "created": T2017,
    "currency": "usd",
    "interval": "month",
    "interval_count": 1,
    "livemode": True,
    "metadata": {},
    "name": "Gold",
    "statement_descriptor": None,
    "trial_period_days": None,
}
"""A plan before 2018-02-05: it has a name of its own and no product."""

PLAN_2018: JSON = {
    "id": "seats",
    "object": "plan",
    "aggregate_usage": "sum",
    "amount": 100,
    "billing_scheme": "per_unit",
    "created": T2017,
    "currency": "usd",
    "interval": "year",
    "interval_count": 1,
    "livemode": True,
    "metadata": {},
    "nickname": "Seats",
    "product": "prod_seats",
    "tiers": None,
    "tiers_mode": None,
    "transform_usage": None,
    "trial_period_days": None,
    "usage_type": "metered",
}

PLANS = 'Stripe changelog 2018-02-05, "Plans now link to individual products, and several fields moved"'
BILLING = (
    'Stripe changelog 2019-10-17, "Renames billing to collection_method on invoices, subscriptions, and subscription '
    'schedules"; "Replaces the subscription start field with start_date"'
)

FORMS = (
    Form(
        tag="s17",
        period=Period.Y2017_2018,
        what="plan and quantity on the subscription and on its one item, and billing instead of collection_method",
        source=f"{BILLING}; {PLANS}",
        objects={
            "subscriptions": [
                {
                    "id": "sub_s17",
                    "object": "subscription",
                    "application_fee_percent": None,
                    "billing": "send_invoice",
                    "cancel_at_period_end": False,
                    "canceled_at": None,
                    "created": T2017,
                    "current_period_end": T2017 + MONTH,
                    "current_period_start": T2017,
                    "customer": "cus_s17",
                    "days_until_due": 30,
                    "discount": None,
                    "ended_at": None,
                    "items": listing(
                        {
                            "id": "si_s17",
                            "object": "subscription_item",
                            "created": T2017,
                            "metadata": {},
                            "plan": PLAN_2017,
                            "quantity": 3,
                        }
                    ),
                    "livemode": True,
                    "metadata": {"user_id": "user_s17"},
                    "plan": PLAN_2017,
                    "quantity": 3,
                    "start": T2017,
                    "status": "active",
                    "tax_percent": None,
                    "trial_end": None,
                    "trial_start": None,
                }
            ]
        },
        rows={
            "stripe_subscription": [
                {
                    "subscription_id": "sub_s17",
                    "customer_id": "cus_s17",
                    "account_id": "user_s17",
                    "status": "active",
                    "collection_method": "send_invoice",
                    "created_at": T2017,
                    "current_period_start": T2017,
                    "current_period_end": T2017 + MONTH,
                }
            ],
            "stripe_subscription_item": [
                {
                    "item_id": "si_s17",
                    "subscription_id": "sub_s17",
                    "price_id": "gold",
                    "quantity": 3,
                    "interval": "month",
                }
            ],
        },
        suppliers=COPIES,
    ),
    Form(
        tag="s17plan",
        period=Period.Y2017_2018,
        what="an older copy has no items: the subscription's own plan is its one item, named for the two",
        source='Stripe API reference 2016, "The subscription object": plan, quantity; "Subscriptions: multiple plans" '
        "(2017) added items",
        objects={
            "subscriptions": [
                {
                    "id": "sub_s17plan",
                    "object": "subscription",
                    "application_fee_percent": None,
                    "cancel_at_period_end": True,
                    "canceled_at": T2017 + 60,
                    "created": T2017,
                    "current_period_end": T2017 + MONTH,
                    "current_period_start": T2017,
                    "customer": "cus_s17plan",
                    "discount": None,
                    "ended_at": None,
                    "livemode": True,
                    "metadata": {},
                    "plan": PLAN_2017,
                    "quantity": 2,
                    "start": T2017,
                    "status": "trialing",
                    "tax_percent": None,
                    "trial_end": T2017 + MONTH,
                    "trial_start": T2017,
                }
            ]
        },
        rows={
            "stripe_subscription": [
                {
                    "subscription_id": "sub_s17plan",
                    "customer_id": "cus_s17plan",
                    "status": "trialing",
                    "created_at": T2017,
                    "current_period_start": T2017,
                    "current_period_end": T2017 + MONTH,
                    "trial_end": T2017 + MONTH,
                    "cancel_at_period_end": True,
                    "canceled_at": T2017 + 60,
                }
            ],
            "stripe_subscription_item": [
                {
                    "item_id": "sub_s17plan/gold",
                    "subscription_id": "sub_s17plan",
                    "price_id": "gold",
                    "quantity": 2,
                    "interval": "month",
                }
            ],
        },
        suppliers=COPIES,
    ),
    Form(
        tag="s18many",
        period=Period.Y2017_2018,
        what="two plans, of which one is metered and has a product: the subscription's own plan is null",
        source=f'{PLANS}; Stripe API reference 2018-02-28, "The plan object": usage_type',
        objects={
            "subscriptions": [
                {
                    "id": "sub_s18many",
                    "object": "subscription",
                    "billing": "charge_automatically",
                    "cancel_at_period_end": False,
                    "canceled_at": T2017 + 90,
                    "created": T2017,
                    "current_period_end": T2017 + YEAR,
                    "current_period_start": T2017,
                    "customer": "cus_s18many",
                    "days_until_due": None,
                    "ended_at": T2017 + 90,
                    "items": listing(
                        {"id": "si_a_s18many", "object": "subscription_item", "plan": PLAN_2017, "quantity": 1},
                        {
                            "id": "si_b_s18many",
                            "object": "subscription_item",
                            "plan": PLAN_2018,
                            "subscription": "sub_s18many",
                        },
                    ),
                    "livemode": True,
                    "metadata": {},
                    "plan": None,
                    "quantity": None,
                    "start": T2017,
                    "status": "canceled",
                }
            ]
        },
        rows={
            "stripe_subscription": [
                {
                    "subscription_id": "sub_s18many",
                    "customer_id": "cus_s18many",
                    "status": "canceled",
                    "created_at": T2017,
                    "current_period_start": T2017,
                    "current_period_end": T2017 + YEAR,
                    "canceled_at": T2017 + 90,
                    "ended_at": T2017 + 90,
                }
            ],
            "stripe_subscription_item": [
                {
                    "item_id": "si_a_s18many",
                    "subscription_id": "sub_s18many",
                    "price_id": "gold",
                    "quantity": 1,
                    "interval": "month",
                },
                {
                    "item_id": "si_b_s18many",
                    "subscription_id": "sub_s18many",
                    "price_id": "seats",
                    "product_id": "prod_seats",
                    "interval": "year",
                    "metered": True,
                },
            ],
        },
        suppliers=COPIES,
    ),
)
