"""Stripe's objects as the rows that they ought to be, and nothing of how lists are read."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from tests.support.stripe.objects import JSON
from trueup.model.stripe_objects import OBJECT
from trueup.stripe.object_tables import open_object_tables
from trueup.stripe.shapes.fields import AccountFilter
from trueup.stripe.shapes.sql import shapes_of

Rows = dict[str, list[dict[str, Any]]]
OURS = AccountFilter(livemode=True)


def shape_objects(objects: Mapping[str, Iterable[JSON]], account_filter: AccountFilter = OURS) -> Rows:
    """Return the rows by relation of these objects, which are given by kind (``customers``)."""

    def refuse(text: str | None, error: ValueError) -> None:
        raise AssertionError(f"{error}: {text}")

    with (
        tempfile.TemporaryDirectory() as folder,
        open_object_tables(Path(folder), account_filter) as tables,
    ):
        for kind, given in objects.items():
            bodies = [json.dumps(item) for item in given]
            batches = [pa.record_batch({OBJECT: pa.array(bodies, pa.string())})] if bodies else []
            tables.take(kind, batches, refused=refuse)
        kinds = [kind for kind in objects if shapes_of(kind)]
        tables.finish(kinds)
        return {
            shape.relation: tables.read(shape.relation).read_all().to_pylist()
            for kind in kinds
            for shape in shapes_of(kind)
        }


def shape_one(kind: str, item: JSON, account_filter: AccountFilter = OURS) -> Rows:
    """Return the rows by relation of one object."""
    return shape_objects({kind: [item]}, account_filter)
