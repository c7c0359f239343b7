"""A population serves from a process of its own, and is what its templates promise."""

from __future__ import annotations

import stripe

from tests.support.stripe.clients import official_client, plain
from tests.support.stripe.objects import MONTH
from tests.support.stripe.population import change, populated
from tests.support.stripe.process import stripe_process
from tests.support.stripe.server import stripe_server


def test_a_population_fits_together() -> None:
    with stripe_server(populated(30, invoices_each=2)) as server, official_client(server) as client:
        customers = {one.id for one in client.v1.customers.list({"limit": 100}).auto_paging_iter()}
        subscriptions = [plain(one) for one in client.v1.subscriptions.list({"limit": 100}).auto_paging_iter()]
        expanding = client.v1.invoices.list({"limit": 7, "expand": ["data.payments"]})
        invoices = [plain(one) for one in expanding.auto_paging_iter()]
        intents = {one.id: one for one in client.v1.payment_intents.list({"limit": 100}).auto_paging_iter()}
        charges = {one.id for one in client.v1.charges.list({"limit": 100}).auto_paging_iter()}

    assert (len(customers), len(subscriptions), len(invoices), len(intents)) == (30, 30, 60, 60)
    assert {one["customer"] for one in subscriptions} == customers
    assert {one["latest_invoice"] for one in subscriptions} <= {one["id"] for one in invoices}
    assert {one["parent"]["subscription_details"]["subscription"] for one in invoices} == {
        one["id"] for one in subscriptions
    }
    for one in invoices:
        paid_by = one["payments"]["data"][0]["payment"]["payment_intent"]
        assert intents[paid_by].latest_charge in charges
        assert one["lines"]["data"][0]["period"] == {"start": one["created"], "end": one["created"] + MONTH}
    now = server.world.time()
    assert all(one["items"]["data"][0]["current_period_end"] > now for one in subscriptions)
    assert [one["created"] for one in invoices] == sorted((one["created"] for one in invoices), reverse=True)


def test_a_change_is_seen_in_the_object_and_in_an_event() -> None:
    world = populated(30)
    changed = change(world, 3)

    with stripe_server(world) as server, official_client(server) as client:
        named = [one.id for one in client.v1.customers.list({"limit": 100}).data if one.name == "Changed"]
        events = client.v1.events.list({"type": "customer.updated"}).data

    assert sorted(named) == sorted(changed)
    assert sorted(plain(one)["data"]["object"]["id"] for one in events) == sorted(changed)


def test_the_server_runs_in_a_process_of_its_own() -> None:
    with stripe_process(25) as process:
        http = stripe.RequestsClient(timeout=10)
        client = stripe.StripeClient(process.key, base_addresses={"api": process.url}, http_client=http)
        listed = [one.id for one in client.v1.customers.list({"limit": 10}).auto_paging_iter()]
        changed = process.change(2)
        events = client.v1.events.list().data
        http.close()  # type: ignore[no-untyped-call]
        counted = process.counts()
        process.forget()

        assert len(set(listed)) == len(listed) == 25
        assert set(changed) <= set(listed)
        assert len(events) == 4
        assert counted == {"/v1/customers": 3, "/v1/events": 1}
        assert process.counts() == {}
