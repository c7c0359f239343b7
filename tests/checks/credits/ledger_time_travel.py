"""More cases of `ledger-time-travel`, beside those that its own file teaches with."""

from __future__ import annotations

from trueup.checks.credits.ledger_time_travel import _entry
from trueup.model.check import Case, ago
from trueup.model.policy import Policy
from trueup.model.relations import UnreadableRow

CASES: tuple[Case, ...] = (
    Case(
        name="a pending entry in the future",
        given=(_entry(1, ago(days=-2), posted=False),),
        fires=("1",),
    ),
    Case(
        name="a tolerance of the business's own",
        given=(_entry(1, ago(days=2), sequence=1), _entry(2, ago(days=3), sequence=2)),
        policy=Policy(clock_skew_minutes=60 * 24),
    ),
    Case(
        name="the entry after one from the future is in its right place",
        given=(_entry(1, ago(days=-30), sequence=1), _entry(2, ago(days=1), sequence=2)),
        fires=("1",),
    ),
    Case(
        name="without sequence numbers the dates are the order",
        given=(_entry(2, ago(days=2)), _entry(1, ago(days=1))),
    ),
    Case(
        name="a date that cannot be read is not early or late",
        given=(UnreadableRow(relation="ledger_entry", row_key="1", problem="created_at cannot be read: 0000-00-00"),),
    ),
)
