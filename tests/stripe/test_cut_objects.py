"""Objects are cut to what is read of them; where more is read than was kept, they are read again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.support.reading_stripe import NOW, read_stripe
from tests.support.stripe import stories
from tests.support.stripe.objects import JSON
from tests.support.stripe.server import stripe_server
from tests.support.stripe.shaped import OURS, shape_objects
from tests.support.stripe.world import StripeWorld
from trueup.model.source import Silent
from trueup.stripe.cutting import Cut
from trueup.stripe.listings import LISTINGS
from trueup.stripe.shapes.fields import AccountFilter


def test_what_is_cut_away_changes_no_row() -> None:
    """And an object that is cut is not cut again."""
    world = StripeWorld(now=NOW)
    stories.every_kind(world)
    whole = {listing.kind: world.objects(listing.object) for listing in LISTINGS}
    kept = {kind: list(map(Cut(kind, OURS), items)) for kind, items in whole.items()}
    assert {kind: list(map(Cut(kind, OURS), items)) for kind, items in kept.items()} == kept
    assert shape_objects(kept) == shape_objects(whole)


def test_the_metadata_of_a_payment_and_the_key_of_an_account_are_kept_and_other_metadata_are_not() -> None:
    metadata = {"user_id": "user_1", "order": "7", "birthday": "1970-01-01"}
    assert Cut("payment_intents", OURS)({"id": "pi_1", "metadata": metadata})["metadata"] == metadata
    assert Cut("customers", OURS)({"id": "cus_1", "metadata": metadata})["metadata"] == {"user_id": "user_1"}
    account_filter = AccountFilter(livemode=True, account_metadata_key="order", metadata={"a.b": "x"})
    subscription: JSON = {"id": "sub_1", "metadata": metadata | {"a.b": "y"}}
    assert Cut("subscriptions", account_filter)(subscription)["metadata"] == {"order": "7", "a.b": "y"}


class Labels(Silent):
    """Keeps what was said."""

    def __init__(self) -> None:
        self.labels: list[str] = []

    def begin(self, label: str, total: int | None) -> None:  # noqa: ARG002 - a progress is told it
        self.labels.append(label)


def test_where_more_is_read_of_objects_than_is_kept_they_are_read_again_and_that_is_said(tmp_path: Path) -> None:
    """As when a version of trueup declares one more field."""
    world = StripeWorld(now=NOW)
    stories.every_kind(world)
    with stripe_server(world) as server:
        first = read_stripe(server, tmp_path)
        (path,) = tmp_path.glob("trueup-stripe-*.db")
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(
                "UPDATE progress SET places = replace(places, '\"billing_reason\", ', '') WHERE listing = 'invoices'"
            )
            connection.execute("UPDATE object SET body = replace(body, 'billing_reason', 'nothing')")
        asked_before = len(server.requests)
        progress = Labels()
        second = read_stripe(server, tmp_path, progress=progress)
        asked = [request.path for request in server.requests[asked_before:]]
    assert second.rows == first.rows
    assert "/v1/invoices" in asked
    assert second.requests < first.requests
    assert any("invoices, again for what is newly read of them (billing_reason)" in label for label in progress.labels)
