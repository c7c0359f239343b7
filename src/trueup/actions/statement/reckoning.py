"""Reckon an account's statement from its rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from trueup.model.happening import stripe_ids_of
from trueup.model.statement import AccountStatement, OpeningBasis, StatementLine, WalletLine

if TYPE_CHECKING:
    from trueup.model.credit_unit import CreditUnit
    from trueup.model.relations import Account, LedgerEntry, WalletBalance

_ZERO = Decimal(0)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opening:
    balance: Decimal | None
    basis: OpeningBasis


_SUREST_FIRST = (OpeningBasis.CONFIG, OpeningBasis.FIRST_ENTRY, OpeningBasis.ZERO)


def reckon(
    account: Account,
    entries: Sequence[LedgerEntry],
    *,
    starts_at: Decimal | None,
    as_of: datetime,
    since: datetime | None = None,
    shows_balance: bool = True,
    wallet_balances: Sequence[WalletBalance] = (),
    unit: CreditUnit | None = None,
) -> AccountStatement:
    """Return the statement of ``entries``, which come in ledger order.

    ``starts_at`` is the balance before the first entry of each wallet, where the config says it. Lines before ``since``
    are summed in the opening balance. ``shows_balance`` says whether the app keeps a balance beside the ledger, and
    ``wallet_balances`` are those that it keeps of each wallet.
    """
    openings = _openings(entries, starts_at)
    balances = {wallet: opening.balance for wallet, opening in openings.items()}
    opening = _Opening(
        balance=_total(balances.values()),
        basis=max((each.basis for each in openings.values()), key=_SUREST_FIRST.index),
    )
    lines = list(_lines(entries, balances))
    unread = sum(1 for line in lines if line.amount is None)
    if since is not None:
        opening, lines = _from(since, opening, lines)
    wallets = _wallets(balances, wallet_balances)
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
        closing=_total(balances.values()),
        shown=account.credits if shows_balance else _shown(wallets),
        wallets=wallets,
        problems=(_unreadable(unread),) if unread else (),
        unit=unit,
    )


def _openings(entries: Iterable[LedgerEntry], starts_at: Decimal | None) -> dict[str, _Opening]:
    """Where each wallet begins, by its first posted entry; an account without entries has one, which is empty."""
    openings: dict[str, _Opening] = {}
    for entry in entries:
        if entry.posted and entry.wallet not in openings:
            openings[entry.wallet] = _opening(entry, starts_at)
    basis = OpeningBasis.ZERO if starts_at is None else OpeningBasis.CONFIG
    return openings or {"": _Opening(balance=starts_at or _ZERO, basis=basis)}


def _opening(first: LedgerEntry, starts_at: Decimal | None) -> _Opening:
    if starts_at is not None:
        return _Opening(balance=starts_at, basis=OpeningBasis.CONFIG)
    amount, stated = _known(first.amount), _known(first.balance_after)
    if stated is None:
        return _Opening(balance=_ZERO, basis=OpeningBasis.ZERO)
    return _Opening(balance=None if amount is None else stated - amount, basis=OpeningBasis.FIRST_ENTRY)


def _lines(entries: Iterable[LedgerEntry], balances: dict[str, Decimal | None]) -> Iterator[StatementLine]:
    """Each entry as a line. ``balances`` are those of the wallets, and move with it."""
    for entry in entries:
        amount, stated = _known(entry.amount), _known(entry.balance_after)
        unexplained = _ZERO
        if entry.posted:
            before = balances[entry.wallet]
            if entry.sets_balance and before is not None and amount is not None:
                amount -= before  # what was left is gone: the line is what the balance moved by
            reckoned = None if before is None or amount is None else before + amount
            if stated is not None and reckoned is not None:
                unexplained = stated - reckoned
            balances[entry.wallet] = reckoned if stated is None else stated
        yield StatementLine(
            at=_known(entry.created_at),
            entry_id=str(entry.entry_id),
            kind=_known(entry.kind) or "other",
            amount=amount,
            balance=_total(balances.values()),
            unexplained=unexplained,
            posted=entry.posted,
            wallet=entry.wallet,
            stripe_ids=tuple(dict.fromkeys(x for x in stripe_ids_of(entry) if x is not None)),
            actor=entry.actor,
            reason=entry.reason,
        )


def _wallets(
    balances: Mapping[str, Decimal | None], wallet_balances: Iterable[WalletBalance]
) -> tuple[WalletLine, ...]:
    """The wallets that some entry moves, with what the app shows of each; none where the account has one balance."""
    shown: dict[str, Decimal | None] = {}
    for kept in wallet_balances:
        shown[kept.wallet] = _total((shown.get(kept.wallet, _ZERO), _known(kept.credits)))
    if not any(balances) and not any(shown):
        return ()
    named = sorted({*balances, *(wallet for wallet, credits_kept in shown.items() if credits_kept != 0)})
    return tuple(
        WalletLine(wallet=wallet, closing=balances.get(wallet, _ZERO), shown=shown.get(wallet)) for wallet in named
    )


def _shown(wallets: Sequence[WalletLine]) -> Decimal | None:
    """What the app shows in all wallets together; None where it keeps no balances."""
    kept = [wallet.shown for wallet in wallets if wallet.shown is not None]
    return _total(kept) if kept else None


def _total(balances: Iterable[Decimal | None]) -> Decimal | None:
    total = _ZERO
    for balance in balances:
        if balance is None:
            return None
        total += balance
    return total


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
