"""Reckon an account's statement from its rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from trueup.model.happening import stripe_ids_of
from trueup.model.statement import AccountStatement, OpeningBasis, StatementLine

if TYPE_CHECKING:
    from trueup.model.relations import Account, LedgerEntry

_ZERO = Decimal(0)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opening:
    balance: Decimal | None
    basis: OpeningBasis


def reckon(
    account: Account,
    entries: Sequence[LedgerEntry],
    *,
    starts_at: Decimal | None,
    as_of: datetime,
    since: datetime | None = None,
    shows_balance: bool = True,
) -> AccountStatement:
    """Return the statement of ``entries``, which come in ledger order.

    ``starts_at`` is the balance before the first entry, where the config says it. Lines before ``since`` are summed in
    the opening balance. ``shows_balance`` says whether the app keeps a balance beside the ledger.
    """
    opening = _opening(entries, starts_at)
    lines = list(_lines(entries, opening.balance))
    closing = next((line.balance for line in reversed(lines) if line.posted), opening.balance)
    unread = sum(1 for line in lines if line.amount is None)
    if since is not None:
        opening, lines = _from(since, opening, lines)
    return AccountStatement(
        account_id=account.account_id,
        email=account.email,
        plan=account.plan,
        unlimited=account.unlimited_credits,
        as_of=as_of,
        since=since,
        opening=opening.balance,
        opening_basis=opening.basis,
        lines=tuple(lines),
        closing=closing,
        shown=account.credits if shows_balance else None,
        problems=(_unreadable(unread),) if unread else (),
    )


def _opening(entries: Iterable[LedgerEntry], starts_at: Decimal | None) -> _Opening:
    if starts_at is not None:
        return _Opening(balance=starts_at, basis=OpeningBasis.CONFIG)
    first = next((entry for entry in entries if entry.posted), None)
    if first is None:
        return _Opening(balance=_ZERO, basis=OpeningBasis.ZERO)
    if _known(first.balance_after) is None:
        return _Opening(balance=_ZERO, basis=OpeningBasis.ZERO)
    amount = _known(first.amount)
    balance = None if amount is None else first.balance_after - amount
    return _Opening(balance=balance, basis=OpeningBasis.FIRST_ENTRY)


def _lines(entries: Iterable[LedgerEntry], balance: Decimal | None) -> Iterator[StatementLine]:
    for entry in entries:
        amount, stated = _known(entry.amount), _known(entry.balance_after)
        unexplained = _ZERO
        if entry.posted:
            reckoned = None if balance is None or amount is None else balance + amount
            if stated is not None and reckoned is not None:
                unexplained = stated - reckoned
            balance = reckoned if stated is None else stated
        yield StatementLine(
            at=_known(entry.created_at),
            entry_id=str(entry.entry_id),
            kind=_known(entry.kind) or "other",
            amount=amount,
            balance=balance,
            unexplained=unexplained,
            posted=entry.posted,
            wallet="",
            stripe_ids=tuple(dict.fromkeys(x for x in stripe_ids_of(entry) if x is not None)),
            actor=entry.actor,
            reason=entry.reason,
        )


def _from(since: datetime, opening: _Opening, lines: Sequence[StatementLine]) -> tuple[_Opening, list[StatementLine]]:
    """Leave out the lines before the first one of this moment or later."""
    first = next((place for place, line in enumerate(lines) if line.at is not None and line.at >= since), len(lines))
    if first == 0:
        return opening, list(lines)
    return _Opening(balance=lines[first - 1].balance, basis=OpeningBasis.EARLIER_LINES), list(lines[first:])


def _unreadable(count: int) -> str:
    rows, have = ("1 entry", "has") if count == 1 else (f"{count:,} entries", "have")
    return f"{rows} {have} an amount that cannot be read, so what it moved is not known"


def _known(value: T) -> T | None:
    """Return the value of a row; of one that could not be read it is missing, whatever the relation says."""
    return value
