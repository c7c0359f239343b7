"""Audit under the exemptions that hold, and record the run. Every door uses this audit."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from trueup.actions.audit.record_run import remember
from trueup.actions.audit.run_audit import audit, with_period
from trueup.actions.audit.stored_exemptions import with_stored_exemptions
from trueup.model.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from trueup.config import Config
    from trueup.model.check import Check
    from trueup.model.report import Report
    from trueup.model.source import Progress
    from trueup.store import Store


class Recording(StrEnum):
    """Whether the audit was recorded, and if not, why."""

    RECORDED = "recorded"
    NOT_WANTED = "not wanted"
    """No store was given."""
    AHEAD = "ahead"
    """The audit judged as of a future moment. Recorded, it would make every audit until then count as late."""
    EXEMPTIONS_UNKNOWN = "exemptions unknown"
    """The store could not be read, so the audit went on without it."""
    FAILED = "failed"
    """The store refused the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedAudit:
    """The report of an audit, and whether it was recorded.

    ``first_seen`` says, by fingerprint, when a finding was first seen, where that was before this run. ``trouble`` is
    why the store could not be used.
    """

    report: Report
    recording: Recording
    first_seen: Mapping[str, datetime] = field(default_factory=dict)
    trouble: StoreUnavailable | None = None


def audit_and_record(
    config: Config,
    *,
    checks: Sequence[Check],
    catalogue: Sequence[Check],
    store: Store | None,
    trigger: str,
    now: datetime,
    progress: Progress,
    period_days: int | None = None,
    keep_books: Path | None = None,
    clock: Callable[[], datetime] | None = None,
    needs_store: bool = True,
    fresh: bool = False,
) -> RecordedAudit:
    """Audit as of ``now`` (naive UTC) under the exemptions that hold, and record the run in ``store``.

    ``checks`` are those that run, ``catalogue`` all there are. Without a store, the config's exemptions hold as they
    are and nothing is recorded. A run over other ``period_days`` than the config's is recorded, and opens and resolves
    no finding. With a ``clock``, a run of a moment that it has not reached is not recorded. Where the audit does not
    ``needs_store``, a store that cannot be used is the ``trouble`` of the answer. A ``fresh`` audit reads every row,
    also where books are kept. Raises what ``audit`` raises, and otherwise ``StoreUnavailable``.
    """
    asked = with_period(config, period_days)
    effective, trouble = _with_exemptions(asked, store, needs_store=needs_store)
    if trouble is not None:
        store = None
    started = time.perf_counter()
    covers_all_checks = len(checks) == len(catalogue)
    report = audit(
        effective,
        checks=checks,
        now=now,
        progress=progress,
        keep_books=keep_books,
        covers_all_checks=covers_all_checks,
        fresh=fresh,
    )
    milliseconds = round((time.perf_counter() - started) * 1000)
    if store is None:
        recording = Recording.NOT_WANTED if trouble is None else Recording.EXEMPTIONS_UNKNOWN
        return RecordedAudit(report=report, recording=recording, trouble=trouble)
    if clock is not None and report.generated_at > clock():
        return RecordedAudit(report=report, recording=Recording.AHEAD)
    updates_state = asked.policy.period_days == config.policy.period_days
    try:
        remember(
            report,
            store=store,
            trigger=trigger,
            milliseconds=milliseconds,
            catalogue=catalogue,
            updates_state=updates_state,
        )
        first_seen = store.runs.first_seen(report.run_id)
    except StoreUnavailable as error:
        if needs_store:
            raise
        return RecordedAudit(report=report, recording=Recording.FAILED, trouble=error)
    return RecordedAudit(report=report, recording=Recording.RECORDED, first_seen=first_seen)


def _with_exemptions(
    config: Config, store: Store | None, *, needs_store: bool
) -> tuple[Config, StoreUnavailable | None]:
    """Return the config with the exemptions that hold, and why those of the store are not among them."""
    if store is None:
        return config, None
    try:
        return with_stored_exemptions(config, store), None
    except StoreUnavailable as error:
        if needs_store:
            raise
        return config, error
