"""Prices, which there are since 2020. Before, a subscription and a line held a plan."""

from __future__ import annotations

from tests.stripe.forms.form import ANY_AND_COLUMNS, T2017, T2020, T2023, T2025, T2026, Form, Period

FORMS = (
    Form(
        tag="p20",
        period=Period.Y2020_2022,
        what="a price by the month, and an old plan listed as a price, which keeps the id that its owner chose",
        source='Stripe documentation, "Migrate to the Prices API"; API reference 2020-08-27, "The price object"',
        objects={
            "prices": [
                {
                    "id": "price_p20",
                    "object": "price",
                    "active": True,
                    "billing_scheme": "per_unit",
                    "created": T2020,
                    "currency": "usd",
                    "livemode": True,
                    "lookup_key": "pro_p20",
                    "metadata": {},
                    "nickname": None,
                    "product": "prod_p20",
                    "recurring": {
                        "aggregate_usage": None,
                        "interval": "month",
                        "interval_count": 1,
                        "trial_period_days": None,
                        "usage_type": "licensed",
                    },
                    "tiers_mode": None,
                    "transform_quantity": None,
                    "type": "recurring",
                    "unit_amount": 2900,
                    "unit_amount_decimal": "2900",
                },
                {
                    "id": "gold-p20",
                    "object": "price",
                    "active": False,
                    "billing_scheme": "per_unit",
                    "created": T2017,
                    "currency": "eur",
                    "livemode": True,
                    "lookup_key": None,
                    "metadata": {},
                    "product": "prod_p20",
                    "recurring": {"interval": "year", "interval_count": 2, "usage_type": "licensed"},
                    "type": "recurring",
                    "unit_amount": 0,
                    "unit_amount_decimal": "0",
                },
            ]
        },
        rows={
            "stripe_price": [
                {
                    "price_id": "price_p20",
                    "lookup_key": "pro_p20",
                    "product_id": "prod_p20",
                    "active": True,
                    "unit_amount": 2900,
                    "currency": "usd",
                    "interval": "month",
                },
                {
                    "price_id": "gold-p20",
                    "product_id": "prod_p20",
                    "active": False,
                    "unit_amount": 0,
                    "currency": "eur",
                    "interval": "year",
                    "interval_count": 2,
                },
            ]
        },
        suppliers=ANY_AND_COLUMNS,
    ),
    Form(
        tag="p20use",
        period=Period.Y2020_2022,
        what="metered usage that is summed up, tiers without an amount, and less than a cent",
        source='Stripe API reference 2020-08-27, "The price object": recurring.aggregate_usage, unit_amount_decimal',
        objects={
            "prices": [
                {
                    "id": "price_sum_p20use",
                    "object": "price",
                    "active": True,
                    "billing_scheme": "tiered",
                    "created": T2020,
                    "currency": "usd",
                    "livemode": True,
                    "lookup_key": None,
                    "product": "prod_p20use",
                    "recurring": {
                        "aggregate_usage": "sum",
                        "interval": "month",
                        "interval_count": 3,
                        "usage_type": "metered",
                    },
                    "tiers_mode": "graduated",
                    "type": "recurring",
                    "unit_amount": None,
                    "unit_amount_decimal": None,
                },
                {
                    "id": "price_bit_p20use",
                    "object": "price",
                    "active": True,
                    "billing_scheme": "per_unit",
                    "created": T2020,
                    "currency": "usd",
                    "livemode": True,
                    "product": "prod_p20use",
                    "recurring": None,
                    "type": "one_time",
                    "unit_amount": None,
                    "unit_amount_decimal": "0.05",
                },
            ]
        },
        rows={
            "stripe_price": [
                {
                    "price_id": "price_sum_p20use",
                    "product_id": "prod_p20use",
                    "currency": "usd",
                    "interval": "month",
                    "interval_count": 3,
                    "metered": True,
                },
                {"price_id": "price_bit_p20use", "product_id": "prod_p20use", "currency": "usd"},
            ]
        },
        suppliers=ANY_AND_COLUMNS,
    ),
    Form(
        tag="p23",
        period=Period.Y2023_2024,
        what="the product is expanded, and there are amounts in other currencies",
        source='Stripe API reference 2023-10-16, "The price object": currency_options, custom_unit_amount; '
        '"Expanding responses"',
        objects={
            "prices": [
                {
                    "id": "price_p23",
                    "object": "price",
                    "active": True,
                    "billing_scheme": "per_unit",
                    "created": T2023,
                    "currency": "usd",
                    "currency_options": {"eur": {"unit_amount": 2700, "unit_amount_decimal": "2700"}},
                    "custom_unit_amount": None,
                    "livemode": True,
                    "lookup_key": "team_p23",
                    "product": {"id": "prod_p23", "object": "product", "name": "Team", "livemode": True},
                    "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
                    "tax_behavior": "exclusive",
                    "type": "recurring",
                    "unit_amount": 9900,
                    "unit_amount_decimal": "9900",
                }
            ]
        },
        rows={
            "stripe_price": [
                {
                    "price_id": "price_p23",
                    "lookup_key": "team_p23",
                    "product_id": "prod_p23",
                    "unit_amount": 9900,
                    "currency": "usd",
                    "interval": "month",
                }
            ]
        },
    ),
    Form(
        tag="p25",
        period=Period.AFTER_BASIL,
        what="usage is counted by a meter",
        source="stripe-python 12.0.0 (usage records were removed); API reference: recurring.meter",
        objects={
            "prices": [
                {
                    "id": "price_p25",
                    "object": "price",
                    "active": True,
                    "billing_scheme": "per_unit",
                    "created": T2025,
                    "currency": "usd",
                    "livemode": True,
                    "lookup_key": "calls_p25",
                    "product": "prod_p25",
                    "recurring": {
                        "interval": "month",
                        "interval_count": 1,
                        "meter": "mtr_p25",
                        "trial_period_days": None,
                        "usage_type": "metered",
                    },
                    "type": "recurring",
                    "unit_amount": 1,
                    "unit_amount_decimal": "1",
                }
            ]
        },
        rows={
            "stripe_price": [
                {
                    "price_id": "price_p25",
                    "lookup_key": "calls_p25",
                    "product_id": "prod_p25",
                    "unit_amount": 1,
                    "currency": "usd",
                    "interval": "month",
                    "metered": True,
                }
            ]
        },
    ),
    Form(
        tag="p26",
        period=Period.TODAY,
        what="a price by the week",
        source='Stripe API reference 2026, "The Price object"',
        objects={
            "prices": [
                {
                    "id": "price_p26",
                    "object": "price",
                    "active": True,
                    "billing_scheme": "per_unit",
                    "created": T2026,
                    "currency": "jpy",
                    "custom_unit_amount": None,
                    "livemode": True,
                    "lookup_key": None,
                    "metadata": {},
                    "nickname": None,
                    "product": "prod_p26",
                    "recurring": {
                        "interval": "week",
                        "interval_count": 1,
                        "meter": None,
                        "trial_period_days": None,
                        "usage_type": "licensed",
                    },
                    "tax_behavior": "unspecified",
                    "type": "recurring",
                    "unit_amount": 500,
                    "unit_amount_decimal": "500",
                }
            ]
        },
        rows={
            "stripe_price": [
                {
                    "price_id": "price_p26",
                    "product_id": "prod_p26",
                    "unit_amount": 500,
                    "currency": "jpy",
                    "interval": "week",
                }
            ]
        },
    ),
)
