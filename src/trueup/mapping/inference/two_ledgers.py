"""A balance of which one table says what came in and another what went out: purchases and usage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from trueup.mapping.inference import arithmetic
from trueup.mapping.inference.arithmetic import Share
from trueup.mapping.inference.links import Link
from trueup.mapping.inference.movement_columns import amount_columns
from trueup.mapping.inference.movements import AGREES, cached_balances, entries_of
from trueup.mapping.inference.phrases import Phrases, type_of
from trueup.mapping.inference.schema import Schema
from trueup.mapping.inference.spots import Home, Spot
from trueup.mapping.names import folded
from trueup.mapping.samples import Look, Path, Row, value_at

_FEWEST = 3
_FEW = 6
_MOST_FILTERS = 24
_BETTER = 0.03
_IN = frozenset(
    [
        "purchase",
        "payment",
        "topup",
        "deposit",
        "grant",
        "order",
        "recharge",
        "income",
        "charge",
        "transaction",
        "buy",
        "invoice",
    ]
)
_OUT = frozenset(
    [
        "usage",
        "expense",
        "spend",
        "consumption",
        "debit",
        "deduction",
        "cost",
        "burn",
        "request",
        "generation",
        "usages",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which rows count: those whose column, or path inside one, is this word, or is NULL."""

    column: str
    path: Path = ()
    word: str | None = None

    def counts(self, row: Row) -> bool:
        """Whether this row does."""
        value = value_at(row, self.column, self.path)
        return value is None if self.word is None else str(value) == self.word

    def sql(self, phrases: Phrases, alias: str = "") -> str:
        """The condition."""
        name = phrases.at(phrases.of(alias, self.column), self.path)
        return f"{name} IS NULL" if self.word is None else f"{name} = {phrases.text(self.word)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSide:
    """One of the two tables: its amount, and which of its rows count."""

    look: Look
    link: Link
    amount: str
    only: Filter | None
    totals: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoLedgers:
    """What came in, what went out, and the cached balance that agrees with the difference."""

    incoming: LedgerSide
    outgoing: LedgerSide
    credits: Spot
    agreement: Share

    def credits_sql(self, phrases: Phrases, home: Home) -> str:
        """The cached balance with what went out added again, which is what came in."""
        side = self.outgoing
        account = phrases.of(phrases.table(home.look.name), home.key)
        types = (type_of(side.look.table, side.link.column), type_of(home.look.table, home.key))
        conditions = [phrases.equal(phrases.of("o", side.link.column), account, types)]
        if side.only is not None:
            conditions.append(side.only.sql(phrases, "o"))
        total = f"SELECT sum({phrases.of('o', side.amount)}) FROM {phrases.table(side.look.name)} o"
        spent = f"COALESCE(({total} WHERE {' AND '.join(conditions)}), 0)"
        return f"{self.credits.sql(phrases, home)} + {spent}"


def two_ledgers(schema: Schema, home: Home) -> TwoLedgers | None:
    """The pair of tables that explains the cached balance best; None where none does."""
    cached = list(cached_balances(schema, home))
    sides = list(_sides(schema, home))
    best: tuple[tuple[float, float, float], TwoLedgers] | None = None
    for incoming in sides:
        for outgoing in sides:
            if incoming.look is outgoing.look or _wrong_way(incoming, outgoing):
                continue
            both = _difference(incoming.totals, outgoing.totals)
            for spot, values in cached:
                agreed = arithmetic.agreement(values, both)
                if agreed.looked_at < _FEWEST or agreed.part < AGREES:
                    continue
                filters = (incoming.only is not None) + (outgoing.only is not None)
                rank = (round(agreed.part - _BETTER * filters, 4), _named(incoming, outgoing), -float(filters))
                if best is None or rank > best[0]:
                    pair = TwoLedgers(incoming=incoming, outgoing=outgoing, credits=spot, agreement=agreed)
                    best = (rank, pair)
    return None if best is None else best[1]


def _sides(schema: Schema, home: Home) -> Iterator[LedgerSide]:
    for look, route, through in schema.routes(home):
        if len(route) > 1 or route[0].one_each or not look.rows or not look.sample.has_whole_accounts:
            continue
        entries = entries_of(look, route, through, home)
        for amount in amount_columns(look, route):
            value = arithmetic.amount_in(amount)
            if any((value(row) or 0) < 0 for _, row in entries):
                continue
            for only in (None, *_filters(look, amount, route)):
                counted = [(owner, row) for owner, row in entries if only is None or only.counts(row)]
                if counted and (only is None or len(counted) < len(entries)):
                    yield LedgerSide(
                        look=look, link=route[0], amount=amount, only=only, totals=arithmetic.sums(counted, value)
                    )


def _filters(look: Look, amount: str, route: Sequence[Link]) -> list[Filter]:
    filters: list[Filter] = []
    pointing = {amount, *(link.column for link in route)}
    for (name, path), facts in look.paths().items():
        if facts.words is not None and len(facts.words) <= _FEW:
            filters += [Filter(column=name, path=path, word=word) for word in facts.words]
            filters.append(Filter(column=name, path=path))
    for column in look.table.columns:
        facts = look.column(column.name)
        if column.name in pointing or not facts.present:
            continue
        if facts.words is not None and len(facts.words) <= _FEW and facts.distinct < facts.present:
            filters += [Filter(column=column.name, word=word) for word in facts.words]
        if facts.present < facts.total:
            filters.append(Filter(column=column.name))
    return filters[:_MOST_FILTERS]


def _wrong_way(incoming: LedgerSide, outgoing: LedgerSide) -> bool:
    return bool(_tokens(incoming) & _OUT) or bool(_tokens(outgoing) & _IN and not _tokens(outgoing) & _OUT)


def _tokens(side: LedgerSide) -> set[str]:
    return set(folded(side.look.table.name).split("_"))


def _named(incoming: LedgerSide, outgoing: LedgerSide) -> float:
    return bool(_tokens(incoming) & _IN) + bool(_tokens(outgoing) & _OUT)


def _difference(incoming: Mapping[str, float], outgoing: Mapping[str, float]) -> dict[str, float]:
    owners = {*incoming, *outgoing}
    return {owner: incoming.get(owner, 0.0) - outgoing.get(owner, 0.0) for owner in owners}
