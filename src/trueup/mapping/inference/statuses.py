"""Which column of a table says whether a subscription, and so its plan, holds: a status of few words, a flag, a day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from trueup.mapping.column_types import Family
from trueup.mapping.inference.moments import epoch_unit, is_moment
from trueup.mapping.inference.phrases import Phrases
from trueup.mapping.names import folded, likeness
from trueup.mapping.samples import Look, Path, Row, value_at
from trueup.mapping.vocabulary import PLAN_LADDER

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
_TRIALS = frozenset({"trialing", "trial", "in_trial", "on_trial"})
_TELLING = frozenset({"trialing", "past_due", "canceled", "cancelled", "incomplete", "unpaid", "subscribed"})
_OWNERS = ("subscription", "plan", "billing", "stripe", "payment", "membership")
_FLAGS = "active is_active paid is_paid invoice_paid stripe_invoice_paid stripe_active is_subscribed"
_OTHER_THAN_ONE_IN_FIVE = 0.2
_LASTING = frozenset({"until", "expire", "expiry", "expiration", "end", "through", "till"})
_OF_ELSE = frozenset({"trial", "cancel", "token", "key", "code", "session", "link", "card", "invite", "grace"})
_PAID = frozenset(
    [*PLAN_LADDER.split(), "subscription", "subscribed", "membership", "paid", "plan", "vip", "access", "member"]
) - {"free"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """The column, or the path inside one, that says whether a plan holds.

    It does where the value is one of ``living``; without such words the column is a flag, or with ``until`` a moment
    that lies ahead, in this unit. ``or_null`` says that no value means yes. ``unknown`` are words that nothing says the
    meaning of.
    """

    column: str
    path: Path = ()
    living: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    or_null: bool = False
    is_boolean: bool = True
    until: str = ""

    @property
    def shown(self) -> str:
        """Where it is, for a person."""
        return ".".join((self.column, *self.path))

    def sql(self, phrases: Phrases, alias: str) -> str:
        """The condition under which the plan holds."""
        name = phrases.at(phrases.of(alias, self.column), self.path)
        if self.until:
            return phrases.is_ahead(name, self.until)
        if not self.living:
            return name if self.is_boolean else f"{name} = 1"
        condition = phrases.words(name, self.living)
        return f"({condition} OR {name} IS NULL)" if self.or_null else condition

    def holds(self, row: Row) -> bool:
        """Whether this row's plan holds."""
        value = value_at(row, self.column, self.path)
        if self.until:
            return value not in (None, "")  # a sample says who ever had it: that is what tells who pays
        if not self.living:
            return value in (True, 1, "1", "t", "true")
        return str(value) in self.living if value is not None else self.or_null


def holding_beside(look: Look, column: str, path: Path = ()) -> Holding | None:
    """What says whether the plan in this column holds: a status beside it, in JSON one at the same place."""
    status = _status_path(look, column, path) if path else status_column(look)
    if status is None:
        return None
    words = _words(look, status)
    usual = () if _is_enum(look, status) else _STANDARD  # a database refuses a word that its enum lacks
    living = dict.fromkeys((*usual, *(word for word in words if folded_word(word) in LIVING)))
    kept = tuple(word for word in living if folded_word(word) not in _TRIALS or not _is_own_trial(look, status, word))
    if not kept:
        return None
    rows = [row for row in look.rows if value_at(row, column, path) not in (None, "")]
    without = sum(value_at(row, *status) is None for row in rows)
    return Holding(
        column=status[0],
        path=status[1],
        living=kept,
        unknown=tuple(word for word in words if folded_word(word) not in LIVING and folded_word(word) not in ENDED),
        or_null=bool(rows) and without > _OTHER_THAN_ONE_IN_FIVE * len(rows),
    )


def _is_enum(look: Look, status: tuple[str, Path]) -> bool:
    return not status[1] and any(column.name == status[0] and column.labels for column in look.table.columns)


def _is_own_trial(look: Look, status: tuple[str, Path], word: str) -> bool:
    """Whether the trials are the app's own, without a card: no row of one has an id of Stripe's, and others have."""
    places: list[tuple[str, Path]] = [(column.name, ()) for column in look.table.columns]
    ids = [
        place
        for place, facts in [*((each, look.column(each[0])) for each in places), *look.paths().items()]
        if facts.share_of("sub_") or facts.share_of("cus_")
    ]
    trials = [row for row in look.rows if value_at(row, *status) == word]
    return bool(ids and trials) and not any(value_at(row, *place) for row in trials for place in ids)


def holding_of(look: Look) -> Holding | None:
    """What says whether a row of this table of subscriptions holds: its status, else a flag."""
    status = status_column(look)
    if status is not None:
        return holding_beside(look, status[0])
    name = flag_column(look)
    return None if name is None else Holding(column=name, is_boolean=look.type_of(name) is Family.BOOLEAN)


def flag_column(look: Look, usual: str = _FLAGS) -> str | None:
    """The flag of one of these names."""
    scored = [
        (likeness(column.name, usual), column.name)
        for column in look.table.columns
        if look.type_of(column.name) in (Family.BOOLEAN, Family.BIT) or _is_flag(look, column.name)
    ]
    best = max(scored, key=lambda each: each[0], default=(0.0, ""))
    return best[1] if best[0] else None


def until_column(look: Look) -> tuple[str, str] | None:
    """The column that says until when an account has paid, and the unit of its moments."""
    for column in look.table.columns:
        tokens = folded(column.name).split("_")
        if _LASTING & set(tokens) and _PAID & set(tokens) and not _OF_ELSE & set(tokens):
            unit = _unit_of(look, column.name)
            if unit is not None and look.nullable(column.name):
                return column.name, unit
    return None


def _unit_of(look: Look, column: str) -> str | None:
    if look.type_of(column) is Family.TIME and is_moment(look, column):
        days = {str(row[column]) for row in look.rows if row.get(column) not in (None, "")}
        return "days" if days and all(len(day) == len("2026-01-31") for day in days) else "moments"
    return epoch_unit(look, column)


def _is_flag(look: Look, column: str) -> bool:
    """Whether an integer column holds 0 and 1 alone, as MySQL keeps flags."""
    words = look.column(column).words
    return look.type_of(column) is Family.INTEGER and bool(words) and set(words or ()) <= {"0", "1"}


def status_column(look: Look) -> tuple[str, Path] | None:
    """The column that holds the status of a subscription."""
    scored = [(status_score(look, column.name), column.name) for column in look.table.columns]
    best = max(scored, key=lambda each: each[0], default=(0.0, ""))
    return (best[1], ()) if best[0] else None


def status_score(look: Look, column: str) -> float:
    """How surely a column is the status of a subscription: by its name, its table's, and its words."""
    name = folded(column)
    if "status" not in name.split("_") and "state" not in name.split("_"):
        return 0.0
    words = {folded_word(word) for word in look.labels(column) or ()}
    if words and not words & {*LIVING, *ENDED}:
        return 0.0
    if any(owner in name for owner in _OWNERS):
        return 1.0
    own = folded(look.table.name)
    if any(owner in own for owner in _OWNERS):
        return 0.9
    return 0.8 if words & _TELLING else 0.0


def folded_word(word: str) -> str:
    """A status in lower case with underscores."""
    return re.sub(r"[^a-z0-9]+", "_", word.lower()).strip("_")


def _words(look: Look, status: tuple[str, Path]) -> Sequence[str]:
    column, path = status
    return (look.paths()[status].words if path else look.labels(column)) or ()


def _status_path(look: Look, column: str, path: Path) -> tuple[str, Path] | None:
    for (other, inner), facts in look.paths().items():
        if other == column and inner[:-1] == path[:-1] and facts.words and _is_status_name(inner[-1]):
            return other, inner
    return None


def _is_status_name(key: str) -> bool:
    return folded(key) in ("status", "state", "subscription_status")
