"""Any world of objects, any size of page, any change meanwhile: each object once, and as it is."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import few
from tests.support.reading_stripe import NOW, expected_rows, read_stripe
from tests.support.stripe import faults, invoices, objects
from tests.support.stripe.objects import JSON
from tests.support.stripe.server import stripe_server
from tests.support.stripe.stories import bill, buy, emit, every_kind, give_back, new_customer, new_price, subscribe
from tests.support.stripe.world import StripeWorld

MOMENTS = st.integers(NOW - 100, NOW - 90)
"""Few, so that many objects share a second."""


def world_of(customers: list[tuple[int, int, int]]) -> StripeWorld:
    """Customers, each with a moment, so many items on its subscription, and so many invoice lines."""
    world = StripeWorld(now=NOW)
    every_kind(world)
    prices = [new_price(world, lookup_key=f"key_{number}") for number in range(2)]
    for moment, items, lines in customers:
        customer = new_customer(world, created=moment)
        subscription = subscribe(world, customer, *(prices * items)[:items], created=moment)
        billed = bill(world, subscription, created=moment)
        for number in range(lines):
            more = invoices.invoice_line(f"il_more_{billed['id']}_{number}", prices[0], invoice_id=billed["id"])
            world.add_part(billed["id"], "lines", more)
        give_back(world, world.get(buy(world, customer, prices[1], created=moment)["payment_intent"]), created=moment)
    return world


def renamed(world: StripeWorld, pick: int) -> None:
    """A customer changes, and an event says so."""
    one = _picked(world.objects("customer"), pick)
    emit(world, "customer.updated", world.change(one["id"], email=f"{pick}@example.com"), created=world.time())


def cancelled(world: StripeWorld, pick: int) -> None:
    """A subscription ends."""
    one = _picked(world.objects("subscription"), pick)
    ended = world.change(one["id"], status="canceled", ended_at=world.time())
    emit(world, "customer.subscription.deleted", ended, created=world.time())


def joined(world: StripeWorld, pick: int) -> None:
    """A customer comes and pays."""
    customer = new_customer(world, created=world.time())
    emit(world, "customer.created", customer, created=world.time())
    subscription = subscribe(world, customer, _picked(world.objects("price"), pick), created=world.time())
    emit(world, "customer.subscription.created", subscription, created=world.time())
    billed = bill(world, subscription, created=world.time())
    emit(world, "invoice.paid", billed, created=world.time())
    intent = world.objects("payment_intent")[-1]
    emit(world, "payment_intent.succeeded", intent, created=world.time())


def vanished(world: StripeWorld, pick: int) -> None:
    """An invoice that was a draft is deleted, perhaps from under the cursor; nothing where none is left."""
    left = world.objects("invoice")
    if not left:
        return
    one = _picked(left, pick)
    world.remove(one["id"])
    for paid in world.objects("invoice_payment"):
        if paid["invoice"] == one["id"]:
            world.remove(paid["id"])
    emit(world, "invoice.deleted", one, created=world.time())


def _picked(found: list[JSON], pick: int) -> JSON:
    return found[pick % len(found)]


def picking(happening: Callable[[StripeWorld, int], None], pick: int) -> Callable[[StripeWorld], None]:
    """The happening, to this object."""
    return lambda world: happening(world, pick)


HAPPENINGS = st.sampled_from([renamed, cancelled, joined, vanished])
LISTS = st.sampled_from(
    ["/v1/customers", "/v1/subscriptions", "/v1/invoices", "/v1/payment_intents", "/v1/refunds", "/v1/prices"]
)


@pytest.mark.slow
@few(8)
@given(
    customers=st.lists(st.tuples(MOMENTS, st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=9),
    page_size=st.integers(1, 100),
    changes=st.lists(st.tuples(LISTS, st.integers(1, 5), HAPPENINGS, st.integers(0, 99)), max_size=4),
    later=st.lists(st.tuples(HAPPENINGS, st.integers(0, 99)), max_size=3),
)
def test_each_object_once_and_as_it_is(
    customers: list[tuple[int, int, int]],
    page_size: int,
    changes: list[tuple[str, int, Callable[[StripeWorld, int], None], int]],
    later: list[tuple[Callable[[StripeWorld, int], None], int]],
) -> None:
    """At the end of a reading with changes in its midst, and of a second one after more of them."""
    world = world_of(customers)
    with stripe_server(world) as server, tempfile.TemporaryDirectory() as folder:
        for path, first, happening, pick in changes:
            server.inject(path, faults.meanwhile(picking(happening, pick)), first=first)
        read = read_stripe(server, Path(folder), page_size=page_size)
        assert read.problems == {}
        assert read.rows == expected_rows(world)
        server.heal()
        world.now = NOW + 900
        for happening, pick in later:
            happening(world, pick)
        assert read_stripe(server, Path(folder), page_size=page_size).rows == expected_rows(world)


def test_an_object_that_shares_its_second_with_hundreds_is_read(tmp_path: Path) -> None:
    """The boundary of a window falls into their midst, and is asked for again whole."""
    world = StripeWorld(now=NOW)
    for _ in range(250):
        world.add(objects.customer(world.new_id("cus"), created=NOW - 50))
    with stripe_server(world) as server:
        server.inject("/v1/customers", faults.dying_cursor(), first=3)
        read = read_stripe(server, tmp_path, relations=["stripe_customer"])
    assert read.problems == {}
    assert len(read.rows["stripe_customer"]) == 250
