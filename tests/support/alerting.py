"""Runs for the tests of alerts: what they saw, which checks they answered. Only what alerts read is filled in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from trueup.model.finding import Area
from trueup.model.severity import Severity
from trueup.store import IssueRecord, RunRecord, Store

ENVIRONMENT = "production"
START = datetime(2026, 3, 1, 12, 0)
CHECKS = ("credit-balance", "hollow-event", "paid-without-customer")


def minutes(number: float) -> datetime:
    """So many minutes after the first run."""
    return START + timedelta(minutes=number)


def fingerprint(issue_id: str) -> str:
    """What stands for the finding in this test."""
    return hashlib.sha256(issue_id.encode()).hexdigest()[:32]


def issue(
    issue_id: str, *, severity: Severity = Severity.ERROR, risk: float = 10, alerts: bool = True, exempted: bool = False
) -> IssueRecord:
    """A finding that alerts unless told otherwise, with 20 credits and 1.50 USD at risk."""
    check, _, subject = issue_id.partition(":")
    document = {
        "id": issue_id,
        "title": f"What {check} says",
        "message": f"{subject} is wrong.",
        "impact": {"money": {"usd": 150}, "credits": "20"},
    }
    return IssueRecord(
        issue_id=issue_id,
        fingerprint=fingerprint(issue_id),
        check=check,
        category=Area.CREDITS,
        severity=severity,
        subject=subject,
        revenue_impacting=True,
        alerts=alerts,
        exempted=exempted,
        repairable=False,
        risk=risk,
        document=json.dumps(document),
    )


def recorded(
    store: Store,
    at: datetime,
    issues: Iterable[str | IssueRecord] = (),
    *,
    outcomes: Mapping[str, str] | None = None,
    covers_all_checks: bool = True,
    updates_state: bool = True,
    environment: str = ENVIRONMENT,
) -> str:
    """Record a run and give its id. A check that ``outcomes`` does not name was answered."""
    known = dict.fromkeys(CHECKS, "checked") if covers_all_checks else {}
    outcome = {**known, **(outcomes or {})}
    complete = not {"skipped", "broken"} & set(outcome.values())
    run_id = f"{environment}-{at.isoformat()}"
    head = {
        "summary": {"status": "critical" if complete else "incomplete"},
        "outcomes": [{"check": check, "outcome": word} for check, word in outcome.items()],
    }
    store.runs.record(
        RunRecord(
            run_id=run_id,
            environment=environment,
            generated_at=at,
            as_of=at,
            period_days=45,
            status="critical" if complete else "incomplete",
            score=50,
            confidence=1.0,
            complete=complete,
            trigger="schedule",
            milliseconds=5,
            answered_checks=frozenset(check for check, word in outcome.items() if word == "checked"),
            head=json.dumps(head),
            issues=[one if isinstance(one, IssueRecord) else issue(one) for one in issues],
            covers_all_checks=covers_all_checks,
            updates_state=updates_state,
        )
    )
    return run_id
