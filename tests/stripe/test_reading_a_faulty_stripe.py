"""Whatever goes wrong between the reader and Stripe ends in the right rows or in a problem, never in wrong rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.reading_stripe import NOW, Read, expected_rows, read_stripe
from tests.support.stripe import faults, objects
from tests.support.stripe.faults import Fault
from tests.support.stripe.server import StripeServer, stripe_server
from tests.support.stripe.stories import bill, buy, contest, emit, every_kind, give_back, new_customer, subscribe
from tests.support.stripe.world import KEY, StripeWorld
from trueup.model.errors import ConfigurationError

LISTS = (
    ("/v1/customers", ("stripe_customer",)),
    ("/v1/subscriptions", ("stripe_subscription", "stripe_subscription_item")),
    ("/v1/invoices", ("stripe_invoice", "stripe_invoice_line", "stripe_invoice_payment")),
    ("/v1/payment_intents", ("stripe_payment_intent",)),
    ("/v1/refunds", ("stripe_refund",)),
    ("/v1/disputes", ("stripe_dispute",)),
    ("/v1/checkout/sessions", ("stripe_checkout_session",)),
    ("/v1/prices", ("stripe_price", "stripe_invoice_line")),
    ("/v1/webhook_endpoints", ("stripe_webhook_endpoint",)),
    ("/v1/products", ("stripe_product_feature",)),
    ("/v1/products/{id}/features", ("stripe_product_feature",)),
)
PASSING = {
    "slow down": faults.too_many_requests(),
    "slow down for no time": faults.too_many_requests(retry_after=0),
    "a 500": faults.server_error(500),
    "a 503": faults.server_error(503),
    "a page for people": faults.html_page(200),
    "a page for people with an error": faults.html_page(502),
    "a reset in the body": faults.reset_in_body(),
    "an end in the body": faults.closed_in_body(),
    "a reset at once": faults.reset_at_once(),
    "JSON that breaks off": faults.truncated(),
    "an empty page with more to come": faults.empty_page(),
    "a late answer": faults.slow(0.05),
    "an answer in pieces": faults.dribbling(pause_seconds=0.001),
}
LASTING = {name: fault for name, fault in PASSING.items() if name not in {"a late answer", "an answer in pieces"}}


@pytest.fixture
def server() -> Iterator[StripeServer]:
    """A world with some of everything, seven customers of it."""
    world = StripeWorld(now=NOW)
    every_kind(world)
    price = world.objects("price")[0]
    for number in range(6):
        customer = new_customer(world, created=objects.EPOCH + number)
        subscription = subscribe(world, customer, price, created=objects.EPOCH + number)
        billed = bill(world, subscription, created=objects.EPOCH + number)
        emit(world, "invoice.paid", billed)
        session = buy(world, customer, price, created=objects.EPOCH + number)
        intent = world.get(session["payment_intent"])
        give_back(world, intent, amount=100, created=objects.EPOCH + number)
        contest(world, intent, created=objects.EPOCH + number)
    with stripe_server(world) as running:
        yield running


def assert_right_or_said(read: Read, world: StripeWorld) -> None:
    """Each relation is what is in the world, or has a problem."""
    expected = expected_rows(world)
    for relation, rows in expected.items():
        if relation not in read.problems:
            assert read.rows[relation] == rows, relation


@pytest.mark.slow
def test_everything_is_read_once(server: StripeServer, tmp_path: Path) -> None:
    """The model of all the other tests: no fault, no problem."""
    read = read_stripe(server, tmp_path, page_size=3)
    assert read.problems == {}
    assert read.rows == expected_rows(server.world)
    assert read.account == server.world.account_id


@pytest.mark.sampled(10)
@pytest.mark.parametrize("name", PASSING)
def test_what_passes_leaves_no_trace(server: StripeServer, tmp_path: Path, name: str) -> None:
    """Each list is struck once, on its first page; each also in the middle."""
    for path, _ in LISTS:
        server.inject(path, PASSING[name])
    server.inject("/v1/customers", PASSING[name], first=3)
    read = read_stripe(server, tmp_path, page_size=3)
    assert read.problems == {}
    assert read.rows == expected_rows(server.world)


@pytest.mark.sampled(25)
@pytest.mark.parametrize("name", LASTING)
@pytest.mark.parametrize("place", range(len(LISTS)), ids=[path for path, _ in LISTS])
def test_what_lasts_is_a_problem_of_its_relations_alone(
    server: StripeServer, tmp_path: Path, name: str, place: int
) -> None:
    """One list fails for ever; what it feeds is unknown, and the rest is right."""
    path, relations = LISTS[place]
    server.inject(path, LASTING[name], count=None)
    read = read_stripe(server, tmp_path, page_size=3)
    assert set(read.problems) == set(relations)
    assert_right_or_said(read, server.world)


@pytest.mark.parametrize("first", [1, 2])
@pytest.mark.parametrize("fault", [faults.same_page_again(), faults.slipped_in({"object": "customer"})])
def test_a_page_that_cannot_be_right_is_no_page(server: StripeServer, tmp_path: Path, fault: Fault, first: int) -> None:
    """A page that repeats itself, or holds something without an id."""
    server.inject("/v1/customers", fault, first=first, count=None)
    read = read_stripe(server, tmp_path, page_size=3)
    assert set(read.problems) == {"stripe_customer"}


def test_a_cursor_that_dies_once_costs_nothing_but_questions(server: StripeServer, tmp_path: Path) -> None:
    """The list goes on at the second it had come to."""
    for path, _ in LISTS[:8]:
        server.inject(path, faults.dying_cursor(), first=2)
    read = read_stripe(server, tmp_path, page_size=3)
    assert read.problems == {}
    assert read.rows == expected_rows(server.world)


def test_cursors_that_always_die_are_a_problem_where_a_second_holds_more_than_a_page(tmp_path: Path) -> None:
    """Seven customers of one second cannot be told apart by it."""
    world = StripeWorld(now=NOW)
    for _ in range(7):
        new_customer(world)
    with stripe_server(world) as server:
        server.inject("/v1/customers", faults.dying_cursor(), count=None)
        read = read_stripe(server, tmp_path, page_size=3, relations=["stripe_customer"])
    assert "leave the list faster" in read.problems["stripe_customer"]


def test_an_object_that_leaves_under_the_cursor_is_gone_and_no_other(server: StripeServer, tmp_path: Path) -> None:
    """The last customer of the first page is deleted before the second is asked for."""
    customers = [one["id"] for one in server.world.objects("customer")]
    server.inject("/v1/customers", faults.meanwhile(lambda world: world.delete_customer(customers[-3])), first=2)
    read = read_stripe(server, tmp_path, page_size=3, relations=["stripe_customer"])
    assert read.problems == {}
    assert {row["customer_id"] for row in read.rows["stripe_customer"]} >= set(customers) - {customers[-3]}


@pytest.mark.parametrize(
    ("permission", "relations"),
    [
        ("rak_dispute_read", {"stripe_dispute"}),
        ("rak_invoice_read", {"stripe_invoice", "stripe_invoice_line", "stripe_invoice_payment"}),
        ("rak_plan_read", {"stripe_price", "stripe_invoice_line"}),
        ("rak_event_read", {"stripe_event"}),
        ("rak_entitlement_read", {"stripe_product_feature"}),
    ],
)
def test_a_missing_permission_is_not_absence(
    server: StripeServer, tmp_path: Path, permission: str, relations: set[str]
) -> None:
    """What may not be read is unknown, and the permission is named."""
    server.world.revoke(permission)
    read = read_stripe(server, tmp_path)
    assert set(read.problems) == relations
    assert all(permission in problem for problem in read.problems.values())
    assert_right_or_said(read, server.world)


def test_a_permission_lost_in_the_middle_leaves_the_relation_unknown(server: StripeServer, tmp_path: Path) -> None:
    """Half a list is no list."""
    server.inject("/v1/invoices", faults.revoked("rak_invoice_read"), first=2)
    read = read_stripe(server, tmp_path, page_size=3)
    assert set(read.problems) == {"stripe_invoice", "stripe_invoice_line", "stripe_invoice_payment"}


def test_a_key_that_is_refused_leaves_everything_unknown(server: StripeServer, tmp_path: Path) -> None:
    """Nothing is absent because nobody was let in."""
    server.world.expire(KEY)
    read = read_stripe(server, tmp_path)
    assert read.rows == {}
    assert "refuses the key" in read.problems["stripe_customer"]
    assert KEY not in str(read.problems)


def test_a_key_that_dies_in_the_middle_leaves_the_rest_unknown(server: StripeServer, tmp_path: Path) -> None:
    """What was whole before then is, without its changes, unknown as well."""
    server.inject("/v1/payment_intents", faults.expired(KEY))
    read = read_stripe(server, tmp_path)
    assert "stripe_payment_intent" in read.problems
    assert_right_or_said(read, server.world)


def test_an_object_of_the_other_mode_stops_the_run(server: StripeServer, tmp_path: Path) -> None:
    """Live and test are never compared with each other."""
    intruder = objects.customer("cus_intruder", livemode=False)
    server.inject("/v1/customers", faults.slipped_in(intruder))
    with pytest.raises(ConfigurationError, match="cus_intruder of test mode to a key of live mode"):
        read_stripe(server, tmp_path)


def test_an_object_of_another_kind_is_a_problem(server: StripeServer, tmp_path: Path) -> None:
    """A list that holds something else is not the list that was asked for."""
    server.inject("/v1/refunds", faults.slipped_in(objects.customer("cus_lost")), count=None)
    read = read_stripe(server, tmp_path)
    assert "another kind: customer" in read.problems["stripe_refund"]


def test_an_object_listed_twice_is_one(server: StripeServer, tmp_path: Path) -> None:
    """The newest customer comes again on the last page."""
    newest = server.world.objects("customer")[-1]
    server.inject("/v1/customers", faults.slipped_in(newest), first=2)
    read = read_stripe(server, tmp_path, page_size=3, relations=["stripe_customer"])
    assert read.rows["stripe_customer"] == expected_rows(server.world)["stripe_customer"]


@pytest.mark.slow
def test_without_events_everything_is_read_and_only_events_are_unknown(server: StripeServer, tmp_path: Path) -> None:
    """Twice: what was kept cannot be brought up to date, and is read again."""
    server.inject("/v1/events", faults.server_error(500), count=None)
    for _ in range(2):
        read = read_stripe(server, tmp_path)
        assert set(read.problems) == {"stripe_event"}
        assert_right_or_said(read, server.world)
        server.world.change(server.world.objects("customer")[0]["id"], email="new@example.com")


def test_changes_that_cannot_be_asked_for_leave_what_was_kept_unknown(server: StripeServer, tmp_path: Path) -> None:
    """The events die after the first look at them: what is kept may be old."""
    read_stripe(server, tmp_path)
    server.inject("/v1/events", faults.server_error(500), first=2, count=None)
    read = read_stripe(server, tmp_path)
    assert "what has changed since it was read is unknown" in read.problems["stripe_customer"]


def test_what_takes_longer_than_the_deadline_is_unknown(server: StripeServer, tmp_path: Path) -> None:
    """Stripe asks for two hours of patience; the deadline is one minute."""
    server.inject("/v1/invoices", faults.too_many_requests(retry_after=7200), count=None)
    read = read_stripe(server, tmp_path, deadline_minutes=1)
    assert "the deadline of 1 minutes had passed" in read.problems["stripe_invoice"]
    assert_right_or_said(read, server.world)


@pytest.mark.parametrize("odd", ["NaN", float("nan"), 10**30, True, {"a": 1}, [], "12 o'clock"])
def test_an_odd_value_is_kept_for_the_books_to_say(server: StripeServer, tmp_path: Path, odd: object) -> None:
    """It neither breaks the reading nor becomes another number."""
    server.inject("/v1/payment_intents", faults.with_fields(amount=odd), count=None)
    read = read_stripe(server, tmp_path, relations=["stripe_payment_intent"])
    assert read.problems == {}
    shown = {row["amount"] for row in read.rows["stripe_payment_intent"]}
    assert all(isinstance(one, str) for one in shown)


def test_fields_that_are_missing_are_nothing(server: StripeServer, tmp_path: Path) -> None:
    """As an older or a newer version may leave them away."""
    server.inject("/v1/subscriptions", faults.without_fields("items", "status", "metadata"), count=None)
    read = read_stripe(server, tmp_path, relations=["stripe_subscription", "stripe_subscription_item"])
    assert read.problems == {}
    assert {row["status"] for row in read.rows["stripe_subscription"]} == {None}
    assert read.rows["stripe_subscription_item"] == expected_rows(server.world)["stripe_subscription_item"]
