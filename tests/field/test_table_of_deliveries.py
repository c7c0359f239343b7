"""A table of webhooks with a row for each delivery: an event that was sent again is on several."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.field.company import ACCOUNT, LEDGER_ENTRY, PLANS, FieldCompany
from tests.support.field.stripe_side import ago, written

DELIVERIES = "CREATE TABLE stripe_events (id TEXT, type TEXT, state TEXT, received_at TEXT)"
WEBHOOK_EVENT = """
[relations.webhook_event]
table = "stripe_events"
{line}
[relations.webhook_event.columns]
event_id = "id"
type = "type"
status = "state"
received_at = "received_at"
"""


def company(*, first: str) -> FieldCompany:
    """Each of five events failed at first and was sent again an hour later, but for the last, which was not."""
    company = FieldCompany()
    company.ledger.add("u1", "promotional_grant", 500, ago(60))
    company.users(u1={})
    rows = []
    for number in range(5):
        states = ("failed", "processed") if number < 4 else (first,)
        for hours, state in enumerate(states):
            moment = written(ago(20) + 3600 * hours)
            rows.append({"id": f"evt_{number}", "type": "invoice.paid", "state": state, "received_at": moment})
    company.table(DELIVERIES, rows)
    return company


@pytest.mark.slow
@pytest.mark.parametrize(("first", "must"), [("processed", set()), ("failed", {"stuck-event:evt_4"})])
def test_one_row_that_is_processed_stands_for_the_event(tmp_path: Path, first: str, must: set[str]) -> None:
    config = ACCOUNT + LEDGER_ENTRY + WEBHOOK_EVENT.format(line="rows_repeat = true") + PLANS
    company(first=first).expect(tmp_path, config, must=must, looked={"stuck-event", "unreadable-row"})


def test_without_that_line_it_is_one_finding_that_names_the_line(tmp_path: Path) -> None:
    config = ACCOUNT + LEDGER_ENTRY + WEBHOOK_EVENT.format(line="") + PLANS
    report = company(first="processed").expect(
        tmp_path,
        config,
        must={"unreadable-row:webhook_event:event_id is on several rows"},
        may={"stuck-event:*"},
        looked={"stuck-event", "unreadable-row"},
    )
    (message,) = [finding.message for finding in report.findings() if finding.check == "unreadable-row"]
    assert "write rows_repeat = true" in message
