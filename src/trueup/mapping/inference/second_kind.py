"""A second kind of account, as where users and organisations each pay: a second place of accounts and of entries."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trueup.mapping.column_types import Family
from trueup.mapping.inference.account_columns import AccountGuess, guess_account
from trueup.mapping.inference.accounts import ChosenAccounts
from trueup.mapping.inference.ledger import LedgerGuess, guess_ledger
from trueup.mapping.inference.links import Link
from trueup.mapping.inference.moments import created_column
from trueup.mapping.inference.movements import Movements
from trueup.mapping.inference.others import guess_members
from trueup.mapping.inference.schema import Schema, home_of
from trueup.mapping.inference.spots import Home
from trueup.mapping.names import folded
from trueup.mapping.proposal import ProposedColumn, ProposedRelation
from trueup.mapping.questions import Choices
from trueup.mapping.samples import number
from trueup.model.relations import columns_of, relation_named

_AS_WRITTEN = 0.9
_TOGETHER = ("sequence", "balance_after")
_NUMBERS = (Family.INTEGER, Family.NUMBER, Family.UNKNOWN)
_FEW_HAVE_BOTH = 50
"""Of so many entries at most one may name an account of either kind: else the other one only says who did it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoKinds:
    """Accounts, entries and members of two kinds, and the plans of both."""

    account: AccountGuess
    ledger: ProposedRelation
    member: ProposedRelation | None


def two_kinds(schema: Schema, chosen: ChosenAccounts, account: AccountGuess, ledger: LedgerGuess) -> TwoKinds | None:
    """The accounts of two tables; None unless the data show that each has movements that explain its balances."""
    first = _proven(ledger)
    for name in chosen.others if first is not None else ():
        home = home_of(schema, schema.looks[name])
        if home is None or first is None or _are_linked(schema, chosen.home, home):
            continue
        guess = guess_ledger(schema, home)
        second = _proven(guess)
        if second is None or guess.relation is None or ledger.relation is None or not _are_apart(first, second):
            continue
        prefix = f"{folded(home.look.table.name)}_" if _may_collide(chosen.home, home) else None
        entries = _entries(schema, (first, ledger.relation), (second, guess.relation), prefix)
        if entries is not None:
            other = dataclasses.replace(chosen, home=home, others=(), close=())
            second_account = guess_account(schema, other, guess, Choices())
            members = guess_members(schema, other)
            return TwoKinds(
                account=_accounts(account, second_account, prefix),
                ledger=entries,
                member=None if members is None else dataclasses.replace(members, account_prefix=prefix),
            )
    return None


def _proven(guess: LedgerGuess) -> Movements | None:
    """The movements of the ledger that was guessed, where the data prove it and each entry names its account itself."""
    best = guess.movements
    return best if best is not None and best.is_proven and len(best.route) == 1 and best.wallets is None else None


def _are_linked(schema: Schema, home: Home, other: Home) -> bool:
    """Whether the tables are two halves of one account: each row of one has its row of the other."""
    pairs = ((home, other), (other, home))
    return any(look is far.look for near, far in pairs for look, _ in schema.satellites(near))


def _are_apart(first: Movements, second: Movements) -> bool:
    """Whether no entry is of both: each has its own table, its own word in one table, or its own column there."""
    if first.look is not second.look:
        return next(_customers(second), None) is not None
    ours, theirs = first.route[0], second.route[0]
    if ours.column == theirs.column:
        return ours.word is not None and theirs.word is not None and ours.word != theirs.word
    both = sum(row.get(ours.column) is not None and row.get(theirs.column) is not None for row in first.look.rows)
    return both * _FEW_HAVE_BOTH <= len(first.look.rows)


def _customers(movements: Movements) -> Iterator[str]:
    """What the entries name of Stripe's: payouts to partners and such name nothing."""
    for column in movements.look.table.columns:
        facts = movements.look.column(column.name)
        yield from (name for name in ("pi_", "in_", "cs_", "ch_", "evt_") if facts.prefixes.get(name))


def _may_collide(home: Home, other: Home) -> bool:
    """Whether an id of one may be one of the other: both count, or a sampled one is in both."""
    if all(each.look.type_of(each.key) in _NUMBERS for each in (home, other)):
        return True
    first, second = ({str(row.get(each.key)) for row in each.look.rows} for each in (home, other))
    return bool(first & second)


def _entries(
    schema: Schema,
    first: tuple[Movements, ProposedRelation],
    second: tuple[Movements, ProposedRelation],
    prefix: str | None,
) -> ProposedRelation | None:
    """The entries of both kinds: two parts of one table, or two tables that keep the same of each entry."""
    (ours, relation), (theirs, other) = first, second
    if ours.look is theirs.look:
        owner = next(column for column in other.columns if column.column == "account_id")
        columns = tuple(owner if column.column == "account_id" else column for column in relation.columns)
        other = dataclasses.replace(other, columns=columns)
    elif _lacks(relation, _TOGETHER) != _lacks(other, _TOGETHER):
        return None
    numbered = ours.look is not theirs.look and _counts(ours) and _counts(theirs)
    sequence: tuple[tuple[str, str, str], ...] = ()
    if numbered and _lacks(relation, ("sequence",)):
        if not _numbers_in_order(ours) or not _numbers_in_order(theirs):
            return None
        relation, other = _with_sequence(relation), _with_sequence(other)
        sequence = (("dense_sequence", "false", "true only where no number is ever missing in an account"),)
    places = (
        dataclasses.replace(relation, where=_where(schema, relation, ours), settings=()),
        dataclasses.replace(
            other,
            where=_where(schema, other, theirs),
            settings=(),
            account_prefix=prefix,
            key_prefix=f"{folded(theirs.look.table.name)}_" if numbered else None,
        ),
    )
    settings = (*(each for each in relation.settings if each[0] in {key for key, *_ in other.settings}), *sequence)
    joined = dataclasses.replace(relation, where=None, settings=settings, places=_with_absent("ledger_entry", places))
    return dataclasses.replace(joined, absent=_absent_in_all("ledger_entry", places))


def _with_sequence(relation: ProposedRelation) -> ProposedRelation:
    """The entries with their number for what orders them: with a prefix it is a text, and orders as one."""
    key = next(column for column in relation.columns if column.column == "entry_id")
    sequence = dataclasses.replace(key, column="sequence", confidence=_AS_WRITTEN, evidence="numbers grow with time")
    place = relation.columns.index(next(column for column in relation.columns if column.column == "amount"))
    columns = (*relation.columns[:place], sequence, *relation.columns[place:])
    return dataclasses.replace(relation, columns=columns)


def _numbers_in_order(movements: Movements) -> bool:
    """Whether an account's entries have the order of their numbers in time, too."""
    look, key = movements.look, movements.look.table.primary_key
    created = created_column(look)
    if len(key) != 1 or created is None:
        return False
    owner = movements.route[0].column
    rows = [row for row in look.rows if row.get(owner) is not None and row.get(created) is not None]
    times: dict[str, list[str]] = {}
    for row in sorted(rows, key=lambda row: number(row.get(key[0])) or 0):
        times.setdefault(str(row[owner]), []).append(str(row[created]))
    return all(moments == sorted(moments) for moments in times.values())


def _counts(movements: Movements) -> bool:
    key = movements.look.table.primary_key
    return len(key) != 1 or movements.look.type_of(key[0]) in _NUMBERS


def _where(schema: Schema, relation: ProposedRelation, movements: Movements) -> str | None:
    """The relation's own condition, and that the entry names an account of this kind."""
    link: Link = movements.route[0]
    if link.word is not None or link.always:
        return relation.where
    named = f"{schema.phrases.name(link.column)} IS NOT NULL"
    return named if relation.where is None else f"({relation.where}) AND {named}"


def _accounts(first: AccountGuess, second: AccountGuess, prefix: str | None) -> AccountGuess:
    relations = (first.relation, dataclasses.replace(second.relation, key_prefix=prefix))
    relation = dataclasses.replace(
        first.relation,
        places=_with_absent("account", relations),
        absent=_absent_in_all("account", relations),
        settings=(),
        notes=tuple(note for note in first.relation.notes if not note.startswith(f"{second.relation.table} ")),
        close=tuple(each for each in first.relation.close if each[0] != second.relation.table),
    )
    known = {plan.plan for plan in first.plans if plan.seen}
    if not known:
        return AccountGuess(relation=relation, plans=second.plans)
    return AccountGuess(
        relation=relation,
        plans=(*first.plans, *(plan for plan in second.plans if plan.seen and plan.plan not in known)),
    )


def _with_absent(name: str, places: Sequence[ProposedRelation]) -> tuple[ProposedRelation, ...]:
    """The places, each with what only the others have and its rows may be without."""
    optional = {c.name for c in columns_of(relation_named(name)) if c.nullable and not c.is_key and not c.has_neutral}
    mapped = {column.column for place in places for column in place.columns}
    return tuple(dataclasses.replace(place, absent=tuple(_lacks(place, sorted(mapped & optional)))) for place in places)


def _absent_in_all(name: str, places: Sequence[ProposedRelation]) -> tuple[str, ...]:
    names = [column.name for column in columns_of(relation_named(name))]
    return tuple(column for column in names if all(_lacks(place, (column,)) for place in places))


def _lacks(relation: ProposedRelation, names: Sequence[str]) -> list[str]:
    mapped: set[str] = {column.column for column in _plain(relation)}
    return [name for name in names if name not in mapped]


def _plain(relation: ProposedRelation) -> Iterator[ProposedColumn]:
    yield from (column for column in relation.columns if column.doubt is None)
