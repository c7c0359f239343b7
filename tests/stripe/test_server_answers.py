"""The test server knows keys, versions, ``expand`` and rates as Stripe does, seen through the official SDK."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import stripe

from tests.support.stripe import objects, stories
from tests.support.stripe.clients import official_client, plain
from tests.support.stripe.objects import EPOCH, JSON, MONTH, VERSION
from tests.support.stripe.server import StripeServer, stripe_server
from tests.support.stripe.world import StripeWorld

OLD = "2024-06-20"


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


@pytest.fixture
def billed(server: StripeServer) -> JSON:
    """A paid invoice of a subscription."""
    price = stories.new_price(server.world)
    return stories.bill(server.world, stories.subscribe(server.world, stories.new_customer(server.world), price))


def test_an_unknown_key_is_refused(server: StripeServer) -> None:
    with (
        official_client(server, key="rk_live_stranger") as client,
        pytest.raises(stripe.AuthenticationError) as refused,
    ):
        client.v1.customers.list()

    assert refused.value.http_status == 401
    assert "Invalid API Key provided: rk_live_****nger" in str(refused.value)


def test_a_key_may_come_by_basic_authentication_and_must_come(server: StripeServer) -> None:
    assert httpx.get(f"{server.url}/v1/customers", auth=(server.key, "")).status_code == 200
    assert httpx.get(f"{server.url}/v1/customers").status_code == 401


def test_a_missing_permission_is_named(server: StripeServer, client: stripe.StripeClient) -> None:
    server.world.restrict("rak_invoice_read")

    with pytest.raises(stripe.PermissionError) as refused:
        client.v1.customers.list()

    assert refused.value.http_status == 403
    assert "Having the 'rak_customer_read' permission would allow this request to continue." in str(refused.value)
    assert server.key not in str(refused.value)
    assert client.v1.invoices.list().data == []
    with official_client(server, key=server.full_key) as full:
        assert full.v1.customers.list().data == []


def test_the_account_is_told_to_a_key_that_may_know_it(server: StripeServer, client: stripe.StripeClient) -> None:
    assert client.v1.accounts.retrieve_current().id == server.world.account_id

    server.world.revoke("rak_accounts_kyc_id_numbers_read")

    with pytest.raises(stripe.PermissionError):
        client.v1.accounts.retrieve_current()


def test_a_key_sees_the_objects_of_its_mode(server: StripeServer, client: stripe.StripeClient) -> None:
    live = stories.new_customer(server.world)
    test = stories.new_customer(server.world, livemode=False)

    with official_client(server, key=server.test_key) as tester:
        assert [one.id for one in tester.v1.customers.list().data] == [test["id"]]
        with pytest.raises(stripe.InvalidRequestError, match="a similar object exists in live mode"):
            tester.v1.customers.retrieve(live["id"])
    assert [one.id for one in client.v1.customers.list().data] == [live["id"]]
    with pytest.raises(stripe.InvalidRequestError, match="a similar object exists in test mode"):
        client.v1.customers.retrieve(test["id"])


def test_another_account_is_refused_and_the_own_one_is_repeated(server: StripeServer) -> None:
    with official_client(server, stripe_account="acct_other") as client, pytest.raises(stripe.PermissionError):
        client.v1.customers.list()
    with official_client(server, stripe_account=server.world.account_id) as client:
        assert _headers(client)["Stripe-Account"] == server.world.account_id


def test_the_version_and_a_request_id_come_back(client: stripe.StripeClient, server: StripeServer) -> None:
    headers = _headers(client)

    assert (headers["Stripe-Version"], headers["Request-Id"]) == (VERSION, "req_00000000000001")
    assert server.requests[0].version == VERSION
    assert "Stripe-Account" not in headers


def test_a_version_that_is_none_is_refused(server: StripeServer) -> None:
    refused = pytest.raises(stripe.InvalidRequestError, match="Invalid Stripe API version: 2024-6-20")
    with official_client(server, stripe_version="2024-6-20") as client, refused:
        client.v1.customers.list()


def _headers(client: stripe.StripeClient) -> dict[str, str]:
    response = client.v1.customers.list().last_response
    assert response is not None
    return dict(response.headers or {})


def test_an_error_carries_what_stripe_says(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.customers.retrieve("cus_none")

    assert refused.value.json_body == {
        "error": {
            "message": "No such customer: 'cus_none'",
            "type": "invalid_request_error",
            "code": "resource_missing",
            "doc_url": "https://stripe.com/docs/error-codes/resource-missing",
            "param": "id",
            "request_log_url": f"https://dashboard.stripe.com/workbench/logs?object={refused.value.request_id}",
        }
    }


def test_an_unknown_address_and_a_write_are_no_addresses(server: StripeServer, client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
        client.raw_request("get", "/v1/balance")
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
        client.v1.customers.create({"email": "ada@example.com"}, {"idempotency_key": "once"})

    assert (server.requests[-1].method, server.requests[-1].idempotency_key) == ("POST", "once")


def test_a_new_version_has_the_new_shapes(client: stripe.StripeClient, billed: JSON) -> None:
    invoice = plain(client.v1.invoices.retrieve(billed["id"]))
    subscription = plain(client.v1.subscriptions.list().data[0])

    assert invoice == billed
    assert invoice["parent"]["subscription_details"]["subscription"] == subscription["id"]
    assert not {"subscription", "payment_intent", "charge", "paid"} & invoice.keys()
    assert "current_period_end" not in subscription
    assert subscription["items"]["data"][0]["current_period_end"] == EPOCH + MONTH


def test_an_old_version_has_the_old_shapes(server: StripeServer, billed: JSON) -> None:
    with official_client(server, stripe_version=OLD) as client:
        invoice = plain(client.v1.invoices.retrieve(billed["id"]))
        subscription = plain(client.v1.subscriptions.list().data[0])
        intent = plain(client.v1.payment_intents.retrieve(invoice["payment_intent"]))

    assert invoice["subscription"] == subscription["id"]
    assert invoice["charge"] == intent["latest_charge"]
    assert (invoice["paid"], intent["invoice"]) == (True, billed["id"])
    assert invoice["lines"]["data"][0]["price"]["id"] == subscription["items"]["data"][0]["price"]["id"]
    assert subscription["current_period_end"] == EPOCH + MONTH
    assert "current_period_end" not in subscription["items"]["data"][0]
    assert "parent" not in invoice


def test_an_event_keeps_the_version_that_it_was_made_with(
    server: StripeServer, client: stripe.StripeClient, billed: JSON
) -> None:
    stories.emit(server.world, "invoice.paid", billed, id="evt_old", api_version=OLD)
    stories.emit(server.world, "invoice.paid", billed, id="evt_new", created=EPOCH + 1)

    with official_client(server, stripe_version=OLD) as older:
        for one in (client, older):
            new, old = (plain(event)["data"]["object"] for event in one.v1.events.list().data)
            assert new == billed
            assert "parent" not in old
            assert old["subscription"] == billed["parent"]["subscription_details"]["subscription"]


def test_ids_expand_into_objects(server: StripeServer, client: stripe.StripeClient, billed: JSON) -> None:
    expand = ["data.customer", "data.parent.subscription_details.subscription", "data.payments"]
    invoice = plain(client.v1.invoices.list({"expand": expand}).data[0])
    subscription = plain(
        client.v1.subscriptions.list({"expand": ["data.items", "data.latest_invoice.payments", "data.schedule"]}).data[
            0
        ]
    )
    payment = plain(client.v1.invoice_payments.list({"expand": ["data.payment.payment_intent"]}).data[0])

    assert invoice["customer"] == server.world.get(billed["customer"])
    assert invoice["parent"]["subscription_details"]["subscription"]["id"] == subscription["id"]
    assert invoice["payments"]["url"] == f"/v1/invoices/{billed['id']}/payments"
    assert subscription["latest_invoice"]["payments"] == invoice["payments"]
    assert subscription["schedule"] is None
    assert payment["payment"]["payment_intent"]["latest_charge"].startswith("ch_")
    assert payment["id"] == invoice["payments"]["data"][0]["id"]


def test_a_list_that_is_expanded_alone_is_the_same(server: StripeServer, client: stripe.StripeClient) -> None:
    customer, price = stories.new_customer(server.world), stories.new_price(server.world)
    billed = stories.bill(server.world, stories.subscribe(server.world, customer, price))
    for _ in range(11):
        stories.settle(server.world, billed, is_default=False)

    alone = plain(client.v1.invoices.list({"expand": ["data.payments"]}).data[0])
    beside = plain(client.v1.invoices.list({"expand": ["data.payments", "data.lines", "data.latest_revision"]}).data[0])

    assert alone == beside
    assert (len(alone["payments"]["data"]), alone["payments"]["has_more"]) == (10, True)
    assert len(client.raw_request("get", alone["payments"]["url"] + "?limit=100").data["data"]) == 12


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("data.payments.data.payment.payment_intent", "You cannot expand more than 4 levels"),
        ("data.status", "This property cannot be expanded"),
        ("data.parent", "This property cannot be expanded"),
        ("data.payment_intent", "doesn't exist"),
        ("customer", "You may want to try expanding 'data.customer'"),
    ],
)
def test_what_cannot_be_expanded_is_refused(client: stripe.StripeClient, billed: JSON, path: str, said: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=said) as refused:
        client.v1.invoices.list({"expand": [path]})

    assert (refused.value.http_status, refused.value.param) == (400, "expand")


def test_a_deleted_or_lost_customer_expands_into_its_stub_or_not(
    server: StripeServer, client: stripe.StripeClient, billed: JSON
) -> None:
    server.world.delete_customer(billed["customer"])
    server.world.change(billed["id"], latest_revision="in_lost")

    invoice = plain(client.v1.invoices.list({"expand": ["data.customer", "data.latest_revision"]}).data[0])

    assert invoice["customer"] == objects.deleted_customer(billed["customer"])
    assert invoice["latest_revision"] == "in_lost"


def test_too_many_requests_a_second_are_refused(server: StripeServer, client: stripe.StripeClient) -> None:
    server.limit(3, retry_after=2)

    def many() -> None:
        for _ in range(30):
            client.v1.customers.list()

    with pytest.raises(stripe.RateLimitError) as refused:
        many()

    assert server.counts["/v1/customers"] >= 4
    assert refused.value.headers is not None
    assert refused.value.headers["Stripe-Rate-Limited-Reason"] == "global-rate"
    assert refused.value.headers["Retry-After"] == "2"


def test_requests_are_counted_by_route(server: StripeServer, client: stripe.StripeClient) -> None:
    ids = stories.every_kind(server.world)
    client.v1.customers.list()
    client.v1.customers.retrieve(ids["customer"])
    client.v1.invoices.line_items.list(ids["invoice"])

    assert dict(server.counts) == {"/v1/customers": 1, "/v1/customers/{id}": 1, "/v1/invoices/{id}/lines": 1}
    assert [asked.status for asked in server.requests] == [200, 200, 200]

    server.forget()

    assert not server.counts
