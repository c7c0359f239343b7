"""A repair: its plan before anything is written, and its result. A refusal is a result, not an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from trueup.model.change import Change
from trueup.model.customer_lookup import Proof
from trueup.model.money import Impact
from trueup.model.row_counts import RowCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRepair:
    """What would be written for one issue, decided from what the database says now.

    ``plan_hash`` is the SHA-256, in hex, of the plan's canonical form: issue, pre-image, new values, check, declared
    writes and code version. A caller who asks to apply it with this hash gets exactly this plan or ``Stale``.
    """

    issue_id: str
    check: str
    fingerprint: str
    message: str
    change: Change
    plan_hash: str
    expected_writes: Mapping[str, RowCounts] = field(default_factory=dict)
    """What the config declares that the application's own triggers write when this is written, by table."""
    impact: Impact = field(default_factory=Impact, compare=False)
    """What the finding puts at risk, or the repair moves where that is more."""
    proof: Proof | None = field(default=None, compare=False)
    """What Stripe answered just before, where the change takes a plan away. Other answers make another plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The change, its audit row and its journal row were committed together.

    ``replayed`` says that an earlier call with the same idempotency key did it, and this is its stored result.
    """

    repair_id: str
    issue_id: str
    kind: str
    summary: str
    plan_hash: str
    journal_seq: int
    applied_at: datetime
    replayed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedSince:
    """The repair was committed exactly as planned, but a look right after COMMIT found something else in the row.

    ``differences`` say what, each as part of a sentence. The application caused it, and the repair did not fail: if the
    application had added a row that explains the value, the result would be ``Applied``.
    """

    applied: Applied
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed:
    """A dry run: the whole repair ran, was verified, and was rolled back."""

    plan: PlannedRepair


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """The plan's data has changed, the finding is gone, or another writer was first. Nothing changed."""

    issue_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The repair must not be applied now: a person has to decide or mend something. Nothing changed.

    ``conflict`` marks the one refusal that is about the call and not about the data: an idempotency key that was used
    with another body. ``unproven``: a proof that is needed could not be had now; it may be possible later.
    ``needs_approval``: a second person must approve exactly this plan before it can be applied.
    """

    issue_id: str
    reason: str
    conflict: bool = False
    unproven: bool = False
    needs_approval: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The database could not do it. Nothing changed, or ``unknown`` says that the outcome cannot be known yet.

    ``busy`` means that a lock was not free in time: try again later.
    """

    issue_id: str
    reason: str
    busy: bool = False
    unknown: bool = False


RepairResult = Applied | ChangedSince | Previewed | Stale | Refused | Failed
