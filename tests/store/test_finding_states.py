"""The state of every finding, against a model that a person can check: whatever runs come, in whatever order."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.runs import CHECKS, NOW, fingerprint, issue, run
from trueup.model.severity import Severity
from trueup.store import IssueRecord, RunRecord, State, Store

SUBJECTS = tuple(f"{check}:{name}" for check in sorted(CHECKS) for name in "abc")
_ENVIRONMENTS = itertools.count()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the model knows of a finding."""

    state: State
    severity: Severity
    risk: float
    first_seen: datetime
    last_seen: datetime
    resolved_at: datetime | None = None
    times_reopened: int = 0


@dataclass(slots=True)
class Model:
    """What a careful person would write down of each run, in plain words."""

    findings: dict[str, Known] = field(default_factory=dict)
    decided: datetime = NOW - timedelta(days=1)

    def note(self, made: RunRecord) -> dict[str, set[str]]:
        """Write a run down; what it changed."""
        changed: dict[str, set[str]] = {"new": set(), "worse": set(), "reopened": set(), "resolved": set()}
        if not made.updates_state or made.generated_at < self.decided:
            return changed
        self.decided = made.generated_at
        present = {one.issue_id: one for one in made.issues}
        for issue_id, one in present.items():
            kind, self.findings[issue_id] = self._seen(one, made.generated_at)
            if kind:
                changed[kind].add(issue_id)
        for issue_id, known in self.findings.items():
            looked = issue_id.partition(":")[0] in made.answered_checks
            if issue_id not in present and looked and known.state is not State.RESOLVED:
                self.findings[issue_id] = replace(known, state=State.RESOLVED, resolved_at=made.generated_at)
                changed["resolved"].add(issue_id)
        return changed

    def _seen(self, one: IssueRecord, at: datetime) -> tuple[str | None, Known]:
        before = self.findings.get(one.issue_id)
        if before is None:
            return "new", Known(state=State.OPEN, severity=one.severity, risk=one.risk, first_seen=at, last_seen=at)
        now = replace(before, severity=one.severity, risk=one.risk, last_seen=at)
        if before.state is State.RESOLVED:
            times = before.times_reopened + 1
            return "reopened", replace(now, state=State.REOPENED, resolved_at=None, times_reopened=times)
        worse = one.risk > before.risk or one.severity.rank > before.severity.rank
        return ("worse" if worse else None), now


issues = st.builds(
    issue, st.sampled_from(SUBJECTS), severity=st.sampled_from(Severity), risk=st.sampled_from([0.0, 0.1, 2.0, 1e15])
)


@st.composite
def histories(draw: st.DrawFn) -> list[RunRecord]:
    """Runs as they may come: some checks silent, some runs of another period, clocks that go back a little."""
    moment, made = NOW, []
    for _ in range(draw(st.integers(1, 7))):
        moment += timedelta(minutes=draw(st.sampled_from([60, 60, 60, 0, -30])))
        found = draw(st.lists(issues, max_size=5, unique_by=lambda one: one.issue_id))
        answered = draw(st.sampled_from([CHECKS, CHECKS, CHECKS, frozenset({"stuck-event"}), frozenset()]))
        updates_state = draw(st.sampled_from([True, True, True, False]))
        made.append(run(found, at=moment, answered_checks=answered, updates_state=updates_state))
    return made


@pytest.mark.slow
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories())
def test_findings_open_resolve_and_reopen_as_the_model_says(store: Store, history: list[RunRecord]) -> None:
    environment = f"company {next(_ENVIRONMENTS)}"
    model = Model()
    for made in (replace(one, environment=environment) for one in history):
        expected = model.note(made)
        difference = store.runs.record(made)
        stored = store.runs.get(made.run_id)
        assert stored is not None
        if stored.updates_state:
            found = {kind: {one.issue_id for one in getattr(difference, kind)} for kind in expected}
            assert found == expected
        else:
            assert not any(expected.values())
        for issue_id in SUBJECTS:
            assert known_to(store, environment, issue_id) == model.findings.get(issue_id)


def known_to(store: Store, environment: str, issue_id: str) -> Known | None:
    """What the store knows, in the model's words."""
    found = store.findings.get(environment, issue_id)
    if found is None:
        return None
    assert found.fingerprint == fingerprint(issue_id)
    return Known(
        state=found.state,
        severity=found.severity,
        risk=found.risk,
        first_seen=found.first_seen,
        last_seen=found.last_seen,
        resolved_at=found.resolved_at,
        times_reopened=found.times_reopened,
    )
