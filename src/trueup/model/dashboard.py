"""Links to Stripe's dashboard. Only this module knows its addresses."""

from __future__ import annotations

import re

_BASE = "https://dashboard.stripe.com"
_PAGES = {
    "cus": "customers",
    "sub": "subscriptions",
    "in": "invoices",
    "pi": "payments",
    "ch": "payments",
    "py": "payments",
    "re": "refunds",
    "pyr": "refunds",
    "dp": "disputes",
    "du": "disputes",
    "evt": "events",
    "cs": "checkout/sessions",
    "price": "prices",
    "prod": "products",
    "we": "webhooks",
}
_ID = re.compile(r"(?P<prefix>[a-z]+)_(?P<mode>test_|live_)?[A-Za-z0-9_]{1,120}", re.ASCII)


def dashboard_link(object_id: str, *, livemode: bool, account: str | None = None) -> str | None:
    """The dashboard's page about an object; None for an id that is not Stripe's, or whose kind has no page.

    With ``account``, the link opens that account, even if the reader last looked at another one.

    >>> dashboard_link("cus_123", livemode=True)
    'https://dashboard.stripe.com/customers/cus_123'
    >>> dashboard_link("pi_123", livemode=False, account="acct_1Ex")
    'https://dashboard.stripe.com/acct_1Ex/test/payments/pi_123'
    """
    match = _ID.fullmatch(object_id)
    page = _PAGES.get(match["prefix"]) if match else None
    if match is None or page is None:
        return None
    is_test = not livemode or match["mode"] == "test_"
    return "/".join([_BASE, *([account] if account else []), *(["test"] if is_test else []), page, object_id])
