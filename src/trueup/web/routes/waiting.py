"""Wait for an audit without holding a thread: any number of callers may wait for the same one."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

from trueup.actions.serve import WAIT_SECONDS, underway
from trueup.web.services import Services

if TYPE_CHECKING:
    from trueup.store import StoredRun


async def started_run(
    at_hand: Services,
    period_days: int,
    max_age_seconds: int,
    *,
    asked_at: datetime,
    wait_seconds: float = WAIT_SECONDS,
) -> StoredRun:
    """The run of an audit that is started now, unless one was started just before.

    A caller who leaves, or whose wait ends (``AuditUnderway``), does not end the audit. Raises what the audit raises.
    """
    run = asyncio.wrap_future(at_hand.runs.started(period_days, max_age_seconds, asked_at=asked_at))
    run.add_done_callback(_note_end)
    ended, _ = await asyncio.wait({run}, timeout=wait_seconds)
    if not ended or run.cancelled():
        raise underway()
    return run.result()


def _note_end(run: asyncio.Future[StoredRun]) -> None:
    """Read the error, which asyncio would report when every caller has left."""
    if not run.cancelled():
        run.exception()
