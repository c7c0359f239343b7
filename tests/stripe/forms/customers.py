"""Customers."""

from __future__ import annotations

from tests.stripe.forms.form import ANY_AND_COLUMNS, COPIES, T2017, T2020, T2023, T2025, T2026, Form, Period, listing

FORMS = (
    Form(
        tag="c17",
        period=Period.Y2017_2018,
        what="cards are sources, subscriptions are shown, and the balance is account_balance",
        source='Stripe changelog 2020-08-27, "Customer subscriptions are no longer auto-expanded by default"; '
        "2019-10-17 (account_balance became balance)",
        objects={
            "customers": [
                {
                    "id": "cus_c17",
                    "object": "customer",
                    "account_balance": 0,
                    "created": T2017,
                    "currency": "usd",
                    "default_source": "card_c17",
                    "delinquent": False,
                    "description": "Ada",
                    "discount": None,
                    "email": "ada@example.com",
                    "livemode": True,
                    "metadata": {"user_id": "user_c17"},
                    "shipping": None,
                    "sources": listing(
                        {
                            "id": "card_c17",
                            "object": "card",
                            "address_city": None,
                            "brand": "Visa",
                            "customer": "cus_c17",
                            "exp_month": 8,
                            "exp_year": 2019,
                            "last4": "4242",
                            "metadata": {"user_id": "not_the_customer"},
                        }
                    ),
                    "subscriptions": listing(),
                }
            ]
        },
        rows={
            "stripe_customer": [
                {
                    "customer_id": "cus_c17",
                    "account_id": "user_c17",
                    "email": "ada@example.com",
                    "created_at": T2017,
                }
            ]
        },
    ),
    Form(
        tag="c17gone",
        period=Period.Y2017_2018,
        what="a deleted customer does not say that it is a customer",
        source='Stripe API reference, "Delete a customer": {"deleted": true, "id": ...}',
        objects={"customers": [{"deleted": True, "id": "cus_c17gone"}]},
        rows={"stripe_customer": [{"customer_id": "cus_c17gone", "deleted": True}]},
        suppliers=COPIES,
    ),
    Form(
        tag="c20",
        period=Period.Y2020_2022,
        what="an address, invoice settings, and a balance",
        source='Stripe API reference 2020-08-27, "The customer object"',
        objects={
            "customers": [
                {
                    "id": "cus_c20",
                    "object": "customer",
                    "address": {"city": "Bern", "country": "CH", "line1": "Gasse 1", "line2": None},
                    "balance": -500,
                    "created": T2020,
                    "currency": "chf",
                    "default_source": None,
                    "delinquent": False,
                    "description": None,
                    "discount": None,
                    "email": "Bób@example.com",
                    "invoice_prefix": "C20",
                    "invoice_settings": {"custom_fields": None, "default_payment_method": "pm_c20", "footer": None},
                    "livemode": True,
                    "metadata": {},
                    "name": "Bób",
                    "next_invoice_sequence": 2,
                    "phone": None,
                    "preferred_locales": ["de"],
                    "shipping": None,
                    "tax_exempt": "none",
                }
            ]
        },
        rows={"stripe_customer": [{"customer_id": "cus_c20", "email": "Bób@example.com", "created_at": T2020}]},
        suppliers=ANY_AND_COLUMNS,
    ),
    Form(
        tag="c23",
        period=Period.Y2023_2024,
        what="a test clock, and no e-mail address",
        source='Stripe API reference 2023-10-16, "The customer object"',
        objects={
            "customers": [
                {
                    "id": "cus_c23",
                    "object": "customer",
                    "address": None,
                    "balance": 0,
                    "created": T2023,
                    "currency": None,
                    "default_source": None,
                    "delinquent": False,
                    "email": None,
                    "invoice_settings": {"rendering_options": None},
                    "livemode": True,
                    "metadata": {"user_id": "7"},
                    "tax_exempt": "none",
                    "test_clock": None,
                }
            ]
        },
        rows={"stripe_customer": [{"customer_id": "cus_c23", "account_id": "7", "created_at": T2023}]},
        suppliers=ANY_AND_COLUMNS,
    ),
    Form(
        tag="c25",
        period=Period.AFTER_BASIL,
        what="metadata for another app alone",
        source='Stripe API reference 2025-03-31.basil, "The Customer object"',
        objects={
            "customers": [
                {
                    "id": "cus_c25",
                    "object": "customer",
                    "balance": 0,
                    "created": T2025,
                    "currency": "usd",
                    "email": "eve@example.com",
                    "livemode": True,
                    "metadata": {"order": "7"},
                }
            ]
        },
        rows={"stripe_customer": [{"customer_id": "cus_c25", "email": "eve@example.com", "created_at": T2025}]},
    ),
    Form(
        tag="c26",
        period=Period.TODAY,
        what="a customer that is also an account",
        source='Stripe API reference 2026, "The Customer object": customer_account',
        objects={
            "customers": [
                {
                    "id": "cus_c26",
                    "object": "customer",
                    "balance": 0,
                    "created": T2026,
                    "currency": "usd",
                    "customer_account": "acct_c26",
                    "email": "joe@example.com",
                    "individual_name": "Joe",
                    "livemode": True,
                    "metadata": {"user_id": "user_c26"},
                    "tax": None,
                }
            ]
        },
        rows={
            "stripe_customer": [
                {
                    "customer_id": "cus_c26",
                    "account_id": "user_c26",
                    "email": "joe@example.com",
                    "created_at": T2026,
                }
            ]
        },
    ),
)
