"""A company in which every repair needs a second person: its store, two people, and what they do."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tests.support.planted import Planted
from tests.support.repairable import REASON
from trueup.actions.approvals import (
    ApprovalCaller,
    DecisionRefused,
    approve,
    repair_as_approved,
    request_repair,
    request_undo,
    undo_as_approved,
)
from trueup.actions.repair import RepairSession, open_repair_session, repair
from trueup.config import Config
from trueup.model.approval import Approval, ApprovalSettings
from trueup.model.repair import Failed, RepairResult
from trueup.store import Store, open_store

ADA, BOB, CY = "oidc:ada", "oidc:bob", "oidc:cy"
BUSY_TRIES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoPeople:
    """Ada asks, Bob approves, and a third one may be first."""

    session: RepairSession
    store: Store
    now: datetime

    @property
    def config(self) -> Config:
        """The config that wants a second person."""
        return self.session.config

    def request(self, issue_id: str, *, actor: str = ADA, now: datetime | None = None) -> Approval:
        """Ask for a second person for this repair."""
        approval = request_repair(
            issue_id,
            reason=REASON,
            actor=actor,
            config=self.config,
            catalogue=self.session.catalogue,
            store=self.store,
            now=now or self.now,
            session=self.session,
        )
        assert isinstance(approval, Approval), approval
        return approval

    def approve(
        self, approval: Approval, *, actor: str = BOB, age: timedelta = timedelta(0), now: datetime | None = None
    ) -> Approval | DecisionRefused:
        """Approve it, signed in so long ago."""
        moment = now or self.now
        caller = ApprovalCaller(actor=actor, proven_at=moment - age)
        return approve(
            approval.approval_id, caller=caller, reason=REASON, config=self.config, store=self.store, now=moment
        )

    def repair(self, issue_id: str, *, actor: str = ADA, now: datetime | None = None) -> RepairResult:
        """Apply it, when the rows are free."""
        return _when_free(
            lambda: repair_as_approved(
                issue_id,
                reason=REASON,
                actor=actor,
                config=self.config,
                catalogue=self.session.catalogue,
                store=self.store,
                now=now or self.now,
                session=self.session,
            )
        )

    def repair_with(self, approval: Approval, issue_id: str) -> RepairResult:
        """Apply it with this approval, whatever the store says."""
        return repair(
            issue_id,
            reason=REASON,
            actor=ADA,
            config=self.config,
            catalogue=self.session.catalogue,
            now=self.now,
            approval=approval,
            session=self.session,
        )

    def request_undo(self, repair_id: str) -> Approval:
        """Ask for a second person for the undo of this repair."""
        approval = request_undo(
            repair_id,
            reason=REASON,
            actor=ADA,
            config=self.config,
            catalogue=self.session.catalogue,
            store=self.store,
            now=self.now,
            session=self.session,
        )
        assert isinstance(approval, Approval), approval
        return approval

    def undo(self, repair_id: str) -> RepairResult:
        """Undo this repair, when the rows are free."""
        return _when_free(
            lambda: undo_as_approved(
                repair_id,
                reason=REASON,
                actor=ADA,
                config=self.config,
                catalogue=self.session.catalogue,
                store=self.store,
                now=self.now,
                session=self.session,
            )
        )


def _when_free(attempt: Callable[[], RepairResult]) -> RepairResult:
    for _ in range(BUSY_TRIES):
        result = attempt()
        if not (isinstance(result, Failed) and result.busy):
            break
    return result


@contextlib.contextmanager
def two_people(app: Planted, folder: Path, **settings: object) -> Iterator[TwoPeople]:
    """Two people at a planted company, with a store of their own."""
    known: dict[str, object] = {"repairs": ("all",), **settings}
    config = dataclasses.replace(app.app.config, approvals=ApprovalSettings(**known))  # type: ignore[arg-type] # its keys
    with (
        open_store(f"sqlite:///{folder}/store.db") as store,
        contextlib.closing(open_repair_session(config, app.app.checks)) as session,
    ):
        yield TwoPeople(session=session, store=store, now=app.app.now)
