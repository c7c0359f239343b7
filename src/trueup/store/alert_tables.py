"""The tables behind alerts: open episodes, sent messages, waiting messages. Made by ``0002_alerts``."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Double,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from trueup.model.severity import Severity
from trueup.store.cells import JSON, WORDS, hold_to_types
from trueup.store.records import Delivery
from trueup.store.tables import METADATA

_NUMBER = BigInteger().with_variant(Integer, "sqlite")
_RANKS = {WORDS: frozenset(severity.rank for severity in Severity)}

ALERT_STATE = Table(
    "trueup_alert_state",
    METADATA,
    Column("environment", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("turns", _NUMBER, nullable=False),
    Column("since", DateTime, nullable=False),
    Column("run_seq", _NUMBER),
    Column("began_at", DateTime),
    Column("alerted_at", DateTime),
)
"""The state of a topic (``findings``, ``heartbeat``) of an environment. Its row is the lock of a decision.

``run_seq`` is the run that was decided last. ``began_at`` is when the present trouble began, empty while there is none;
``alerted_at`` is when the last message about it was stored.
"""

ALERT_EPISODE = Table(
    "trueup_alert_episode",
    METADATA,
    Column("number", _NUMBER, primary_key=True),
    Column("environment", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("check_id", Text, nullable=False),
    Column("issue_id", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("severity", SmallInteger, nullable=False, info=_RANKS),
    Column("risk", Double, nullable=False),
    Column("told_severity", SmallInteger, nullable=False, info=_RANKS),
    Column("told_risk", Double, nullable=False),
    Column("clean_looks", SmallInteger, nullable=False),
    Column("opened_at", DateTime, nullable=False),
    Column("resolved_at", DateTime),
    Index(
        "trueup_alert_episode_open",
        "environment",
        "fingerprint",
        unique=True,
        sqlite_where=text("resolved_at IS NULL"),
        postgresql_where=text("resolved_at IS NULL"),
    ),
    Index("trueup_alert_episode_resolved", "resolved_at"),
    sqlite_autoincrement=True,
)
"""One alerting finding from the run that opened it until it was resolved. A finding has at most one open episode."""

ALERT_OUTBOX = Table(
    "trueup_alert_outbox",
    METADATA,
    Column("number", _NUMBER, primary_key=True),
    Column("environment", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("hour", DateTime, nullable=False),
    Column("alert", Text, nullable=False, info={JSON: dict}),
    Column("made_at", DateTime, nullable=False),
    Column("state", Text, nullable=False, info={WORDS: frozenset(Delivery)}),
    Column("attempts", Integer, nullable=False),
    Column("due_at", DateTime, nullable=False),
    Column("claimed_by", Text),
    Column("claimed_until", DateTime),
    Column("settled_at", DateTime),
    Column("reason", Text),
    UniqueConstraint("channel", "fingerprint", "hour", name="trueup_alert_outbox_once"),
    Index("trueup_alert_outbox_queue", "channel", "state", "number"),
    Index("trueup_alert_outbox_settled", "settled_at"),
    sqlite_autoincrement=True,
)
"""One message to one channel, ``waiting`` until it is ``sent``, ``failed`` for good or ``expired``.

``hour`` is the moment at which the hour of this set began: the moment of the run that changed it, not the clock's hour.
``alert`` is the whole message as JSON, so that every attempt sends the same.
"""

for _table in (ALERT_STATE, ALERT_EPISODE, ALERT_OUTBOX):
    hold_to_types(_table)
