"""A statement's lines sum to the ledger's last balance, whatever the rows say, or say where they do not."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.actions.statement.reckoning import reckon
from trueup.model.relations import Account, EntryKind, LedgerEntry, WalletBalance
from trueup.model.statement import AccountStatement, OpeningBasis, WalletLine

START = datetime(2026, 1, 1)
AS_OF = datetime(2026, 3, 1)
UNREAD = None
"""What a row has in a column that could not be read, whatever the relation says."""


def entry(place: int, amount: object, balance: object, *, posted: bool = True, wallet: str = "") -> LedgerEntry:
    """One entry, a day after the one before."""
    return LedgerEntry(
        entry_id=place,
        wallet=wallet,
        amount=Decimal(str(amount)) if amount is not None else UNREAD,  # type: ignore[arg-type]
        balance_after=Decimal(str(balance)) if balance is not None else UNREAD,  # type: ignore[arg-type]
        posted=posted,
        kind=EntryKind.USAGE,
        created_at=START + timedelta(days=place),
    )


def stated(*entries: LedgerEntry, shown: int = 0, starts_at: int | None = None, **more: object) -> AccountStatement:
    account = Account(account_id="user_1", credits=Decimal(shown))
    first = None if starts_at is None else Decimal(starts_at)
    return reckon(account, entries, starts_at=first, as_of=AS_OF, **more)  # type: ignore[arg-type]


Expected = tuple[object, str, list[object], object, object, bool]
CASES: dict[str, tuple[list[LedgerEntry], int, int | None, Expected]] = {
    # entries, shown, starts_at -> opening, basis, unexplained by line, closing, at the end, adds up
    "a ledger that agrees": (
        [entry(1, 100, 100), entry(2, -5, 95)], 95, None, (0, "first-entry", [0, 0], 95, 0, True)),
    "a balance edited by hand": (
        [entry(1, 100, 100), entry(2, -5, 95)], 145, None, (0, "first-entry", [0, 0], 95, 50, False)),
    "a break in the middle is shown once": (
        [entry(1, 100, 100), entry(2, -5, 90), entry(3, -5, 85)], 85, None,
        (0, "first-entry", [0, -5, 0], 85, 0, False)),
    "a first entry that began elsewhere": (
        [entry(1, 100, 130)], 130, None, (30, "first-entry", [0], 130, 0, True)),
    "a first entry that the config contradicts": (
        [entry(1, 100, 130)], 130, 0, (0, "config", [30], 130, 0, False)),
    "no running balance": (
        [entry(1, 100, None), entry(2, -5, None)], 95, None, (0, "zero", [0, 0], 95, 0, True)),
    "rows from before the column": (
        [entry(1, 100, None), entry(2, -5, 95)], 95, None, (0, "zero", [0, 0], 95, 0, True)),
    "a pending entry moves nothing yet": (
        [entry(1, 100, 100), entry(2, 50, 150, posted=False), entry(3, -5, 95)], 95, None,
        (0, "first-entry", [0, 0, 0], 95, 0, True)),
    "an account without entries": ([], 0, None, (0, "zero", [], 0, 0, True)),
    "an account without entries that has credits": ([], 20, None, (0, "zero", [], 0, 20, False)),
    "an amount that cannot be read": (
        [entry(1, 100, 100), entry(2, None, 95), entry(3, -5, 90)], 90, None,
        (0, "first-entry", [0, 0, 0], 90, 0, False)),
    "an amount that cannot be read, and no balance": (
        [entry(1, 100, 100), entry(2, None, None)], 90, None, (0, "first-entry", [0, 0], None, None, False)),
    "parts of a credit": (
        [entry(1, "0.1", "0.1"), entry(2, "0.2", "0.3")], 0, None,
        (0, "first-entry", [0, 0], Decimal("0.3"), Decimal("-0.3"), False)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_statement_says_what_the_rows_say(case: str) -> None:
    entries, shown, starts_at, expected = CASES[case]
    statement = stated(*entries, shown=shown, starts_at=starts_at)
    result: Expected = (
        statement.opening,
        statement.opening_basis.value,
        [line.unexplained for line in statement.lines],
        statement.closing,
        statement.unexplained_at_the_end,
        statement.adds_up,
    )
    assert result == expected


amounts = st.decimals(min_value=-1000, max_value=1000, places=3)
ledgers = st.lists(
    st.tuples(amounts, st.none() | amounts, st.booleans(), st.sampled_from(["", "bonus", "paid"])), max_size=12
)


@given(ledgers, st.none() | st.integers(0, 5), st.integers(0, 14))
def test_opening_credits_and_what_is_unexplained_sum_to_the_closing_balance(
    rows: list[tuple[Decimal, Decimal | None, bool, str]], starts_at: int | None, day: int
) -> None:
    entries = [
        entry(place, amount, balance, posted=posted, wallet=wallet)
        for place, (amount, balance, posted, wallet) in enumerate(rows)
    ]
    whole = stated(*entries, starts_at=starts_at)
    later = stated(*entries, starts_at=starts_at, since=START + timedelta(days=day))
    for statement in (whole, later):
        moved = sum(x.unexplained + (x.amount or 0) for x in statement.lines if x.posted)
        assert statement.opening is not None
        assert statement.opening + moved == statement.closing
    assert later.closing == whole.closing
    assert later.lines == whole.lines[len(whole.lines) - len(later.lines) :]


def test_lines_before_a_moment_are_summed_in_the_opening_balance() -> None:
    statement = stated(entry(1, 100, 100), entry(2, -5, 95), entry(3, -5, 90), since=START + timedelta(days=3))
    assert statement.opening == Decimal(95)
    assert statement.opening_basis is OpeningBasis.EARLIER_LINES
    assert [line.entry_id for line in statement.lines] == ["3"]


def test_each_wallet_is_a_chain_and_the_balance_is_of_all_of_them() -> None:
    statement = stated(
        entry(1, 100, 100, wallet="paid"),
        entry(2, 10, 10, wallet="bonus"),
        entry(3, -30, 70, wallet="paid"),
        shows_balance=False,
        wallet_balances=[
            WalletBalance(account_id="user_1", wallet="paid", credits=Decimal(70)),
            WalletBalance(account_id="user_1", wallet="bonus", credits=Decimal(500)),
        ],
    )
    assert [line.balance for line in statement.lines] == [Decimal(100), Decimal(110), Decimal(80)]
    assert statement.wallets == (
        WalletLine(wallet="bonus", closing=Decimal(10), shown=Decimal(500)),
        WalletLine(wallet="paid", closing=Decimal(70), shown=Decimal(70)),
    )
    assert (statement.closing, statement.shown, statement.gaps) == (Decimal(80), Decimal(570), 1)
