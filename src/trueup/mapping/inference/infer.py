"""The likeliest mapping of a schema by its keys, its names and its data."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from trueup.mapping.inference.account_columns import guess_account
from trueup.mapping.inference.accounts import choose_accounts
from trueup.mapping.inference.ledger import guess_ledger
from trueup.mapping.inference.movement_columns import amount_columns
from trueup.mapping.inference.others import guess_members, guess_webhooks
from trueup.mapping.inference.schema import schema_of
from trueup.mapping.inference.second_kind import two_kinds
from trueup.mapping.names import folded
from trueup.mapping.proposal import Proposal, ProposedRelation
from trueup.mapping.questions import Choices
from trueup.mapping.samples import Samples
from trueup.mapping.vocabulary import COLUMNS
from trueup.model.relations import ONLY_WHERE_MAPPED, relation_name
from trueup.model.source import SourceTable

_UNIT = re.compile(r"(?:^|_)(?P<part>nano|micro|milli)?_?(?P<money>dollar|cent|usd)(?:_|$)")
_UNIT_LAST = re.compile(r"(?:^|_)(?P<money>usd|dollar)_(?P<part>nano|micro|milli)(?:_|$)")
_FEW_HAVE = frozenset(map(relation_name, ONLY_WHERE_MAPPED))


def infer(
    tables: Sequence[SourceTable], samples: Samples, *, dialect: str | None, choices: Choices | None = None
) -> Proposal:
    """The likeliest mapping; deterministic, and never an error. No relations where nothing looks like accounts.

    ``choices`` is what a person decided.
    """
    choices = choices or Choices()
    schema = schema_of(tables, samples, dialect)
    chosen = choose_accounts(schema, choices.account_table)
    alike = tuple(schema.left_out.items())
    if chosen is None:
        return Proposal(missing=tuple(COLUMNS), read_the_data=True, left_out=alike)
    ledger = guess_ledger(schema, chosen.home, choices.ledger_table)
    account = guess_account(schema, chosen, ledger, choices)
    both = two_kinds(schema, chosen, account, ledger) if choices.account_table is None else None
    if both is not None:
        account, ledger = both.account, dataclasses.replace(ledger, relation=both.ledger)
    relations = [
        relation if relation.places else dataclasses.replace(relation, absent=relation.missing)
        for relation in (
            account.relation,
            ledger.relation,
            None if ledger.wallets is None else ledger.wallets.relation,
            guess_webhooks(schema),
            guess_members(schema, chosen) or (both.member if both is not None else None),
        )
        if relation is not None
    ]
    mapped = {relation.relation for relation in relations}
    missing = tuple(name for name in COLUMNS if name not in mapped | _FEW_HAVE)
    return Proposal(
        relations=tuple(relations),
        missing=missing,
        absent=missing,
        unit=_unit_of(ledger.relation),
        plans=account.plans,
        read_the_data=True,
        left_out=(*alike, *(("ledger", note) for note in ledger.notes)),
    )


def _unit_of(ledger: ProposedRelation | None) -> tuple[str, str] | None:
    """What one credit is, where the name of the amount's column says which part of money it is."""
    amount = next((column.theirs for column in ledger.columns if column.column == "amount"), "") if ledger else ""
    match = _UNIT.search(folded(amount)) or _UNIT_LAST.search(folded(amount))
    if match is None:
        return None
    unit = f"{match['part'] or ''}{'cents' if match['money'] == 'cent' else 'dollars'}"
    return unit, "the amount's name says so"


def tables_to_follow(
    tables: Sequence[SourceTable], samples: Samples, *, dialect: str | None
) -> list[tuple[str, str, str, str]]:
    """The large tables of movements whose accounts should be read whole: table, owner, the owners' table and key."""
    schema = schema_of(tables, samples, dialect)
    chosen = choose_accounts(schema)
    if chosen is None:
        return []
    followed = []
    for look, route, _ in schema.movement_routes(chosen.home):
        if not look.sample.has_whole_accounts and look.rows and amount_columns(look, route):
            followed.append((look.name, route[0].column, route[0].target, route[0].key))
    return followed
