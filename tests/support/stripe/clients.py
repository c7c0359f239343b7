"""The official SDK, pointed at the server."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import stripe
from tests.support.stripe.server import StripeServer


@contextlib.contextmanager
def official_client(
    server: StripeServer, *, key: str | None = None, retries: int = 0, timeout_seconds: float = 10, **options: Any
) -> Iterator[stripe.StripeClient]:
    """A client whose connections are closed afterwards; it writes no telemetry id into the home folder."""
    http = stripe.RequestsClient(timeout=timeout_seconds)
    telemetry, stripe.enable_telemetry = stripe.enable_telemetry, False
    try:
        yield stripe.StripeClient(
            key or server.key,
            base_addresses={"api": server.url},
            http_client=http,
            max_network_retries=retries,
            **options,
        )
    finally:
        stripe.enable_telemetry = telemetry
        http.close()  # type: ignore[no-untyped-call]


def plain(found: stripe.StripeObject) -> dict[str, Any]:
    """An SDK object as JSON."""
    return dict(found.to_dict(for_json=True))
