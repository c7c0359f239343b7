"""Where Stripe's dashboard shows an object: the one place that knows its addresses."""

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
    """The dashboard's page about an object; None for what is no id of Stripe's, or of a kind that has no page.

    With ``account`` it opens that account, whichever one the reader looked at last.

    >>> dashboard_link("cus_123", livemode=True)
    'https://dashboard.stripe.com/customers/cus_123'
    >>> dashboard_link("pi_123", livemode=False, account="acct_1Ex")
    'https://dashboard.stripe.com/acct_1Ex/test/payments/pi_123'
    """
    found = _ID.fullmatch(object_id)
    page = _PAGES.get(found["prefix"]) if found else None
    if found is None or page is None:
        return None
    is_test = not livemode or found["mode"] == "test_"
    return "/".join([_BASE, *([account] if account else []), *(["test"] if is_test else []), page, object_id])
