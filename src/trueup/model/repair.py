"""A repair: its plan before anything is written, and its result. Values; refusing is an answer, not an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from trueup.model.change import Change
from trueup.model.customer_lookup import Proof
from trueup.model.row_counts import RowCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would be written for one issue, decided from what the database says now.

    ``plan_hash`` is the SHA-256, in hex, of the plan's canonical form: issue, pre-image, new values, check, declared
    writes and code version. A caller who hands it back with the order to apply gets exactly this plan or ``Stale``.
    """

    issue_id: str
    check: str
    fingerprint: str
    message: str
    change: Change
    plan_hash: str
    expected_writes: Mapping[str, RowCounts] = field(default_factory=dict)
    """What the config declares that the application's own triggers write when this is written, by table."""
    proof: Proof | None = field(default=None, compare=False)
    """What Stripe said just before, where the change takes a plan away: another time it is said by other answers."""


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
    """The repair was committed exactly as planned, and a look right after COMMIT found something else there.

    ``differences`` say what, a sentence's part each. It is the application's doing and not a failed repair: a row of
    its own that explains the value would have made it ``Applied``.
    """

    applied: Applied
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed:
    """The whole repair ran, held, and was rolled back: a dry run."""

    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """What the plan was made from has changed, the finding is gone, or somebody else was first. Nothing changed."""

    issue_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The repair must not be applied as things stand: a person has to decide or mend something. Nothing changed.

    ``conflict`` marks the one refusal that is about the call and not about the data: an idempotency key that was used
    for another body. ``unproven``: what must be known was not to be had, and may be another time.
    """

    issue_id: str
    reason: str
    conflict: bool = False
    unproven: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The database did not let it happen. Nothing changed, or ``unknown`` says that nobody can know yet.

    ``busy`` means that a lock was not had in time: trying again later is right.
    """

    issue_id: str
    reason: str
    busy: bool = False
    unknown: bool = False


RepairResult = Applied | ChangedSince | Previewed | Stale | Refused | Failed
