"""More cases of `ledger-duplicate-sequence`, beside those that its own file teaches with."""

from __future__ import annotations

from trueup.checks.credits.ledger_duplicate_sequence import _entry
from trueup.model.check import Case

CASES: tuple[Case, ...] = (
    Case(
        name="two pending entries share a number",
        given=(_entry(1, 1, posted=False, days=2), _entry(2, 1, posted=False, days=1)),
        fires=("2",),
    ),
)
