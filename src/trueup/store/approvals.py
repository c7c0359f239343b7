"""Two-person approvals: each step is one compare-and-set, so of two people who decide at once one wins."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from trueup.model.approval import Approval, ApprovalKind, ApprovalState
from trueup.model.errors import ConfigurationError
from trueup.store.approval_tables import APPROVAL, APPROVAL_EVENT
from trueup.store.database import Database

_WAITING = (ApprovalState.REQUESTED.value, ApprovalState.APPROVED.value)


class AlreadyRequested(ConfigurationError):
    """Exactly this change waits for a second person already, or was approved already."""


class ApprovalGone(ConfigurationError):
    """The approval cannot be used any more: it was used, or has expired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalEvent:
    """Something that was tried with an approval. ``event`` is the state it got, or ``refused``."""

    event: str
    actor: str
    at: datetime
    reason: str


class Approvals:
    """The approvals of every environment. None is deleted."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def request(self, approval: Approval, *, environment: str) -> None:
        """Store a request. An earlier one for the same target whose plan was another expires with it.

        Raises ``AlreadyRequested``.
        """
        now = approval.requested_at
        row = {**_values(approval), "environment": environment}
        with self._database.writing() as connection:
            outdated = [
                earlier
                for earlier in connection.execute(select(APPROVAL).where(_waits(environment, approval))).all()
                if earlier.expires_at <= now or earlier.plan_hash != approval.plan_hash
            ]
            for earlier in outdated:
                reason = "not decided or used in time" if earlier.expires_at <= now else "the plan has changed since"
                _move(connection, earlier.approval_id, ApprovalState(earlier.state), ApprovalState.EXPIRED)
                _note(connection, earlier.approval_id, ApprovalState.EXPIRED, approval.requested_by, now, reason)
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            unless_there = dialect.insert(APPROVAL).values(row).on_conflict_do_nothing()
            if connection.execute(unless_there.returning(APPROVAL.c.approval_id)).first() is None:
                raise AlreadyRequested(f"{approval.target} waits for a second person already, or was approved.")
            _note(connection, approval.approval_id, approval.state, approval.requested_by, now, approval.reason)

    def decide(self, approval_id: str, state: ApprovalState, *, decided_by: str, reason: str, now: datetime) -> bool:
        """Approve or reject a request that waits and has not expired; False where another decision was first."""
        values = {"state": state.value, "decided_by": decided_by, "decided_at": now, "decision_reason": reason}
        with self._database.writing() as connection:
            waits = (APPROVAL.c.state == ApprovalState.REQUESTED.value, APPROVAL.c.expires_at > now)
            done = connection.execute(
                update(APPROVAL).where(APPROVAL.c.approval_id == approval_id, *waits).values(values)
            )
            if done.rowcount == 1:
                _note(connection, approval_id, state, decided_by, now, reason)
            return done.rowcount == 1

    def mark_used(self, approval_id: str, *, used_by: str, now: datetime) -> bool:
        """Record that the approved change was applied, in whose transaction the approval was used up."""
        with self._database.writing() as connection:
            return use_up(connection, approval_id, used_by=used_by, now=now, even_late=True)

    def note_refusal(self, approval_id: str, *, actor: str, reason: str, now: datetime) -> None:
        """Put a refused try on record."""
        with self._database.writing() as connection:
            _note(connection, approval_id, "refused", actor, now, reason)

    def get(self, environment: str, approval_id: str) -> Approval | None:
        """The approval of this id; None where this environment has none."""
        query = select(APPROVAL).where(APPROVAL.c.approval_id == approval_id, APPROVAL.c.environment == environment)
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else _approval(row)

    def approved(self, environment: str, kind: ApprovalKind, target: str, *, now: datetime) -> Approval | None:
        """The approval that may be used for this target now; None without one."""
        query = select(APPROVAL).where(
            APPROVAL.c.environment == environment,
            APPROVAL.c.kind == kind.value,
            APPROVAL.c.target == target,
            APPROVAL.c.state == ApprovalState.APPROVED.value,
            APPROVAL.c.expires_at > now,
        )
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else _approval(row)

    def list(
        self,
        environment: str,
        *,
        state: ApprovalState | None = None,
        kind: ApprovalKind | None = None,
        now: datetime,
        limit: int = 200,
    ) -> tuple[Approval, ...]:
        """The approvals of this kind in this state at ``now``, newest first."""
        query = select(APPROVAL).where(APPROVAL.c.environment == environment)
        if kind is not None:
            query = query.where(APPROVAL.c.kind == kind.value)
        if state is not None:
            is_late = and_(APPROVAL.c.state.in_(_WAITING), APPROVAL.c.expires_at <= now)
            same = APPROVAL.c.state == state.value
            query = query.where(or_(same, is_late) if state is ApprovalState.EXPIRED else and_(same, ~is_late))
        ordered = query.order_by(APPROVAL.c.requested_at.desc(), APPROVAL.c.approval_id).limit(limit)
        with self._database.reading() as connection:
            return tuple(_approval(row) for row in connection.execute(ordered))

    def events(self, approval_id: str) -> tuple[ApprovalEvent, ...]:
        """What was tried with an approval, oldest first."""
        query = select(APPROVAL_EVENT).where(APPROVAL_EVENT.c.approval_id == approval_id)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(APPROVAL_EVENT.c.number))
            return tuple(ApprovalEvent(event=row.event, actor=row.actor, at=row.at, reason=row.reason) for row in rows)


def use_up(connection: Connection, approval_id: str, *, used_by: str, now: datetime, even_late: bool = False) -> bool:
    """Use an approval up in the caller's transaction; False where it was used before, or has expired.

    ``even_late`` is for a change that is committed already, elsewhere, and was in time there.
    """
    states = [ApprovalState.APPROVED.value, *([ApprovalState.EXPIRED.value] if even_late else [])]
    usable = [APPROVAL.c.approval_id == approval_id, APPROVAL.c.state.in_(states), APPROVAL.c.decided_by.is_not(None)]
    usable += [] if even_late else [APPROVAL.c.expires_at > now]
    values = {"state": ApprovalState.USED.value, "used_by": used_by, "used_at": now}
    done = connection.execute(update(APPROVAL).where(*usable).values(values))
    if done.rowcount == 1:
        _note(connection, approval_id, ApprovalState.USED, used_by, now, "applied")
    return done.rowcount == 1


def _waits(environment: str, approval: Approval) -> Any:
    return and_(
        APPROVAL.c.environment == environment,
        APPROVAL.c.kind == approval.kind.value,
        APPROVAL.c.target == approval.target,
        APPROVAL.c.state.in_(_WAITING),
    )


def _move(connection: Connection, approval_id: str, before: ApprovalState, after: ApprovalState) -> None:
    of_state = (APPROVAL.c.approval_id == approval_id, APPROVAL.c.state == before.value)
    connection.execute(update(APPROVAL).where(*of_state).values(state=after.value))


def _note(connection: Connection, approval_id: str, event: str, actor: str, now: datetime, reason: str) -> None:
    row = {"approval_id": approval_id, "event": str(event), "actor": actor, "at": now, "reason": reason}
    connection.execute(insert(APPROVAL_EVENT).values(row))


def _values(approval: Approval) -> dict[str, Any]:
    return {
        "approval_id": approval.approval_id,
        "kind": approval.kind.value,
        "target": approval.target,
        "plan_hash": approval.plan_hash,
        "summary": approval.summary,
        "asked": json.dumps(dict(approval.asked)),
        "reason": approval.reason,
        "requested_by": approval.requested_by,
        "requested_at": approval.requested_at,
        "expires_at": approval.expires_at,
        "state": approval.state.value,
    }


def _approval(row: Row[Any]) -> Approval:
    return Approval(
        approval_id=row.approval_id,
        kind=ApprovalKind(row.kind),
        target=row.target,
        plan_hash=row.plan_hash,
        summary=row.summary,
        asked=json.loads(row.asked),
        reason=row.reason,
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        expires_at=row.expires_at,
        state=ApprovalState(row.state),
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        decision_reason=row.decision_reason,
        used_by=row.used_by,
        used_at=row.used_at,
    )
