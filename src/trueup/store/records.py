"""The values that the store takes and returns about an audit. Times are naive UTC."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypedDict

from trueup.model.finding import Area
from trueup.model.severity import Severity


class State(StrEnum):
    """The state of a finding: ``reopened`` is open again after it had been resolved."""

    OPEN = "open"
    RESOLVED = "resolved"
    REOPENED = "reopened"


class ChangeKind(StrEnum):
    """What a run changed about a finding. ``worse``: more at risk or more severe than when it was last seen."""

    NEW = "new"
    WORSE = "worse"
    REOPENED = "reopened"
    RESOLVED = "resolved"


class Delivery(StrEnum):
    """The state of a message. Only the first is not final."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    EXPIRED = "expired"


class Sort(StrEnum):
    """The order of a page of issues; equal issues keep the report's order."""

    SEVERITY = "severity"
    """Most severe first: the report's own order."""
    RISK = "risk"
    """Most at risk first."""
    FIRST_SEEN = "first_seen"
    """Oldest first."""
    SUBJECT = "subject"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueRecord:
    """One finding of one run. ``document`` is the issue as the API's JSON, without ``firstSeen``: the store adds that.

    ``risk`` is one number for what is at risk, so that two runs can be compared.
    """

    issue_id: str
    fingerprint: str
    check: str
    category: Area
    severity: Severity
    subject: str
    revenue_impacting: bool
    alerts: bool
    exempted: bool
    repairable: bool
    risk: float
    document: str


GATE_TRIGGER = "gate"
"""The trigger of a run that `trueup gate` made: it answers one question, changes no state, and is never a baseline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One audit, to be recorded. ``head`` is the report's JSON without its issues; ``issues`` is read once.

    ``answered_checks`` are those whose silence about a subject means that it is well. ``covers_all_checks`` says that
    the run asked every check of the catalogue, ``updates_state`` that it may open and resolve findings.
    """

    run_id: str
    environment: str
    generated_at: datetime
    as_of: datetime | None
    period_days: int
    status: str
    score: int
    confidence: float
    complete: bool
    trigger: str
    milliseconds: int
    answered_checks: frozenset[str]
    head: str
    issues: Iterable[IssueRecord]
    covers_all_checks: bool = True
    updates_state: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """One recorded audit. ``issues`` is how many it found; the other counts are its difference."""

    run_id: str
    environment: str
    generated_at: datetime
    as_of: datetime | None
    period_days: int
    status: str
    score: int
    confidence: float
    complete: bool
    covers_all_checks: bool
    updates_state: bool
    trigger: str
    milliseconds: int
    issues: int
    new: int
    worse: int
    reopened: int
    resolved: int
    answered_checks: frozenset[str]
    head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredIssue(IssueRecord):
    """One finding as a run saw it, and its state now. ``document`` is the API's JSON, ``firstSeen`` filled in."""

    state: State
    first_seen: datetime
    position: int


class IssueFilters(TypedDict, total=False):
    """What issues must be to be listed. A filter that is None, or not there, lets any through."""

    severity: Severity | str | None
    category: Area | str | None
    check: str | None
    subject: str | None
    repairable: bool | None
    revenue_impacting: bool | None
    alerts: bool | None
    exempted: bool | None
    text: str | None
    """Part of the subject or of the check's id, in any case of letters."""
    positions: Collection[int] | None
    """Exactly these of the run."""
    issue_ids: Collection[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueCount:
    """How many issues of a run have the same severity, area, check, exemption and repair."""

    severity: Severity
    category: Area
    check: str
    exempted: bool
    repairable: bool
    count: int


Keyset = tuple[str | float, int]
"""The end of a page: the value it is sorted by, and the position in the report. It can be written as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuePage:
    """Some issues of a run. ``after`` asks for the page after this one; None when this was the last."""

    issues: tuple[StoredIssue, ...]
    after: Keyset | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedPage:
    """Some resolved findings. ``after`` asks for the page after this one; None when this was the last."""

    issues: tuple[StoredIssue, ...]
    after: tuple[str, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A finding that differs between two runs; ``severity`` as it was last seen."""

    issue_id: str
    fingerprint: str
    severity: Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDifference:
    """What changed from one run to another, exempted findings included, most severe first, then by issue id.

    ``with_run_id`` is the earlier run; None when there was none. ``counts`` are of all changes, however many are
    listed.
    """

    run_id: str
    with_run_id: str | None
    counts: Mapping[ChangeKind, int]
    new: tuple[Moved, ...] = ()
    worse: tuple[Moved, ...] = ()
    reopened: tuple[Moved, ...] = ()
    resolved: tuple[Moved, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFinding:
    """One broken thing over time. ``document`` is its last report; None once that run is pruned."""

    issue_id: str
    fingerprint: str
    check: str
    subject: str
    severity: Severity
    risk: float
    state: State
    first_seen: datetime
    last_seen: datetime
    resolved_at: datetime | None
    times_reopened: int
    document: str | None
