"""A server whose lists hold the objects that it is given, as they are: of any form, and also what is none of Stripe's.

Left out: pages, filters other than those that divide a list, and objects by their id.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from tests.support.stripe.answers import Answer, Request
from tests.support.stripe.faults import Fault
from tests.support.stripe.server import StripeServer

PATHS: Mapping[str, str] = {
    "customers": "/v1/customers",
    "subscriptions": "/v1/subscriptions",
    "subscription_items": "/v1/subscription_items",
    "invoices": "/v1/invoices",
    "invoice_payments": "/v1/invoice_payments",
    "payment_intents": "/v1/payment_intents",
    "refunds": "/v1/refunds",
    "disputes": "/v1/disputes",
    "checkout_sessions": "/v1/checkout/sessions",
    "prices": "/v1/prices",
    "products": "/v1/products",
    "events": "/v1/events",
    "webhook_endpoints": "/v1/webhook_endpoints",
}
_FEATURES = "/v1/products/{id}/features"
_FEATURE_GATE = "/v1/entitlements/features"
_PARENTS = {"subscription_items": "subscription", "invoice_payments": "invoice"}

Objects = Mapping[str, Sequence[Any]]
"""JSON by kind of object."""


def serve_fixed(server: StripeServer, objects: Objects) -> None:
    """Answer each list with these objects, in their order."""
    for kind, path in PATHS.items():
        server.inject(path, Fault(instead=_answer_with(_pick(kind, objects.get(kind, ())))), count=None)
    products = {item["id"]: item for item in objects.get("products", ()) if isinstance(item, dict)}

    def list_features(request: Request) -> list[Any]:
        return list(products[request.path.split("/")[3]]["features"]["data"])

    server.inject(_FEATURES, Fault(instead=_answer_with(list_features)), count=None)
    gate = [{"id": "feat_1", "object": "entitlements.feature"}] if products else []
    server.inject(_FEATURE_GATE, Fault(instead=_answer_with(lambda _: gate)), count=None)


def _pick(kind: str, items: Sequence[Any]) -> Callable[[Request], list[Any]]:
    """Which of a kind's objects a request gets."""

    def pick(request: Request) -> list[Any]:
        query = parse_qs(request.query)
        if kind == "events" and not any(name.startswith("types[") for name in query):
            return []  # what changed meanwhile: nothing did
        if kind in _PARENTS:
            parent = _PARENTS[kind]
            return [item for item in items if [item.get(parent)] == query.get(parent)]
        if "active" in query:
            is_active = query["active"] == ["true"]
            return [item for item in items if (item.get("active", True) is not False) == is_active]
        return list(items)

    return pick


def _answer_with(pick: Callable[[Request], list[Any]]) -> Callable[[Request], Answer]:
    def answer(request: Request) -> Answer:
        body = {"object": "list", "url": request.path, "has_more": False, "data": pick(request)}
        return Answer(body=json.dumps(body).encode())

    return answer
