"""The tables of Stripe's side, and what the scenes put into them."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from trueup.demo.load import insert_rows
from trueup.demo.offer import PRICES
from trueup.demo.stripe.bulk import make_bulk_rows
from trueup.demo.stripe.events import make_events
from trueup.demo.stripe_account import StripeAccount, price_row
from trueup.model.columns import Column, ColumnKind
from trueup.model.relations import columns_of, relation_name
from trueup.model.stripe_objects import STRIPE_OBJECTS, StripeCustomer, StripeRow

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from trueup.demo.history import Span

_TYPES = {ColumnKind.INTEGER: "BIGINT", ColumnKind.BOOLEAN: "BOOLEAN", ColumnKind.TIME: "TIMESTAMP"}
_NEUTRAL = {"livemode": True, "currency": "usd"}
"""The whole company is live and sells in dollars."""


def make_stripe(
    connection: DuckDBPyConnection, *, span: Span, stripe_accounts: Sequence[StripeAccount], others: Iterable[StripeRow]
) -> None:
    """Make ``stripe.customer`` and its like: a table for each relation of Stripe's, filled for everybody.

    ``others`` are objects of the company as a whole.
    """
    connection.execute("CREATE SCHEMA stripe")
    for relation in STRIPE_OBJECTS:
        columns = ", ".join(map(_declare_column, columns_of(relation)))
        connection.execute(f"CREATE TABLE {_table(relation)} ({columns})")
    make_bulk_rows(connection, span=span)
    rows: dict[type[StripeRow], list[tuple[object, ...]]] = defaultdict(list)
    for row in (
        *map(price_row, PRICES),
        *others,
        *(row for account in stripe_accounts for row in _list_objects(account)),
    ):
        rows[type(row)].append(tuple(getattr(row, column.name) for column in columns_of(type(row))))
    for relation, of_relation in rows.items():
        insert_rows(connection, _table(relation), of_relation)
    make_events(connection, span=span)


def _table(relation: type[StripeRow]) -> str:
    return f"stripe.{relation_name(relation).removeprefix('stripe_')}"


def _declare_column(column: Column) -> str:
    neutral = _NEUTRAL.get(column.name, column.neutral)
    default = "NULL" if neutral is None else f"'{neutral}'"
    return f"{column.name} {_TYPES.get(column.kind, 'VARCHAR')} DEFAULT {default}"


def _list_objects(account: StripeAccount) -> Iterable[StripeRow]:
    """The scene's objects; by now its accounts have their ids, and customers name them."""
    for named, row in account.rows.items():
        owner = account.owners.get(named)
        yield (
            dataclasses.replace(row, account_id=owner.account_id) if isinstance(row, StripeCustomer) and owner else row
        )
