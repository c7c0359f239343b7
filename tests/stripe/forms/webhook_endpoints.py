"""Webhook endpoints."""

from __future__ import annotations

from tests.stripe.forms.form import API_AND_FILES, JSON, T2018, T2020, T2023, T2025, T2026, Form, Period


def _endpoint(tag: str, created: int, **fields: object) -> JSON:
    return {
        "id": f"we_{tag}",
        "object": "webhook_endpoint",
        "api_version": None,
        "application": None,
        "created": created,
        "enabled_events": ["*"],
        "livemode": True,
        "status": "enabled",
        "url": f"https://{tag}.example.com/stripe",
    } | fields


def _row(tag: str, **fields: object) -> JSON:
    return {
        "endpoint_id": f"we_{tag}",
        "url": f"https://{tag}.example.com/stripe",
        "status": "enabled",
        "enabled_events": "*",
    } | fields


FORMS = (
    Form(
        tag="w18",
        period=Period.Y2017_2018,
        what="follows the account's version",
        source='Stripe API reference 2018-11-08, "The webhook endpoint object"',
        objects={
            "webhook_endpoints": [
                _endpoint("w18", T2018, enabled_events=["charge.succeeded", "invoice.payment_succeeded"])
            ]
        },
        rows={"stripe_webhook_endpoint": [_row("w18", enabled_events=",charge.succeeded,invoice.payment_succeeded,")]},
        suppliers=API_AND_FILES,
    ),
    Form(
        tag="w20",
        period=Period.Y2020_2022,
        what="has a version of its own",
        source='Stripe API reference 2020-08-27, "The webhook endpoint object": api_version, description, metadata',
        objects={
            "webhook_endpoints": [_endpoint("w20", T2020, api_version="2020-08-27", metadata={}, description="x")]
        },
        rows={"stripe_webhook_endpoint": [_row("w20", api_version="2020-08-27")]},
        suppliers=API_AND_FILES,
    ),
    Form(
        tag="w23",
        period=Period.Y2023_2024,
        what="is disabled",
        source='Stripe API reference 2023-10-16, "The webhook endpoint object": status',
        objects={"webhook_endpoints": [_endpoint("w23", T2023, status="disabled")]},
        rows={"stripe_webhook_endpoint": [_row("w23", status="disabled")]},
        suppliers=API_AND_FILES,
    ),
    Form(
        tag="w25",
        period=Period.AFTER_BASIL,
        what="every type and one by its name: every type",
        source='Stripe API reference 2025-03-31.basil, "The Webhook Endpoint object": enabled_events',
        objects={
            "webhook_endpoints": [
                _endpoint("w25", T2025, api_version="2025-03-31.basil", enabled_events=["invoice.paid", "*"])
            ]
        },
        rows={"stripe_webhook_endpoint": [_row("w25", api_version="2025-03-31.basil")]},
        suppliers=API_AND_FILES,
    ),
    Form(
        tag="w26",
        period=Period.TODAY,
        what="one type",
        source='Stripe API reference 2026, "The Webhook Endpoint object"',
        objects={"webhook_endpoints": [_endpoint("w26", T2026, enabled_events=["invoice.paid"])]},
        rows={"stripe_webhook_endpoint": [_row("w26", enabled_events=",invoice.paid,")]},
        suppliers=API_AND_FILES,
    ),
)
