"""Subscriptions, with their items and what their schedule holds for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from trueup.stripe.shapes.catalog import billing_of
from trueup.stripe.shapes.fields import JSON, AccountFilter, Row, Rows, first, id_of, parts, within

_SCHEDULE_IN_FORCE = ("not_started", "active")


def subscription_rows(subscription: JSON, account_filter: AccountFilter) -> Rows:
    """A subscription and its items. Before 2025-03-31 the period was the subscription's own."""
    items = parts(subscription, "items")
    starts, ends = (_moments(subscription, items, f"current_period_{end}") for end in ("start", "end"))
    row = {
        "subscription_id": subscription.get("id"),
        "customer_id": id_of(subscription.get("customer")),
        "account_id": account_filter.account_of(subscription.get("metadata")),
        "status": subscription.get("status"),
        "collection_method": subscription.get("collection_method"),
        "created_at": subscription.get("created"),
        "current_period_start": _outermost(starts, min),
        "current_period_end": _outermost(ends, max),
        "trial_end": subscription.get("trial_end"),
        "cancel_at": subscription.get("cancel_at"),
        "cancel_at_period_end": subscription.get("cancel_at_period_end"),
        "canceled_at": subscription.get("canceled_at"),
        "ended_at": subscription.get("ended_at"),
        "paused": subscription.get("pause_collection") is not None,
        **_next_phase(subscription.get("schedule")),
        "latest_invoice_id": id_of(subscription.get("latest_invoice")),
        "other_application": account_filter.is_other_application(subscription),
        "livemode": account_filter.mode_of(subscription),
    }
    return {
        "stripe_subscription": [row],
        "stripe_subscription_item": [_item_row(item, subscription, account_filter) for item in items],
    }


def _moments(subscription: JSON, items: list[JSON], name: str) -> list[Any]:
    values = [item.get(name) for item in items] if subscription.get(name) is None else [subscription[name]]
    return [moment for moment in values if moment is not None]


def _outermost(moments: list[Any], pick: Callable[[list[Any]], Any]) -> Any:
    """The widest of the moments; one that is no moment goes before, so that it is seen."""
    odd = [moment for moment in moments if not isinstance(moment, int)]
    return odd[0] if odd else pick(moments) if moments else None


def _item_row(item: JSON, subscription: JSON, account_filter: AccountFilter) -> Row:
    price = _price(item)
    return {
        "item_id": item.get("id"),
        "subscription_id": subscription.get("id"),
        "price_id": id_of(price),
        "lookup_key": within(price, "lookup_key"),
        "product_id": product_of(price),
        "quantity": item.get("quantity"),
        **billing_of(within(price, "recurring") or _plan_as_recurring(price)),
        "livemode": first(within(price, "livemode"), account_filter.mode_of(subscription)),
    }


def _price(item: JSON) -> Any:
    """The item's price; its plan, which is the same by an older name, where there is none."""
    return first(item.get("price"), item.get("plan"))


def product_of(price: object) -> Any:
    """The product that a price is for."""
    return id_of(within(price, "product"))


def _plan_as_recurring(price: object) -> Any:
    return price if within(price, "object") == "plan" else None


def _next_phase(schedule: object) -> Row:
    """What the schedule changes to, and when; at the end of a last phase that cancels, nothing."""
    if within(schedule, "status") not in _SCHEDULE_IN_FORCE:
        return {"next_price_id": None, "next_phase_at": None}
    phases = within(schedule, "phases")
    known = [phase for phase in phases if isinstance(phase, Mapping)] if isinstance(phases, list) else []
    ends_at = within(schedule, "current_phase", "end_date")
    coming = [phase for phase in known if _begins_at(phase) is not None and _begins_at(phase) >= (ends_at or 0)]
    if coming:
        following = min(coming, key=_begins_at)
        items = following.get("items")
        price = id_of(within(items[0], "price")) if isinstance(items, list) and items else None
        return {"next_price_id": price, "next_phase_at": _begins_at(following)}
    ends = ends_at if within(schedule, "end_behavior") == "cancel" else None
    return {"next_price_id": None, "next_phase_at": ends}


def _begins_at(phase: JSON) -> Any:
    moment = phase.get("start_date")
    return moment if isinstance(moment, int) else None
