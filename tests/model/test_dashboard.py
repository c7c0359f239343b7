"""Addresses of Stripe's dashboard: by the kind of object, its mode, and the account that is meant."""

from __future__ import annotations

import pytest

from trueup.model.dashboard import dashboard_link


@pytest.mark.parametrize(
    ("object_id", "page"),
    [
        ("cus_1", "customers"),
        ("sub_1", "subscriptions"),
        ("in_1", "invoices"),
        ("pi_1", "payments"),
        ("ch_1", "payments"),
        ("re_1", "refunds"),
        ("dp_1", "disputes"),
        ("du_1", "disputes"),
        ("evt_1", "events"),
        ("cs_live_1", "checkout/sessions"),
        ("price_1", "prices"),
        ("prod_1", "products"),
        ("we_1", "webhooks"),
    ],
)
def test_each_kind_has_its_page_in_either_mode_and_account(object_id: str, page: str) -> None:
    base = "https://dashboard.stripe.com"
    assert dashboard_link(object_id, livemode=True) == f"{base}/{page}/{object_id}"
    assert dashboard_link(object_id, livemode=False) == f"{base}/test/{page}/{object_id}"
    assert dashboard_link(object_id, livemode=True, account="acct_1") == f"{base}/acct_1/{page}/{object_id}"
    assert dashboard_link(object_id, livemode=False, account="acct_1") == f"{base}/acct_1/test/{page}/{object_id}"


def test_a_checkout_session_says_itself_that_it_is_a_test() -> None:
    assert dashboard_link("cs_test_1", livemode=True) == "https://dashboard.stripe.com/test/checkout/sessions/cs_test_1"


@pytest.mark.parametrize(
    "text", ["user_1", "4711", "", "cus_", "cus_1/../x", "cus_1?x", "cus_1\n", "CUS_1", "si_1", "in_é"]
)
def test_what_is_no_object_with_a_page_has_no_link(text: str) -> None:
    assert dashboard_link(text, livemode=True) is None
