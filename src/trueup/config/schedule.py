"""When audits are due. Pure: a schedule and a moment give the same answer on every replica and after every restart."""

from __future__ import annotations

from datetime import datetime, timedelta

from trueup.model.errors import ConfigurationError
from trueup.model.settings import ScheduleSettings

_GRID = datetime(1970, 1, 1)  # noqa: DTZ001 - naive UTC, as everywhere
_CRON_FIELDS = 5


def last_due(schedule: ScheduleSettings, *, now: datetime) -> datetime | None:
    """The newest moment, ``now`` included, at which an audit was due; None without a schedule. Naive UTC.

    Raises ``ConfigurationError`` for a cron expression that cannot be read.
    """
    if schedule.every_minutes is not None:
        interval = timedelta(minutes=schedule.every_minutes)
        return now - (now - _GRID) % interval
    if schedule.cron is None:
        return None
    # Counted back from just after the second, so that this very moment counts as due.
    return _moment(schedule.cron, now.replace(microsecond=0) + timedelta(seconds=1), backwards=True)


def next_due(schedule: ScheduleSettings, *, after: datetime) -> datetime | None:
    """The first moment later than ``after`` at which an audit is due; None without a schedule. Naive UTC.

    Minutes are counted on a fixed grid and not from the last audit, so that every 60 means every full hour. Raises
    ``ConfigurationError`` for a cron expression that cannot be read, or that never comes true.
    """
    if schedule.every_minutes is not None:
        interval = timedelta(minutes=schedule.every_minutes)
        return after + interval - (after - _GRID) % interval
    if schedule.cron is None:
        return None
    return _moment(schedule.cron, after, backwards=False)


def _moment(expression: str, start: datetime, *, backwards: bool) -> datetime:
    try:
        from cronsim import CronSim, CronSimError  # noqa: PLC0415 - an extra
    except ImportError:
        raise ConfigurationError(
            "audits.cron needs a library that is not installed; run: pip install 'trueup[serve]'"
        ) from None
    try:
        if len(expression.split()) != _CRON_FIELDS:
            raise CronSimError  # noqa: TRY301 - the library would take a sixth field, for seconds
        return next(CronSim(expression, start, reverse=backwards))
    except (CronSimError, StopIteration):
        raise ConfigurationError(
            f'audits.cron is "{expression}", which names no moment; write five fields, such as "15 4 * * *".'
        ) from None
