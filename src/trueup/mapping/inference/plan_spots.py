"""The place of an account's plan, as SQL reads it and as the sample says it."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from trueup.mapping.column_types import Family
from trueup.mapping.inference.links import Link
from trueup.mapping.inference.moments import created_column
from trueup.mapping.inference.phrases import Phrases, type_of
from trueup.mapping.inference.spots import ALIAS, MIDDLE, Home, Spot
from trueup.mapping.inference.statuses import Holding
from trueup.mapping.samples import Look, Row, value_at

_NAMED = "p"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTable:
    """A table that lists the plans, named by a column (``link``) whose value says nothing by itself."""

    look: Look
    link: Link
    name: str

    def sql(self, phrases: Phrases, pointing: str, kind: str) -> str:
        """The name of the plan that this column names."""
        types = (type_of(self.look.table, self.link.key), kind)
        equal = phrases.equal(phrases.of(_NAMED, self.link.key), pointing, types)
        return f"(SELECT {phrases.of(_NAMED, self.name)} FROM {phrases.table(self.look.name)} {_NAMED} WHERE {equal})"

    def value(self, pointing: object) -> object:
        """The sampled name."""
        return _names(self).get(str(pointing))

    @property
    def words(self) -> tuple[str, ...] | None:
        """The names of all plans."""
        return self.look.column(self.name).words


@functools.lru_cache(maxsize=256)
def _names(reference: PlanTable) -> Mapping[str, object]:
    key, name = reference.link.key, reference.name
    return {str(row[key]): row.get(name) for row in reference.look.rows if row.get(key) is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSpot:
    """The plan's place, what says whether it holds (None where nothing does), and its end.

    ``fixed`` is the plan's name where no column says it; ``named_in`` the table that lists the plans.
    ``holds_in_middle`` says that the status is in the table on the way to the accounts: the plan is that of a
    subscription's item.
    """

    spot: Spot
    score: float
    holding: Holding | None = None
    holds_in_middle: bool = False
    fixed: str | None = None
    named_in: PlanTable | None = None
    ends: str | None = None
    several: bool = False

    def with_living(self, words: tuple[str, ...]) -> PlanSpot:
        """The same, with what a person says of the status's unknown words: these mean that the plan holds."""
        if self.holding is None or not words:
            return self
        return replace(self, holding=replace(self.holding, living=(*self.holding.living, *words), unknown=()))

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the plan: those that its type or its table lists, then those seen."""
        if self.fixed is not None:
            return (self.fixed,)
        if self.named_in is not None:
            return self.named_in.words or ()
        labels = () if self.spot.path else self.spot.look.labels(self.spot.column) or ()
        return tuple(dict.fromkeys((*labels, *(self.spot.facts.words or ()))))

    @property
    def is_plain(self) -> bool:
        """Whether it is a column of the accounts as it is."""
        elsewhere = self.spot.route or self.spot.up is not None or self.spot.path
        return not (elsewhere or self.holding or self.fixed or self.named_in or self.ends)

    @property
    def status_shown(self) -> str:
        """What says whether the plan holds, for a person."""
        return self.holding.shown if self.holding is not None else self.ends or ""

    def sql(self, phrases: Phrases, home: Home) -> str:
        """The plan of one account, NULL where it does not hold."""
        inner = bool(self.spot.route) or self.spot.up is not None
        value = self._value(phrases, ALIAS if inner else "", home)
        conditions = list(self._conditions(phrases, inner=inner))
        if not inner:
            return f"CASE WHEN {' AND '.join(conditions)} THEN {value} END" if conditions else value
        return self.spot.lookup(phrases, home, value, conditions=conditions, order=self.order(phrases))

    def column_sql(self, phrases: Phrases, home: Home, column: str) -> str:
        """Another column of the row that the plan comes from."""
        conditions = list(self._conditions(phrases, inner=True))
        value = phrases.of(ALIAS, column)
        return self.spot.lookup(phrases, home, value, conditions=conditions, order=self.order(phrases))

    def order(self, phrases: Phrases) -> str:
        """Which of several rows it is: the latest."""
        return latest_first(phrases, self.spot.look) if self.several else ""

    def values(self, home: Home) -> dict[str, str | None]:
        """The sampled plan of each account where it holds."""
        plans: dict[str, str | None] = {}
        for owner, row in self.spot.rows(home):
            value = self._sampled(row)
            if self._holds(row) and value not in (None, ""):
                plans[owner] = str(value)
            else:
                plans.setdefault(owner, None)
        return plans

    def _value(self, phrases: Phrases, alias: str, home: Home) -> str:
        if self.fixed is not None:
            return phrases.text(self.fixed)
        if self.named_in is not None:
            column = phrases.of(alias or phrases.table(home.look.name), self.spot.column)
            return self.named_in.sql(phrases, column, type_of(self.spot.look.table, self.spot.column))
        return self.spot.with_condition(phrases, alias)

    def _sampled(self, row: Row) -> object:
        if self.fixed is not None:
            return self.fixed
        value = value_at(row, self.spot.column, self.spot.path)
        return self.named_in.value(value) if self.named_in is not None else value

    def _holds(self, row: Row) -> bool:
        if self.holding is None:
            return True
        if not self.holds_in_middle or self.spot.through is None:
            return self.holding.holds(row)
        link = self.spot.route[0]
        middle = _by_key(self.spot.through, link.key).get(str(row.get(link.column)))
        return middle is not None and self.holding.holds(middle)

    def _conditions(self, phrases: Phrases, *, inner: bool) -> Iterator[str]:
        alias = ALIAS if inner else ""
        if self.holding is not None:
            yield self.holding.sql(phrases, MIDDLE if self.holds_in_middle else alias)
        if self.ends is not None:
            name = phrases.of(MIDDLE if self.holds_in_middle else alias, self.ends)
            yield f"({name} IS NULL OR {name} > CURRENT_TIMESTAMP)"


@functools.lru_cache(maxsize=256)
def _by_key(look: Look, key: str) -> Mapping[str, Row]:
    return {str(row[key]): row for row in look.rows if row.get(key) is not None}


def latest_first(phrases: Phrases, look: Look) -> str:
    """The end of a query that gives the latest row alone."""
    latest = created_column(look) or _integer_key(look)
    order = f" ORDER BY {phrases.of(ALIAS, latest)} DESC" if latest is not None else ""
    return f"{order} LIMIT 1"


def _integer_key(look: Look) -> str | None:
    key = look.table.primary_key
    return key[0] if len(key) == 1 and look.type_of(key[0]) is Family.INTEGER else None
