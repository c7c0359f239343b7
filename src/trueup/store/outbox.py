"""The outbox: every message to every channel, from the decision to send it until it was sent.

A message is claimed, sent, then marked. The claim is a short transaction of its own, so nothing is locked while a
receiver is slow, and it expires, so that a worker that was killed loses nothing. Messages of one channel are sent in
the order in which they were decided: a resolve never overtakes the message that it resolves.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, DateTime, Row, Select, case, delete, exists, func, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from trueup.model.alert import Alert, document_of
from trueup.store.alert_tables import ALERT_OUTBOX as OUTBOX
from trueup.store.records import Delivery

if TYPE_CHECKING:
    from trueup.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedMessage:
    """A message that only this worker may send until its claim expires. ``attempts`` includes this one.

    ``document`` is the alert's JSON, as ``alert_of`` reads it. Another version of trueup may have written it.
    """

    number: int
    channel: str
    document: Mapping[str, Any]
    attempts: int
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as a person sees it. ``due_at`` is the next attempt, ``reason`` why the last one failed."""

    number: int
    channel: str
    document: Mapping[str, Any]
    state: Delivery
    attempts: int
    made_at: datetime
    due_at: datetime
    settled_at: datetime | None
    reason: str | None


class Outbox:
    """The messages of all environments that share a store. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, environment: str, *, now: datetime) -> frozenset[str]:
        """The channels that may have messages to send."""
        statement = select(OUTBOX.c.channel).where(OUTBOX.c.environment == environment, *_due(now)).distinct()
        with self._database.reading() as connection:
            return frozenset(connection.scalars(statement))

    def claim(
        self, environment: str, channel: str, *, worker: str, now: datetime, seconds: float
    ) -> ClaimedMessage | None:
        """The channel's next message, claimed for so many seconds; None when none is due or another worker has it."""
        due = _next(environment, channel, now)
        with self._database.reading() as connection:
            if connection.execute(due).first() is None:
                return None  # the usual answer; it takes no lock
        with self._database.writing() as connection:
            # Postgres skips rows that another worker is claiming at this moment. SQLite has no row locks and ignores
            # this; there, as a second lock on Postgres, the number of attempts is compared and set.
            row = connection.execute(due.with_for_update(skip_locked=True, of=OUTBOX)).first()
            if row is None or not _compare_and_claim(connection, row, worker, now + timedelta(seconds=seconds)):
                return None
        return ClaimedMessage(
            number=row.number,
            channel=row.channel,
            document=json.loads(row.alert),
            attempts=row.attempts + 1,
            made_at=row.made_at,
        )

    def sent(self, claimed: ClaimedMessage, *, now: datetime) -> bool:
        """Mark it as sent, even when the claim was lost meanwhile, because it was sent. False: it was marked before."""
        return self._settle(
            [OUTBOX.c.number == claimed.number, OUTBOX.c.state != Delivery.SENT.value],
            state=Delivery.SENT.value,
            settled_at=now,
            reason=None,
        )

    def postpone(self, claimed: ClaimedMessage, *, due_at: datetime, reason: str) -> bool:
        """Try again at ``due_at``. False: another worker took the message over, and decides instead."""
        return self._settle(_held(claimed), due_at=due_at, claimed_by=None, claimed_until=None, reason=reason)

    def give_up(self, claimed: ClaimedMessage, *, state: Delivery, reason: str, now: datetime) -> bool:
        """Mark it ``failed`` or ``expired``, for a person to see. False: another worker took the message over."""
        return self._settle(_held(claimed), state=state.value, settled_at=now, claimed_until=None, reason=reason)

    def _settle(self, conditions: list[Any], **values: object) -> bool:
        with self._database.writing() as connection:
            return connection.execute(update(OUTBOX).where(*conditions).values(values)).rowcount == 1

    def expire(self, environment: str, *, channels: Iterable[str], before: datetime, now: datetime) -> int:
        """Give up on old messages to channels that are no longer in the config. Returns how many."""
        gone = [
            OUTBOX.c.environment == environment,
            OUTBOX.c.state == Delivery.WAITING.value,
            OUTBOX.c.made_at < before,
            OUTBOX.c.channel.not_in(tuple(channels)),
        ]
        with self._database.reading() as connection:
            if connection.execute(select(OUTBOX.c.number).where(*gone).limit(1)).first() is None:
                return 0
        values = {"state": Delivery.EXPIRED.value, "settled_at": now, "reason": "The config has no such channel."}
        with self._database.writing() as connection:
            return connection.execute(update(OUTBOX).where(*gone).values(values)).rowcount

    def again(self, environment: str, *, since: datetime, now: datetime) -> int:
        """Make messages that were decided since then and given up wait again from now on. Returns how many."""
        given_up = (Delivery.FAILED.value, Delivery.EXPIRED.value)
        values = {"state": Delivery.WAITING.value, "settled_at": None, "due_at": now, "made_at": now}
        with self._database.writing() as connection:
            statement = update(OUTBOX).where(
                OUTBOX.c.environment == environment, OUTBOX.c.state.in_(given_up), OUTBOX.c.made_at >= since
            )
            return connection.execute(statement.values(values)).rowcount

    def hurry(self, environment: str, *, now: datetime) -> int:
        """Make everything that waits for its next attempt due now. Returns how many messages."""
        waits = [OUTBOX.c.environment == environment, OUTBOX.c.state == Delivery.WAITING.value, OUTBOX.c.due_at > now]
        with self._database.writing() as connection:
            return connection.execute(update(OUTBOX).where(*waits).values(due_at=now)).rowcount

    def messages(self, environment: str, *, states: Iterable[Delivery] = Delivery, limit: int) -> tuple[Message, ...]:
        """The newest messages of these states, newest first."""
        wanted = [state.value for state in states]
        statement = (
            select(OUTBOX)
            .where(OUTBOX.c.environment == environment, OUTBOX.c.state.in_(wanted))
            .order_by(OUTBOX.c.number.desc())
            .limit(limit)
        )
        with self._database.reading() as connection:
            return tuple(_message(row) for row in connection.execute(statement))

    def counts(self, environment: str) -> dict[tuple[str, Delivery], int]:
        """How many messages of each channel are in each state."""
        statement = (
            select(OUTBOX.c.channel, OUTBOX.c.state, func.count())
            .where(OUTBOX.c.environment == environment)
            .group_by(OUTBOX.c.channel, OUTBOX.c.state)
        )
        with self._database.reading() as connection:
            return {(row[0], Delivery(row[1])): row[2] for row in connection.execute(statement)}


def put(connection: Connection, alert: Alert, *, channels: Iterable[str], hour: datetime, now: datetime) -> int:
    """Queue this alert for each of these channels, in the caller's transaction. Returns how many rows were added.

    A row of the same channel, fingerprint and hour already exists when another replica decided the same run.
    """
    rows = [_row(alert, channel=channel, hour=hour, now=now) for channel in channels]
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    unless_there = dialect.insert(OUTBOX).on_conflict_do_nothing(index_elements=["channel", "fingerprint", "hour"])
    statement = unless_there.returning(OUTBOX.c.number)
    return sum(connection.execute(statement.values(row)).first() is not None for row in rows)


def last_told(connection: Connection, fingerprint: str, *, now: datetime) -> dict[str, datetime]:
    """When each channel was last sent exactly this set. A message that still waits counts as sent now."""
    sent_at = case((OUTBOX.c.state == Delivery.WAITING.value, literal(now, DateTime)), else_=OUTBOX.c.settled_at)
    delivered = OUTBOX.c.state.in_((Delivery.WAITING.value, Delivery.SENT.value))
    statement = select(OUTBOX.c.channel, func.max(sent_at)).where(OUTBOX.c.fingerprint == fingerprint, delivered)
    return {row[0]: row[1] for row in connection.execute(statement.group_by(OUTBOX.c.channel))}


def forget(connection: Connection, environment: str, *, before: datetime) -> None:
    """Delete messages settled before this moment, of one environment only: two that delete at once could deadlock."""
    connection.execute(delete(OUTBOX).where(OUTBOX.c.environment == environment, OUTBOX.c.settled_at < before))


def _row(alert: Alert, *, channel: str, hour: datetime, now: datetime) -> dict[str, object]:
    return {
        "environment": alert.environment,
        "channel": channel,
        "fingerprint": alert.fingerprint,
        "hour": hour,
        "alert": json.dumps(document_of(alert)),
        "made_at": now,
        "state": Delivery.WAITING.value,
        "attempts": 0,
        "due_at": now,
    }


def _next(environment: str, channel: str, now: datetime) -> Select[Any]:
    """The oldest message of the channel that waits, if it is due and not claimed."""
    earlier = OUTBOX.alias("earlier")
    is_first = ~exists().where(
        earlier.c.environment == environment,
        earlier.c.channel == channel,
        earlier.c.state == Delivery.WAITING.value,
        earlier.c.number < OUTBOX.c.number,
    )
    of_channel = (OUTBOX.c.environment == environment, OUTBOX.c.channel == channel)
    return select(OUTBOX).where(*of_channel, *_due(now), is_first)


def _due(now: datetime) -> list[Any]:
    """It waits, its time has come, and it is not claimed."""
    free = or_(OUTBOX.c.claimed_until.is_(None), OUTBOX.c.claimed_until <= now)
    return [OUTBOX.c.state == Delivery.WAITING.value, OUTBOX.c.due_at <= now, free]


def _compare_and_claim(connection: Connection, row: Row[Any], worker: str, until: datetime) -> bool:
    statement = (
        update(OUTBOX)
        .where(
            OUTBOX.c.number == row.number,
            OUTBOX.c.attempts == row.attempts,
            OUTBOX.c.state == Delivery.WAITING.value,
        )
        .values(attempts=row.attempts + 1, claimed_by=worker, claimed_until=until)
    )
    return connection.execute(statement).rowcount == 1


def _held(claimed: ClaimedMessage) -> list[Any]:
    """The row, as long as no later claim took it."""
    return [
        OUTBOX.c.number == claimed.number,
        OUTBOX.c.attempts == claimed.attempts,
        OUTBOX.c.state == Delivery.WAITING.value,
    ]


def _message(row: Row[Any]) -> Message:
    return Message(
        number=row.number,
        channel=row.channel,
        document=json.loads(row.alert),
        state=Delivery(row.state),
        attempts=row.attempts,
        made_at=row.made_at,
        due_at=row.due_at,
        settled_at=row.settled_at,
        reason=row.reason,
    )
