"""Which table holds the accounts that pay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from trueup.mapping.inference.links import Link, customer_link
from trueup.mapping.inference.moments import is_moment
from trueup.mapping.inference.schema import Schema, home_of
from trueup.mapping.inference.signs_of_accounts import credit_columns, is_organisation, named, plan_columns, with_prefix
from trueup.mapping.inference.spots import Home
from trueup.mapping.names import folded, likeness, table_likeness
from trueup.mapping.samples import Look
from trueup.mapping.vocabulary import COLUMNS, TABLES

_ENOUGH = 1.9
_CUSTOMER, _CUSTOMER_NEAR, _CUSTOMER_BY_NAME = 3.0, 2.0, 1.5
_PLAN, _PLAN_NEAR, _CREDITS, _CREDITS_NEAR = 2.0, 1.5, 2.0, 1.5
_SUBSCRIPTIONS, _MOVEMENTS, _MOVED_BALANCE, _CHILD = 2.0, 1.5, 2.0, 4.0
_DISTINCT, _REPEATED = 0.7, 0.3
_SURE_TABLE = 0.5
_CLOSE = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenAccounts:
    """The accounts, how sure it is, why, and the other tables that may be them."""

    home: Home
    score: float
    reasons: tuple[str, ...]
    others: tuple[str, ...] = ()
    close: tuple[tuple[str, str], ...] = ()
    """Those that may be them nearly as well, each with why."""


def choose_accounts(schema: Schema, wanted: str | None = None) -> ChosenAccounts | None:
    """The likeliest table of accounts, or the one that a person ``wanted``; None where no table looks like it."""
    scored: list[tuple[float, str, Home, tuple[str, ...]]] = []
    for look in schema.looks.values():
        home = home_of(schema, look)
        if home is None or look.table.is_view:
            continue
        signs = list(_signs(schema, home))
        if any(points > 0 for points, _ in signs[:-1]):
            scored.append((sum(points for points, _ in signs), look.name, home, tuple(why for _, why in signs if why)))
    scored.sort(key=lambda each: (-each[0], each[1]))
    if not scored or scored[0][0] < _ENOUGH:
        return None
    best = next((each for each in scored if each[1] == wanted), scored[0])
    rest = [each for each in scored if each is not best]
    others = tuple(name for score, name, *_ in rest if score >= max(_ENOUGH, best[0] / 2))
    close = tuple(
        (name, "; ".join(reasons))
        for score, name, _, reasons in rest
        if wanted is None and score >= max(_ENOUGH, best[0] * _CLOSE)
    )
    return ChosenAccounts(home=best[2], score=best[0], reasons=best[3], others=others, close=close)


def _signs(schema: Schema, home: Home) -> Iterator[tuple[float, str]]:
    """The points for and against, the name of the table last."""
    look = home.look
    near = [other for other, _ in schema.satellites(home)]
    yield _customers(schema, home, near)
    plans, credits_here = plan_columns(look), credit_columns(look)
    if plans and plans[0][0] >= _SURE_TABLE:
        yield _PLAN, f"{plans[0][1]} is a plan"
    elif any(plan_columns(other) for other in near):
        yield _PLAN_NEAR, ""
    if credits_here:
        yield _CREDITS, f"{credits_here[0][1]} is a balance"
    elif any(credit_columns(other) for other in near):
        yield _CREDITS_NEAR, "another table keeps a balance for each"
    linked = {route[0].table: route for _, route, _ in schema.routes(home)}
    subscribed = [name for name in linked if _has_subscriptions(schema.looks[name]) and name not in _names(near)]
    if subscribed:
        share = _share(schema.looks[subscribed[0]], linked[subscribed[0]])
        yield _SUBSCRIPTIONS * share, f"{subscribed[0]} names its rows"
    movements = [name for name in linked if name not in _names(near) and _has_movements(schema.looks[name])]
    if movements:
        worth = _MOVEMENTS + (_MOVED_BALANCE if credits_here else 0.0)
        yield (
            worth * max(_share(schema.looks[name], linked[name]) for name in movements),
            f"{movements[0]} names its rows",
        )
    if _is_child(schema, home):
        yield -_CHILD, ""
    yield table_likeness(look.table.name, TABLES["account"]), ""


def _customers(schema: Schema, home: Home, near: list[Look]) -> tuple[float, str]:
    own = next(with_prefix(home.look, "cus_"), None)
    if own is not None:
        where = ".".join((own[0], *own[1]))
        worth = _CUSTOMER if not own[1] else _CUSTOMER_NEAR
        if own[2].distinct < _DISTINCT * own[2].present:
            return worth * _REPEATED, f"{where} repeats Stripe customers"
        most = max((_customer_count(look) for look in schema.looks.values()), default=1)
        return worth + own[2].present / max(1, most), f"{where} holds Stripe customers"
    if any(next(with_prefix(other, "cus_"), None) for other in near):
        return _CUSTOMER_NEAR, "another table keeps a Stripe customer for each"
    if named(home.look, "account", "stripe_customer_id"):
        return _CUSTOMER_BY_NAME, ""
    return 0.0, ""


def _customer_count(look: Look) -> int:
    first = next(with_prefix(look, "cus_"), None)
    return 0 if first is None else first[2].present


def _has_subscriptions(look: Look) -> bool:
    return next(with_prefix(look, "sub_"), None) is not None or (
        "subscription" in look.table.name.lower() and bool(plan_columns(look))
    )


def _has_movements(look: Look) -> bool:
    if table_likeness(look.table.name, TABLES["ledger_entry"]) >= _SURE_TABLE:
        return True
    return any(
        likeness(column.name, COLUMNS["ledger_entry"]["amount"]) >= _SURE_TABLE and look.may_be_number(column.name)
        for column in look.table.columns
    ) and any(is_moment(look, column.name) for column in look.table.columns)


def _share(look: Look, route: tuple[Link, ...]) -> float:
    """Which share of the table's rows names an account by this route."""
    link = route[0]
    if not look.rows:
        return 1.0
    if link.word is not None:
        return sum(row.get(link.type_column or "") == link.word for row in look.rows) / len(look.rows)
    facts = look.column(link.column)
    return facts.present / facts.total * min(1.0, link.strength + 0.2)


_BILLING = re.compile(r"(^|_)(subscription|subscription_item|(stripe|billing|payment|pay|provider)_customer)$")


def _is_child(schema: Schema, home: Home) -> bool:
    """Whether each row belongs to one of another table that pays: an end customer, a wallet, a subscription."""
    for link in _links_up(schema, home):
        target = schema.looks[link.target]
        if not link.always or link.strength < _SURE_TABLE:
            continue
        pays = next(with_prefix(target, "cus_"), None) is not None or bool(plan_columns(target))
        is_billed = _is_billing(home.look) and not _is_billing(target)
        owns_one = link.one_each and (link.is_unique or not is_organisation(home.look))
        if pays or owns_one or is_billed:
            return True
    return False


def _links_up(schema: Schema, home: Home) -> Iterator[Link]:
    yield from schema.links_from(home.look)
    for other in schema.looks.values():
        link = customer_link(home.look, other) if other is not home.look and _is_billing(home.look) else None
        if link is not None:
            yield link


def _is_billing(look: Look) -> bool:
    """Whether the table is about what an account has with Stripe, and not the accounts."""
    return _BILLING.search(folded(look.table.name)) is not None


def _names(looks: list[Look]) -> set[str]:
    return {look.name for look in looks}
