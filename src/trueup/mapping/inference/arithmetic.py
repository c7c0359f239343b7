"""Does the arithmetic hold: each balance the one before plus the amount, and the cached balance the end of it?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from trueup.mapping.samples import Row, number

_ABSOLUTE, _RELATIVE = 1e-7, 1e-9


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many."""

    agreeing: int
    looked_at: int

    @property
    def part(self) -> float:
        """The share, 0 where nothing was looked at."""
        return self.agreeing / self.looked_at if self.looked_at else 0.0

    def __str__(self) -> str:
        """For a person."""
        return f"{self.agreeing} of {self.looked_at}"


NONE = Share(0, 0)
"""Nothing was looked at."""

Amounts = Callable[[Row], float | None]
Words = tuple[str, frozenset[str]]
"""A column and some of its words."""
Chains = Mapping[str, Sequence[Row]]


def same(left: float, right: float) -> bool:
    """Whether two numbers are equal but for what binary fractions lose."""
    return abs(left - right) <= _ABSOLUTE + _RELATIVE * max(abs(left), abs(right))


def amount_in(column: str) -> Amounts:
    """The column's number."""

    def amount(row: Row) -> float | None:
        value = number(row.get(column))
        return None if value is None else float(value)

    return amount


def difference(incoming: str, outgoing: str) -> Amounts:
    """What the one column brought in, less what the other took; no value in either is 0."""

    def amount(row: Row) -> float | None:
        came, went = number(row.get(incoming)), number(row.get(outgoing))
        return None if came is None and went is None else float(came or 0) - float(went or 0)

    return amount


def signed(amount: Amounts, column: str, negative: frozenset[str]) -> Amounts:
    """The amount, taken away where the column says one of these words."""

    def with_sign(row: Row) -> float | None:
        value = amount(row)
        return -value if value is not None and str(row.get(column)) in negative else value

    return with_sign


def in_order(entries: Iterable[tuple[str, Row]], columns: Sequence[str]) -> dict[str, list[Row]]:
    """Each owner's entries in the order of these columns."""
    chains: dict[str, list[Row]] = {}
    for owner, row in entries:
        chains.setdefault(owner, []).append(row)
    for rows in chains.values():
        rows.sort(key=lambda row: [_rank(row.get(column)) for column in columns])
    return chains


def _rank(value: object) -> tuple[int, float, str]:
    if value is None:
        return (0, 0.0, "")
    parsed = number(value)
    if parsed is not None:
        return (1, float(parsed), "")
    return (2, 0.0, value.isoformat() if hasattr(value, "isoformat") else str(value))


def has_word(row: Row, words: Words | None) -> bool:
    """Whether the row's column says one of these words."""
    return words is not None and str(row.get(words[0])) in words[1]


def steps(chains: Chains, amount: Amounts, balance: Amounts, anew: Words | None = None) -> Share:
    """How many entries' balances are the one before plus the amount; those ``anew`` are the amount itself."""
    agreeing = looked_at = 0
    for rows in chains.values():
        before: float | None = None
        for row in rows:
            moved, after = amount(row), balance(row)
            if before is not None and moved is not None and after is not None:
                looked_at += 1
                agreeing += same(moved if has_word(row, anew) else before + moved, after)
            before = after
    return Share(agreeing, looked_at)


def words_anew(chains: Chains, amount: Amounts, balance: Amounts, column: str) -> frozenset[str]:
    """The words of a column whose entries set the balance to their amount, whatever was left.

    None where hardly any other entry is added to what was there: then the column is no balance.
    """
    votes: dict[str, int] = {}
    carried: dict[str, int] = {}
    for rows in chains.values():
        before: float | None = None
        for row in rows:
            moved, after = amount(row), balance(row)
            if before and moved and after is not None and row.get(column) is not None:
                word = str(row[column])
                follows = same(before + moved, after)
                votes[word] = votes.get(word, 0) + (moved > 0 and same(moved, after)) - follows
                carried[word] = carried.get(word, 0) + follows
            before = after
    words = frozenset(word for word, vote in votes.items() if vote > 0)
    others = sum(count for word, count in carried.items() if word not in words)
    return words if 2 * others >= sum(votes[word] for word in words) else frozenset()


def starts_at_zero(chains: Chains, amount: Amounts, balance: Amounts) -> Share:
    """How many chains begin at nothing."""
    agreeing = looked_at = 0
    for rows in chains.values():
        moved, after = amount(rows[0]), balance(rows[0])
        if moved is not None and after is not None:
            looked_at += 1
            agreeing += same(moved, after)
    return Share(agreeing, looked_at)


def negative_words(chains: Chains, amount: Amounts, balance: Amounts, column: str) -> frozenset[str]:
    """The words of a column whose amounts must be taken away for the balances to follow."""
    votes: dict[str, int] = {}
    for rows in chains.values():
        before: float | None = None
        for row in rows:
            moved, after = amount(row), balance(row)
            if before is not None and moved and after is not None and row.get(column) is not None:
                word = str(row[column])
                votes[word] = votes.get(word, 0) + same(before - moved, after) - same(before + moved, after)
            before = after
    return frozenset(word for word, vote in votes.items() if vote > 0)


def sums(entries: Iterable[tuple[str, Row]], amount: Amounts) -> dict[str, float]:
    """Each owner's amounts together."""
    totals: dict[str, float] = {}
    for owner, row in entries:
        value = amount(row)
        if value is not None:
            totals[owner] = totals.get(owner, 0.0) + value
    return totals


def sums_since(chains: Chains, amount: Amounts, anew: Words) -> dict[str, float]:
    """Each chain's amounts together, from the latest entry on that sets the balance anew."""
    totals: dict[str, float] = {}
    for owner, rows in chains.items():
        for row in rows:
            value = amount(row)
            if value is not None:
                totals[owner] = value + (0.0 if has_word(row, anew) else totals.get(owner, 0.0))
    return totals


def last(chains: Chains, balance: Amounts) -> dict[str, float]:
    """Each owner's latest balance."""
    ends: dict[str, float] = {}
    for owner, rows in chains.items():
        value = balance(rows[-1])
        if value is not None:
            ends[owner] = value
    return ends


def agreement(cached: Mapping[str, float], reached: Mapping[str, float], factor: int = 1) -> Share:
    """How many cached balances, ``factor`` times, are what the ledger reaches, of the accounts with entries."""
    both = [owner for owner in reached if owner in cached and (reached[owner] or cached[owner])]
    return Share(sum(same(cached[owner] * factor, reached[owner]) for owner in both), len(both))
