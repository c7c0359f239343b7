"""Runs: what is recorded comes back, paged and filtered, and what changed between two of them."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, event

from tests.support.runs import CHECKS, HOUR, NOW, issue, record_keeping, run
from trueup.model.finding import Area
from trueup.model.severity import Severity
from trueup.store import (
    ChangeKind,
    Keyset,
    Moved,
    RunDifference,
    Sort,
    State,
    Store,
    StoredIssue,
    UnknownRun,
    open_store,
)
from trueup.store.differences import compared, is_as_recorded
from trueup.store.retention import Retention
from trueup.store.tables import RUN

A, B, C, D = (f"credit-balance:user_{letter}" for letter in "abcd")


def ids(moved: Iterable[Moved | StoredIssue]) -> list[str]:
    """The issue ids."""
    return [one.issue_id for one in moved]


def changes(difference: RunDifference) -> dict[str, list[str]]:
    """The kinds of change that there were."""
    found = {
        "new": ids(difference.new),
        "worse": ids(difference.worse),
        "reopened": ids(difference.reopened),
        "resolved": ids(difference.resolved),
    }
    return {kind: those for kind, those in found.items() if those}


def test_a_run_comes_back_as_it_was_recorded(store: Store) -> None:
    made = run([A, B], as_of=None, confidence=0.75, trigger="schedule", head='{"summary": {"score": 84}}')
    store.runs.record(made)
    found = store.runs.get(made.run_id)
    assert found is not None
    for name in ("run_id", "environment", "generated_at", "as_of", "period_days", "status", "score", "confidence"):
        assert getattr(found, name) == getattr(made, name)
    for name in (
        "complete",
        "covers_all_checks",
        "updates_state",
        "trigger",
        "milliseconds",
        "answered_checks",
        "head",
    ):
        assert getattr(found, name) == getattr(made, name)
    assert (found.issues, found.new, found.worse, found.reopened, found.resolved) == (2, 2, 0, 0, 0)
    assert store.runs.get("another") is None


def test_an_issue_comes_back_with_the_moment_it_was_first_seen(store: Store) -> None:
    made = issue(A, severity=Severity.CRITICAL, risk=12.5, category=Area.REVENUE, repairable=True, alerts=False)
    store.runs.record(run([made]))
    later = run([made], at=NOW + HOUR)
    store.runs.record(later)
    (found,) = store.runs.issues(later.run_id).issues
    for name in ("issue_id", "fingerprint", "check", "category", "severity", "subject", "risk"):
        assert getattr(found, name) == getattr(made, name)
    for name in ("revenue_impacting", "alerts", "exempted", "repairable"):
        assert getattr(found, name) is getattr(made, name)
    assert json.loads(found.document) == json.loads(made.document) | {"firstSeen": "2026-03-01T12:00:05Z"}
    assert (found.state, found.first_seen) == (State.OPEN, NOW)
    assert store.runs.first_seen(later.run_id) == {made.fingerprint: NOW}


def test_the_second_run_says_what_is_new_worse_and_resolved_and_the_third_what_came_back(store: Store) -> None:
    first = run([A, B, issue(C, risk=10)])
    second = run([A, issue(C, risk=11), D], at=NOW + HOUR)
    third = run([B, C, issue(D, severity=Severity.CRITICAL)], at=NOW + 2 * HOUR)
    assert changes(store.runs.record(first)) == {"new": [A, B, C]}
    assert changes(store.runs.record(second)) == {"new": [D], "worse": [C], "resolved": [B]}
    assert changes(store.runs.record(third)) == {"worse": [D], "reopened": [B], "resolved": [A]}
    assert store.runs.difference(third.run_id).with_run_id == second.run_id
    assert changes(store.runs.difference(third.run_id, first.run_id)) == {"new": [D], "resolved": [A]}
    assert changes(store.runs.difference(third.run_id, second.run_id)) == {
        "worse": [D],
        "reopened": [B],
        "resolved": [A],
    }


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_what_was_recorded_of_a_run_is_what_it_compares_to_with_the_run_before(store: Store, seed: int) -> None:
    """Whatever its checks answered, and also where a run between the two is no longer kept."""
    random = Random(seed)
    subjects = [f"{check}:user_{letter}" for check in sorted(CHECKS) for letter in "abc"]
    records = []
    for number in range(9):
        found = [issue(name, risk=random.randint(1, 2)) for name in random.sample(subjects, random.randint(0, 4))]
        answered = frozenset(check for check in sorted(CHECKS) if random.random() < 0.8)
        records.append(
            run(found, at=NOW + number * HOUR, answered_checks=answered, updates_state=random.random() < 0.8)
        )
        store.runs.record(records[-1])
        if number == 6:
            forgotten = records.pop(5)
            with store.runs._database.writing() as connection:
                connection.execute(delete(RUN).where(RUN.c.run_id == forgotten.run_id))
    recorded = 0
    for earlier, later in itertools.permutations([store.runs.get(record.run_id) for record in records], 2):
        assert earlier is not None
        assert later is not None
        with store.runs._database.reading() as connection:
            expected = compared(connection, later, earlier)
            recorded += is_as_recorded(connection, later, earlier)
        assert store.runs.difference(later.run_id, earlier.run_id) == expected
    assert recorded


@pytest.mark.parametrize("is_against_the_first", [False, True])
def test_what_changed_is_counted_in_full_however_few_are_listed(store: Store, is_against_the_first: bool) -> None:
    first = run([A, B, issue(C, risk=10)])
    second = run([A, B, issue(C, risk=11), *MANY], at=NOW + HOUR)
    third = run([MANY[0], A, issue(C, risk=12), D], at=NOW + 2 * HOUR)
    for record in (first, second, third):
        store.runs.record(record)
    against = first.run_id if is_against_the_first else None
    full = store.runs.difference(third.run_id, against)
    few = store.runs.difference(third.run_id, against, limit=1)
    expected = {"new": 2, "worse": 1, "reopened": 0, "resolved": 1} if against else None
    assert full.counts == few.counts == (expected or {"new": 1, "worse": 1, "reopened": 0, "resolved": 40})
    for kind in ChangeKind:
        assert getattr(few, kind) == getattr(full, kind)[:1]
        assert len(getattr(full, kind)) == full.counts[kind]


def test_what_pages_ask_is_searched_for_and_neither_scanned_nor_sorted(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'trueup.db'}") as store:
        first, second = run([A, B]), run([B, C], at=NOW + HOUR)
        store.runs.record(first)
        store.runs.record(second)
        with statements_of(store) as asked:
            store.findings.about("production", {"user_a", "user_b"}, limit=10)
            store.runs.difference(second.run_id, first.run_id, limit=10)
            store.runs.before(second.run_id)
        with store.engine.connect() as connection:
            plans = {
                sql: [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)]
                for sql, values in asked
            }
    large = ("trueup_finding", "trueup_issue", "trueup_transition")
    assert any("trueup_transition_order" in step for plan in plans.values() for step in plan)
    for sql, plan in plans.items():
        assert not [step for step in plan if step.startswith("SCAN") and step.split()[1] in large], sql
        assert not [step for step in plan if "TEMP B-TREE" in step and "trueup_transition" in sql], sql


@contextlib.contextmanager
def statements_of(store: Store) -> Iterator[list[tuple[str, Any]]]:
    """The statements that the store sends, with what is bound in each."""
    asked: list[tuple[str, Any]] = []

    def note(_: object, __: object, sql: str, values: Any, *___: object) -> None:
        asked.append((sql, values))

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(store.engine, "before_cursor_execute", note)


def test_recording_a_run_again_changes_nothing_and_answers_the_same(store: Store) -> None:
    made = run([A, B])
    first = store.runs.record(made)
    store.runs.record(run([A], at=NOW + HOUR))
    assert store.runs.record(made) == first
    finding = store.findings.get("production", B)
    assert finding is not None
    assert finding.state is State.RESOLVED
    assert len(store.runs.list()) == 2


def test_two_findings_of_one_fingerprint_in_a_run_are_one(store: Store) -> None:
    made = run([issue(A, risk=1), issue(A, risk=2)])
    store.runs.record(made)
    assert [found.risk for found in store.runs.issues(made.run_id).issues] == [1]


def test_a_check_that_did_not_answer_resolves_nothing(store: Store) -> None:
    store.runs.record(run([A, "stuck-event:evt_1"]))
    difference = store.runs.record(run(at=NOW + HOUR, answered_checks=frozenset({"stuck-event"}), complete=False))
    assert changes(difference) == {"resolved": ["stuck-event:evt_1"]}
    finding = store.findings.get("production", A)
    assert finding is not None
    assert (finding.state, finding.last_seen, finding.resolved_at) == (State.OPEN, NOW, None)


def test_a_run_that_decides_nothing_is_compared_with_its_like_and_changes_no_state(store: Store) -> None:
    usual = run([A, B])
    store.runs.record(usual)
    narrow = run([A, C], at=NOW + HOUR, period_days=7, updates_state=False)
    assert changes(store.runs.record(narrow)) == {"new": [A, C]}
    again = run([C, D], at=NOW + 2 * HOUR, period_days=7, updates_state=False)
    difference = store.runs.record(again)
    assert difference.with_run_id == narrow.run_id
    assert changes(difference) == {"new": [D], "resolved": [A]}
    finding = store.findings.get("production", B)
    assert finding is not None
    assert finding.state is State.OPEN
    assert store.findings.get("production", C) is None
    (known,) = store.runs.issues(narrow.run_id, check="credit-balance", subject="user_a").issues
    (unknown,) = store.runs.issues(narrow.run_id, subject="user_c").issues
    assert (known.first_seen, unknown.first_seen) == (NOW, NOW + HOUR)


def test_a_run_of_an_earlier_moment_than_the_last_is_kept_and_decides_nothing(store: Store) -> None:
    store.runs.record(run([A], at=NOW + HOUR))
    late = run([B], at=NOW)
    store.runs.record(late)
    found = store.runs.get(late.run_id)
    assert found is not None
    assert not found.updates_state
    finding = store.findings.get("production", A)
    assert finding is not None
    assert finding.state is State.OPEN
    assert store.findings.get("production", B) is None


def test_environments_do_not_see_each_other(store: Store) -> None:
    store.runs.record(run([A]))
    staging = run(environment="staging", at=NOW + HOUR)
    assert changes(store.runs.record(staging)) == {}
    finding = store.findings.get("production", A)
    assert finding is not None
    assert finding.state is State.OPEN
    assert store.findings.get("staging", A) is None
    assert [found.environment for found in store.runs.list("staging")] == ["staging"]


def test_the_newest_run_is_the_last_in_which_every_check_was_asked(store: Store) -> None:
    assert store.runs.newest("production") is None
    complete = run()
    incomplete = run(at=NOW + HOUR, complete=False)
    monthly = run(at=NOW + 2 * HOUR, period_days=30, updates_state=False)
    some = run(at=NOW + 3 * HOUR, covers_all_checks=False, complete=False)
    for made in (complete, incomplete, monthly, some):
        store.runs.record(made)

    def newest(**asked: object) -> str | None:
        found = store.runs.newest("production", **asked)  # type: ignore[arg-type] # one of its keywords
        return found.run_id if found else None

    assert newest() == monthly.run_id
    assert newest(period_days=45) == incomplete.run_id
    assert newest(period_days=45, complete=True) == complete.run_id
    assert newest(period_days=7) is None
    assert store.runs.newest("staging") is None


def test_runs_are_listed_newest_first_and_paged_by_the_last_one_shown(store: Store) -> None:
    made = [run(at=NOW + timedelta(minutes=number // 2)) for number in range(7)]
    for one in made:
        store.runs.record(one)
    expected = [one.run_id for one in reversed(made)]
    first = store.runs.list("production", limit=3)
    second = store.runs.list("production", limit=10, before=first[-1].run_id)
    assert [found.run_id for found in (*first, *second)] == expected
    assert [found.run_id for found in store.runs.list(limit=1)] == expected[:1]
    with pytest.raises(UnknownRun, match="no run"):
        store.runs.list(before="gone")
    with pytest.raises(UnknownRun, match="no run"):
        store.runs.difference("gone")


MANY = [
    issue(
        f"{check}:ümlaut_{number:02}" if number % 5 else f"{check}:Upper_{number:02}",
        severity=tuple(Severity)[3 - number // 10 % 4],
        risk=float(number * 7 % 4),
        category=Area.WEBHOOKS if check == "stuck-event" else Area.CREDITS,
        repairable=number % 3 == 0,
        exempted=number % 4 == 0,
        alerts=number % 2 == 0,
        revenue_impacting=number % 6 == 0,
    )
    for number, check in enumerate(["credit-balance", "stuck-event"] * 20)
]


def paged(store: Store, run_id: str, limit: int, **asked: object) -> list[StoredIssue]:
    """Every issue, a page at a time; the keyset goes through JSON, as a cursor does."""
    found: list[StoredIssue] = []
    after: Keyset | None = None
    while True:
        page = store.runs.issues(run_id, after=after, limit=limit, **asked)  # type: ignore[arg-type] # its keywords
        found += page.issues
        if page.after is None:
            return found
        assert len(page.issues) == limit
        value, position = json.loads(json.dumps(page.after))
        after = (value, position)


@pytest.mark.parametrize("sort", Sort)
def test_pages_in_every_order_hold_every_issue_once(store: Store, sort: Sort) -> None:
    store.runs.record(run(MANY[:25]))
    made = run(MANY, at=NOW + HOUR)
    store.runs.record(made)
    found = paged(store, made.run_id, 7, sort=sort)
    assert sorted(ids(found)) == sorted(one.issue_id for one in MANY)
    assert found == paged(store, made.run_id, 40, sort=sort) == list(store.runs.issues(made.run_id, sort=sort).issues)
    match sort:
        case Sort.SEVERITY:
            assert ids(found) == [one.issue_id for one in MANY]
        case Sort.RISK:
            assert [one.risk for one in found] == sorted((one.risk for one in MANY), reverse=True)
        case Sort.FIRST_SEEN:
            assert [one.first_seen for one in found] == [NOW] * 25 + [NOW + HOUR] * 15
        case Sort.SUBJECT:
            assert len({one.subject for one in found}) == len(found)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("severity", Severity.WARNING),
        ("category", "webhooks"),
        ("check", "stuck-event"),
        ("repairable", True),
        ("repairable", False),
        ("exempted", True),
        ("alerts", False),
        ("revenue_impacting", True),
        ("subject", "Upper_05"),
    ],
)
def test_a_filter_lets_through_what_fits_page_by_page(store: Store, name: str, value: object) -> None:
    made = run(MANY)
    store.runs.record(made)
    expected = [one.issue_id for one in MANY if getattr(one, name) == value]
    assert expected
    assert ids(paged(store, made.run_id, 3, **{name: value})) == expected


def test_the_issues_of_a_run_that_is_not_there_are_none(store: Store) -> None:
    page = store.runs.issues("nobody's")
    assert (page.issues, page.after) == ((), None)


def test_a_run_is_found_by_the_beginning_of_its_id(store: Store) -> None:
    for run_id in ("ab_1", "abc2", "xyz3"):
        store.runs.record(run(run_id=run_id))
    assert [found.run_id for found in store.runs.starting("ab_")] == ["ab_1"]
    assert len(store.runs.starting("ab")) == 2
    assert store.runs.starting("%") == ()


def test_a_resolved_finding_remembers_when_it_was_seen(store: Store) -> None:
    store.runs.record(run([issue(A, risk=3)]))
    store.runs.record(run([issue(A, risk=2)], at=NOW + HOUR))
    store.runs.record(run(at=NOW + 2 * HOUR))
    finding = store.findings.get("production", A)
    assert finding is not None
    assert (finding.first_seen, finding.last_seen, finding.resolved_at) == (NOW, NOW + HOUR, NOW + 2 * HOUR)
    assert (finding.state, finding.times_reopened, finding.risk) == (State.RESOLVED, 0, 2)
    assert json.loads(finding.document or "")["firstSeen"] == "2026-03-01T12:00:05Z"
    assert store.findings.get("production", B) is None


def test_runs_beyond_what_is_kept_are_forgotten_with_their_issues(store: Store) -> None:
    made = [run([A], at=NOW + number * HOUR) for number in range(5)]
    for one in made:
        record_keeping(store, one, Retention(runs=3))
    assert [found.run_id for found in store.runs.list()] == [one.run_id for one in reversed(made[2:])]
    assert store.runs.issues(made[1].run_id).issues == ()
    finding = store.findings.get("production", A)
    assert finding is not None
    assert (finding.first_seen, finding.last_seen) == (NOW, NOW + 4 * HOUR)


def test_runs_that_hold_too_many_issues_together_are_forgotten_from_the_oldest(store: Store) -> None:
    made = [run([A, B, C], at=NOW + number * HOUR) for number in range(4)]
    for one in made:
        record_keeping(store, one, Retention(issues=7))
    assert [found.run_id for found in store.runs.list()] == [made[3].run_id, made[2].run_id]
    large = run([A, B, C, *MANY], at=NOW + 9 * HOUR)
    record_keeping(store, large, Retention(issues=7))
    assert [found.run_id for found in store.runs.list()] == [large.run_id]


def test_the_last_complete_run_is_kept_however_many_incomplete_ones_follow(store: Store) -> None:
    complete = run([A])
    store.runs.record(complete)
    for number in range(1, 5):
        record_keeping(store, run(at=NOW + number * HOUR, complete=False), Retention(runs=2))
    kept = store.runs.list()
    assert [found.complete for found in kept] == [False, False, True]
    assert store.runs.newest("production", complete=True) == kept[-1]


def test_pruning_one_environment_leaves_the_others_alone(store: Store) -> None:
    store.runs.record(run([A], environment="staging"))
    for number in range(3):
        record_keeping(store, run(at=NOW + number * HOUR), Retention(runs=1))
    assert len(store.runs.list("staging")) == len(store.runs.list("production")) == 1


def test_a_finding_that_was_not_seen_for_long_is_forgotten(store: Store) -> None:
    store.runs.record(run([A]))
    store.runs.record(run(at=NOW + timedelta(days=30)))
    store.runs.record(run(at=NOW + timedelta(days=399)))
    assert store.findings.get("production", A) is not None
    store.runs.record(run(at=NOW + timedelta(days=401)))
    assert store.findings.get("production", A) is None
