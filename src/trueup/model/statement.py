"""An account's statement: why it has the credits that it has, in lines that sum to its balance or say where not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from trueup.model.credit_unit import CreditUnit


class OpeningBasis(StrEnum):
    """What says where the statement's balance begins."""

    FIRST_ENTRY = "first-entry"
    """The first entry's own balance, less what it moved."""
    CONFIG = "config"
    """``ledger_starts_at`` of the config."""
    ZERO = "zero"
    """Nothing says it, and zero is a guess."""
    EARLIER_LINES = "earlier-lines"
    """The lines before the first one that is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One entry of the ledger, in ledger order.

    ``balance`` is the one after it, of all wallets together, and ``unexplained`` what of it no entry accounts for: the
    balance that the app wrote beside the entry, less the balance before it and what it moved. A pending entry moves
    nothing yet.
    ``balance`` is None where it is not known, since an entry's amount cannot be read.
    """

    at: datetime | None
    entry_id: str
    kind: str
    amount: Decimal | None
    balance: Decimal | None
    unexplained: Decimal
    posted: bool
    wallet: str
    stripe_ids: tuple[str, ...]
    actor: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletLine:
    """One of several balances of an account: what its entries come to, and what the app shows; None is not known."""

    wallet: str
    closing: Decimal | None
    shown: Decimal | None

    @property
    def agrees(self) -> bool:
        """Whether the app shows what the entries come to, or shows nothing."""
        return self.shown is None or self.shown == self.closing


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStatement:
    """Why an account has its credits. Moments are naive UTC. ``wallets`` is empty where the account has one balance.

    ``opening`` and the lines' amounts and ``unexplained`` sum to ``closing``, the ledger's last balance; ``shown`` is
    what the app shows, and ``unexplained_at_the_end`` how much more that is. What is not known is None.
    """

    account_id: str
    email: str | None
    plan: str | None
    unlimited: bool
    as_of: datetime
    since: datetime | None
    opening: Decimal | None
    opening_basis: OpeningBasis
    lines: tuple[StatementLine, ...]
    closing: Decimal | None
    shown: Decimal | None
    wallets: tuple[WalletLine, ...] = ()
    problems: tuple[str, ...] = ()
    unit: CreditUnit | None = None
    """What one credit is, where statements show money."""

    @property
    def unexplained_at_the_end(self) -> Decimal | None:
        """What the app shows beyond the ledger's last balance; None where one of them is not known."""
        return None if self.shown is None or self.closing is None else self.shown - self.closing

    @property
    def gaps(self) -> int:
        """In how many places it does not add up."""
        steps = sum(1 for line in self.lines if line.unexplained)
        wallets = sum(1 for wallet in self.wallets if not wallet.agrees)
        return steps + wallets + (not wallets and bool(self.unexplained_at_the_end))

    @property
    def adds_up(self) -> bool:
        """Whether every step is explained, and the app shows what the ledger says."""
        return not self.gaps and not self.problems
