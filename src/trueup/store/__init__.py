"""The store: runs, findings, exemptions, alert episodes and tokens. The journal is kept in the app's database."""

from __future__ import annotations

from trueup.store.approvals import AlreadyRequested, ApprovalEvent, ApprovalGone
from trueup.store.exemptions import AlreadyExempted, StoredExemption
from trueup.store.leases import Lease
from trueup.store.notes import FindingNote
from trueup.store.opening import Store, open_store
from trueup.store.records import (
    GATE_TRIGGER,
    ChangeKind,
    IssueCount,
    IssueFilters,
    IssuePage,
    IssueRecord,
    Keyset,
    Moved,
    ResolvedPage,
    RunDifference,
    RunRecord,
    Sort,
    State,
    StoredFinding,
    StoredIssue,
    StoredRun,
)
from trueup.store.runs import UnknownRun
from trueup.store.sessions import StoredSession
from trueup.store.tokens import PresentedToken, StoredToken, parse_token

__all__ = [
    "GATE_TRIGGER",
    "AlreadyExempted",
    "AlreadyRequested",
    "ApprovalEvent",
    "ApprovalGone",
    "ChangeKind",
    "FindingNote",
    "IssueCount",
    "IssueFilters",
    "IssuePage",
    "IssueRecord",
    "Keyset",
    "Lease",
    "Moved",
    "PresentedToken",
    "ResolvedPage",
    "RunDifference",
    "RunRecord",
    "Sort",
    "State",
    "Store",
    "StoredExemption",
    "StoredFinding",
    "StoredIssue",
    "StoredRun",
    "StoredSession",
    "StoredToken",
    "UnknownRun",
    "open_store",
    "parse_token",
]
