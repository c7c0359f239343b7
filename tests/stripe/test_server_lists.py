"""The test server lists as Stripe does, seen through the official SDK."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stripe

from tests.support.stripe import objects, stories
from tests.support.stripe.clients import official_client
from tests.support.stripe.objects import DAY, EPOCH
from tests.support.stripe.resources import RESOURCES, Resource
from tests.support.stripe.server import StripeServer, stripe_server
from tests.support.stripe.world import StripeWorld


@pytest.fixture
def server() -> Iterator[StripeServer]:
    """A server of an empty world whose clock stands still."""
    with stripe_server(StripeWorld(now=EPOCH)) as running:
        yield running


@pytest.fixture
def client(server: StripeServer) -> Iterator[stripe.StripeClient]:
    """The SDK with the server's restricted key."""
    with official_client(server) as made:
        yield made


def _customers(server: StripeServer, count: int, *, alike: int = 1) -> list[str]:
    """Add customers, ``alike`` in each second; their ids, newest first."""
    made = [stories.new_customer(server.world, created=EPOCH + number // alike) for number in range(count)]
    return [one["id"] for one in sorted(made, key=lambda one: (one["created"], one["id"]), reverse=True)]


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_paging_lists_every_object_once_and_newest_first(
    server: StripeServer, client: stripe.StripeClient, limit: int
) -> None:
    expected = _customers(server, 23, alike=5)

    listed = [one.id for one in client.v1.customers.list({"limit": limit}).auto_paging_iter()]

    assert listed == expected
    assert server.counts["/v1/customers"] == -(-23 // limit)


def test_paging_backwards_gives_the_page_just_before_the_cursor(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    expected = _customers(server, 10)

    page = client.v1.customers.list({"limit": 3, "ending_before": expected[6]})

    assert [one.id for one in page.data] == expected[3:6]
    assert page.has_more
    assert not client.v1.customers.list({"limit": 3, "ending_before": expected[3]}).has_more


def test_ten_are_listed_unless_it_is_said(server: StripeServer, client: stripe.StripeClient) -> None:
    _customers(server, 11)

    page = client.v1.customers.list()

    assert (len(page.data), page.has_more, page.url) == (10, True, "/v1/customers")


@pytest.mark.parametrize(
    ("window", "numbers"),
    [
        ({"gte": EPOCH + 2}, [4, 3, 2]),
        ({"gt": EPOCH + 2}, [4, 3]),
        ({"lte": EPOCH + 1}, [1, 0]),
        ({"lt": EPOCH + 1}, [0]),
    ],
)
def test_a_created_window_has_its_bounds_as_named(
    server: StripeServer, client: stripe.StripeClient, window: dict[str, int], numbers: list[int]
) -> None:
    _customers(server, 5)

    listed = client.v1.customers.list({"created": window})  # type: ignore[arg-type]

    assert [one.created - EPOCH for one in listed.data] == numbers


@pytest.mark.parametrize(
    ("parameters", "param"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"starting_after": "cus_gone"}, "starting_after"),
        ({"ending_before": "cus_gone"}, "ending_before"),
        ({"starting_after": "a", "ending_before": "b"}, "ending_before"),
        ({"created": {"gte": "yesterday"}}, "created[gte]"),
        ({"status": "active"}, "status"),
    ],
)
def test_a_wrong_parameter_is_refused_by_its_name(
    client: stripe.StripeClient, parameters: dict[str, object], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.customers.list(parameters)  # type: ignore[arg-type]

    assert (refused.value.http_status, refused.value.param) == (400, param)


def test_cancelled_subscriptions_are_listed_only_when_asked_for(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    ada = stories.new_customer(server.world)
    price = stories.new_price(server.world)
    for status in ("active", "past_due", "canceled", "incomplete_expired"):
        stories.subscribe(server.world, ada, price, status=status)

    def listed(**parameters: str) -> set[str]:
        return {one.status for one in client.v1.subscriptions.list(parameters).data}  # type: ignore[arg-type]

    assert listed() == {"active", "past_due", "incomplete_expired"}
    assert listed(status="all") == {"active", "past_due", "canceled", "incomplete_expired"}
    assert listed(status="ended") == {"canceled", "incomplete_expired"}
    assert listed(status="past_due") == {"past_due"}
    assert listed(customer=ada["id"], status="canceled") == {"canceled"}
    assert listed(customer="cus_other", status="all") == set()
    with pytest.raises(stripe.InvalidRequestError, match="Invalid status"):
        listed(status="lively")


def test_a_cursor_dies_when_its_object_leaves_the_filter(server: StripeServer, client: stripe.StripeClient) -> None:
    ada, price = stories.new_customer(server.world), stories.new_price(server.world)
    for number in range(4):
        stories.subscribe(server.world, ada, price, created=EPOCH + number)
    page = client.v1.subscriptions.list({"limit": 2})
    stories.cancel(server.world, server.world.get(page.data[-1].id), at=EPOCH)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        page.next_page()

    assert (refused.value.code, refused.value.param) == ("resource_missing", "starting_after")
    assert len(client.v1.subscriptions.list({"status": "all", "starting_after": page.data[-1].id}).data) == 2


def test_invoices_and_payments_are_found_by_what_they_name(server: StripeServer, client: stripe.StripeClient) -> None:
    price = stories.new_price(server.world)
    first, second = (stories.subscribe(server.world, stories.new_customer(server.world), price) for _ in range(2))
    billed, _ = stories.bill(server.world, first), stories.bill(server.world, second)

    invoices = client.v1.invoices.list({"subscription": first["id"], "status": "paid"}).data
    payments = client.v1.invoice_payments.list({"invoice": billed["id"]}).data
    by_intent = client.v1.invoice_payments.list(
        {"payment": {"type": "payment_intent", "payment_intent": str(payments[0].payment.payment_intent)}}
    ).data

    assert [one.id for one in invoices] == [billed["id"]]
    assert [one.invoice for one in payments] == [billed["id"]]
    assert [one.id for one in by_intent] == [payments[0].id]


def test_a_deleted_customer_is_in_no_list_and_is_still_retrieved(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    ada = stories.new_customer(server.world)
    stories.subscribe(server.world, ada, stories.new_price(server.world))
    server.world.delete_customer(ada["id"])

    retrieved = client.v1.customers.retrieve(ada["id"])

    assert client.v1.customers.list().data == []
    assert retrieved.to_dict() == {"id": ada["id"], "object": "customer", "deleted": True}
    assert [one.status for one in client.v1.subscriptions.list({"status": "all"}).data] == ["canceled"]


def test_an_event_is_listed_for_thirty_days(server: StripeServer, client: stripe.StripeClient) -> None:
    ada = stories.new_customer(server.world)
    old = stories.emit(server.world, "customer.created", ada, created=EPOCH - 30 * DAY)
    new = stories.emit(server.world, "customer.updated", ada, created=EPOCH - DAY)

    assert [one.id for one in client.v1.events.list().data] == [new["id"], old["id"]]

    server.world.now = EPOCH + 1

    assert [one.id for one in client.v1.events.list().data] == [new["id"]]
    with pytest.raises(stripe.InvalidRequestError, match="No such event"):
        client.v1.events.retrieve(old["id"])


def test_events_are_filtered_by_at_most_twenty_types(server: StripeServer, client: stripe.StripeClient) -> None:
    ada = stories.new_customer(server.world)
    for kind in ("customer.created", "customer.updated", "invoice.paid"):
        stories.emit(server.world, kind, ada)

    some = client.v1.events.list({"types": ["customer.created", "invoice.paid"]}).data
    group = client.v1.events.list({"type": "customer.*"}).data

    assert {one.type for one in some} == {"customer.created", "invoice.paid"}
    assert {one.type for one in group} == {"customer.created", "customer.updated"}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.events.list({"types": [f"type.{number}" for number in range(21)]})
    assert refused.value.param == "types"


def test_an_object_shows_ten_of_its_parts_and_where_the_rest_is(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    prices = [stories.new_price(server.world) for _ in range(12)]
    made = stories.subscribe(server.world, stories.new_customer(server.world), *prices)
    billed = stories.bill(server.world, made)

    items = client.v1.subscriptions.retrieve(made["id"])["items"]
    lines = client.v1.invoices.list({"expand": ["data.lines"]}).data[0].lines

    assert (len(items.data), items.has_more) == (10, True)
    assert items.url == f"/v1/subscription_items?subscription={made['id']}"
    assert [one.price.id for one in items.auto_paging_iter()] == [price["id"] for price in prices]
    assert (len(lines.data), lines.has_more, lines.url) == (10, True, f"/v1/invoices/{billed['id']}/lines")
    assert len(list(client.v1.invoices.line_items.list(billed["id"], {"limit": 100}))) == 12
    assert client.v1.subscription_items.retrieve(items.data[3].id).price.id == prices[3]["id"]
    with pytest.raises(stripe.InvalidRequestError, match="Missing required param: subscription"):
        client.v1.subscription_items.list({})  # type: ignore[typeddict-item]


def test_a_product_lists_its_features(server: StripeServer, client: stripe.StripeClient) -> None:
    price = stories.new_price(server.world, features=("export", "seats"))

    carried = client.v1.products.features.list(price["product"]).data

    assert [one.entitlement_feature.lookup_key for one in carried] == ["export", "seats"]
    assert {one.lookup_key for one in client.v1.entitlements.features.list().data} == {"export", "seats"}


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.object)
def test_every_kind_is_listed_and_retrieved(
    server: StripeServer, client: stripe.StripeClient, resource: Resource
) -> None:
    ids = stories.every_kind(server.world)
    kind, path = resource.object, resource.path

    listed = client.raw_request("get", path).data["data"]
    retrieved = client.raw_request("get", f"{path}/{ids[kind]}").data

    assert ids[kind] in [one["id"] for one in listed]
    assert (retrieved["id"], retrieved["object"]) == (ids[kind], kind)
    assert [one for one in listed if one["id"] == ids[kind]] == [retrieved]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.raw_request("get", f"{path}/none")
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


def test_an_object_that_is_changed_keeps_its_place(server: StripeServer, client: stripe.StripeClient) -> None:
    expected = _customers(server, 5)
    server.world.change(expected[2], name="Ada")
    server.world.remove(expected[3])

    listed = client.v1.customers.list().data

    assert [(one.id, one.name) for one in listed] == [
        (expected[0], None),
        (expected[1], None),
        (expected[2], "Ada"),
        (expected[4], None),
    ]


def test_the_world_gives_back_what_it_was_given(server: StripeServer) -> None:
    prices = [stories.new_price(server.world) for _ in range(12)]
    made = stories.subscribe(server.world, stories.new_customer(server.world), *prices)

    assert server.world.get(made["id"]) == made
    assert server.world.objects("subscription") == [made]
    assert server.world.account() == objects.account(server.world.account_id)
