"""The exemptions that commands and the API manage: accepted findings, with an owner, until a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from trueup.model.errors import ConfigurationError
from trueup.model.relations import Exemption
from trueup.store.approvals import ApprovalGone, use_up
from trueup.store.database import Database
from trueup.store.tables import EXEMPTION

_KEPT = (
    select(EXEMPTION)
    .where(EXEMPTION.c.environment == bindparam("environment"), EXEMPTION.c.removed_at.is_(None))
    .order_by(EXEMPTION.c.check_id, EXEMPTION.c.subject, EXEMPTION.c.plan)
)
"""Built once: it is asked for every page of a finding, and building it costs as much as running it."""


class AlreadyExempted(ConfigurationError):
    """There is an exemption of this subject or plan from this check. Remove it before adding another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredExemption:
    """An exemption that holds, and who made it: of a subject or of a plan. ``expires_at`` is its last day."""

    check: str
    subject: str | None
    plan: str | None
    owner: str
    reason: str
    expires_at: date | None
    created_by: str
    created_at: datetime

    @property
    def exemption(self) -> Exemption:
        """The same in the form that an audit reads."""
        return Exemption(
            check_id=self.check,
            subject=self.subject,
            plan=self.plan,
            owner=self.owner,
            reason=self.reason,
            expires_at=self.expires_at,
        )


class Exemptions:
    """The exemptions of every environment. A removed one stays as a record: who accepted what, and who removed it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        exemption: Exemption,
        *,
        environment: str,
        created_by: str,
        now: datetime,
        approval_id: str | None = None,
    ) -> StoredExemption:
        """Exempt a subject, or a plan, from a check; use the approval up in the same transaction, if one is needed.

        Raises ``AlreadyExempted``, and ``ApprovalGone`` where the approval was used at this moment, or has expired.
        """
        row = {
            "environment": environment,
            **_scope(exemption),
            "owner": exemption.owner,
            "reason": exemption.reason,
            "expires_at": exemption.expires_at,
            "created_by": created_by,
            "created_at": now,
        }
        with self._database.writing() as connection:
            if approval_id is not None and not use_up(connection, approval_id, used_by=created_by, now=now):
                raise ApprovalGone("The approval was used, or has expired; ask for another one.")
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            unless_there = dialect.insert(EXEMPTION).values(row).on_conflict_do_nothing()
            if connection.execute(unless_there.returning(EXEMPTION.c.number)).first() is None:
                standing = connection.execute(select(EXEMPTION).where(_stands(environment, exemption))).one()
                until = f" until {standing.expires_at}" if standing.expires_at else ""
                raise AlreadyExempted(
                    f"{exemption.scope_text} is already exempted from {exemption.check_id} by "
                    f"{standing.owner}{until}; remove that one first."
                )
        return StoredExemption(
            check=exemption.check_id,
            subject=exemption.subject,
            plan=exemption.plan,
            owner=exemption.owner,
            reason=exemption.reason,
            expires_at=exemption.expires_at,
            created_by=created_by,
            created_at=now,
        )

    def list(self, environment: str) -> tuple[StoredExemption, ...]:
        """The exemptions that were not removed, expired ones included, by check, subject and plan."""
        with self._database.reading() as connection:
            return tuple(
                StoredExemption(
                    check=row.check_id,
                    subject=row.subject or None,
                    plan=row.plan or None,
                    owner=row.owner,
                    reason=row.reason,
                    expires_at=row.expires_at,
                    created_by=row.created_by,
                    created_at=row.created_at,
                )
                for row in connection.execute(_KEPT, {"environment": environment})
            )

    def remove(self, exemption: Exemption, *, environment: str, removed_by: str, now: datetime) -> bool:
        """Remove the exemption of this scope, whatever else it says; return False when there is none."""
        with self._database.writing() as connection:
            done = connection.execute(
                update(EXEMPTION).where(_stands(environment, exemption)).values(removed_at=now, removed_by=removed_by)
            )
            return done.rowcount == 1


def _scope(exemption: Exemption) -> dict[str, str]:
    return {"check_id": exemption.check_id, "subject": exemption.subject or "", "plan": exemption.plan or ""}


def _stands(environment: str, exemption: Exemption) -> ColumnElement[bool]:
    same = (EXEMPTION.c[name] == value for name, value in _scope(exemption).items())
    return and_(EXEMPTION.c.environment == environment, EXEMPTION.c.removed_at.is_(None), *same)
