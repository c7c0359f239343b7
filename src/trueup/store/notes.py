"""Notes of people on findings. Rows are only added, and outlive the runs that reported the finding."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, Table, Text, insert, select

from trueup.store.cells import hold_to_types
from trueup.store.database import Database
from trueup.store.tables import METADATA

NOTE = Table(
    "trueup_note",
    METADATA,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("environment", Text, nullable=False),
    Column("issue_id", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", DateTime, nullable=False),
    Index("trueup_note_of", "environment", "issue_id", "number"),
    sqlite_autoincrement=True,
)
"""One note. Made by ``0007_notes``."""

hold_to_types(NOTE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingNote:
    """What a person wrote about a finding. ``at`` is naive UTC."""

    issue_id: str
    text: str
    actor: str
    at: datetime


class FindingNotes:
    """The notes of every environment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, note: FindingNote, *, environment: str) -> None:
        """Keep a note."""
        row = {"issue_id": note.issue_id, "text": note.text, "actor": note.actor, "at": note.at}
        with self._database.writing() as connection:
            connection.execute(insert(NOTE).values(environment=environment, **row))

    def list(self, environment: str, issue_id: str, *, limit: int) -> tuple[FindingNote, ...]:
        """The newest notes on a finding, oldest first."""
        of_finding = (NOTE.c.environment == environment, NOTE.c.issue_id == issue_id)
        query = select(NOTE).where(*of_finding).order_by(NOTE.c.number.desc()).limit(limit)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return tuple(
            FindingNote(issue_id=row.issue_id, text=row.text, actor=row.actor, at=row.at) for row in reversed(rows)
        )
