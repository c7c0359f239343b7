"""Several balances of an account: columns of the accounts' own table become rows of ``wallet_balance``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.config.config_errors import complaint
from trueup.config.relation_places import words_of
from trueup.config.relation_sections import PlaceSection, RelationSection

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_BALANCES = "wallet_balance"


def with_wallets(sections: dict[str, RelationSection], path: Path) -> dict[str, RelationSection]:
    """Return the relations, with the balances that ``[relations.account.wallets]`` names as rows of ``wallet_balance``.

    Raises ``ConfigurationError`` where wallets are said twice, or a balance of one is not mapped.
    """
    account, balances = sections.get("account"), sections.get(_BALANCES)
    if balances is not None and not balances.absent:
        _refuse_without_credits(balances, path)
        _refuse_unnamed_entries(sections, ("relations", _BALANCES), path)
    if account is None or account.wallets is None:
        return sections
    key = ("relations", "account", "wallets")
    _refuse_unnamed_entries(sections, key, path)
    if not account.wallets:
        raise complaint(path, key, "is empty: name at least one balance, or leave it out")
    if balances is not None:
        raise complaint(path, key, f"is beside [relations.{_BALANCES}], which says the same: leave one of them")
    own = PlaceSection(table=account.table, query=account.query)
    places = [
        _balance_in(place, account, wallet=wallet, column=column)
        for place in account.places or (own,)
        for wallet, column in account.wallets.items()
        if wallet not in place.absent
    ]
    return {**sections, _BALANCES: RelationSection.model_construct(places=places)}


def _balance_in(place: PlaceSection, account: RelationSection, *, wallet: str, column: str) -> PlaceSection:
    """Return the place of one wallet's balances: the accounts' own, with other columns."""
    columns: Mapping[str, str] = {**account.columns, **place.columns}
    conditions = [where for where in (account.where, place.where) if where]
    return PlaceSection.model_construct(
        table=place.table or (None if place.query else account.table),
        query=place.query,
        where="\n) AND (".join(conditions) or None,
        account_prefix=place.key_prefix or account.key_prefix,
        columns={
            "account_id": columns.get("account_id", "account_id"),
            "wallet": "'" + wallet.replace("'", "''") + "'",
            "credits": column,
        },
    )


def _refuse_unnamed_entries(sections: Mapping[str, RelationSection], key: tuple[str, ...], path: Path) -> None:
    """Refuse wallets that no entry can name: their balances would not be compared, and no finding would say so."""
    entry = sections.get("ledger_entry")
    if entry is None or entry.absent is True:
        return
    tables = [table for _, table in words_of(entry)]
    absent = entry.absent if isinstance(entry.absent, list) else []
    if any("wallet" in table.columns or table.query is not None for table in tables) or "wallet" in absent:
        return
    raise complaint(
        path,
        key,
        "names several balances, but no column says which of them an entry moves: map wallet in "
        '[relations.ledger_entry.columns], or say absent = ["wallet"] in [relations.ledger_entry], and they are not '
        "compared with the ledger",
    )


def _refuse_without_credits(balances: RelationSection, path: Path) -> None:
    for place, table in words_of(balances):
        is_a_table = table.query is None and not (table is balances and balances.places)
        if is_a_table and "credits" not in table.columns and "credits" not in balances.columns:
            key = ("relations", _BALANCES, *place, "columns", "credits")
            raise complaint(path, key, "is missing: name the column that holds the balance")
