"""Findings by their state: those of a run, and those that were resolved, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from trueup.model.finding import Area
from trueup.model.severity import Severity
from trueup.store import IssueRecord, RunRecord, Store

NOW = datetime(2026, 3, 1, 12)


def run(name: str, subjects: Iterable[str], *, day: int) -> RunRecord:
    """A run of one check that found these subjects."""
    moment = NOW + timedelta(days=day)
    return RunRecord(
        run_id=name,
        environment="production",
        generated_at=moment,
        as_of=moment,
        period_days=45,
        status="degraded",
        score=80,
        confidence=1.0,
        complete=True,
        trigger="command",
        milliseconds=1,
        answered_checks=frozenset({"stuck-event"}),
        head="{}",
        issues=[issue(subject) for subject in subjects],
    )


def issue(subject: str) -> IssueRecord:
    """A finding about this subject."""
    return IssueRecord(
        issue_id=f"stuck-event:{subject}",
        fingerprint=subject,
        check="stuck-event",
        category=Area.WEBHOOKS,
        severity=Severity.ERROR if subject.startswith("e") else Severity.WARNING,
        subject=subject,
        revenue_impacting=False,
        alerts=False,
        exempted=False,
        repairable=False,
        risk=0.0,
        document=f'{{"id": "stuck-event:{subject}"}}',
    )


def test_the_issues_of_a_run_are_found_by_the_state_of_their_findings_now(store: Store) -> None:
    store.runs.record(run("first", ["a", "b", "c"], day=0))
    store.runs.record(run("second", ["a"], day=1))
    store.runs.record(run("third", ["a", "b"], day=2))

    def subjects(run_id: str, state: str) -> list[str]:
        return [found.subject for found in store.runs.issues(run_id, state=state).issues]

    assert subjects("third", "open") == ["a"]
    assert subjects("third", "reopened") == ["b"]
    assert subjects("third", "resolved") == []
    assert subjects("first", "resolved") == ["c"]


def test_resolved_findings_come_last_resolved_first_and_each_once(store: Store) -> None:
    names = [f"{letter}{number}" for letter in "ew" for number in range(6)]
    store.runs.record(run("first", names, day=0))
    store.runs.record(run("second", [name for name in names if not name.endswith("3")], day=1))
    store.runs.record(run("third", [], day=2))
    seen: list[str] = []
    after = None
    while True:
        page = store.findings.resolved("production", after=after, limit=5)
        seen += [found.subject for found in page.issues]
        if (after := page.after) is None:
            break
    assert seen == [*(name for name in names if not name.endswith("3")), "e3", "w3"]
    assert {found.subject for found in store.findings.resolved("production", severity="error").issues} == {
        name for name in names if name.startswith("e")
    }
    assert [found.subject for found in store.findings.resolved("production", subject="w3").issues] == ["w3"]
    assert store.findings.resolved("staging").issues == ()
