"""Each fault of the test server does what it says, seen through the official SDK."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest
import stripe

from tests.support.stripe import faults, objects, stories
from tests.support.stripe.clients import official_client
from tests.support.stripe.faults import Fault
from tests.support.stripe.objects import EPOCH
from tests.support.stripe.server import StripeServer, stripe_server
from tests.support.stripe.world import StripeWorld

CUSTOMERS = "/v1/customers"
COUNT = 30


@pytest.fixture
def server() -> Iterator[StripeServer]:
    """A server of thirty customers."""
    world = StripeWorld(now=EPOCH)
    for number in range(COUNT):
        stories.new_customer(world, created=EPOCH - number)
    with stripe_server(world) as running:
        yield running


@pytest.fixture
def client(server: StripeServer) -> Iterator[stripe.StripeClient]:
    """The SDK, which retries nothing."""
    with official_client(server) as made:
        yield made


def _everyone(client: stripe.StripeClient) -> list[str]:
    return [one.id for one in client.v1.customers.list({"limit": 10}).auto_paging_iter()]


def test_a_fault_strikes_from_the_chosen_request_on_as_often_as_it_is_told(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    server.inject(CUSTOMERS, faults.server_error(), first=2, count=2)
    statuses = []
    for _ in range(4):
        client.v1.products.list()
        try:
            client.v1.customers.list()
            statuses.append(200)
        except stripe.APIError as error:
            statuses.append(error.http_status or 0)

    assert statuses == [200, 500, 500, 200]


def test_a_fault_may_strike_everywhere_until_it_is_healed(server: StripeServer, client: stripe.StripeClient) -> None:
    server.inject("*", faults.server_error(503), count=None)
    for ask in (client.v1.customers.list, client.v1.products.list, client.v1.customers.list):
        with pytest.raises(stripe.APIError):
            ask()

    server.heal()

    assert len(_everyone(client)) == COUNT


@pytest.mark.parametrize(
    ("fault", "raised", "status"),
    [
        (faults.too_many_requests(), stripe.RateLimitError, 429),
        (faults.server_error(500), stripe.APIError, 500),
        (faults.server_error(502), stripe.APIError, 502),
        (faults.server_error(503), stripe.APIError, 503),
        (faults.html_page(200), stripe.APIError, 200),
        (faults.html_page(502), stripe.APIError, 502),
        (faults.truncated(), stripe.APIError, 200),
        (faults.dying_cursor("customer"), stripe.InvalidRequestError, 400),
        (faults.revoked("rak_customer_read"), stripe.PermissionError, 403),
        (faults.expired("rk_live_trueup"), stripe.AuthenticationError, 401),
        (faults.reset_in_body(), stripe.APIConnectionError, None),
        (faults.closed_in_body(), stripe.APIConnectionError, None),
        (faults.reset_at_once(), stripe.APIConnectionError, None),
    ],
    ids=lambda given: "" if isinstance(given, Fault) else str(given),
)
def test_a_failure_midway_arrives_as_the_sdk_names_it(
    server: StripeServer,
    client: stripe.StripeClient,
    fault: Fault,
    raised: type[stripe.StripeError],
    status: int | None,
) -> None:
    server.inject(CUSTOMERS, fault, first=2)

    with pytest.raises(raised) as failure:
        _everyone(client)

    assert type(failure.value) is raised
    assert failure.value.http_status == status
    assert server.counts[CUSTOMERS] == 2


def test_the_headers_of_a_rate_limit_say_whether_to_retry(server: StripeServer, client: stripe.StripeClient) -> None:
    server.inject(CUSTOMERS, faults.too_many_requests(retry_after=7, should_retry=False))

    with pytest.raises(stripe.RateLimitError) as refused:
        client.v1.customers.list()

    headers = refused.value.headers or {}
    assert (headers["Retry-After"], headers["Stripe-Should-Retry"]) == ("7", "false")
    assert headers["Stripe-Rate-Limited-Reason"] == "global-rate"


def test_the_sdk_gets_over_a_failure_where_it_may_retry(server: StripeServer) -> None:
    server.inject(CUSTOMERS, faults.server_error(), first=2)
    with official_client(server, retries=1) as client:
        assert len(_everyone(client)) == COUNT

    assert server.counts[CUSTOMERS] == 4


def test_a_slow_answer_outlasts_the_clients_patience(server: StripeServer) -> None:
    server.inject(CUSTOMERS, faults.slow(5))
    started = time.monotonic()

    with official_client(server, timeout_seconds=0.2) as client, pytest.raises(stripe.APIConnectionError):
        client.v1.customers.list()

    assert time.monotonic() - started < 4


def test_a_dribbling_answer_arrives_whole_and_late(server: StripeServer, client: stripe.StripeClient) -> None:
    server.inject(CUSTOMERS, faults.dribbling(pieces=5, pause_seconds=0.02))
    started = time.monotonic()

    assert len(client.v1.customers.list({"limit": 100}).data) == COUNT
    assert time.monotonic() - started > 0.08


def test_an_empty_page_that_says_there_is_more_ends_the_sdks_paging(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    server.inject(CUSTOMERS, faults.empty_page(), first=2)

    page = client.v1.customers.list({"limit": 10}).next_page()

    assert (page.data, page.has_more) == ([], True)
    server.inject(CUSTOMERS, faults.empty_page(), first=2)
    assert len(_everyone(client)) == 10


def test_the_same_page_comes_again_and_again(server: StripeServer, client: stripe.StripeClient) -> None:
    server.inject(CUSTOMERS, faults.same_page_again(), first=2, count=None)
    pages = [client.v1.customers.list({"limit": 10})]
    for _ in range(5):
        pages.append(pages[-1].next_page())

    ids = [[one.id for one in page.data] for page in pages]

    assert ids[0] != ids[1]
    assert all(one == ids[1] for one in ids[1:])
    assert all(page.has_more for page in pages)


def test_a_cursor_that_dies_once_leaves_a_first_page_alone(server: StripeServer, client: stripe.StripeClient) -> None:
    server.inject(CUSTOMERS, faults.dying_cursor("customer"), count=None)

    assert len(client.v1.customers.list({"limit": 100}).data) == COUNT
    with pytest.raises(stripe.InvalidRequestError) as refused:
        _everyone(client)
    assert (refused.value.code, refused.value.param) == ("resource_missing", "starting_after")


def test_the_world_changes_between_two_pages(server: StripeServer, client: stripe.StripeClient) -> None:
    last = client.v1.customers.list({"limit": 100}).data[-1].id
    server.inject(CUSTOMERS, faults.meanwhile(lambda world: stories.new_customer(world, created=EPOCH + 1)), first=2)
    server.inject(CUSTOMERS, faults.meanwhile(lambda world: world.change(last, name="Late")), first=3)

    seen = list(client.v1.customers.list({"limit": 10}).auto_paging_iter())

    assert len(seen) == COUNT
    assert seen[-1].name == "Late"
    assert len(_everyone(client)) == COUNT + 1


def test_an_object_that_leaves_the_filter_kills_the_cursor(server: StripeServer, client: stripe.StripeClient) -> None:
    page = client.v1.customers.list({"limit": 10})
    leaving = page.data[-1].id
    server.inject(CUSTOMERS, faults.meanwhile(lambda world: world.delete_customer(leaving)))

    with pytest.raises(stripe.InvalidRequestError, match=f"No such customer: '{leaving}'"):
        page.next_page()


def test_an_object_of_the_other_mode_slips_in(server: StripeServer, client: stripe.StripeClient) -> None:
    server.inject(CUSTOMERS, faults.slipped_in(objects.customer("cus_test", livemode=False)))

    page = client.v1.customers.list()

    assert (page.data[0].id, page.data[0].livemode) == ("cus_test", False)
    assert len(page.data) == 11


def test_objects_come_with_missing_and_with_odd_fields(server: StripeServer, client: stripe.StripeClient) -> None:
    server.inject(CUSTOMERS, faults.without_fields("email", "created"))
    server.inject(CUSTOMERS, faults.with_fields(balance="ten", tax_exempt="sometimes"))

    odd = client.v1.customers.list().data[0].to_dict()

    assert not {"email", "created"} & odd.keys()
    assert (odd["balance"], odd["tax_exempt"]) == ("ten", "sometimes")


def test_a_retrieved_object_is_odd_too(server: StripeServer, client: stripe.StripeClient) -> None:
    named = client.v1.customers.list().data[0].id
    server.inject("/v1/customers/{id}", faults.with_fields(object="client"))

    assert client.raw_request("get", f"/v1/customers/{named}").data["object"] == "client"


def test_faults_add_up(server: StripeServer) -> None:
    server.inject(CUSTOMERS, faults.empty_page())
    server.inject(CUSTOMERS, faults.dribbling(pieces=3, pause_seconds=0.01))

    answer = httpx.get(f"{server.url}{CUSTOMERS}", headers={"Authorization": f"Bearer {server.key}"})

    assert answer.json() == {"object": "list", "url": CUSTOMERS, "has_more": True, "data": []}
