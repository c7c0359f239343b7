"""The demo company's ``trueup.toml``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from trueup.demo.offer import PACK_PRICES, PLANS, PRODUCTS, SEAT, OfferedPlan
from trueup.demo.people import Excused

STALE_AFTER_HOURS = 8_760
"""The export is as old as the company, and a company that was kept is looked at again days later."""


def config_text(
    *, url_reference: str, idempotency_since: date, exemptions: Iterable[Excused], stripe: Path | None
) -> str:
    """The config as TOML. ``url_reference`` is the database's address, or a reference to it (``${DATABASE_URL}``).

    ``stripe`` is the folder of Stripe's objects; None switches what needs them off.
    """
    parts = [
        _HEAD.format(url=_quote(url_reference), stripe=_WITHOUT if stripe is None else _stripe(stripe)),
        *(_plan(plan) for plan in PLANS.values()),
        f"[prices.{SEAT.price_id}]\nseats = 1\n",
        *(f"[prices.{price.price_id}]\ncredits = {pack}\n" for pack, price in PACK_PRICES.items()),
        _GRANTS,
        _COPIES,
        f"[policy]\nidempotency_since = {idempotency_since.isoformat()}\n",
        *(_exemption(excused) for excused in exemptions),
    ]
    return "\n".join(parts)


_HEAD = """# The demo company of `trueup demo`: its schema is the one trueup calls canonical.
environment = "demo"
preset = "canonical"

[database]
url = {url}

{stripe}
[gates]
matrix = "gates.toml"
[gates.probes.build]
kind = "file"
path = "plans.json"
"""


_GRANTS = """[relations.credit_grant]
table = "credit_grants"
[relations.credit_grant.columns]
grant_id = "id"
account_id = "user_id"
amount = "amount"
remaining = "remaining"
expires_at = "expires_at"
"""


_COPIES = """[relations.local_subscription]
table = "subscriptions"
[relations.local_subscription.columns]
local_subscription_id = "id"
account_id = "user_id"
stripe_subscription_id = "stripe_subscription_id"
status = "status"
plan = "plan"
current_period_end = "current_period_end"
"""


_WITHOUT = "[repairs]\ndowngrade_without_stripe = true\n\n[stripe]\nenabled = false\n"


def _stripe(folder: Path) -> str:
    """Stripe's side as an export beside the database: no key, no network."""
    return (
        '[stripe]\nsupplier = "files"\n'
        f"url = {_quote(str(folder))}\n"
        f"products = [{', '.join(map(_quote, PRODUCTS))}]\n"
        f"stale_after_hours = {STALE_AFTER_HOURS}\n"
    )


def _plan(plan: OfferedPlan) -> str:
    lines = [f"[plans.{plan.name}]", f"rank = {plan.rank}"]
    if plan.credits_per_month:
        prices = ", ".join(f"{{ id = {_quote(price)}, interval = {_quote(every)} }}" for price, every in plan.prices)
        lines += [
            f"prices = [{prices}]",
            f"credits_per_period = {plan.credits_per_month}",
            f"price = {{ usd = {plan.price_cents} }}",
        ]
    return "\n".join(lines) + "\n"


def _exemption(excused: Excused) -> str:
    return (
        "[[exemptions]]\n"
        f"check = {_quote(excused.check)}\n"
        f"subject = {_quote(excused.person.account_id)}\n"
        f"owner = {_quote(excused.owner)}\n"
        f"reason = {_quote(excused.reason)}\n"
        f"expires = {excused.expires.isoformat()}\n"
    )


def _quote(text: str) -> str:
    """A TOML basic string; JSON's escapes are a subset of TOML's."""
    return json.dumps(text, ensure_ascii=False)
