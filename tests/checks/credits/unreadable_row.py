"""More cases of `unreadable-row`, beside those that its own file teaches with."""

from __future__ import annotations

from trueup.model.check import Case
from trueup.model.relations import UnreadableRow


def _row(row_key: str, cause: str, *, account_id: str | None = None, relation: str = "ledger_entry") -> UnreadableRow:
    return UnreadableRow(
        relation=relation, row_key=row_key, account_id=account_id, problem=f"{cause}: {row_key}", cause=cause
    )


CASES: tuple[Case, ...] = (
    Case(
        name="the same key in two relations is two findings",
        given=(
            UnreadableRow(relation="account", row_key="1", problem="credits cannot be read: NaN"),
            UnreadableRow(relation="ledger_entry", row_key="1", problem="created_at is missing"),
        ),
        fires=("account:1", "ledger_entry:1"),
    ),
    Case(
        name="a problem of two rows is two findings",
        given=(_row("1", "amount is missing"), _row("2", "amount is missing")),
        fires=("ledger_entry:1", "ledger_entry:2"),
    ),
    Case(
        name="the third row makes it one",
        given=tuple(_row(str(number), "amount is missing", account_id="user_1") for number in (1, 2, 3)),
        fires=("ledger_entry:amount is missing",),
        evidence={"ledger_entry:amount is missing": {"account_id": "user_1", "entries": 3}},
    ),
    Case(
        name="one of many rows has a problem of its own, too",
        given=(
            *(_row(str(number), "amount is missing") for number in (1, 2, 3)),
            _row("2", "created_at cannot be read"),
        ),
        fires=("ledger_entry:amount is missing", "ledger_entry:2"),
    ),
    Case(
        name="two relations do not share a problem",
        given=(
            _row("1", "created_at is missing"),
            _row("2", "created_at is missing"),
            _row("evt_1", "created_at is missing", relation="webhook_event"),
        ),
        fires=("ledger_entry:1", "ledger_entry:2", "webhook_event:evt_1"),
    ),
)
