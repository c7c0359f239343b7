"""Which of several balances an entry moves, by a word or by the wallet that it names, and where each is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from trueup.mapping.column_types import Family
from trueup.mapping.inference import arithmetic
from trueup.mapping.inference.arithmetic import NONE, Share
from trueup.mapping.inference.links import Link, key_of
from trueup.mapping.inference.moments import is_moment
from trueup.mapping.inference.movement_columns import word_columns
from trueup.mapping.inference.schema import Schema
from trueup.mapping.inference.signs_of_accounts import credit_columns, credit_paths
from trueup.mapping.inference.spots import Home, Spot, owner_of
from trueup.mapping.names import folded
from trueup.mapping.samples import Look, Path, Row, number

_BETWEEN = "\x1f"
_MOST_WALLETS, _MOST_COLUMNS, _FEWEST = 8, 12, 3
_AGREES = 0.6
_NEVER = frozenset(["id", "price", "limit", "count", "version", "used", "spent", "attempt"])

Entries = Sequence[tuple[str, Row]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletTable:
    """A table with a row for each account and wallet: who owns it, what names the wallet, and its balance."""

    look: Look
    owner: Link
    wallet: str
    balance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletSplit:
    """A ledger's column that says which balance an entry moves, and where those balances may be kept.

    ``columns`` are the accounts' balances by the column that holds them, ``table`` is a table of balances. ``key`` is
    the column of that table by which an entry names its row, where the row's own word says which wallet it is.
    """

    column: str
    key: str | None = None
    columns: tuple[tuple[Spot, Mapping[str, float]], ...] = ()
    table: WalletTable | None = None
    balances: tuple[tuple[str, Spot], ...] = ()
    """The wallets whose balances a column of the accounts holds, as it turned out."""

    def chains(self, entries: Entries) -> list[tuple[str, Row]]:
        """Each row with the chain that it is of: an account's wallet."""
        if self.key is None or self.table is None:
            return [(chain_name(owner, row.get(self.column)), row) for owner, row in entries]
        words = {str(row.get(self.key)): row.get(self.table.wallet) for row in self.table.look.rows}
        return [(chain_name(owner, words.get(str(row.get(self.column)))), row) for owner, row in entries]


def chain_name(owner: str, wallet: object) -> str:
    """The name of the chain of one wallet of one account."""
    return f"{owner}{_BETWEEN}{'' if wallet is None else wallet}"


def wallet_splits(schema: Schema, home: Home, look: Look, route: Sequence[Link]) -> Iterator[WalletSplit]:
    """Yield each way in which entries of this table may be of several balances of an account."""
    columns = tuple(_balance_columns(schema, home))
    tables = list(_wallet_tables(schema, home, look))
    for column in word_columns(look):
        words = look.column(column).words or ()
        if column == route[0].column or len(words) > _MOST_WALLETS or look.type_of(column) is Family.BOOLEAN:
            continue
        yield WalletSplit(column=column, columns=columns)
        for table in tables:
            if set(words) & set(table.look.column(table.wallet).words or ()):
                yield WalletSplit(column=column, table=table)
    for table in tables:
        key = key_of(table.look)
        for link in schema.links_to(table.look):
            if link.table == look.name and link.key == key and key is not None:
                yield WalletSplit(column=link.column, table=table, key=None if table.wallet == key else key)


def _balance_columns(schema: Schema, home: Home) -> Iterator[tuple[Spot, Mapping[str, float]]]:
    """Each column that may hold one of several balances: what its name lacks, its sums must say."""
    for look in schema.near(home):
        numbers = [
            column.name
            for column in look.table.columns
            if not set(folded(column.name).split("_")) & _NEVER
            and look.column(column.name).is_numeric
            and not is_moment(look, column.name)
            and column.name not in look.table.primary_key
        ]
        places: list[tuple[str, Path]] = [(name, ()) for name in numbers[:_MOST_COLUMNS]]
        for name, path in (*places, *credit_paths(look)[:_MOST_COLUMNS]):
            spot = schema.spots(home, look, name, path)
            if spot is not None and spot.up is None:
                yield spot, spot.numbers(home)


def _wallet_tables(schema: Schema, home: Home, ledger: Look) -> Iterator[WalletTable]:
    """Yield the tables that have several rows for an account, each with a balance."""
    for link in schema.links_to(home.look):
        look = schema.looks[link.table]
        if link.one_each or look is ledger or link.table == home.look.name or not credit_columns(look):
            continue
        balance = credit_columns(look)[0][1]
        named = [name for name in word_columns(look) if name != balance and _is_once(look, link, home, name)]
        for name in (*named, *([key] if (key := key_of(look)) is not None and not named else [])):
            yield WalletTable(look=look, owner=link, wallet=name, balance=balance)


def _is_once(look: Look, owner: Link, home: Home, column: str) -> bool:
    """Whether no account has two rows of one word."""
    named = [(owner_of(row, (owner,), None, home), str(row.get(column))) for row in look.rows]
    return len(named) == len(set(named)) > 1


def agreeing(split: WalletSplit, reached: Mapping[str, float], home: Home) -> tuple[WalletSplit, Share]:
    """Return the split with the balances that its chains reach, and how many of them agree."""
    if split.table is not None:
        return split, arithmetic.agreement(_of_table(split.table, home), reached)
    chosen: dict[str, tuple[Share, Spot]] = {}
    for wallet, totals in sorted(_by_wallet(reached).items()):
        shares = [(arithmetic.agreement(values, totals), spot) for spot, values in split.columns]
        good = [(s, spot) for s, spot in shares if s.looked_at >= _FEWEST and s.part >= _AGREES and s.agreeing > 1]
        if good:
            chosen[wallet] = max(good, key=lambda each: (each[0].part, _shared_words(wallet, each[1].shown)))
    spots = [(spot.look.name, spot.column, spot.path) for _, spot in chosen.values()]
    if len(chosen) < 2 or len(set(spots)) < len(spots):  # noqa: PLR2004 - one balance is no choice between several
        return split, NONE
    balances = tuple((wallet, spot) for wallet, (_, spot) in chosen.items())
    total = Share(sum(s.agreeing for s, _ in chosen.values()), sum(s.looked_at for s, _ in chosen.values()))
    return replace(split, balances=balances), total


def totals_of(reached: Mapping[str, float]) -> dict[str, float]:
    """What each account has in all of its wallets together."""
    totals: dict[str, float] = {}
    for chain, value in reached.items():
        owner = chain.partition(_BETWEEN)[0]
        totals[owner] = totals.get(owner, 0.0) + value
    return totals


def _by_wallet(reached: Mapping[str, float]) -> dict[str, dict[str, float]]:
    totals: dict[str, dict[str, float]] = {}
    for chain, value in reached.items():
        owner, _, wallet = chain.partition(_BETWEEN)
        if wallet:
            totals.setdefault(wallet, {})[owner] = value
    return totals


def _shared_words(wallet: str, column: str) -> int:
    return len(set(folded(wallet).split("_")) & set(folded(column).split("_")))


def _of_table(table: WalletTable, home: Home) -> dict[str, float]:
    held: dict[str, float] = {}
    for row in table.look.rows:
        owner, value = owner_of(row, (table.owner,), None, home), number(row.get(table.balance))
        if owner is not None and value is not None:
            chain = chain_name(owner, row.get(table.wallet))
            held[chain] = held.get(chain, 0.0) + float(value)
    return held
