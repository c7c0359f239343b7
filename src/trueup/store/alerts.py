"""The state of alerts: which episodes are open, what was sent about them, and when.

A decision is one *turn*: a transaction that begins by changing the topic's row, so that every other replica that
decides about the same topic waits, on Postgres and on SQLite alike. Episodes and the messages about them are written
together or not at all.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from trueup.model.episode import Episode, Sighting
from trueup.model.money import Impact
from trueup.model.severity import Severity
from trueup.store.alert_tables import ALERT_EPISODE as EPISODE
from trueup.store.alert_tables import ALERT_STATE as STATE
from trueup.store.outbox import forget
from trueup.store.tables import ISSUE, RUN

if TYPE_CHECKING:
    from trueup.store.database import Database

BATCH = 2_000
MESSAGE_DAYS = 30
EPISODE_DAYS = 400
_SEVERITIES = tuple(Severity)
_ROW = "row_number"


class Topic(StrEnum):
    """What an alert is about: the findings of the runs, or the absence of a complete run."""

    FINDINGS = "findings"
    HEARTBEAT = "heartbeat"


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicState:
    """The state of a topic. ``since`` is when it was first asked about.

    ``began_at`` is when the present trouble began, None without one; ``alerted_at`` is when the last message was
    stored.
    """

    since: datetime
    run_seq: int | None = None
    began_at: datetime | None = None
    alerted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of a finding in a message."""

    issue_id: str
    title: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenEpisode:
    """An open episode, and its finding's words when it was last seen. ``number`` is its row."""

    number: int
    episode: Episode
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenIssue:
    """An alerting finding as the run reported it."""

    sighting: Sighting
    words: Words
    impact: Impact


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """The facts of a run that a decision needs. ``head`` is the report's document without its issues."""

    seq: int
    run_id: str
    generated_at: datetime
    covers_all_checks: bool
    updates_state: bool
    answered: frozenset[str]
    head: Mapping[str, Any]


class Alerts:
    """The alert state of all environments that share a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def state(self, environment: str, topic: Topic) -> TopicState | None:
        """The state of this topic; None before its first turn."""
        with self._database.reading() as connection:
            row = connection.execute(_state_of(environment, topic)).first()
        return _topic_state(row) if row else None

    def run(self, environment: str, run_id: str) -> RunFacts | None:
        """The facts of this run; None when there is no such run of this environment."""
        with self._database.reading() as connection:
            statement = select(RUN).where(RUN.c.environment == environment, RUN.c.run_id == run_id)
            row = connection.execute(statement).first()
        return _facts(row) if row else None

    def seen(self, run: RunFacts) -> tuple[SeenIssue, ...]:
        """The alerting findings of this run, in the report's order. A run never changes, so this needs no turn."""
        statement = (
            select(ISSUE.c.fingerprint, ISSUE.c.check_id, ISSUE.c.severity, ISSUE.c.risk, ISSUE.c.document)
            .where(ISSUE.c.run_seq == run.seq, ISSUE.c.alerts)
            .order_by(ISSUE.c.position)
        )
        with self._database.reading() as connection:
            rows = connection.execute(statement, execution_options={"yield_per": BATCH})
            return tuple(_seen_issue(row) for row in rows)

    def open_episodes(self, environment: str, *, limit: int) -> tuple[OpenEpisode, ...]:
        """The open episodes, most severe first, then oldest."""
        worst_first = (EPISODE.c.severity.desc(), EPISODE.c.opened_at, EPISODE.c.number)
        with self._database.reading() as connection:
            rows = connection.execute(_open_in(environment).order_by(*worst_first).limit(limit))
            return tuple(map(_open_episode, rows))

    def count_open(self, environment: str) -> int:
        """How many episodes are open."""
        with self._database.reading() as connection:
            return connection.scalar(select(func.count()).select_from(_open_in(environment).subquery())) or 0

    @contextlib.contextmanager
    def turn(self, environment: str, topic: Topic, *, now: datetime) -> Iterator[Turn]:
        """One decision about this topic at a time; it is stored completely, or not at all if the block raises."""
        with self._database.writing() as connection:
            yield Turn(connection, environment, topic, now=now)


class Turn:
    """One decision under way. ``state`` is the topic's state when it began."""

    def __init__(self, connection: Connection, environment: str, topic: Topic, *, now: datetime) -> None:
        self.connection = connection
        self.environment = environment
        self._topic = topic
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        first = {"environment": environment, "topic": topic.value, "turns": 0, "since": now}
        connection.execute(dialect.insert(STATE).values(first).on_conflict_do_nothing())
        connection.execute(self._update().values(turns=STATE.c.turns + 1))  # the lock: others wait here
        self.state = _topic_state(connection.execute(_state_of(environment, topic)).one())

    def _update(self) -> Any:
        return update(STATE).where(STATE.c.environment == self.environment, STATE.c.topic == self._topic.value)

    def remember(self, state: TopicState) -> None:
        """Store the state for the next turn."""
        values = {"run_seq": state.run_seq, "began_at": state.began_at, "alerted_at": state.alerted_at}
        self.connection.execute(self._update().values(values))

    def episodes(self) -> tuple[OpenEpisode, ...]:
        """The open episodes, oldest first."""
        return tuple(map(_open_episode, self.connection.execute(_open_in(self.environment).order_by(EPISODE.c.number))))

    def decided(self, run: RunFacts) -> frozenset[str]:
        """The fingerprints of open episodes whose finding is in this run but does not alert."""
        same = and_(EPISODE.c.fingerprint == ISSUE.c.fingerprint, EPISODE.c.environment == self.environment)
        statement = (
            select(ISSUE.c.fingerprint)
            .select_from(ISSUE.join(EPISODE, same))
            .where(ISSUE.c.run_seq == run.seq, ~ISSUE.c.alerts, EPISODE.c.resolved_at.is_(None))
        )
        return frozenset(self.connection.scalars(statement))

    def write(
        self, before: Iterable[OpenEpisode], after: Iterable[Episode], words: Mapping[str, Words], *, at: datetime
    ) -> None:
        """Bring the open episodes from ``before`` to ``after``: opened, changed, or resolved at this moment.

        ``words`` are those of every finding that was seen now, by fingerprint.
        """
        known = {changes.episode.fingerprint: changes for changes in before}
        opened: list[dict[str, object]] = []
        changed: list[dict[str, object]] = []
        for episode in after:
            old = known.pop(episode.fingerprint, None)
            if old is None:
                opened.append({"environment": self.environment, **_columns(episode, words[episode.fingerprint])})
            elif (now := words.get(episode.fingerprint, old.words)) != old.words or episode != old.episode:
                changed.append({_ROW: old.number, **_columns(episode, now)})
        resolved: list[dict[str, object]] = [{_ROW: gone.number, "resolved_at": at} for gone in known.values()]
        changes = update(EPISODE).where(EPISODE.c.number == bindparam(_ROW))
        for statement, rows in ((changes, changed), (changes, resolved), (insert(EPISODE), opened)):
            for start in range(0, len(rows), BATCH):
                self.connection.execute(statement, rows[start : start + BATCH])

    def tidy(self, now: datetime) -> None:
        """Delete messages that were settled, and episodes that were resolved, long ago."""
        forget(self.connection, self.environment, before=now - timedelta(days=MESSAGE_DAYS))
        old = EPISODE.c.resolved_at < now - timedelta(days=EPISODE_DAYS)
        self.connection.execute(delete(EPISODE).where(EPISODE.c.environment == self.environment, old))


def _state_of(environment: str, topic: Topic) -> Any:
    return select(STATE).where(STATE.c.environment == environment, STATE.c.topic == topic.value)


def _open_in(environment: str) -> Any:
    return select(EPISODE).where(EPISODE.c.environment == environment, EPISODE.c.resolved_at.is_(None))


def _topic_state(row: Row[Any]) -> TopicState:
    return TopicState(since=row.since, run_seq=row.run_seq, began_at=row.began_at, alerted_at=row.alerted_at)


def _facts(row: Row[Any]) -> RunFacts:
    return RunFacts(
        seq=row.seq,
        run_id=row.run_id,
        generated_at=row.generated_at,
        covers_all_checks=row.whole,
        updates_state=row.decides,
        answered=frozenset(json.loads(row.answered_checks)),
        head=json.loads(row.head),
    )


def _seen_issue(row: Row[*tuple[Any, ...]]) -> SeenIssue:
    document = json.loads(row.document)
    risk = document["impact"]
    return SeenIssue(
        sighting=Sighting(
            fingerprint=row.fingerprint, check=row.check_id, severity=_SEVERITIES[row.severity], risk=row.risk
        ),
        words=Words(issue_id=document["id"], title=document["title"], message=document["message"]),
        impact=Impact(money=risk.get("money", {}), credits=Decimal(risk.get("credits", 0))),
    )


def _open_episode(row: Row[Any]) -> OpenEpisode:
    return OpenEpisode(
        number=row.number,
        episode=Episode(
            fingerprint=row.fingerprint,
            check=row.check_id,
            severity=_SEVERITIES[row.severity],
            risk=row.risk,
            opened_at=row.opened_at,
            told_severity=_SEVERITIES[row.told_severity],
            told_risk=row.told_risk,
            clean_looks=row.clean_looks,
        ),
        words=Words(issue_id=row.issue_id, title=row.title, message=row.message),
    )


def _columns(episode: Episode, words: Words) -> dict[str, object]:
    return {
        "fingerprint": episode.fingerprint,
        "check_id": episode.check,
        "issue_id": words.issue_id,
        "title": words.title,
        "message": words.message,
        "severity": episode.severity.rank,
        "risk": episode.risk,
        "told_severity": episode.told_severity.rank,
        "told_risk": episode.told_risk,
        "clean_looks": episode.clean_looks,
        "opened_at": episode.opened_at,
    }
