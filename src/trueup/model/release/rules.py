"""The rules of a gate: what it is given beside the reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from trueup.model.settings import FRESH_MINUTES, ReleaseSettings
from trueup.model.severity import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How strict a gate is. Moments are naive UTC.

    ``checks`` must all have been asked. ``environment`` and ``period_days`` are those that the report must have; None
    allows any. ``baseline_environment`` is the one that the baseline must have; None means the report's own. ``shadow``
    holds, by check, the day from which it blocks. Findings first seen by ``since`` pass.
    """

    fail_on: Severity = ReleaseSettings().fail_on
    max_age_minutes: int = FRESH_MINUTES
    allow_inconclusive: bool = False
    checks: frozenset[str] = frozenset()
    environment: str | None = None
    period_days: int | None = None
    baseline_environment: str | None = None
    shadow: Mapping[str, date] = field(default_factory=dict)
    since: datetime | None = None


def gate_rules(settings: ReleaseSettings | None) -> Rules:
    """The rules that the config gives a gate when no option overrides them; None without a config.

    They name no baseline: the caller says which report to compare with.
    """
    if settings is None:
        return Rules()
    return Rules(
        fail_on=settings.fail_on,
        max_age_minutes=settings.max_age_minutes,
        environment=settings.environment,
        period_days=settings.period_days,
        shadow=settings.shadow,
    )
