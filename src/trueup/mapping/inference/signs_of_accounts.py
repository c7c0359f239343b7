"""What in a table speaks for accounts that pay: a Stripe customer, a plan, credits; and what speaks against it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from trueup.mapping.column_types import Family, family_of
from trueup.mapping.names import folded, likeness
from trueup.mapping.samples import MOST_WORDS, Facts, Look, Path
from trueup.mapping.vocabulary import COLUMNS, PLAN_LADDER

MOSTLY = 0.8
ORGANISATIONS = frozenset(
    ["organization", "organisation", "team", "workspace", "company", "tenant", "project", "org", "group", "family"]
)
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
_SURE_PLAN, _MOST_NUMBERED, _TOO_DISTINCT = 0.9, 8, 5
_BY_WORDS, _ONLY_FREE, _LEFT = 0.55, 0.6, 0.45
_NEVER_LEFT = frozenset(["at", "attempt", "try", "day", "time", "seat", "storage", "is", "limit", "max"])
_FREE_WORDS = frozenset(["free", "freemium", "unpaid"])
_PAID_WORDS = frozenset(PLAN_LADDER.split()) - _FREE_WORDS | {"paid", "comped", "gold", "silver"}


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
        score = score or _is_what_is_left(look, column.name)
        is_empty = bool(look.rows) and not look.column(column.name).present
        if score and not is_empty and family_of(column.type) in _NUMBERS and look.may_be_number(column.name):
            scores.append((score, column.name))
    return sorted(scores, key=lambda each: (-each[0], each[1]))


def credit_paths(look: Look) -> list[tuple[str, Path]]:
    """The numbers inside JSON columns that may be a balance of credits: the column's name or their own says so."""
    return [
        (column, path)
        for (column, path), facts in look.paths().items()
        if facts.is_numeric and _words_of(column, *path) & _CREDIT_WORDS and not _words_of(path[-1]) & _NOT_CREDITS
    ]


def _words_of(*names: str) -> set[str]:
    return {token for name in names for token in folded(name).split("_")}


def _is_what_is_left(look: Look, column: str) -> float:
    """The score of a name that says that it is what is left of an allowance, or has one beside it of what was used."""
    name = folded(column)
    tokens = set(name.split("_"))
    if "id" in tokens or tokens & _NEVER_LEFT:
        return 0.0
    others = {folded(other.name) for other in look.table.columns}
    is_beside = bool({f"used_{name}", f"{name}_used"} & others)
    return _LEFT if tokens & {"remaining", "remain", "left", "available"} or is_beside else 0.0


def is_organisation(look: Look) -> bool:
    """Whether the table is named for organisations, which have owners and members, and pay for them."""
    return folded(look.table.name).rpartition("_")[2] in ORGANISATIONS


def is_about_credits(look: Look, column: str) -> bool:
    """Whether a table or its column is named for credits, and not for any balance, such as a bank account's."""
    tokens = {*folded(column).split("_"), *folded(look.table.name).split("_")}
    return bool(tokens & (_CREDIT_WORDS - {"balance", "fund"}))


_BOUGHT = frozenset(["pack", "purchased", "paid", "additional", "topup", "extra", "bought"])


def plan_columns(look: Look) -> list[tuple[float, str, Path]]:
    """The columns and paths that may hold a plan's name, the likeliest first."""
    usual = COLUMNS["account"]["plan"]
    scores: list[tuple[float, str, Path]] = []
    for column in look.table.columns:
        facts = look.column(column.name)
        score = _named_plan(column.name, usual, look.table.name) or _worded_plan(look, column.name)
        if not score or not _may_be_word(look, column.name, score):
            continue
        if {word.lower() for word in facts.words or ()} == {"free"}:
            score *= _ONLY_FREE
        if facts.present and (not repeats(facts) or frozenset([column.name]) in look.table.unique):
            continue
        if any(key.column == column.name for key in look.table.foreign_keys):
            continue
        scores.append((score if facts.present or not look.rows else score / 3, column.name, ()))
    for (name, path), facts in look.paths().items():
        score = _named_plan(path[-1], usual, "") if len(path) <= _DEEPEST else 0.0
        if score and facts.words and repeats(facts):
            scores.append((score / 2, name, path))
    return sorted(scores, key=lambda each: (-each[0], each[1:]))


def _may_be_word(look: Look, column: str, score: float) -> bool:
    """Whether the column's type can hold a plan's word: a text, or a number that a framework writes for one."""
    family, facts = look.type_of(column), look.column(column)
    if family in (Family.TEXT, Family.UNKNOWN):
        return not facts.is_numeric
    return family is Family.INTEGER and score >= _SURE_PLAN and 1 < facts.distinct <= _MOST_NUMBERED


def _worded_plan(look: Look, column: str) -> float:
    """The score of a status or a type whose words are those of plans: free, paid, comped."""
    if folded(column).rpartition("_")[2] not in ("status", "type", "level", "kind", "subscription", "membership"):
        return 0.0
    words = {folded(word) for word in look.labels(column) or ()}
    return _BY_WORDS if words & _FREE_WORDS and words & _PAID_WORDS else 0.0


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
    if (
        names & {"provider", "provider_id", "provider_type"}
        and names
        & {
            "account_id",
            "provider_account_id",
            "provider_user_id",
        }
        and next(with_prefix(look, "cus_"), None) is None
    ):
        return "sign-ins of an OAuth provider, not accounts that pay"
    table = folded(look.table.name)
    if "webhook" in table and any(_URL.search(name) for name in names):
        return "webhooks that the app sends, not Stripe's"
    if re.search(r"(audit|activity|access|request|security|email|system)_?(log|event|trail)?$", table) and not (
        names & {"amount", "delta", "credit", "balance_after", "stripe_event_id"}
    ):
        return "a log of what people did, not of credits"
    return None


def repeats(facts: Facts) -> bool:
    """Whether the values can be words: few, not of one row each, and no ids of Stripe's other than of what is sold."""
    if facts.words is None or len(facts.words) > _MOST_PLANS:
        return False
    if facts.distinct == facts.present >= _TOO_DISTINCT:
        return False
    return not set(facts.prefixes) - {"price_", "prod_"}


def few_words(facts: Facts) -> bool:
    """Whether the values are few different words."""
    return facts.words is not None and 0 < len(facts.words) <= MOST_WORDS
