"""What is kept of Stripe between two audits holds nothing that no relation asks for: no name, no card, no address."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.reading_stripe import NOW, read_stripe
from tests.support.stripe import invoices, objects, payments, products
from tests.support.stripe.fixed import serve_fixed
from tests.support.stripe.objects import EPOCH, JSON, listing
from tests.support.stripe.server import stripe_server
from tests.support.stripe.world import StripeWorld

FIRST_NUMBER = 7_000_000_000_000
"""Undeclared numbers are this and more: six bytes in SQLite, and more than any amount or moment that is read."""

ADDRESS: JSON = {"city": "", "country": "", "line1": "", "line2": "", "postal_code": "", "state": ""}
PERSON: JSON = {"address": ADDRESS, "email": "", "name": "", "phone": "", "tax_id": ""}
CARD: JSON = {
    "brand": "",
    "checks": {"address_line1_check": "", "cvc_check": ""},
    "exp_month": 0,
    "exp_year": 0,
    "fingerprint": "",
    "last4": "",
}
METHOD: JSON = {"id": "", "object": "payment_method", "type": "card", "billing_details": PERSON, "card": CARD}

IDENTITY = ("id", "object", "livemode", "deleted", "created", "currency", "status", "metadata.user_id")
"""What is read of objects of every kind, where they have it."""
OF_A_LIST = (r"\w+\.has_more", r"\w+\.object")
PRICE = ("id", "object", "livemode", "lookup_key", "product", "recurring.(interval|interval_count|usage_type)")
DECLARED: Mapping[str, tuple[str, ...]] = {
    "customers": ("email",),
    "prices": (*PRICE, "active", "unit_amount", "type"),
    "subscriptions": (
        *("customer", "collection_method", "cancel_at", "cancel_at_period_end", "canceled_at", "ended_at", "trial_end"),
        *("latest_invoice", "pause_collection", "current_period_(start|end)"),
        r"schedule\.(id|object|status|end_behavior|subscription)",
        r"schedule\.current_phase\.(start|end)_date",
        r"schedule\.phases\.\d+\.(start_date|end_date|items\.\d+\.(price|quantity))",
        r"items\.data\.\d+\.(id|object|quantity|subscription|current_period_(start|end))",
        *(rf"items\.data\.\d+\.price\.{path}" for path in PRICE),
        r"items\.data\.\d+\.plan\.(id|object|livemode|product|interval|interval_count|usage_type)",
    ),
    "invoices": (
        *("customer", "billing_reason", "collection_method", "subtotal", "total", "amount_due", "amount_paid"),
        *("(post|pre)_payment_credit_notes_amount", "due_date", r"status_transitions\.paid_at"),
        r"parent\.(type|subscription_details\.(subscription|metadata\.user_id))",
        r"lines\.data\.\d+\.(id|object|livemode|quantity|amount|currency|subscription|invoice|period\.(start|end))",
        r"lines\.data\.\d+\.pricing\.(type|price_details\.(price|product))",
        r"lines\.data\.\d+\.parent\.(type|(subscription|invoice)_item_details\.(subscription|proration))",
        r"payments\.data\.\d+\.(id|object|livemode|invoice|status|amount_paid|currency|created)",
        r"payments\.data\.\d+\.payment\.(type|payment_intent|charge)",
    ),
    "payment_intents": (
        *("customer", "amount", "amount_received", "description", r"payment_method\.(object|type)"),
        *(r"payment_method_types\.\d+", r"next_action\.type", r"metadata\.\w+"),
        *("latest_charge", r"charges\.data\.\d+\.id"),
    ),
    "refunds": ("amount", "payment_intent", "charge"),
    "disputes": ("amount", "payment_intent", "charge"),
    "checkout_sessions": (
        *("customer", "client_reference_id", "mode", "payment_status", "payment_intent", "subscription", "invoice"),
        *("amount_total", "amount_subtotal", r"metadata(\.\w+)?"),
        r"line_items\.data\.\d+\.(quantity|price\.(id|lookup_key|product))",
    ),
    "events": (
        *("type", "api_version", "pending_webhooks"),
        r"data\.object\.(id|object|customer|invoice|payment_intent|amount|amount_captured|paid|currency)",
    ),
    "webhook_endpoints": ("url", "api_version", r"enabled_events\.\d+"),
    "products": (r"features\.data\.\d+\.(id|object|livemode|entitlement_feature\.(id|object|lookup_key))", "active"),
}
"""What is read of each kind, as patterns of paths. A new field of a relation is one more of them."""


def full_objects() -> dict[str, list[JSON]]:
    """An object of each kind with everything that Stripe tells, people's data first."""
    price = products.price("price_1", "prod_1", lookup_key="pro", nickname=None, tiers=[{"unit_amount": 0, "up_to": 0}])
    customer = objects.customer(
        "cus_1",
        email="read@example.com",
        address=ADDRESS,
        name="",
        phone="",
        shipping={**PERSON, "carrier": ""},
        sources=listing([{"id": "", "object": "card", **CARD}], ""),
        tax_ids=listing([{"id": "", "object": "tax_id", "value": ""}], ""),
        metadata={"user_id": "user_1", "passport": ""},
    )
    item = objects.subscription_item("si_1", "sub_1", price)
    schedule = objects.subscription_schedule(
        "sub_sched_1",
        "",
        [objects.phase([{"price": "price_1", "metadata": {}}], start_date=EPOCH, end_date=EPOCH + 9)],
        subscription="sub_1",
    )
    subscription = objects.subscription(
        "sub_1",
        "cus_1",
        [item],
        description="",
        default_payment_method=METHOD,
        schedule=schedule,
        latest_invoice="in_1",
        metadata={"user_id": "user_1", "coach": ""},
    )
    line = invoices.invoice_line("il_1", price, invoice_id="in_1", item=item)
    billed = invoices.invoice(
        "in_1",
        "cus_1",
        [line],
        subscription_id="sub_1",
        customer_address=ADDRESS,
        customer_name="",
        customer_phone="",
        customer_shipping=PERSON,
        customer_tax_ids=[{"type": "", "value": ""}],
        footer="",
        invoice_pdf="",
        threshold_reason={"amount_gte": 0},
        metadata={"user_id": "user_1", "purchase_order": ""},
    )
    billed["payments"] = listing([invoices.invoice_payment("inpay_1", billed, "pi_1")], "")
    intent = payments.payment_intent(
        "pi_1",
        amount=2900,
        customer_id="cus_1",
        charges=listing([{"id": "", "object": "charge", "billing_details": PERSON}], ""),
        last_payment_error={"message": "", "payment_method": METHOD},
        metadata={"user_id": "user_1", "order": "7"},
        payment_method=METHOD,
        receipt_email="",
        shipping=PERSON,
    )
    charge = payments.charge("ch_1", intent, billing_details=PERSON, payment_method_details={"card": CARD, "type": ""})
    refund = payments.refund("re_1", charge, destination_details={"card": {"reference": ""}, "type": ""})
    dispute = payments.dispute(
        "dp_1", charge, evidence={"customer_name": "", "customer_purchase_ip": "", "receipt": ""}
    )
    session = payments.checkout_session(
        "cs_1",
        customer="cus_1",
        customer_details=PERSON,
        customer_email="",
        custom_fields=[{"key": "", "text": {"value": ""}}],
        client_reference_id="user_1",
        line_items=listing([{"id": "", "object": "item", "description": ""}], ""),
        shipping_details=PERSON,
        url="",
    )
    event = objects.event(
        "evt_1",
        "charge.succeeded",
        charge,
        data={"object": charge, "previous_attributes": {"receipt_email": ""}},
        request={"id": "", "idempotency_key": ""},
    )
    endpoint = objects.webhook_endpoint("we_1", description="", metadata={"team": ""}, secret="")
    product = products.product("prod_1", description="", images=[""], marketing_features=[{"name": ""}], url="")
    product["features"] = listing([products.product_feature("pf_1", products.feature("feat_1", "export"))], "")
    return {
        "customers": [customer],
        "prices": [price],
        "subscriptions": [subscription],
        "invoices": [billed],
        "payment_intents": [intent],
        "refunds": [refund],
        "disputes": [dispute],
        "checkout_sessions": [session],
        "events": [event],
        "webhook_endpoints": [endpoint],
        "products": [product],
    }


class Filler:
    """Puts a value that is nowhere else into each place that is not declared."""

    def __init__(self) -> None:
        self.values: dict[str, str | int] = {}
        """By place: ``customers.address.city``."""

    def fill(self, kind: str, value: Any, place: str = "") -> Any:
        """Return the object with such values."""
        match value:
            case dict() if value:
                return {name: self.fill(kind, inner, f"{place}.{name}".lstrip(".")) for name, inner in value.items()}
            case list() if value:
                return [self.fill(kind, inner, f"{place}.{number}") for number, inner in enumerate(value)]
        if isinstance(value, bool) or _is_declared(kind, place):
            return value
        number = len(self.values)
        secret: str | int = FIRST_NUMBER + number if isinstance(value, int) else f"secret-{number:05}-of-{kind}"
        self.values[f"{kind}.{place}"] = secret
        return {"more": secret} if value == {} else [secret] if value == [] else secret


def _is_declared(kind: str, place: str) -> bool:
    return any(re.fullmatch(pattern, place) for pattern in (*IDENTITY, *OF_A_LIST, *DECLARED[kind]))


def kept_places(folder: Path, values: Mapping[str, str | int]) -> Iterator[str]:
    """The places whose value is in a file of the folder, as text or as SQLite writes a number."""
    contents = b"\0".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
    for place, value in values.items():
        texts = [str(value).encode()] + ([value.to_bytes(6, "big")] if isinstance(value, int) else [])
        if any(text in contents for text in texts):
            yield place


def test_the_cache_holds_nothing_of_an_object_that_no_relation_asks_for(tmp_path: Path) -> None:
    filler = Filler()
    filled = {kind: [filler.fill(kind, item) for item in items] for kind, items in full_objects().items()}
    with stripe_server(StripeWorld(now=NOW)) as server:
        serve_fixed(server, filled)
        read = read_stripe(server, tmp_path)
    assert read.problems == {}
    assert {relation for relation, rows in read.rows.items() if not rows} == set()
    assert len(filler.values) > 400
    assert list(kept_places(tmp_path, filler.values)) == []
    asked = {"email": "read@example.com", "account": "user_1", "price": "price_1", "endpoint": "app.example.com"}
    assert set(kept_places(tmp_path, asked)) == set(asked)


@pytest.mark.parametrize("value", ["a name", FIRST_NUMBER + 17])
def test_a_value_that_is_kept_would_be_seen(tmp_path: Path, value: str | int) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "cache.db")) as connection, connection:
        connection.execute("CREATE TABLE cell (value)")
        connection.execute("INSERT INTO cell VALUES (?)", [value])
    assert list(kept_places(tmp_path, {"customers.name": value})) == ["customers.name"]
