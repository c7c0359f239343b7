"""The exemptions that commands and the API manage: findings that somebody answers for, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.dialects import postgresql, sqlite

from trueup.model.errors import ConfigurationError
from trueup.model.relations import Exemption
from trueup.store.database import Database
from trueup.store.tables import EXEMPTION


class AlreadyExempted(ConfigurationError):
    """An exemption stands for this check and subject. It has to be removed before another one takes its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredExemption:
    """An exemption that stands, and who made it. ``expires_at`` is the last day it holds."""

    check: str
    subject: str
    owner: str
    reason: str
    expires_at: date | None
    created_by: str
    created_at: datetime

    @property
    def exemption(self) -> Exemption:
        """The same in the words that an audit reads."""
        return Exemption(
            check_id=self.check,
            subject=self.subject,
            owner=self.owner,
            reason=self.reason,
            expires_at=self.expires_at,
        )


class Exemptions:
    """The exemptions of every environment. Of a removed one a record stays: who accepted what, and who took it back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        *,
        environment: str,
        check: str,
        subject: str,
        owner: str,
        reason: str,
        expires_at: date | None,
        created_by: str,
        now: datetime,
    ) -> StoredExemption:
        """Exempt a subject from a check. Raises ``AlreadyExempted``."""
        row = {
            "environment": environment,
            "check_id": check,
            "subject": subject,
            "owner": owner,
            "reason": reason,
            "expires_at": expires_at,
            "created_by": created_by,
            "created_at": now,
        }
        with self._database.writing() as connection:
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            unless_there = dialect.insert(EXEMPTION).values(row).on_conflict_do_nothing()
            if connection.execute(unless_there.returning(EXEMPTION.c.number)).first() is None:
                standing = connection.execute(select(EXEMPTION).where(_stands(environment, check, subject))).one()
                until = f" until {standing.expires_at}" if standing.expires_at else ""
                raise AlreadyExempted(
                    f"{subject} is exempted from {check} already, by {standing.owner}{until}; remove that one first."
                )
        return StoredExemption(
            check=check,
            subject=subject,
            owner=owner,
            reason=reason,
            expires_at=expires_at,
            created_by=created_by,
            created_at=now,
        )

    def list(self, environment: str) -> tuple[StoredExemption, ...]:
        """The exemptions that were not removed, expired ones too, by check and subject."""
        found = (
            select(EXEMPTION)
            .where(EXEMPTION.c.environment == environment, EXEMPTION.c.removed_at.is_(None))
            .order_by(EXEMPTION.c.check_id, EXEMPTION.c.subject)
        )
        with self._database.reading() as connection:
            return tuple(
                StoredExemption(
                    check=row.check_id,
                    subject=row.subject,
                    owner=row.owner,
                    reason=row.reason,
                    expires_at=row.expires_at,
                    created_by=row.created_by,
                    created_at=row.created_at,
                )
                for row in connection.execute(found)
            )

    def remove(self, *, environment: str, check: str, subject: str, removed_by: str, now: datetime) -> bool:
        """Take an exemption back; False when none stands."""
        with self._database.writing() as connection:
            done = connection.execute(
                update(EXEMPTION)
                .where(_stands(environment, check, subject))
                .values(removed_at=now, removed_by=removed_by)
            )
            return done.rowcount == 1


def _stands(environment: str, check: str, subject: str) -> ColumnElement[bool]:
    return (
        (EXEMPTION.c.environment == environment)
        & (EXEMPTION.c.check_id == check)
        & (EXEMPTION.c.subject == subject)
        & EXEMPTION.c.removed_at.is_(None)
    )
