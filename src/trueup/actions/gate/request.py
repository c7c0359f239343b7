"""One question to the release gate: which report, compared with what, and how strictly."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from trueup.actions.audit import judge_release
from trueup.actions.gate.arguments import parse_since
from trueup.actions.gate.document import read_report_file
from trueup.actions.gate.remembered import baseline_of, baseline_run, read_run
from trueup.formats.report_reader import StoredReport
from trueup.model.errors import ConfigurationError
from trueup.model.release import Verdict, gate_rules
from trueup.model.report import Report
from trueup.model.settings import ReleaseSettings
from trueup.model.severity import Severity
from trueup.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRequest:
    """What the caller asks. A value that is None is taken from ``[release]``.

    ``report`` or ``run`` is judged, or else a new audit. ``baseline`` is a file. ``baseline_environment`` is the
    environment of that file or, without a file, of the run that is the baseline. ``since`` is a day, or a run that is
    the baseline.
    """

    report: Path | None = None
    run: str | None = None
    baseline: Path | None = None
    baseline_environment: str | None = None
    since: str | None = None
    fail_on: Severity | None = None
    max_age_minutes: int | None = None
    allow_inconclusive: bool = False


def decide(
    request: GateRequest,
    *,
    settings: ReleaseSettings | None,
    checks: Collection[str],
    audit_now: Callable[[], StoredReport],
    store: Callable[[], Store],
    clock: Callable[[], datetime],
) -> Verdict:
    """Return the verdict. ``settings`` is None without a config; ``checks`` are those that must have been asked.

    ``audit_now`` and ``store`` are called only where they are needed. Raises ``ConfigurationError`` for a request that
    contradicts itself, ``ReportUnreadable``, ``StoreUnavailable``, and whatever ``audit_now`` raises.
    """
    if request.report is not None and request.run is not None:
        raise ConfigurationError("--report and --run both name a report to judge: keep one of them.")
    if request.baseline_environment is not None and not request.baseline_environment.strip():
        raise ConfigurationError("--baseline-environment is empty: name the environment whose audit is the baseline.")
    if request.since is not None and not request.since.strip():
        raise ConfigurationError("--since is empty: give a day such as 2026-03-01, or a run.")
    given = settings or ReleaseSettings()
    since = parse_since(request.since, now=clock()) if request.since is not None else None
    run = request.since if since is None else None
    if run is not None and (request.baseline is not None or request.baseline_environment is not None):
        raise ConfigurationError("--since names a run, which is a baseline too: keep one of the two.")
    stored = _report(request, given, audit_now, store)
    of = request.baseline_environment or (given.baseline_environment if run is None else None)
    before = _baseline(request, stored.report, run=run, of=of, store=store)
    configured = gate_rules(settings)
    rules = dataclasses.replace(
        configured,
        fail_on=request.fail_on or configured.fail_on,
        max_age_minutes=request.max_age_minutes or configured.max_age_minutes,
        allow_inconclusive=request.allow_inconclusive,
        checks=frozenset(checks),
        baseline_environment=of,
        since=since,
    )
    return judge_release(
        report=stored.report,
        first_seen=stored.first_seen,
        baseline=before.report if before is not None else None,
        rules=rules,
        now=clock(),
    )


def _report(
    request: GateRequest, settings: ReleaseSettings, audit_now: Callable[[], StoredReport], store: Callable[[], Store]
) -> StoredReport:
    if request.report is not None:
        return read_report_file(request.report)
    if request.run is not None:
        return read_run(request.run, store=store(), environment=settings.environment)
    return audit_now()


def _baseline(
    request: GateRequest, report: Report, *, run: str | None, of: str | None, store: Callable[[], Store]
) -> StoredReport | None:
    if request.baseline is not None:
        return read_report_file(request.baseline)
    if run is not None:
        return baseline_run(run, store=store(), environment=report.environment)
    if of is not None:
        return baseline_of(of, store=store(), report=report)
    return None
