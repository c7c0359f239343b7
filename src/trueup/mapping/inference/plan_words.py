"""Where an account's plan is kept, under which condition it holds, and which of its words are paid for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from trueup.mapping.column_types import Family
from trueup.mapping.inference.moments import created_column, is_moment
from trueup.mapping.inference.phrases import Phrases
from trueup.mapping.inference.schema import Schema
from trueup.mapping.inference.signs_of_accounts import few_words, plan_columns, with_prefix
from trueup.mapping.inference.spots import ALIAS, Home, Spot
from trueup.mapping.names import folded, likeness
from trueup.mapping.samples import Look, value_at

LIVING = (
    "active",
    "trialing",
    "past_due",
    "cancel_at_period_end",
    "canceling",
    "cancelling",
    "subscribed",
    "trial",
    "in_trial",
    "on_trial",
    "non_renewing",
    "pending_cancellation",
)
ENDED = (
    "canceled",
    "cancelled",
    "deleted",
    "incomplete",
    "incomplete_expired",
    "unpaid",
    "expired",
    "paused",
    "ended",
    "inactive",
    "none",
    "revoked",
    "refunded",
    "suspended",
    "pending",
    "cancellation",
)
_STANDARD = ("active", "trialing", "past_due")
_TELLING = frozenset({"trialing", "past_due", "canceled", "cancelled", "incomplete", "unpaid", "subscribed"})
_STATUS_OWNERS = ("subscription", "plan", "billing", "stripe", "payment", "membership")
_PRICES = "stripe_price stripe_price_id price_id price stripe_product product_id plan_id"
_ENDS = "ends_at end_date ended_on expires_at"
_WITHOUT_STATUS = 0.2
_DIRECT, _ELSEWHERE = 1.0, 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSpot:
    """The plan's place, the status that says whether it holds (None where nothing says it), and its end."""

    spot: Spot
    score: float
    status: tuple[str, tuple[str, ...]] | None = None
    living: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    without_status: bool = False
    ends: str | None = None
    several: bool = False

    def sql(self, phrases: Phrases, home: Home) -> str:
        """The plan of one account, NULL where it does not hold."""
        inner = bool(self.spot.route) or self.spot.up is not None
        alias = ALIAS if inner else ""
        value = self.spot.with_condition(phrases, alias)
        conditions = list(self._conditions(phrases, alias))
        if not inner:
            return f"CASE WHEN {' AND '.join(conditions)} THEN {value} END" if conditions else value
        return self.spot.lookup(phrases, home, value, conditions=conditions, order=self._order(phrases))

    def subscription_sql(self, phrases: Phrases, home: Home, column: str) -> str:
        """The id of the subscription that the plan comes from."""
        conditions = list(self._conditions(phrases, ALIAS))
        value = phrases.of(ALIAS, column)
        return self.spot.lookup(phrases, home, value, conditions=conditions, order=self._order(phrases))

    def values(self, home: Home) -> dict[str, str | None]:
        """The sampled plan of each account where it holds."""
        plans: dict[str, str | None] = {}
        for owner, row in self.spot.rows(home):
            value = value_at(row, self.spot.column, self.spot.path)
            if self._holds(row) and value not in (None, ""):
                plans[owner] = str(value)
            else:
                plans.setdefault(owner, None)
        return plans

    def _holds(self, row: Mapping[str, object]) -> bool:
        if self.status is None:
            return True
        word = value_at(row, *self.status)
        return str(word) in self.living if word is not None else self.without_status

    def _conditions(self, phrases: Phrases, alias: str) -> Iterator[str]:
        if self.status is not None:
            column, path = self.status
            name = phrases.at(phrases.of(alias, column), path)
            condition = phrases.words(name, self.living)
            yield f"({condition} OR {name} IS NULL)" if self.without_status else condition
        if self.ends is not None:
            name = phrases.of(alias, self.ends)
            yield f"({name} IS NULL OR {name} > CURRENT_TIMESTAMP)"

    def _order(self, phrases: Phrases) -> str:
        if not self.several:
            return ""
        latest = created_column(self.spot.look) or _integer_key(self.spot.look)
        order = f" ORDER BY {phrases.of(ALIAS, latest)} DESC" if latest is not None else ""
        return f"{order} LIMIT 1"


def plan_spots(schema: Schema, home: Home) -> list[PlanSpot]:
    """Where an account's plan may be kept, the likeliest place first."""
    spots = [*_near(schema, home), *_subscriptions(schema, home)]
    return sorted(spots, key=lambda each: -each.score)


def _near(schema: Schema, home: Home) -> Iterator[PlanSpot]:
    for look in schema.near(home):
        if _is_subscription_table(look) and look is not home.look:
            continue
        for score, column, path in plan_columns(look):
            spot = schema.spots(home, look, column, path)
            if spot is not None and (spot.up is None or not _is_reference(look)):
                worth = _DIRECT if look is home.look else _ELSEWHERE if spot.up is None else _ELSEWHERE / 2
                yield _with_status(PlanSpot(spot=spot, score=score * worth))


def _is_reference(look: Look) -> bool:
    """Whether a table lists what there is, such as the plans themselves."""
    return folded(look.table.name) in ("plan", "price", "product", "tier")


def _subscriptions(schema: Schema, home: Home) -> Iterator[PlanSpot]:
    for look, route, through in schema.routes(home):
        if look is home.look or not _is_subscription_table(look):
            continue
        for score, column, path in [*plan_columns(look), *_price_columns(look)]:
            spot = Spot(look=look, column=column, path=path, route=route, through=through)
            ends = next(
                (c.name for c in look.table.columns if likeness(c.name, _ENDS) and _may_end(look, c.name)), None
            )
            plan = PlanSpot(spot=spot, score=score * _ELSEWHERE, ends=ends, several=not route[0].is_unique)
            yield _with_status(plan)


def _is_subscription_table(look: Look) -> bool:
    has_status = any(_status_score(look, column.name) for column in look.table.columns)
    is_named = folded(look.table.name).endswith(("subscription", "membership_plan", "user_plan"))
    return (is_named and has_status) or (
        has_status
        and not look.table.name.lower().endswith("item")
        and next(with_prefix(look, "sub_"), None) is not None
    )


def _price_columns(look: Look) -> Iterator[tuple[float, str, tuple[str, ...]]]:
    for column in look.table.columns:
        score = likeness(column.name, _PRICES)
        facts = look.column(column.name)
        if score and (few_words(facts) or not look.rows) and look.type_of(column.name) in (Family.TEXT, Family.UNKNOWN):
            yield score / 2, column.name, ()


def _may_end(look: Look, column: str) -> bool:
    return look.type_of(column) is Family.TIME and is_moment(look, column) and look.nullable(column)


def _with_status(plan: PlanSpot) -> PlanSpot:
    """The plan with the column beside it that says whether it holds."""
    look, path = plan.spot.look, plan.spot.path
    status = _status_path(look, plan.spot.column, path) if path else _status_column(look)
    if status is None:
        return plan
    seen = _status_words(look, status)
    living = tuple(dict.fromkeys((*_STANDARD, *(word for word in seen if folded_word(word) in LIVING))))
    unknown = tuple(word for word in seen if folded_word(word) not in LIVING and folded_word(word) not in ENDED)
    held = [row for row in look.rows if value_at(row, plan.spot.column, path) not in (None, "")]
    without = sum(value_at(row, *status) is None for row in held)
    return replace(
        plan,
        status=status,
        living=living,
        unknown=unknown,
        without_status=bool(held) and without > _WITHOUT_STATUS * len(held),
    )


def folded_word(word: str) -> str:
    """A status in lower case with underscores."""
    return re.sub(r"[^a-z0-9]+", "_", word.lower()).strip("_")


def _status_words(look: Look, status: tuple[str, tuple[str, ...]]) -> Sequence[str]:
    column, path = status
    return (look.paths()[status].words if path else look.labels(column)) or ()


def _status_column(look: Look) -> tuple[str, tuple[str, ...]] | None:
    scored = [(_status_score(look, column.name), column.name) for column in look.table.columns]
    best = max(scored, key=lambda each: each[0], default=(0.0, ""))
    return (best[1], ()) if best[0] else None


def _status_score(look: Look, column: str) -> float:
    name = folded(column)
    if "status" not in name.split("_") and "state" not in name.split("_"):
        return 0.0
    words = {folded_word(word) for word in look.labels(column) or ()}
    if words and not words & {*LIVING, *ENDED}:
        return 0.0
    if any(owner in name for owner in _STATUS_OWNERS):
        return 1.0
    own = folded(look.table.name)
    if any(owner in own for owner in _STATUS_OWNERS):
        return 0.9
    return 0.8 if words & _TELLING else 0.0


def _status_path(look: Look, column: str, path: tuple[str, ...]) -> tuple[str, tuple[str, ...]] | None:
    for (other, inner), facts in look.paths().items():
        if other == column and inner[:-1] == path[:-1] and folded(inner[-1]) in ("status", "state") and facts.words:
            return other, inner
    return None


def _integer_key(look: Look) -> str | None:
    key = look.table.primary_key
    return key[0] if len(key) == 1 and look.type_of(key[0]) is Family.INTEGER else None
