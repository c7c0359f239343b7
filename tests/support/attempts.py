"""Repairs from this process, at whatever address, by as many threads as a test likes."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tests.support.planted import Planted
from tests.support.repairable import REASON
from trueup.actions.repair import RepairSession, open_repair_session, preview, repair
from trueup.model.repair import Failed, PlannedRepair, Refused, RepairResult, Stale

ACTOR = "test"
BUSY_TRIES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Somebody who repairs."""

    session: RepairSession
    now: datetime

    def repair(self, issue_id: str, *, key: str | None = None, dry_run: bool = False) -> RepairResult:
        """One attempt."""
        return repair(
            issue_id,
            reason=REASON,
            actor=ACTOR,
            config=self.session.config,
            catalogue=self.session.catalogue,
            now=self.now,
            idempotency_key=key,
            dry_run=dry_run,
            session=self.session,
        )

    def repair_when_free(self, issue_id: str) -> RepairResult:
        """Attempts until the rows are not in use."""
        for _ in range(BUSY_TRIES):
            result = self.repair(issue_id)
            if not (isinstance(result, Failed) and result.busy):
                break
        return result

    def preview(self, issue_id: str) -> PlannedRepair | Stale | Refused | Failed:
        """What an attempt would do."""
        return preview(
            issue_id, config=self.session.config, catalogue=self.session.catalogue, now=self.now, session=self.session
        )


@contextlib.contextmanager
def attempts(planted: Planted, *, repair_url: str | None = None) -> Iterator[Attempts]:
    """Somebody who repairs these issues, at the app's own address or at another, and knows its schema already."""
    app = planted.app
    config = dataclasses.replace(app.config, repair_url=repair_url or app.config.repair_url)
    with contextlib.closing(open_repair_session(config, app.checks)) as session:
        made = Attempts(session=session, now=app.now)
        made.preview(planted.untouched)
        yield made
