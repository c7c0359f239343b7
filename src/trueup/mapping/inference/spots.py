"""A fact about an account, wherever the schema keeps it: how SQL reads it there, and what the sample says it is."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trueup.mapping.inference.links import Link
from trueup.mapping.inference.phrases import Phrases, type_of
from trueup.mapping.samples import Facts, Look, Path, Row, number, value_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The accounts: a table and the column that names its rows."""

    look: Look
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A column, or a path inside one, of the accounts' table or of one that is linked to it.

    ``route`` are the links from that table to the accounts, none for their own. ``up`` is a link the other way: a
    column of the accounts that names the row.
    """

    look: Look
    column: str
    path: Path = ()
    route: tuple[Link, ...] = ()
    through: Look | None = None
    up: Link | None = None
    plus: tuple[str, ...] = ()
    """Further columns of the same row whose values are added."""

    @property
    def facts(self) -> Facts:
        """What its values show."""
        return self.look.paths()[self.column, self.path] if self.path else self.look.column(self.column)

    @property
    def shown(self) -> str:
        """Where it is, for a person."""
        own = " + ".join((".".join((self.column, *self.path)), *self.plus))
        return own if not self.route and self.up is None else f"{self.look.table.name}.{own}"

    def with_condition(self, phrases: Phrases, alias: str) -> str:
        """The value's SQL under this alias; bare in the accounts' own table."""
        if self.plus:
            return " + ".join(f"COALESCE({phrases.of(alias, name)}, 0)" for name in (self.column, *self.plus))
        return phrases.at(phrases.of(alias, self.column), self.path)

    def sql(self, phrases: Phrases, home: Home, *, order: str = "") -> str:
        """The value for one account; ``order`` says which of several rows it is."""
        alias = "" if not self.route and self.up is None else ALIAS
        return self.lookup(phrases, home, self.with_condition(phrases, alias), order=order)

    def lookup(
        self, phrases: Phrases, home: Home, value: str, *, conditions: Sequence[str] = (), order: str = ""
    ) -> str:
        """Select ``value`` from this table's row of one account; ``value`` itself in the accounts' own table."""
        if not self.route and self.up is None:
            return value
        account = phrases.of(phrases.table(home.look.name), self.route[-1].key if self.route else home.key)
        tables = f"{phrases.table(self.look.name)} {ALIAS}"
        where = list(conditions)
        if self.up is not None:
            pointing = phrases.of(phrases.table(home.look.name), self.up.column)
            types = (type_of(self.look.table, self.up.key), type_of(home.look.table, self.up.column))
            where.insert(0, phrases.equal(phrases.of(ALIAS, self.up.key), pointing, types))
        else:
            for alias, link in zip((ALIAS, MIDDLE), self.route, strict=False):
                where += conditions_of(phrases, alias, link)
            last = self.route[-1]
            if len(self.route) > 1 and self.through is not None:
                first = self.route[0]
                tables += f" JOIN {phrases.table(self.through.name)} {MIDDLE} ON {phrases.of(MIDDLE, first.key)} = "
                tables += phrases.of(ALIAS, first.column)
            alias, table = (MIDDLE, self.through) if self.through is not None else (ALIAS, self.look)
            types = (type_of(table.table, last.column), type_of(home.look.table, last.key))
            where.insert(0, phrases.equal(phrases.of(alias, last.column), account, types))
        if not order and self.up is None and not all(link.is_unique for link in self.route):
            order = " LIMIT 1"
        return f"(SELECT {value} FROM {tables} WHERE {' AND '.join(where)}{order})"

    def values(self, home: Home) -> dict[str, object]:
        """The sampled value of each account; the last row of an account that has several."""
        if self.plus:
            names = (self.column, *self.plus)
            return {owner: sum(number(row.get(name)) or 0 for name in names) for owner, row in self.rows(home)}
        return {owner: value_at(row, self.column, self.path) for owner, row in self.rows(home)}

    def numbers(self, home: Home) -> dict[str, float]:
        """The sampled value of each account whose value is a number."""
        read = {owner: number(value) for owner, value in self.values(home).items()}
        return {owner: float(value) for owner, value in read.items() if value is not None}

    def rows(self, home: Home) -> Iterator[tuple[str, Row]]:
        """Each sampled row with its account."""
        if self.up is not None:
            by_key = {str(row[self.up.key]): row for row in self.look.rows if row.get(self.up.key) is not None}
            for row in home.look.rows:
                other = by_key.get(str(row.get(self.up.column)))
                if other is not None:
                    yield str(row[home.key]), other
            return
        for row in self.look.rows:
            owner = owner_of(row, self.route, self.through, home)
            if owner is not None:
                yield owner, row


ALIAS, MIDDLE = "t", "m"


def owner_of(row: Row, route: Sequence[Link], through: Look | None, home: Home) -> str | None:
    """The account that a row belongs to by this route."""
    if not route:
        value = row.get(home.key)
        return None if value is None else str(value)
    first = route[0]
    if first.type_column is not None and row.get(first.type_column) != first.word:
        return None
    value = row.get(first.column)
    if value is None:
        return None
    last = route[-1]
    named = str(value) if through is None else _index(through, first.key, last).get(str(value))
    return named if last.key == home.key or named is None else _owners(home, last.key).get(named)


@functools.lru_cache(maxsize=256)
def _owners(home: Home, key: str) -> dict[str, str]:
    """The account of each value of another column that names it, as a Stripe customer does."""
    return {str(row[key]): str(row[home.key]) for row in home.look.rows if row.get(key) not in (None, "")}


@functools.lru_cache(maxsize=256)
def _index(through: Look, key: str, last: Link) -> dict[str, str]:
    return {
        str(row[key]): str(row[last.column])
        for row in through.rows
        if row.get(key) is not None
        and row.get(last.column) is not None
        and (last.type_column is None or row.get(last.type_column) == last.word)
    }


def conditions_of(phrases: Phrases, alias: str, link: Link) -> list[str]:
    """What says that a row's polymorphic id names this kind of owner; nothing for any other link."""
    if link.type_column is None or link.word is None:
        return []
    return [f"{phrases.of(alias, link.type_column)} = {phrases.text(link.word)}"]
