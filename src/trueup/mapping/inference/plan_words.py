"""Where an account's plan may be kept: beside the account, in a table of subscriptions, in one that lists the plans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from trueup.mapping.column_types import Family
from trueup.mapping.inference.links import Link
from trueup.mapping.inference.moments import is_moment
from trueup.mapping.inference.plan_spots import PlanSpot, PlanTable
from trueup.mapping.inference.schema import Schema
from trueup.mapping.inference.signs_of_accounts import MOSTLY, few_words, plan_columns, repeats, with_prefix
from trueup.mapping.inference.spots import Home, Spot
from trueup.mapping.inference.statuses import (
    Holding,
    flag_column,
    holding_beside,
    holding_of,
    status_column,
    status_score,
    until_column,
)
from trueup.mapping.names import folded, likeness
from trueup.mapping.samples import Facts, Look, Path
from trueup.mapping.vocabulary import PLAN_LADDER

SUBSCRIBED = "SUBSCRIBED"
"""The plan's name where the app says only that there is a subscription."""

_PRICES = "stripe_price stripe_price_id price_id price stripe_product product_id plan_id variant_id"
_ENDS = "ends_at end_date ended_on expires_at"
_PERIOD_ENDS = f"{_ENDS} current_period_end period_end valid_until active_until subscribed_until renews_at"
_PLAN_NAMES = "slug code key identifier internal_name name title label"
_PAID_FLAGS = (
    "is_pro is_premium is_subscribed has_subscription has_active_subscription is_paid is_plus is_subscriber premium "
    "pro subscribed has_paid is_pro_user is_premium_user has_access"
)
_DIRECT, _ELSEWHERE, _BY_PRODUCT = 1.0, 0.8, 0.7
_BY_PRICE, _BY_SUBSCRIPTION, _BY_DAY = 0.45, 0.3, 0.27
_BY_CUSTOMERS = 0.35
_MOST_PLANS = 25
_TEXTS = (Family.TEXT, Family.UNKNOWN)
_REFERENCES = ("plan", "price", "product", "tier", "package")


def plan_spots(schema: Schema, home: Home, customers: Mapping[str, object] | None) -> list[PlanSpot]:
    """Where an account's plan may be kept, the likeliest place first.

    ``customers`` is the Stripe customer of each sampled account: where a plan's words tell those who have one from
    those who have none, it is likelier the plan that is paid for.
    """
    spots = [*_near(schema, home), *_subscriptions(schema, home)]
    scored = [replace(spot, score=spot.score + _BY_CUSTOMERS * _tells(spot, home, customers or {})) for spot in spots]
    return sorted(scored, key=lambda each: -each.score)


def _tells(plan: PlanSpot, home: Home, customers: Mapping[str, object]) -> float:
    """How much better the plan's words say who has a customer than to say the same of everyone: 0 to 1."""
    held = plan.values(home)
    owners = [str(row[home.key]) for row in home.look.rows if row.get(home.key) is not None]
    has = {owner: customers.get(owner) not in (None, "") for owner in owners}
    sides = [sum(has.values()), len(has) - sum(has.values())]
    if not min(sides):
        return 0.0
    counts = Counter((held.get(owner), paying) for owner, paying in has.items())
    guessed = sum(max(counts[word, True], counts[word, False]) for word in {word for word, _ in counts})
    return (guessed - max(sides)) / min(sides)


def subscription_tables(schema: Schema, home: Home) -> Iterator[tuple[Look, tuple[Link, ...], Look | None]]:
    """The tables of subscriptions that name the accounts, each with its route."""
    for look, route, through in schema.subscription_routes(home):
        if look is not home.look and is_subscription_table(look):
            yield look, route, through


def is_subscription_table(look: Look) -> bool:
    """Whether each row of the table is a subscription: by its name and what says that it holds, or by its ids."""
    name = folded(look.table.name)
    has_status = any(status_score(look, column.name) for column in look.table.columns)
    has_ids = next(with_prefix(look, "sub_"), None) is not None
    if name.endswith("item"):
        return False
    if name.endswith(("subscription", "membership_plan", "user_plan")):
        return has_status or has_ids or flag_column(look) is not None or _end_of(look, _PERIOD_ENDS) is not None
    return has_status and has_ids


def _near(schema: Schema, home: Home) -> Iterator[PlanSpot]:
    for look in schema.near(home):
        if is_subscription_table(look) and look is not home.look:
            continue
        worth_here = _DIRECT if look is home.look else _ELSEWHERE
        for score, column, path in plan_columns(look):
            spot = schema.spots(home, look, column, path)
            if spot is not None and (spot.up is None or not _is_reference(look)):
                worth = worth_here if spot.up is None else _ELSEWHERE / 2
                yield PlanSpot(spot=spot, score=score * worth, holding=holding_beside(look, column, path))
        for reference in _references(schema, look):
            spot = schema.spots(home, look, reference.link.column)
            if spot is not None and spot.up is None:
                holding = holding_beside(look, spot.column)
                yield PlanSpot(spot=spot, score=worth_here * 0.9, named_in=reference, holding=holding)
        for column, path in _prices(look):
            spot = schema.spots(home, look, column, path)
            if spot is not None and spot.up is None:
                yield PlanSpot(spot=spot, score=_BY_PRICE * worth_here, holding=holding_beside(look, column, path))
    yield from _only_subscribed(home)
    yield from _only_until(schema, home)


def _only_subscribed(home: Home) -> Iterator[PlanSpot]:
    """A status or a flag of the account that says no more than that it pays."""
    look = home.look
    flag = flag_column(look, _PAID_FLAGS)
    if flag is not None:
        holding = Holding(column=flag, is_boolean=look.type_of(flag) is Family.BOOLEAN)
        yield PlanSpot(
            spot=Spot(look=look, column=flag), score=_BY_SUBSCRIPTION + 0.01, holding=holding,
            fixed=_named_in(flag),
        )  # fmt: skip
    status = status_column(look)
    if status is not None and status_score(look, status[0]) == 1.0:
        beside = holding_beside(look, status[0])
        yield PlanSpot(spot=Spot(look=look, column=status[0]), score=_BY_SUBSCRIPTION, holding=beside, fixed=SUBSCRIBED)
    first = next(with_prefix(look, "sub_"), None)
    held = holding_beside(look, *first[:2]) if first is not None and first[1] else None
    if held is not None and first is not None:
        spot = Spot(look=look, column=first[0], path=first[1])
        yield PlanSpot(spot=spot, score=_BY_SUBSCRIPTION, holding=held, fixed=SUBSCRIBED)


def _only_until(schema: Schema, home: Home) -> Iterator[PlanSpot]:
    """The day until which an account has paid, where that is all that is kept of its plan."""
    for look in schema.near(home):
        until = until_column(look)
        spot = schema.spots(home, look, until[0]) if until is not None else None
        if until is not None and spot is not None and spot.up is None:
            yield PlanSpot(
                spot=spot, score=_BY_DAY, holding=Holding(column=until[0], until=until[1]), fixed=_named_in(until[0])
            )


def _named_in(column: str) -> str:
    """The plan that the name of a column speaks of."""
    named = next((token for token in folded(column).split("_") if token in PLAN_LADDER.split()), None)
    return named.upper() if named else SUBSCRIBED


def _is_reference(look: Look) -> bool:
    """Whether a table lists what there is, such as the plans themselves."""
    return folded(look.table.name).rpartition("_")[2] in _REFERENCES


def _references(schema: Schema, look: Look) -> Iterator[PlanTable]:
    """The tables of plans that this table's rows name, and the column that holds their names."""
    for link in schema.links_from(look):
        target = schema.looks[link.target]
        if not _is_reference(target) or folded(link.column).rpartition("_")[2] not in ("id", "uuid", *_REFERENCES):
            continue
        scored = [
            (likeness(column.name, _PLAN_NAMES), column.name)
            for column in target.table.columns
            if column.name != link.key and few_words(target.column(column.name)) and _may_name(target, column.name)
        ]
        best = max(scored, default=(0.0, ""))
        if best[0]:
            yield PlanTable(look=target, link=link, name=best[1])


def _may_name(look: Look, column: str) -> bool:
    facts = look.column(column)
    return look.type_of(column) in (Family.TEXT, Family.UNKNOWN) and 0 < facts.distinct <= _MOST_PLANS


def _prices(look: Look) -> Iterator[tuple[str, Path]]:
    """The columns and the places inside JSON whose values are prices or products of Stripe's."""
    places = [((column.name, ()), look.column(column.name)) for column in look.table.columns]
    for (column, path), facts in [*places, *look.paths().items()]:
        if facts.present and repeats(facts) and _share_of_prices(facts) >= MOSTLY:
            yield column, path


def _share_of_prices(facts: Facts) -> float:
    return facts.share_of("price_") + facts.share_of("prod_")


def _subscriptions(schema: Schema, home: Home) -> Iterator[PlanSpot]:
    for look, route, through in subscription_tables(schema, home):
        holding = holding_of(look)
        ends = _end_of(look, _ENDS if holding is not None else _PERIOD_ENDS)
        several = not route[0].is_unique
        for score, column, path in [*plan_columns(look), *_price_columns(look)]:
            spot = Spot(look=look, column=column, path=path, route=route, through=through)
            beside = holding_beside(look, column, path) if path else holding
            yield PlanSpot(spot=spot, score=score * _ELSEWHERE, holding=beside, ends=ends, several=several)
        for reference in _references(schema, look):
            spot = Spot(look=look, column=reference.link.column, route=route, through=through)
            yield PlanSpot(
                spot=spot, score=_ELSEWHERE * 0.9, named_in=reference, holding=holding, ends=ends, several=several
            )
        yield from _items(schema, look, route, holding, ends)
        own = status_column(look) or next(((first[0], ()) for first in with_prefix(look, "sub_")), None)
        if own is not None and (holding is not None or ends is not None):
            spot = Spot(look=look, column=own[0], route=route, through=through)
            yield PlanSpot(
                spot=spot, score=_BY_SUBSCRIPTION, fixed=SUBSCRIBED, holding=holding, ends=ends, several=several
            )


def _items(
    schema: Schema, look: Look, route: tuple[Link, ...], holding: Holding | None, ends: str | None
) -> Iterator[PlanSpot]:
    """The prices of the subscriptions' items, which are in a table of their own."""
    if len(route) > 1:
        return
    for link in schema.links_to(look):
        item = schema.looks[link.table]
        if not folded(item.table.name).endswith("item"):
            continue
        for column, path in _prices(item):
            spot = Spot(look=item, column=column, path=path, route=(link, route[0]), through=look)
            worth = _BY_PRICE * (_ELSEWHERE if spot.facts.share_of("price_") >= MOSTLY else _BY_PRODUCT)
            yield PlanSpot(spot=spot, score=worth, holding=holding, holds_in_middle=True, ends=ends, several=True)


def _price_columns(look: Look) -> Iterator[tuple[float, str, Path]]:
    by_values = set(_prices(look))
    for column in look.table.columns:
        facts = look.column(column.name)
        score = likeness(column.name, _PRICES)
        if (column.name, ()) in by_values:
            yield max(score / 2, _BY_PRICE), column.name, ()
        elif score and (repeats(facts) if facts.present else not look.rows) and look.type_of(column.name) in _TEXTS:
            yield score / 2, column.name, ()
    for column_name, path in sorted(by_values):
        if path:
            yield _BY_PRICE, column_name, path


def _end_of(look: Look, usual: str) -> str | None:
    return next((c.name for c in look.table.columns if likeness(c.name, usual) and _may_end(look, c.name)), None)


def _may_end(look: Look, column: str) -> bool:
    return look.type_of(column) is Family.TIME and is_moment(look, column) and look.nullable(column)
