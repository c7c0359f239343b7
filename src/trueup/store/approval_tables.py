"""The tables behind two-person approvals: requests, and what happened to each. Made by ``0006_approvals``."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, Table, Text, text

from trueup.model.approval import ApprovalKind, ApprovalState
from trueup.store.cells import JSON, WORDS, hold_to_types
from trueup.store.tables import METADATA

_NUMBER = BigInteger().with_variant(Integer, "sqlite")
_WAITING = "state IN ('requested', 'approved')"

APPROVAL = Table(
    "trueup_approval",
    METADATA,
    Column("approval_id", Text, primary_key=True),
    Column("environment", Text, nullable=False),
    Column("kind", Text, nullable=False, info={WORDS: frozenset(ApprovalKind)}),
    Column("target", Text, nullable=False),
    Column("plan_hash", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("asked", Text, nullable=False, info={JSON: dict}),
    Column("reason", Text, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("requested_at", DateTime, nullable=False),
    Column("expires_at", DateTime, nullable=False),
    Column("state", Text, nullable=False, info={WORDS: frozenset(ApprovalState)}),
    Column("decided_by", Text),
    Column("decided_at", DateTime),
    Column("decision_reason", Text),
    Column("used_by", Text),
    Column("used_at", DateTime),
    Index(
        "trueup_approval_waiting",
        "environment",
        "kind",
        "target",
        unique=True,
        sqlite_where=text(_WAITING),
        postgresql_where=text(_WAITING),
    ),
    Index("trueup_approval_newest", "environment", "requested_at"),
)
"""One request for a second person. The index allows one that waits, or may be used, for each target."""

APPROVAL_EVENT = Table(
    "trueup_approval_event",
    METADATA,
    Column("number", _NUMBER, primary_key=True),
    Column("approval_id", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", DateTime, nullable=False),
    Column("reason", Text, nullable=False),
    Index("trueup_approval_event_of", "approval_id"),
    sqlite_autoincrement=True,
)
"""What was tried with an approval, refused tries among it. Rows are only added."""

for _table in (APPROVAL, APPROVAL_EVENT):
    hold_to_types(_table)
