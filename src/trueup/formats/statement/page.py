"""What a statement shows, whatever its format: its title and its rows, in words for its reader."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from trueup.formats.wording import counted, legible
from trueup.model.money import credits_text
from trueup.model.relations import EntryKind
from trueup.model.statement import AccountStatement, OpeningBasis

if TYPE_CHECKING:
    from trueup.model.statement import StatementLine, WalletLine

_FOR_CUSTOMERS: dict[str, str] = {
    EntryKind.PURCHASE: "Credits bought",
    EntryKind.SUBSCRIPTION_GRANT: "Credits of your plan",
    EntryKind.PROMOTIONAL_GRANT: "Credits given to you",
    EntryKind.USAGE: "Credits used",
    EntryKind.REFUND: "Credits taken back after a refund",
    EntryKind.CLAWBACK: "Credits taken back",
    EntryKind.ADJUSTMENT: "Correction",
    EntryKind.BALANCE_SYNC: "Correction",
    EntryKind.EXPIRY: "Credits expired",
}
_OPENED_BY = {
    OpeningBasis.FIRST_ENTRY: "before the first entry, as its own balance says",
    OpeningBasis.CONFIG: "before the first entry, as ledger_starts_at says",
    OpeningBasis.ZERO: "before the first entry; a guess, since nothing says it",
    OpeningBasis.EARLIER_LINES: "after the lines before",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRow:
    """One row. ``credits`` is None where none move, ``balance`` where it is not known. ``note`` may be empty."""

    at: datetime | None = None
    what: str
    credits: Decimal | None = None
    balance: Decimal | None = None
    note: str = ""
    is_unexplained: bool = False
    is_total: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementPage:
    """A statement for one kind of reader. For a customer it names nothing but dates, credits and balances."""

    statement: AccountStatement
    for_customer: bool = False

    @property
    def title(self) -> str:
        """Whose statement it is."""
        if self.for_customer:
            return "Statement of your credits"
        email = f" ({legible(self.statement.email)})" if self.statement.email else ""
        plan = f", plan {legible(self.statement.plan)}" if self.statement.plan else ""
        return f"Statement of {legible(self.statement.account_id)}{email}{plan}"

    @property
    def scope(self) -> str:
        """The moments that it is of."""
        since = f"from {self.statement.since:%Y-%m-%d %H:%M} " if self.statement.since else ""
        return f"{since}as of {self.statement.as_of:%Y-%m-%d %H:%M} UTC"

    @property
    def verdict(self) -> str:
        """One sentence: whether it adds up."""
        statement = self.statement
        if statement.problems:
            return f"Not everything is known: {'; '.join(statement.problems)}."
        if statement.unlimited and not self.for_customer:
            return "The account has unlimited credits: what it shows need not be what its ledger says."
        if not statement.gaps:
            return "It adds up."
        return f"It does not add up in {counted(statement.gaps, 'place')}, marked below."

    def rows(self) -> Iterator[StatementRow]:
        """Everything that it shows, in order."""
        statement = self.statement
        yield StatementRow(what="Opening balance", balance=statement.opening, note=self._opened_by())
        for line in statement.lines:
            yield from self._rows_of(line)
        yield StatementRow(what=self._closing_words(), balance=statement.closing, is_total=True)
        more = statement.unexplained_at_the_end
        if statement.shown is not None and (more or not self.for_customer):
            yield StatementRow(
                what="Balance in the app",
                credits=more or None,
                balance=statement.shown,
                note=self._compared(more),
                is_unexplained=bool(more),
                is_total=True,
            )
        for wallet in statement.wallets:
            yield self._row_of_wallet(wallet)

    def _rows_of(self, line: StatementLine) -> Iterator[StatementRow]:
        if self.for_customer and (not line.posted or (not line.amount and not line.unexplained)):
            return
        yield StatementRow(
            at=line.at,
            what=self._words(line),
            credits=line.amount,
            balance=None if line.balance is None else line.balance - line.unexplained,
            note="" if self.for_customer else _note(line),
        )
        if line.unexplained:
            yield StatementRow(
                at=line.at,
                what="Not explained",
                credits=line.unexplained,
                balance=line.balance,
                note=""
                if self.for_customer
                else "the app's balance beside this entry is not the one before plus its credits",
                is_unexplained=True,
            )

    def _row_of_wallet(self, wallet: WalletLine) -> StatementRow:
        more = None if wallet.shown is None or wallet.closing is None else wallet.shown - wallet.closing
        return StatementRow(
            what=f"of it {legible(wallet.wallet) or 'in no wallet'}",
            credits=more or None,
            balance=wallet.closing if wallet.shown is None else wallet.shown,
            note="" if wallet.shown is None else self._compared(more),
            is_unexplained=bool(more),
        )

    def _words(self, line: StatementLine) -> str:
        wallet = f", {legible(line.wallet)}" if line.wallet else ""
        if self.for_customer:
            return _FOR_CUSTOMERS.get(line.kind, "Other") + wallet
        return f"{legible(line.kind).replace('_', ' ')}{wallet}{'' if line.posted else ', pending'}"

    def _opened_by(self) -> str:
        return "" if self.for_customer else _OPENED_BY[self.statement.opening_basis]

    def _compared(self, more: Decimal | None) -> str:
        if not more:
            return "as the ledger says"
        say = "these lines say" if self.for_customer else "the ledger says"
        return f"{self._shown(abs(more))} {'more' if more > 0 else 'less'} than {say}"

    def signed(self, amount: Decimal | None) -> str:
        """Credits that move, with their sign; empty where none do."""
        return "" if amount is None else f"{'+' if amount > 0 else ''}{self._shown(amount)}"

    def balance_text(self, row: StatementRow) -> str:
        """The balance after a row; ``unknown`` where it is not known."""
        return "unknown" if row.balance is None else self._shown(row.balance)

    def _shown(self, amount: Decimal) -> str:
        unit = self.statement.unit
        return credits_text(amount) if unit is None else unit.text(amount)

    def _closing_words(self) -> str:
        return "Closing balance" if self.for_customer else "Balance of the ledger"


def _note(line: StatementLine) -> str:
    """What of an entry leads further: its id, what it names at Stripe, who made it and why."""
    parts = [f"entry {line.entry_id}", *line.stripe_ids]
    if line.actor:
        parts.append(f"by {line.actor}")
    if line.reason:
        parts.append(line.reason)
    return legible(", ".join(parts))
