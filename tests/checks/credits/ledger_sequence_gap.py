"""More cases of `ledger-sequence-gap`, beside those that its own file teaches with."""

from __future__ import annotations

from trueup.checks.credits.ledger_sequence_gap import _entry
from trueup.model.check import Case
from trueup.model.relations import UnreadableRow

CASES: tuple[Case, ...] = (
    Case(
        name="a number that stands twice does not fill a hole",
        given=(_entry(1), _entry(2), _entry(2, twin=1), _entry(4)),
        fires=("4",),
    ),
    Case(
        name="a pending entry's number that stands twice does not fill a hole",
        given=(_entry(1), _entry(2), _entry(2, posted=False, twin=1), _entry(4)),
        fires=("4",),
    ),
    Case(name="entries from before there were sequence numbers", given=(_entry(None), _entry(1), _entry(2))),
    Case(
        name="an account with an unreadable entry is unknown, not broken",
        given=(_entry(1), UnreadableRow(relation="ledger_entry", row_key="2", account_id="user_1"), _entry(3)),
    ),
)
