"""Which table is the ledger: by its arithmetic, by agreement with the balance that is cached, by its name."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from trueup.mapping.inference import arithmetic
from trueup.mapping.inference.arithmetic import NONE, Amounts, Share, Words
from trueup.mapping.inference.links import Link
from trueup.mapping.inference.moments import created_column, deleted_column, is_moment
from trueup.mapping.inference.movement_columns import (
    amount_columns,
    amount_pairs,
    anew_words,
    balance_pairs,
    counts,
    directions,
    has_entry_id,
    orders,
    posted_columns,
    running_columns,
    word_columns,
)
from trueup.mapping.inference.schema import Schema
from trueup.mapping.inference.signs_of_accounts import credit_columns, credit_paths
from trueup.mapping.inference.spots import Home, Spot, owner_of
from trueup.mapping.inference.wallets import WalletSplit, agreeing, totals_of, wallet_splits
from trueup.mapping.names import likeness, table_likeness
from trueup.mapping.samples import Look, Row
from trueup.mapping.vocabulary import COLUMNS, TABLES

HOLDS, AGREES = 0.75, 0.6
_FEWEST = 3
_MOST_COLUMNS, _MOST_SUMMED = 8, 4
_FACTORS = (1, 100, 1_000, 10_000, 1_000_000)
_WHOLLY = 0.97
_COST_OF_WALLETS, _COST_OF_ANEW = 0.06, 0.04


@dataclass(frozen=True, slots=True, kw_only=True)
class Movements:
    """A ledger as it seems to be, with what holds of its sampled rows."""

    look: Look
    route: tuple[Link, ...]
    through: Look | None
    amount: str
    less: str | None = None
    """The column with what went out, where ``amount`` holds only what came in."""
    is_of_balances: bool = False
    """Whether ``amount`` is the balance after an entry, and ``less`` the one before it."""
    factor: int = 1
    """How many of the ledger's units one of the cached balance is: 100 for dollars beside a ledger in cents."""
    negative: tuple[str, frozenset[str]] | None = None
    running: str | None = None
    sequence: str | None = None
    anew: Words | None = None
    """A column and its words whose entries set the balance to their amount."""
    wallets: WalletSplit | None = None
    """How the entries are of several balances of an account."""
    posted: tuple[str, tuple[str, ...]] | None = None
    """A column that says whether an entry counts, with the words that do (none for a boolean)."""
    name: float = 0.0
    steps: Share = NONE
    zero: Share = NONE
    agreement: Share = NONE
    credits: Spot | None = None

    @property
    def unsigned(self) -> Amounts:
        """The amount of a row, before a direction gives it its sign."""
        if self.less is not None:
            return arithmetic.difference(self.amount, self.less)
        return arithmetic.amount_in(self.amount)

    @property
    def score(self) -> float:
        """What speaks for it together."""
        holds = self.steps.part * min(1.0, self.steps.looked_at / _FEWEST) if self.running is not None else 0.0
        agrees = self.agreement.part * min(1.0, self.agreement.looked_at / _FEWEST)
        several = (0.0 if self.wallets is None else _COST_OF_WALLETS) + (0.0 if self.anew is None else _COST_OF_ANEW)
        return 2 * holds + 2 * agrees + self.name - _direction_cost(self.negative) - several

    @property
    def is_proven(self) -> bool:
        """Whether the data speaks for it, and not its name alone."""
        return self.holds or self.agrees

    @property
    def holds(self) -> bool:
        """Whether its running balance does."""
        return self.running is not None and self.steps.looked_at >= _FEWEST and self.steps.part >= HOLDS

    @property
    def agrees(self) -> bool:
        """Whether the cached balance is what it reaches."""
        return self.agreement.looked_at >= _FEWEST and self.agreement.part >= AGREES


def _direction_cost(negative: tuple[str, frozenset[str]] | None) -> float:
    """Little, and least for a column whose name says that it is about the direction."""
    if negative is None:
        return 0.0
    return 0.05 - 0.04 * likeness(negative[0], COLUMNS["ledger_entry"]["kind"] + " direction sign")


def ledgers(schema: Schema, home: Home) -> list[Movements]:
    """Every table that may be the ledger, the likeliest first."""
    cached = list(cached_balances(schema, home))
    likely = _likely(schema, home, cached)
    if not cached:  # no name says that it is a balance: one that agrees is
        proven = [each for each in _likely(schema, home, list(_unnamed_balances(schema, home))) if each.agrees]
        tables = {each.look.name for each in proven}
        likely = proven + [each for each in likely if each.look.name not in tables]
    return sorted(likely, key=lambda each: -each.score)


def _likely(schema: Schema, home: Home, cached: Sequence[tuple[Spot, Mapping[str, float]]]) -> list[Movements]:
    likely: list[Movements] = []
    for look, route, through in schema.movement_routes(home):
        if route[0].one_each:
            continue
        table = Movements(look=look, route=route, through=through, amount="")
        best = _best(schema, table, home, cached)
        if best is None or not best.is_proven:
            best = _best(schema, replace(table, is_of_balances=True), home, cached) or best
        if len(route) == 1 and (best is None or not best.is_proven):
            best = _by_another_column(schema, look, route[0], home, cached) or best
        likely += [best] if best is not None else []
    return likely


def _by_another_column(
    schema: Schema, look: Look, tried: Link, home: Home, cached: Sequence[tuple[Spot, Mapping[str, float]]]
) -> Movements | None:
    """The movements by another column that names an account, which the data prove: the first said who wrote them."""
    for link in schema.links_to(home.look):
        if link.table == look.name and link.column != tried.column and not link.one_each:
            best = _best(schema, Movements(look=look, route=(link,), through=None, amount=""), home, cached)
            if best is not None and best.is_proven:
                return best
    return None


def _unnamed_balances(schema: Schema, home: Home) -> Iterator[tuple[Spot, dict[str, float]]]:
    """The accounts' own columns of numbers, whatever they are called."""
    look = home.look
    keys = {*look.table.primary_key, *(key.column for key in look.table.foreign_keys)}
    numeric = [c.name for c in look.table.columns if c.name not in keys and look.column(c.name).is_numeric]
    for name in numeric[:_MOST_COLUMNS]:
        spot = None if is_moment(look, name) else schema.spots(home, look, name)
        if spot is not None and spot.up is None:
            yield spot, spot.numbers(home)


def cached_balances(schema: Schema, home: Home) -> Iterator[tuple[Spot, dict[str, float]]]:
    """Each column that may cache an account's balance, or two of one table together, with the sampled balances."""
    for look in schema.near(home):
        names = [column for _, column in credit_columns(look)[:_MOST_COLUMNS]]
        spots = [spot for name in names if (spot := schema.spots(home, look, name)) is not None and spot.up is None]
        together = [
            replace(first, plus=(second.column,)) for first, second in itertools.combinations(spots[:_MOST_SUMMED], 2)
        ]
        inside = [schema.spots(home, look, column, path) for column, path in credit_paths(look)[:_MOST_COLUMNS]]
        for spot in (*spots, *together, *(spot for spot in inside if spot is not None and spot.up is None)):
            yield spot, spot.numbers(home)


def entries_of(look: Look, route: tuple[Link, ...], through: Look | None, home: Home) -> list[tuple[str, Row]]:
    """Each sampled row with its account, those that are hidden as deleted left out."""
    deleted = deleted_column(look)
    return [
        (owner, row)
        for row in look.rows
        if (deleted is None or row.get(deleted) is None) and (owner := owner_of(row, route, through, home)) is not None
    ]


def _best(
    schema: Schema, table: Movements, home: Home, cached: Sequence[tuple[Spot, Mapping[str, float]]]
) -> Movements | None:
    look, route = table.look, table.route
    amounts: list[tuple[str, str | None]] = (
        [*balance_pairs(look, route)]
        if table.is_of_balances
        else [*amount_pairs(look, route), *((n, None) for n in amount_columns(look, route))]
    )
    if not amounts or created_column(look) is None or not has_entry_id(look):
        return None
    entries = entries_of(look, route, table.through, home)
    name = table_likeness(look.table.name, TABLES["ledger_entry"])
    tried: list[Movements] = []
    for split in (None, *wallet_splits(schema, home, look, route)):
        if split is not None and any(map(_explains_all, tried)):
            break
        for amount, less in amounts:
            base = replace(table, amount=amount, less=less, name=name, wallets=split)
            for posted in (None, *posted_columns(look)):
                counted = [(owner, row) for owner, row in entries if counts(row, posted)]
                if counted or not entries:
                    chains = counted if split is None else split.chains(counted)
                    tried += _tried(replace(base, posted=posted), chains, home, cached)
    return max(tried, key=lambda each: (round(each.score, 6), each.posted is None), default=None)


def _explains_all(movements: Movements) -> bool:
    """Whether one balance explains the entries, so that several need not be looked for."""
    whole = movements.running is None or (movements.holds and movements.steps.part >= _WHOLLY)
    agrees = movements.agrees and movements.agreement.part >= AGREES
    return whole and (agrees or (movements.running is not None and not movements.agreement.looked_at))


def _tried(
    base: Movements,
    entries: Sequence[tuple[str, Row]],
    home: Home,
    cached: Sequence[tuple[Spot, Mapping[str, float]]],
) -> Iterator[Movements]:
    plain = base.unsigned
    whole = base.look.sample.has_whole_accounts
    yield from _with_running(base, entries, home, cached)
    chains = arithmetic.in_order(entries, next(orders(base.look))[1])
    for negative in (None, *directions(base.look)):
        if negative is not None and any((plain(row) or 0) < 0 for _, row in entries):
            continue
        amount = plain if negative is None else arithmetic.signed(plain, *negative)
        signed = replace(base, negative=negative)
        yield _agreeing(signed, arithmetic.sums(entries, amount), home, cached) if whole else signed
        for anew in anew_words(base.look) if whole else ():
            if negative is None or negative[0] != anew[0] or not negative[1] & anew[1]:
                totals = arithmetic.sums_since(chains, amount, anew)
                yield _agreeing(replace(signed, anew=anew), totals, home, cached)


def _agreeing(
    base: Movements,
    reached: Mapping[str, float],
    home: Home,
    cached: Sequence[tuple[Spot, Mapping[str, float]]],
) -> Movements:
    if base.wallets is not None:
        split, share = agreeing(base.wallets, reached, home)
        whole = _agreeing_as_they_are(base, totals_of(reached), cached) if cached else base
        spot = whole.credits if whole.agrees else None
        return replace(base, wallets=split, agreement=share if share.looked_at else whole.agreement, credits=spot)
    shares = [
        (arithmetic.agreement(values, reached, factor), -factor, spot) for spot, values in cached for factor in _FACTORS
    ]
    best = max(shares, key=lambda each: (each[0].part, each[0].looked_at, each[1], -len(each[2].plus)), default=None)
    if best is None:
        return base
    share, factor, spot = best
    if (factor != -1 or spot.plus) and share.agreeing < _FEWEST:  # a few agree by chance
        return _agreeing_as_they_are(base, reached, cached)
    return replace(base, agreement=share, factor=-factor, credits=spot if share.agreeing else None)


def _agreeing_as_they_are(
    base: Movements, reached: Mapping[str, float], cached: Sequence[tuple[Spot, Mapping[str, float]]]
) -> Movements:
    shares = [(arithmetic.agreement(values, reached), spot) for spot, values in cached if not spot.plus]
    share, spot = max(shares, key=lambda each: (each[0].part, each[0].looked_at))
    return replace(base, agreement=share, credits=spot if share.agreeing else None)


def _with_running(
    base: Movements,
    entries: Sequence[tuple[str, Row]],
    home: Home,
    cached: Sequence[tuple[Spot, Mapping[str, float]]],
) -> Iterator[Movements]:
    look = base.look
    others = running_columns(look, (base.amount, base.less), base.route)
    for running in [base.amount] if base.is_of_balances else others:
        balance = arithmetic.amount_in(running)
        for sequence, order in orders(look):
            chains = arithmetic.in_order(entries, order)
            for negative, anew, amount in _ways(base, chains, balance):
                held = arithmetic.steps(chains, amount, balance, anew)
                if held.part >= HOLDS and held.looked_at:
                    with_running = replace(
                        base,
                        running=running,
                        sequence=sequence,
                        negative=negative,
                        anew=anew,
                        steps=held,
                        zero=arithmetic.starts_at_zero(chains, amount, balance),
                    )
                    yield _agreeing(with_running, arithmetic.last(chains, balance), home, cached)


def _ways(
    base: Movements, chains: arithmetic.Chains, balance: Amounts
) -> Iterator[tuple[Words | None, Words | None, Amounts]]:
    """Yield the words whose amounts are taken, those that set the balance anew, and the amount with its sign."""
    look, plain = base.look, base.unsigned
    ways: list[tuple[Words | None, Amounts]] = [(None, plain)]
    for column in word_columns(look):
        words = arithmetic.negative_words(chains, plain, balance, column)
        if words:
            ways.append(((column, words), arithmetic.signed(plain, column, words)))
    for negative, amount in ways:
        yield negative, None, amount
        for column in word_columns(look):
            words = arithmetic.words_anew(chains, amount, balance, column)
            if words and words != set(look.column(column).words or ()):
                yield negative, (column, words), amount
