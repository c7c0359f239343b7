"""What in a table speaks for accounts that pay: a Stripe customer, a plan, credits; and what speaks against it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from trueup.mapping.column_types import Family, family_of
from trueup.mapping.names import folded, likeness
from trueup.mapping.samples import MOST_WORDS, Facts, Look, Path
from trueup.mapping.vocabulary import COLUMNS

MOSTLY = 0.8
_SURE_NAME = 0.7
_NUMBERS = (Family.INTEGER, Family.NUMBER, Family.UNKNOWN)
_CREDIT_WORDS = frozenset(["credit", "balance", "token", "point", "coin", "wallet", "fund", "pollen"])
_NOT_CREDITS = frozenset(
    [
        "used",
        "usage",
        "limit",
        "threshold",
        "total",
        "spent",
        "purchased",
        "cost",
        "price",
        "max",
        "min",
        "monthly",
        "daily",
        "trigger",
        "amount",
        "input",
        "output",
        "count",
        "id",
        "rate",
        "per",
        "expiry",
        "expires",
        "reset",
        "last",
        "earned",
        "lifetime",
        "quota",
        "plan",
        "type",
        "version",
        "status",
        "trial",
    ]
)
_PLAN_WORDS = frozenset(["plan", "tier", "membership"])
_NOT_PLANS = frozenset(
    ["id", "period", "start", "end", "at", "interval", "status", "limit", "count", "price", "amount", "expires", "type"]
)
_MOST_PLANS, _DEEPEST = 25, 2


def with_prefix(look: Look, prefix: str) -> Iterator[tuple[str, Path, Facts]]:
    """The columns, then the paths inside JSON columns, whose values begin with this prefix; the fullest first."""
    columns: list[tuple[str, Path, Facts]] = [
        (column.name, (), look.column(column.name))
        for column in look.table.columns
        if look.column(column.name).share_of(prefix) >= MOSTLY
    ]
    paths = [
        (column, path, facts) for (column, path), facts in look.paths().items() if facts.share_of(prefix) >= MOSTLY
    ]
    yield from sorted(columns, key=lambda each: (-_stripe(each[0]), -each[2].present))
    yield from sorted(paths, key=lambda each: -each[2].present)


def named(look: Look, relation: str, ours: str) -> str | None:
    """The column without a value that contradicts it that has the usual name, where no value can speak."""
    usual = COLUMNS[relation][ours]
    best = max(
        (column for column in look.table.columns if not look.column(column.name).present),
        key=lambda column: likeness(column.name, usual),
        default=None,
    )
    if best is None or likeness(best.name, usual) < _SURE_NAME:
        return None
    if look.rows and not _stripe(best.name):
        return None
    return best.name if family_of(best.type) in (Family.TEXT, Family.UNKNOWN) else None


def _stripe(name: str) -> bool:
    return "stripe" in folded(name)


def credit_columns(look: Look) -> list[tuple[float, str]]:
    """The columns that may hold a balance of credits, the likeliest first."""
    scores = []
    for column in look.table.columns:
        tokens = set(folded(column.name).split("_"))
        score = likeness(column.name, COLUMNS["account"]["credits"], owner=look.table.name)
        if not score and tokens & _CREDIT_WORDS and not tokens & _NOT_CREDITS:
            score = 0.7 if tokens & _BOUGHT else 0.5
        if score and family_of(column.type) in _NUMBERS and look.may_be_number(column.name):
            scores.append((score, column.name))
    return sorted(scores, key=lambda each: (-each[0], each[1]))


_BOUGHT = frozenset(["pack", "purchased", "paid", "additional", "topup", "extra", "bought"])


def plan_columns(look: Look) -> list[tuple[float, str, Path]]:
    """The columns and paths that may hold a plan's name, the likeliest first."""
    usual = COLUMNS["account"]["plan"]
    scores: list[tuple[float, str, Path]] = []
    for column in look.table.columns:
        facts = look.column(column.name)
        score = _named_plan(column.name, usual, look.table.name)
        if not score or family_of(column.type) not in (Family.TEXT, Family.UNKNOWN):
            continue
        if facts.present and (facts.words is None or len(facts.words) > _MOST_PLANS or facts.is_numeric):
            continue
        if any(key.column == column.name for key in look.table.foreign_keys):
            continue
        scores.append((score if facts.present or not look.rows else score / 3, column.name, ()))
    for (name, path), facts in look.paths().items():
        score = _named_plan(path[-1], usual, "") if len(path) <= _DEEPEST else 0.0
        if score and facts.words and len(facts.words) <= _MOST_PLANS:
            scores.append((score / 2, name, path))
    return sorted(scores, key=lambda each: (-each[0], each[1:]))


def _named_plan(name: str, usual: str, owner: str) -> float:
    score = likeness(name, usual, owner=owner)
    if score:
        return score
    tokens = set(folded(name).split("_"))
    return 0.6 if tokens & _PLAN_WORDS and not tokens & _NOT_PLANS else 0.0


_URL = re.compile(r"(^|_)(url|endpoint|target|subscriber_url|callback_url|destination)$")


def look_alike(look: Look) -> str | None:
    """What a table is that only looks like one of the relations."""
    names = {folded(column.name) for column in look.table.columns}
    if names & {"provider", "provider_id", "provider_type"} and names & {
        "account_id",
        "provider_account_id",
        "provider_user_id",
    }:
        return "sign-ins of an OAuth provider, not accounts that pay"
    table = folded(look.table.name)
    if "webhook" in table and any(_URL.search(name) for name in names):
        return "webhooks that the app sends, not Stripe's"
    if re.search(r"(audit|activity|access|request|security|email|system)_?(log|event|trail)?$", table) and not (
        names & {"amount", "delta", "credit", "balance_after", "stripe_event_id"}
    ):
        return "a log of what people did, not of credits"
    return None


def few_words(facts: Facts) -> bool:
    """Whether the values are few different words."""
    return facts.words is not None and 0 < len(facts.words) <= MOST_WORDS
