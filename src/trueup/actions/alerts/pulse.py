"""The heartbeat: when no audit was complete for twice the interval, one alert is sent; the next audit resolves it."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from trueup.actions.alerts.compose import heard_alert, missed_alert
from trueup.config.schedule import next_due
from trueup.model.settings import AlertSettings, ScheduleSettings
from trueup.store import Store
from trueup.store.alerts import Topic, TopicState, Turn
from trueup.store.outbox import put


class Pulse(StrEnum):
    """What this look at the heartbeat found."""

    UNSCHEDULED = "unscheduled"
    BEATING = "beating"
    MISSED = "missed"
    """Complete audits have stopped, and this look stored the message."""
    SILENT = "silent"
    """Complete audits have stopped, and the message was stored before."""
    HEARD = "heard"
    """A complete audit came again, and this look stored the message."""


def heartbeat(
    store: Store, *, environment: str, schedule: ScheduleSettings, settings: AlertSettings, now: datetime
) -> Pulse:
    """Check whether complete audits still arrive, and store a message when that changed. Nothing is sent here.

    Any number of replicas may call it: one stores the message. Where no audit was ever complete, time counts from the
    first call.
    Raises ``StoreUnavailable``, and ``ConfigurationError`` for a schedule that cannot be read.
    """
    last = _last_complete(store, environment)
    state = store.alerts.state(environment, Topic.HEARTBEAT)
    since = state.since if state else now
    if (by := deadline(schedule, since=last or since)) is None:
        return Pulse.UNSCHEDULED
    if state and (state.began_at is None) == (now < by):
        # The usual answer, which needs only a read: audits arrive, or the message about their absence was stored.
        return Pulse.BEATING if state.began_at is None else Pulse.SILENT
    with store.alerts.turn(environment, Topic.HEARTBEAT, now=now) as turn:
        channels = [channel.name for channel in settings.channels]
        return _pulse(turn, last=last, by=by, channels=channels, now=now)


def _last_complete(store: Store, environment: str) -> datetime | None:
    run = store.runs.newest(environment, complete=True)
    return run.generated_at if run else None


def _pulse(turn: Turn, *, last: datetime | None, by: datetime, channels: list[str], now: datetime) -> Pulse:
    """Store the message about the change, unless another replica was first."""
    state = turn.state
    missed = now >= by
    if missed and state.began_at is None:
        alert = missed_alert(turn.environment, last=last, deadline=by, now=now)
        put(turn.connection, alert, channels=channels, hour=by, now=now)
        turn.remember(TopicState(since=state.since, began_at=by, alerted_at=now))
        return Pulse.MISSED
    if not missed and state.began_at is not None and last is not None:
        alert = heard_alert(turn.environment, last=last, deadline=state.began_at, now=now)
        put(turn.connection, alert, channels=channels, hour=last, now=now)
        turn.remember(TopicState(since=state.since))
        return Pulse.HEARD
    return Pulse.BEATING if state.began_at is None else Pulse.SILENT


def deadline(schedule: ScheduleSettings, *, since: datetime) -> datetime | None:
    """The moment at which a missing audit becomes an alert; None without a schedule.

    That is twice the interval. For a cron expression the interval is the one between its next two times, and the second
    must have come: what runs on weekdays is not missed on a Sunday. Raises ``ConfigurationError``.
    """
    if schedule.every_minutes is not None:
        return since + 2 * timedelta(minutes=schedule.every_minutes)
    first = next_due(schedule, after=since)
    second = next_due(schedule, after=first) if first else None
    return max(second, since + 2 * (second - first)) if first and second else None
