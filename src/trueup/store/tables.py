"""The store's tables. The scripts in ``migrations`` make them; a test compares the two.

Times are naive UTC. Rows hold no secret: of tokens and sessions only the SHA-256 is stored.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from trueup.model.access import Role
from trueup.model.finding import Area
from trueup.model.severity import Severity
from trueup.store.cells import JSON, OBJECT, WORDS, hold_to_types
from trueup.store.records import ChangeKind, State

METADATA = MetaData()
"""Every table of the store, those of other modules included."""

_NUMBER = BigInteger().with_variant(Integer, "sqlite")
_RANKS = {WORDS: frozenset(severity.rank for severity in Severity)}

RUN = Table(
    "trueup_run",
    METADATA,
    Column("seq", _NUMBER, primary_key=True),
    Column("run_id", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("generated_at", DateTime, nullable=False),
    Column("as_of", DateTime),
    Column("period_days", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("score", Integer, nullable=False),
    Column("confidence", Double, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("whole", Boolean, nullable=False),
    Column("decides", Boolean, nullable=False),
    Column("trigger", Text, nullable=False),
    Column("milliseconds", Integer, nullable=False),
    Column("issues", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("worse", Integer, nullable=False),
    Column("reopened", Integer, nullable=False),
    Column("resolved", Integer, nullable=False),
    Column("answered_checks", Text, nullable=False, info={JSON: list}),
    Column("head", Text, nullable=False, info={JSON: dict}),
    Column("after_seq", _NUMBER),
    UniqueConstraint("run_id", name="trueup_run_run_id"),
    Index("trueup_run_newest", "environment", "generated_at", "seq"),
    sqlite_autoincrement=True,
)
"""One audit. ``seq`` is the order of recording; ``decides`` says that it opened and resolved findings.

``after_seq`` is the run that had last done so before, which may be deleted by now; it is not known of old runs.
"""

ISSUE = Table(
    "trueup_issue",
    METADATA,
    Column("run_seq", _NUMBER, ForeignKey(RUN.c.seq, ondelete="CASCADE"), primary_key=True),
    Column("fingerprint", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("issue_id", Text, nullable=False),
    Column("check_id", Text, nullable=False),
    Column("category", Text, nullable=False, info={WORDS: frozenset(Area)}),
    Column("severity", SmallInteger, nullable=False, info=_RANKS),
    Column("subject", Text, nullable=False),
    Column("revenue_impacting", Boolean, nullable=False),
    Column("alerts", Boolean, nullable=False),
    Column("exempted", Boolean, nullable=False),
    Column("repairable", Boolean, nullable=False),
    Column("risk", Double, nullable=False),
    Column("document", Text, nullable=False, info={OBJECT: True}),
    UniqueConstraint("run_seq", "position", name="trueup_issue_position"),
    # All that a list is counted by and searched in: beside it, an issue's document makes its row twenty times as long.
    Index("trueup_issue_kind", "run_seq", "severity", "category", "check_id", "exempted", "repairable", "issue_id"),
)
"""One finding as one run saw it. ``position`` is its place in the report, ``severity`` the rank."""

FINDING = Table(
    "trueup_finding",
    METADATA,
    Column("environment", Text, primary_key=True),
    Column("fingerprint", Text, primary_key=True),
    Column("issue_id", Text, nullable=False),
    Column("check_id", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("severity", SmallInteger, nullable=False, info=_RANKS),
    Column("risk", Double, nullable=False),
    Column("state", Text, nullable=False, info={WORDS: frozenset(State)}),
    Column("first_seen", DateTime, nullable=False),
    Column("last_seen", DateTime, nullable=False),
    Column("resolved_at", DateTime),
    Column("times_reopened", Integer, nullable=False),
    Column("last_run_seq", _NUMBER, nullable=False),
    Index("trueup_finding_state", "environment", "state"),
    Index("trueup_finding_issue", "environment", "issue_id"),
    Index("trueup_finding_subject", "environment", "subject"),
)
"""One broken thing over time, as the runs that update findings saw it."""

TRANSITION = Table(
    "trueup_transition",
    METADATA,
    Column("run_seq", _NUMBER, ForeignKey(RUN.c.seq, ondelete="CASCADE"), primary_key=True),
    Column("fingerprint", Text, primary_key=True),
    Column("kind", Text, nullable=False, info={WORDS: frozenset(ChangeKind)}),
    Column("issue_id", Text, nullable=False),
    Column("severity", SmallInteger, nullable=False, info=_RANKS),
)
"""What one run changed about one finding: ``new``, ``worse``, ``reopened`` or ``resolved``."""

# What changed is listed in these orders, so that the first of it is read and not all; the first index holds all by
# which one run is compared with another.
Index(
    "trueup_issue_order",
    ISSUE.c.run_seq,
    ISSUE.c.severity.desc(),
    ISSUE.c.issue_id,
    ISSUE.c.fingerprint,
    ISSUE.c.check_id,
)
Index(
    "trueup_transition_order",
    TRANSITION.c.run_seq,
    TRANSITION.c.kind,
    TRANSITION.c.severity.desc(),
    TRANSITION.c.issue_id,
)

EXEMPTION = Table(
    "trueup_exemption",
    METADATA,
    Column("number", _NUMBER, primary_key=True),
    Column("environment", Text, nullable=False),
    Column("check_id", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("plan", Text, nullable=False, server_default=""),
    Column("owner", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("expires_at", Date),
    Column("created_at", DateTime, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("removed_at", DateTime),
    Column("removed_by", Text),
    Index(
        "trueup_exemption_standing",
        "environment",
        "check_id",
        "subject",
        "plan",
        unique=True,
        sqlite_where=text("removed_at IS NULL"),
        postgresql_where=text("removed_at IS NULL"),
    ),
)
"""Who accepted which finding, and who removed the exemption. A removed one stays as a record.

It is of a ``subject`` or of a ``plan``; the other one is empty text, so that the index allows one exemption of each.
"""

TOKEN = Table(
    "trueup_token",
    METADATA,
    Column("token_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False, info={WORDS: frozenset(Role)}),
    Column("secret_sha256", Text, nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires_at", DateTime, nullable=False),
    Column("revoked_at", DateTime),
    Column("revoked_by", Text),
    Column("last_used_at", DateTime),
)
"""API tokens."""

LEASE = Table(
    "trueup_lease",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("taken_at", DateTime, nullable=False),
    Column("expires_at", DateTime, nullable=False),
)
"""Which process may do a thing alone at the moment, and until when."""

for _table in (RUN, ISSUE, FINDING, TRANSITION, EXEMPTION, TOKEN, LEASE):
    hold_to_types(_table)
