"""The second reading asks only for what changed, and ends where a fresh one would."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.reading_stripe import NOW, Read, expected_rows, read_stripe
from tests.support.stripe import faults, objects
from tests.support.stripe.objects import DAY
from tests.support.stripe.population import change, populated
from tests.support.stripe.server import StripeServer, stripe_server
from tests.support.stripe.stories import bill, buy, emit, every_kind, new_customer, plan_ahead, subscribe
from tests.support.stripe.world import StripeWorld

STILL = 17
"""What a reading asks when nothing has changed: the account, twice for events, once or twice a list, each product."""


@pytest.fixture
def server() -> Iterator[StripeServer]:
    """A world with a hundred and fifty customers that were there for long."""
    world = StripeWorld(now=NOW)
    every_kind(world)
    price = world.objects("price")[0]
    for number in range(150):
        customer = new_customer(world, created=NOW - 60 * DAY + number)
        bill(world, subscribe(world, customer, price, created=NOW - 60 * DAY + number), created=NOW - 60 * DAY)
    with stripe_server(world) as running:
        yield running


def again(server: StripeServer, folder: Path, *, after_seconds: int = 3600, **changed: object) -> Read:
    """Read later."""
    assert server.world.now is not None
    server.world.now += after_seconds
    server.forget()
    return read_stripe(server, folder, **changed)  # type: ignore[arg-type]


def happened(world: StripeWorld, kind: str, about: objects.JSON) -> None:
    """Say by an event what has just happened."""
    emit(world, kind, about, created=world.time())


@pytest.mark.slow
def test_nothing_changed_asks_next_to_nothing(server: StripeServer, tmp_path: Path) -> None:
    """And says the same."""
    first = read_stripe(server, tmp_path)
    second = again(server, tmp_path)
    assert second.requests <= STILL
    assert second.rows == first.rows == expected_rows(server.world)


@pytest.mark.slow
def test_what_an_event_touched_is_asked_for_again(server: StripeServer, tmp_path: Path) -> None:
    """An old subscription is cancelled, its customer renamed, an old invoice paid."""
    world = server.world
    read_stripe(server, tmp_path)
    one = world.objects("subscription")[7]
    happened(world, "customer.subscription.deleted", world.change(one["id"], status="canceled", ended_at=NOW))
    happened(world, "customer.updated", world.change(one["customer"], email="new@example.com"))
    billed = world.objects("invoice")[9]
    happened(world, "invoice.voided", world.change(billed["id"], status="void"))
    read = again(server, tmp_path)
    assert read.problems == {}
    assert read.rows == expected_rows(world)
    assert server.counts["/v1/subscriptions/{id}"] == 1
    assert server.counts["/v1/customers/{id}"] == 0, "it came with its subscription"


@pytest.mark.slow
def test_what_is_new_is_found_with_no_event_about_it(server: StripeServer, tmp_path: Path) -> None:
    """Stripe promises no event for everything."""
    world = server.world
    read_stripe(server, tmp_path)
    customer = new_customer(world, created=NOW + 5)
    bill(world, subscribe(world, customer, world.objects("price")[0], created=NOW + 5), created=NOW + 6)
    buy(world, customer, world.objects("price")[0], created=NOW + 7)
    assert again(server, tmp_path).rows == expected_rows(world)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "story"),
    [
        ("subscription_schedule.created", "schedule"),
        ("invoice_payment.paid", "invoice_payment"),
        ("price.updated", "price"),
        ("refund.updated", "refund"),
        ("charge.dispute.closed", "dispute"),
        ("checkout.session.expired", "checkout.session"),
        ("payment_intent.canceled", "payment_intent"),
    ],
)
def test_a_change_of_each_kind_arrives(server: StripeServer, tmp_path: Path, kind: str, story: str) -> None:
    """Also where the event is about a part of what is kept."""
    world = server.world
    server.world.now = NOW + 2 * DAY
    read_stripe(server, tmp_path)
    if story == "schedule":
        price = world.objects("price")[0]["id"]
        phase = objects.phase([{"price": price, "quantity": 1}], start_date=NOW + DAY, end_date=NOW + 9 * DAY)
        about = plan_ahead(world, world.objects("subscription")[3], phase)
    elif story == "price":
        about = world.change(world.objects("price")[0]["id"], active=False)
    else:
        about = world.change(world.objects(story)[0]["id"], status="canceled")
    happened(world, kind, about)
    assert again(server, tmp_path).rows == expected_rows(world)


@pytest.mark.slow
def test_what_was_deleted_leaves(server: StripeServer, tmp_path: Path) -> None:
    """A draft vanishes; of a customer stays that it is deleted."""
    world = server.world
    draft = bill(world, world.objects("subscription")[1], status="draft", created=NOW - 50 * DAY)
    read_stripe(server, tmp_path)
    world.remove(draft["id"])
    happened(world, "invoice.deleted", draft)
    gone = world.objects("customer")[4]
    world.delete_customer(gone["id"])
    happened(world, "customer.deleted", gone | {"deleted": True})
    read = again(server, tmp_path)
    assert read.rows["stripe_invoice"] == expected_rows(world)["stripe_invoice"]
    assert [row["customer_id"] for row in read.rows["stripe_customer"] if row["deleted"]] == [gone["id"]]


@pytest.mark.slow
def test_a_full_sweep_comes_at_its_interval_and_finds_what_no_event_said(server: StripeServer, tmp_path: Path) -> None:
    """Metadata of an old customer changed in silence."""
    world = server.world
    read_stripe(server, tmp_path)
    world.change(world.objects("customer")[30]["id"], metadata={"user_id": "user_30"})
    early = again(server, tmp_path)
    assert early.rows != expected_rows(world)
    late = again(server, tmp_path, after_seconds=DAY)
    assert late.rows == expected_rows(world)


@pytest.mark.slow
def test_a_cache_older_than_the_events_is_read_anew(server: StripeServer, tmp_path: Path) -> None:
    """Thirty days on, nobody can say what has changed."""
    world = server.world
    read_stripe(server, tmp_path, full_sweep_hours=600 * 24)
    world.change(world.objects("customer")[30]["id"], email="new@example.com")
    late = again(server, tmp_path, after_seconds=30 * DAY, full_sweep_hours=600 * 24)
    assert late.rows == expected_rows(world)


@pytest.mark.slow
def test_another_config_reads_anew(server: StripeServer, tmp_path: Path) -> None:
    """What was kept under another metadata key says nothing."""
    world = server.world
    world.change(world.objects("customer")[30]["id"], metadata={"uid": "user_30"})
    read_stripe(server, tmp_path)
    read = again(server, tmp_path, account_metadata_key="uid")
    assert "user_30" in {row["account_id"] for row in read.rows["stripe_customer"]}


def test_a_list_that_failed_is_read_the_next_time(server: StripeServer, tmp_path: Path) -> None:
    """The others are not asked for a second time."""
    server.inject("/v1/invoices", faults.server_error(), first=2, count=None)
    assert "stripe_invoice" in read_stripe(server, tmp_path, page_size=50).problems
    server.heal()
    read = again(server, tmp_path, page_size=50)
    assert read.rows == expected_rows(server.world)
    assert server.counts["/v1/customers"] == 1


@pytest.mark.slow
def test_many_changes_are_read_by_the_list(server: StripeServer, tmp_path: Path) -> None:
    """A question for each would cost more than the list."""
    world = server.world
    read_stripe(server, tmp_path)
    for one in world.objects("customer"):
        happened(world, "customer.updated", world.change(one["id"], email="all@example.com"))
    read = again(server, tmp_path)
    assert read.rows == expected_rows(world)
    assert server.counts["/v1/customers/{id}"] == 0


@pytest.mark.slow
def test_a_thousandth_changed_is_a_twentieth_of_the_questions(tmp_path: Path) -> None:
    """What the promise is; at a fifth of the size at which it is measured (bench/stripe.py)."""
    world = populated(20_000, invoices_each=1)
    with stripe_server(world) as server:
        first = read_stripe(server, tmp_path)
        change(world, 20)
        second = read_stripe(server, tmp_path)
    assert second.problems == {}
    assert second.requests <= 0.05 * first.requests
    assert {row["cancel_at_period_end"] for row in second.rows["stripe_subscription"]} == {0, 1}


@pytest.mark.slow
def test_the_file_is_private_and_a_broken_one_is_begun_anew(server: StripeServer, tmp_path: Path) -> None:
    """It holds the names of customers."""
    read_stripe(server, tmp_path)
    (kept,) = tmp_path.glob("*.db")
    assert kept.name == "trueup-stripe-acct_1Example-live.db"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    kept.write_bytes(b"SQLite format 3\0" + os.urandom(5000))
    read = read_stripe(server, tmp_path)
    assert read.rows == expected_rows(server.world)


def test_nothing_is_kept_where_nothing_may_be(server: StripeServer, tmp_path: Path) -> None:
    """A folder that cannot be written to makes the reading longer, not worse."""
    missing = tmp_path / "missing"
    settings = {"cache_folder": str(missing)}
    read = read_stripe(server, tmp_path, **settings)  # type: ignore[arg-type]
    assert read.rows == expected_rows(server.world)
    assert not missing.exists()


@pytest.mark.slow
def test_a_clock_that_is_wrong_here_misses_nothing(server: StripeServer, tmp_path: Path) -> None:
    """Changes are asked for by Stripe's clock: this machine's is a month ahead of this world's."""
    world = server.world
    read = read_stripe(server, tmp_path)
    assert read.as_of == datetime.fromtimestamp(NOW, UTC).replace(tzinfo=None)
    happened(world, "customer.updated", world.change(world.objects("customer")[5]["id"], email="new@example.com"))
    assert again(server, tmp_path, after_seconds=1).rows == expected_rows(world)
