"""When audits are due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.config.schedule import last_due, next_due
from trueup.model.errors import ConfigurationError
from trueup.model.settings import ScheduleSettings

MOMENTS = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1))
SCHEDULES = st.one_of(
    st.integers(1, 10_080).map(lambda minutes: ScheduleSettings(every_minutes=minutes)),
    st.sampled_from(["15 4 * * *", "*/20 * * * *", "0 0 1 * *", "30 6 * * MON-FRI", "0 12 29 2 *"]).map(
        lambda cron: ScheduleSettings(cron=cron)
    ),
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("schedule", "now", "last", "following"),
    [
        (ScheduleSettings(every_minutes=60), "2026-03-01T12:30:00", "2026-03-01T12:00:00", "2026-03-01T13:00:00"),
        (ScheduleSettings(every_minutes=60), "2026-03-01T12:00:00", "2026-03-01T12:00:00", "2026-03-01T13:00:00"),
        (ScheduleSettings(every_minutes=1440), "2026-03-01T00:00:00.5", "2026-03-01T00:00:00", "2026-03-02T00:00:00"),
        (ScheduleSettings(cron="15 4 * * *"), "2026-03-01T04:15:00", "2026-03-01T04:15:00", "2026-03-02T04:15:00"),
        (ScheduleSettings(cron="15 4 * * *"), "2026-03-01T04:14:59.9", "2026-02-28T04:15:00", "2026-03-01T04:15:00"),
        (ScheduleSettings(cron="0 8 * * MON-FRI"), "2026-03-01T12:00:00", "2026-02-27T08:00:00", "2026-03-02T08:00:00"),
    ],
)
def test_the_moments_before_and_after_now(schedule: ScheduleSettings, now: str, last: str, following: str) -> None:
    assert last_due(schedule, now=at(now)) == at(last)
    assert next_due(schedule, after=at(now)) == at(following)


@given(schedule=SCHEDULES, now=MOMENTS)
def test_now_lies_between_two_due_moments_that_follow_each_other(schedule: ScheduleSettings, now: datetime) -> None:
    last, following = last_due(schedule, now=now), next_due(schedule, after=now)
    assert last is not None
    assert following is not None
    assert last <= now < following
    assert next_due(schedule, after=last) == following
    assert last_due(schedule, now=following - timedelta(seconds=1)) == last


def test_summer_time_moves_nothing() -> None:
    """Times are UTC: on the night when clocks go forward an hour is an hour."""
    schedule = ScheduleSettings(cron="30 1 * * *")
    assert next_due(schedule, after=datetime(2026, 3, 29, tzinfo=UTC).replace(tzinfo=None)) == at("2026-03-29T01:30")


def test_without_a_schedule_nothing_is_due() -> None:
    assert last_due(ScheduleSettings(), now=at("2026-03-01")) is None
    assert next_due(ScheduleSettings(), after=at("2026-03-01")) is None


@pytest.mark.parametrize("cron", ["", "hourly", "* * * *", "* * * * * *", "61 * * * *", "0 0 30 2 *", "0 0 * * FUN"])
def test_a_cron_expression_that_names_no_moment_is_refused(cron: str) -> None:
    schedule = ScheduleSettings(cron=cron)
    with pytest.raises(ConfigurationError, match=r"audits\.cron"):
        next_due(schedule, after=at("2026-03-01"))
    with pytest.raises(ConfigurationError, match=r"audits\.cron"):
        last_due(schedule, now=at("2026-03-01"))
