"""Audits that callers share, asked for and waited for in one call."""

from __future__ import annotations

from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as NotInTime

from trueup.actions.serve import MAX_AGE_SECONDS, WAIT_SECONDS, Origin, SharedAudits, underway
from trueup.store import StoredRun


def report_for(
    audits: SharedAudits,
    period_days: int,
    max_age_seconds: int = MAX_AGE_SECONDS,
    *,
    wait_seconds: float = WAIT_SECONDS,
) -> tuple[StoredRun, Origin]:
    """A run of this period that is at most so old, and whether it was stored or had to be started; 0 starts one."""
    asked_at = audits._clock()
    run = audits.stored(period_days, max_age_seconds, asked_at=asked_at)
    if run is not None:
        return run, "stored"
    try:
        return audits.started(period_days, max_age_seconds, asked_at=asked_at).result(wait_seconds), "started"
    except (NotInTime, CancelledError):
        raise underway() from None
