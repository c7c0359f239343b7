"""Stripe's objects as an export: a file of JSON lines for each kind, as the reader of files takes them."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from trueup.demo.stripe.objects import make_objects
from trueup.model.errors import ConfigurationError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

KINDS = (
    "customer",
    "subscription",
    "subscription_schedule",
    "invoice",
    "invoice_payment",
    "payment_intent",
    "refund",
    "dispute",
    "checkout_session",
    "price",
    "product",
    "event",
    "webhook_endpoint",
)


def write_stripe(connection: DuckDBPyConnection, folder: Path, *, now: datetime) -> None:
    """Write the objects into the folder, which is made when it is not there. The files are as old as ``now``.

    Raises ``ConfigurationError`` for a folder that cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {folder} cannot be made: {error.strerror}; name a folder you may write to."
        ) from None
    make_objects(connection)
    exported_at = now.replace(tzinfo=UTC).timestamp()
    for kind in KINDS:
        path = folder / f"{kind}s.jsonl"
        quoted = str(path).replace("'", "''")
        connection.execute(f"COPY (SELECT * FROM stripe.{kind}_object ORDER BY id) TO '{quoted}' (FORMAT json)")
        os.utime(path, (exported_at, exported_at))
