"""Runs for the tests of the store, without an audit: what was found, by which checks, when."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from trueup.model.finding import Area
from trueup.model.severity import Severity
from trueup.store import IssueRecord, RunRecord, Store
from trueup.store.retention import Retention, prune

NOW = datetime(2026, 3, 1, 12, 0, 5)
HOUR = timedelta(hours=1)
CHECKS = frozenset({"credit-balance", "stuck-event"})


def fingerprint(issue_id: str) -> str:
    """What stands for the finding in every run."""
    return hashlib.sha256(issue_id.encode()).hexdigest()[:32]


def issue(issue_id: str, *, severity: Severity = Severity.ERROR, risk: float = 10, **fields: Any) -> IssueRecord:
    """A finding with this id."""
    check, _, subject = issue_id.partition(":")
    values: dict[str, Any] = {
        "issue_id": issue_id,
        "fingerprint": fingerprint(issue_id),
        "check": check,
        "category": Area.CREDITS,
        "severity": severity,
        "subject": subject,
        "revenue_impacting": True,
        "alerts": True,
        "exempted": False,
        "repairable": False,
        "risk": risk,
        "document": f'{{"id": "{issue_id}", "severity": "{severity}"}}',
    }
    return IssueRecord(**(values | fields))


def run(issues: Iterable[str | IssueRecord] = (), *, at: datetime = NOW, **fields: Any) -> RunRecord:
    """A run that found these, in which every check answered unless told otherwise."""
    values: dict[str, Any] = {
        "run_id": str(uuid.uuid4()),
        "environment": "production",
        "generated_at": at,
        "as_of": at,
        "period_days": 45,
        "status": "degraded",
        "score": 84,
        "confidence": 1.0,
        "complete": True,
        "trigger": "command",
        "milliseconds": 7,
        "answered_checks": CHECKS,
        "head": '{"schemaVersion": 1}',
        "issues": [one if isinstance(one, IssueRecord) else issue(one) for one in issues],
    }
    return RunRecord(**(values | fields))


def record_keeping(store: Store, record: RunRecord, retention: Retention) -> None:
    """Record a run, and forget what is beyond this retention."""
    store.runs.record(record)
    with store.runs._database.writing() as connection:
        prune(connection, record.environment, retention=retention, now=record.generated_at)
