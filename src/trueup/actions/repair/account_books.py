"""Read the rows of one account into small books, and find the account that an id or an address names."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from trueup.actions.repair.snapshot_books import open_snapshot_books
from trueup.actions.repair.subject_snapshot import read_accounts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from trueup.actions.repair.session import RepairSession
    from trueup.actions.repair.subject_reader import SubjectReader
    from trueup.actions.repair.subject_snapshot import SubjectSnapshot
    from trueup.books.file import Books

_NAMING = {
    "account": ("account_id", "email", "stripe_customer_id", "stripe_subscription_id"),
    "ledger_entry": (
        "stripe_event_id",
        "stripe_payment_intent_id",
        "stripe_invoice_id",
        "stripe_checkout_session_id",
        "stripe_charge_id",
        "stripe_subscription_id",
    ),
}
"""The columns by which an account may be named, by relation, in the order in which they are tried."""


@contextlib.contextmanager
def open_account_books(session: RepairSession, named: str, *, now: datetime) -> Iterator[tuple[Books, frozenset[str]]]:
    """Yield small books with the rows of the accounts that ``named`` names, as they are now, and the accounts' ids.

    Raises ``SourceUnavailable``.
    """

    def read(reader: SubjectReader) -> SubjectSnapshot:
        return read_accounts(
            reader, find_accounts(lambda relation, column: reader.values(relation, "account_id", {column: {named}}))
        )

    with open_snapshot_books(session, read, now=now) as (books, snapshot):
        yield books, snapshot.accounts


def find_accounts(accounts_by: Callable[[str, str], set[str]]) -> set[str]:
    """Return the accounts that something names; ``accounts_by`` looks them up by a relation and its column.

    An account's own id comes first; other columns are asked only where no account has it.
    """
    for relation, columns in _NAMING.items():
        for column in columns:
            accounts = accounts_by(relation, column)
            if accounts:
                return accounts
    return set()
