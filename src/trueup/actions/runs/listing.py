"""List the runs of the store, and look one up, as the command and the API show them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from trueup.formats.wording import instant

if TYPE_CHECKING:
    from trueup.store import Moved, Store, StoredRun


def list_runs(store: Store, environment: str, *, limit: int, before: str | None = None) -> tuple[StoredRun, ...]:
    """Return the newest runs, newest first; with ``before``, those that are older than the run of this id.

    Raises ``UnknownRun`` and ``StoreUnavailable``.
    """
    return store.runs.list(environment, limit=limit, before=before)


def runs_document(runs: Iterable[StoredRun]) -> dict[str, object]:
    """Return the list of runs as JSON: what the command prints, and the API answers a page at a time."""
    return {"schemaVersion": 1, "runs": [run_document(run) for run in runs]}


def run_document(run: StoredRun) -> dict[str, object]:
    """Return one run as JSON."""
    return {
        "runId": run.run_id,
        "environment": run.environment,
        "generatedAt": instant(run.generated_at),
        "asOf": instant(run.as_of) if run.as_of else None,
        "periodDays": run.period_days,
        "status": run.status,
        "score": run.score,
        "confidence": run.confidence,
        "complete": run.complete,
        "everyCheck": run.covers_all_checks,
        "decides": run.updates_state,
        "trigger": run.trigger,
        "milliseconds": run.milliseconds,
        "issues": run.issues,
        "new": run.new,
        "worse": run.worse,
        "reopened": run.reopened,
        "resolved": run.resolved,
    }


def moved_document(moved: Moved) -> dict[str, object]:
    """Return a finding that differs between two runs as JSON."""
    return {"id": moved.issue_id, "fingerprint": moved.fingerprint, "severity": moved.severity.value}
