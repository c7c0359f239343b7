"""Whether Stripe knows an account: absent only by whole answers, and otherwise present or unknown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.reading_stripe import NOW, QUICK, settings_for
from tests.support.stripe import faults, objects
from tests.support.stripe.faults import Fault
from tests.support.stripe.server import StripeServer, stripe_server
from tests.support.stripe.stories import cancel, new_customer, new_price, subscribe
from tests.support.stripe.world import FULL_KEY, TEST_KEY, StripeWorld
from trueup.model.customer_lookup import Found, LookupAnswer, LookupKeys, NotFound, Unknown
from trueup.stripe.customer_lookup import find_customer
from trueup.stripe.key import read_key
from trueup.stripe.supply import ReadOptions

ADDRESS = "Ada@example.com"
KEYS = LookupKeys(account_id='user_"1"', emails=frozenset({ADDRESS}))
LISTS = ["/v1/customers", "/v1/customers/search", "/v1/subscriptions/search"]


@pytest.fixture
def server() -> Iterator[StripeServer]:
    """A world with somebody else in it."""
    world = StripeWorld(now=NOW)
    subscribe(
        world, new_customer(world, email="somebody@example.com", metadata={"user_id": "user_2"}), new_price(world)
    )
    with stripe_server(world) as running:
        yield running


def sought(server: StripeServer, whom: LookupKeys = KEYS, *, deadline: float = 2.0, **changed: Any) -> LookupAnswer:
    """The answer, with little retry_policy."""
    settings = settings_for(server, None, **({"account": server.world.account_id, "api_key": server.key} | changed))
    key = read_key(settings.api_key or "", allow_full_key=True)
    return find_customer(settings, key, whom, options=ReadOptions(retry_policy=QUICK, deadline_seconds=deadline))


def test_nothing_in_whole_answers_is_absent(server: StripeServer) -> None:
    """With what was asked and under which of Stripe's ids it was answered; nobody's address is in it."""
    found = sought(server)
    assert isinstance(found, NotFound)
    assert found.questions == (
        "customers by e-mail address",
        "customers by e-mail address",
        "customers by metadata or e-mail address",
        "subscriptions by metadata",
    )
    assert len(found.request_ids) == 4
    assert all(said.startswith("req_") for said in found.request_ids)
    assert found.text == "no customer and no subscription in acct_1Example, live mode"
    assert {asked.route for asked in server.requests} == {"/v1/account", *LISTS}


@pytest.mark.parametrize("email", [ADDRESS, ADDRESS.lower()])
def test_a_live_subscription_of_a_customer_with_the_address_is_named(server: StripeServer, email: str) -> None:
    """In the app's spelling and in small letters."""
    customer = new_customer(server.world, email=email)
    subscription = subscribe(server.world, customer, new_price(server.world), status="past_due")
    found = sought(server)
    assert isinstance(found, Found)
    assert f"{subscription['id']} (past_due) of {customer['id']}" in found.reason
    assert ADDRESS not in found.reason


@pytest.mark.parametrize("status", ["active", "trialing", "past_due", "unpaid", "paused", "incomplete", "hibernating"])
def test_whatever_has_not_ended_may_be_paying(server: StripeServer, status: str) -> None:
    """Also a state that nobody has heard of."""
    subscribe(server.world, new_customer(server.world, email=ADDRESS), new_price(server.world), status=status)
    found = sought(server)
    assert isinstance(found, Found)
    assert f"({status})" in found.reason


def test_a_customer_alone_is_not_absence(server: StripeServer) -> None:
    """The contract says: when no Stripe customer exists."""
    customer = new_customer(server.world, email=ADDRESS)
    cancel(server.world, subscribe(server.world, customer, new_price(server.world)), at=NOW)
    found = sought(server)
    assert isinstance(found, Found)
    assert f"as {customer['id']}, by its e-mail address" in found.reason


def test_a_customer_of_another_address_is_found_by_its_metadata(server: StripeServer) -> None:
    """Somebody may pay with the address of the bookkeeper."""
    customer = new_customer(server.world, email="books@example.com", metadata={"user_id": KEYS.account_id})
    found = sought(server)
    assert isinstance(found, Found)
    assert f"as {customer['id']}, by its metadata (user_id) or its e-mail address" in found.reason


def test_a_customer_whose_address_stripe_writes_in_other_capitals_is_found(server: StripeServer) -> None:
    """The list's filter tells capitals apart; the search does not."""
    customer = new_customer(server.world, email="aDA@Example.COM")
    found = sought(server)
    assert isinstance(found, Found)
    assert customer["id"] in found.reason
    assert "aDA" not in found.reason


def test_a_subscription_is_found_by_its_metadata(server: StripeServer) -> None:
    """Whoever its customer is."""
    payer = new_customer(server.world, email="books@example.com")
    named = {"user_id": KEYS.account_id}
    subscription = subscribe(server.world, payer, new_price(server.world), metadata=named)
    found = sought(server)
    assert isinstance(found, Found)
    assert subscription["id"] in found.reason


def test_a_customer_that_the_app_names_is_asked_for_by_its_id(server: StripeServer) -> None:
    """There, deleted, or unknown."""
    customer = new_customer(server.world, id="cus_named", email="other@example.com")
    named = LookupKeys(account_id="user_1", emails=frozenset({ADDRESS}), customers=frozenset({"cus_named"}))
    assert isinstance(sought(server, named), Found)
    server.world.delete_customer(customer["id"])
    assert isinstance(sought(server, named), NotFound)
    server.world.remove(customer["id"])
    absent = sought(server, named)
    assert isinstance(absent, NotFound)
    assert absent.questions[0] == "a customer by its id"
    assert len(absent.request_ids) == len(absent.questions)


def test_a_customer_of_the_other_mode_is_not_looked_at(server: StripeServer) -> None:
    """A test customer with the address proves nothing of the live account."""
    new_customer(server.world, email=ADDRESS, livemode=False)
    assert isinstance(sought(server), NotFound)


@pytest.mark.parametrize("route", LISTS)
@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (faults.too_many_requests(), "slow down (429)"),
        (faults.too_many_requests(retry_after=60), "deadline of 2 seconds"),
        (faults.server_error(), "Stripe failed (500)"),
        (faults.html_page(), "no JSON"),
        (faults.truncated(), "no JSON"),
        (faults.reset_at_once(), "connection to Stripe failed"),
        (faults.empty_page(), "said that there is more"),
        (Fault(change=lambda _, body: body | {"data": "everything"}), "no list"),
    ],
)
def test_what_is_not_answered_whole_is_unknown(server: StripeServer, route: str, fault: Fault, says: str) -> None:
    """In each of the questions."""
    server.inject(route, fault, count=None)
    found = sought(server)
    assert isinstance(found, Unknown)
    assert says in found.reason
    assert ADDRESS not in found.reason


def test_one_failure_that_passes_is_asked_again(server: StripeServer) -> None:
    """As a reading does."""
    server.inject("/v1/customers", faults.too_many_requests())
    assert isinstance(sought(server), NotFound)


def test_a_slow_answer_ends_at_the_deadline(server: StripeServer) -> None:
    """A person waits for it."""
    server.inject("*", faults.dribbling(pieces=20, pause_seconds=0.05), count=None)
    found = sought(server, deadline=0.2)
    assert isinstance(found, Unknown)


@pytest.mark.parametrize(("permission"), ["rak_customer_read", "rak_subscription_read"])
def test_a_missing_permission_is_not_absence(server: StripeServer, permission: str) -> None:
    """It is named, so that it can be given."""
    server.world.revoke(permission)
    found = sought(server)
    assert isinstance(found, Unknown)
    assert permission in found.reason


def test_an_expired_key_is_not_absence(server: StripeServer) -> None:
    """Nor is any other refusal."""
    server.world.expire(server.key)
    found = sought(server)
    assert isinstance(found, Unknown)
    assert "refuses the key" in found.reason
    assert server.key not in found.reason


def test_more_than_a_page_of_customers_is_nobodys_account(server: StripeServer) -> None:
    """An address that everybody shares."""
    for _ in range(101):
        new_customer(server.world, email=ADDRESS)
    found = sought(server)
    assert isinstance(found, Unknown)
    assert "more than 100 customers" in found.reason


def test_a_key_of_another_account_is_not_absence(server: StripeServer) -> None:
    """There, nothing would be found of anybody; and without a pinned account nobody could tell."""
    other = sought(server, account="acct_other")
    assert isinstance(other, Unknown)
    assert "acct_other" in other.reason
    unpinned = sought(server, account=None)
    assert isinstance(unpinned, Unknown)
    assert "stripe.account is not set" in unpinned.reason


def test_an_object_of_the_other_mode_in_an_answer_is_unknown(server: StripeServer) -> None:
    """Then the key is not what it says."""
    server.inject("/v1/customers", faults.slipped_in(objects.customer("cus_x", livemode=False)))
    found = sought(server)
    assert isinstance(found, Unknown)
    assert "cus_x of test mode" in found.reason


def test_an_account_without_an_address_cannot_be_looked_for(server: StripeServer) -> None:
    """Nobody is asked then."""
    found = sought(server, LookupKeys(account_id="user_1"))
    assert isinstance(found, Unknown)
    assert "no e-mail address" in found.reason
    assert server.requests == []


@pytest.mark.parametrize(("key", "mode"), [(TEST_KEY, "test"), (FULL_KEY, "live")])
def test_the_answer_says_of_which_mode_it_is(server: StripeServer, key: str, mode: str) -> None:
    """The key's."""
    found = sought(server, api_key=key)
    assert isinstance(found, NotFound)
    assert f"{mode} mode" in found.text
