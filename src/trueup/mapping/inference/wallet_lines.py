"""The lines of the config that say which balances an account has, with what in the data speaks for them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from trueup.mapping.inference.arithmetic import Share
from trueup.mapping.inference.moments import deleted_column
from trueup.mapping.inference.phrases import Phrases, type_of
from trueup.mapping.inference.spots import MIDDLE, Home, conditions_of
from trueup.mapping.inference.wallets import WalletSplit
from trueup.mapping.proposal import ProposedColumn, ProposedRelation
from trueup.mapping.samples import Look


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedWallets:
    """Where the balances are: a key of the accounts' relation, a relation of balances, or neither."""

    setting: tuple[str, str, str] | None = None
    relation: ProposedRelation | None = None


def propose_wallets(split: WalletSplit, agreement: Share, phrases: Phrases, home: Home) -> ProposedWallets:
    """Return where the data show the balances of the split to be."""
    if split.balances:
        lines = ", ".join(
            f"{_key(wallet)} = {_text(spot.column if not (spot.route or spot.path) else spot.sql(phrases, home))}"
            for wallet, spot in split.balances
        )
        evidence = f"the entries of each end at its column in {agreement} sampled balances"
        return ProposedWallets(setting=("wallets", f"{{ {lines} }}", evidence))
    table = split.table
    if table is None:
        return ProposedWallets()
    conditions = conditions_of(phrases, "", table.owner)
    deleted = deleted_column(table.look)
    if deleted is not None:
        conditions.append(f"{phrases.name(deleted)} IS NULL")
    columns = (
        ProposedColumn(column="account_id", theirs=table.owner.column, confidence=0.95, evidence=table.owner.reason),
        ProposedColumn(
            column="wallet", theirs=table.wallet, confidence=0.9, evidence="no account has two rows of one of them"
        ),
        ProposedColumn(
            column="credits",
            theirs=table.balance,
            confidence=0.95,
            evidence=f"is where the wallet's entries end in {agreement} sampled rows",
        ),
    )
    relation = ProposedRelation(
        relation="wallet_balance",
        table=table.look.name,
        confidence=0.9,
        columns=columns,
        missing=(),
        where=" AND ".join(conditions) or None,
        evidence="a row for each account and wallet",
    )
    return ProposedWallets(relation=relation)


def wallet_column(split: WalletSplit, look: Look, phrases: Phrases) -> ProposedColumn:
    """Return the ledger's column that names the wallet, or the lookup of its word in the wallets' table."""
    table = split.table
    if split.key is None or table is None:
        evidence = "each of them has balances of its own"
        return ProposedColumn(column="wallet", theirs=split.column, confidence=0.9, evidence=evidence)
    here = phrases.of(phrases.table(look.name), split.column)
    types = (type_of(table.look.table, split.key), type_of(look.table, split.column))
    condition = phrases.equal(phrases.of(MIDDLE, split.key), here, types)
    word = phrases.of(MIDDLE, table.wallet)
    return ProposedColumn(
        column="wallet",
        theirs=f"(SELECT {word} FROM {phrases.table(table.look.name)} {MIDDLE} WHERE {condition})",
        confidence=0.9,
        evidence=f"{split.column} names a row of {table.look.table.name}, whose {table.wallet} says which it is",
    )


def _key(wallet: str) -> str:
    return wallet if wallet.isascii() and wallet.replace("-", "_").isidentifier() else _text(wallet)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
