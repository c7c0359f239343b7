"""Run the checks over open books: every check becomes an outcome, whatever happens to it."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from trueup.books.file import Books
from trueup.engines.duckdb import DuckDB
from trueup.engines.requirements import is_without, needs_of_check, unmapped
from trueup.model.change import Value
from trueup.model.check import RESERVED, Check, EvidenceRow
from trueup.model.errors import is_interruption
from trueup.model.finding import Finding, printable, subject_text
from trueup.model.money import credits_text
from trueup.model.outcome import Broken, Checked, CheckOutcome, Off, Outcome, Skipped
from trueup.model.policy import Policy
from trueup.model.redact import redact
from trueup.model.relations import STRIPE, Exemption, relation_name
from trueup.model.severity import Severity
from trueup.model.source import Progress

_TEXT_SHOWN = 500
_OF_STRIPE = frozenset(map(relation_name, STRIPE))


def examine(
    books: Books,
    *,
    checks: Sequence[Check],
    policy: Policy,
    now: datetime,
    progress: Progress,
    counts_population: bool = True,
) -> tuple[CheckOutcome, ...]:
    """Every check's outcome, in the given order. A check that fails is ``Broken``; it never stops the others.

    Whoever only asks what is found leaves ``counts_population`` away: every population is 0 then.
    """
    engine = DuckDB(books.run, policy.parameters(now))
    readable = Readable(books)
    exemptions = live_exemptions(engine, now.date())
    progress.begin("Checking", len(checks))
    outcomes = []
    for check in checks:
        started = time.perf_counter()
        outcome = _outcome(check, engine, readable, policy, exemptions, counts_population=counts_population)
        elapsed = round((time.perf_counter() - started) * 1000)
        outcomes.append(CheckOutcome(check=check.id, outcome=outcome, milliseconds=elapsed))
        progress.advance(1)
    progress.end()
    return tuple(outcomes)


class Readable:
    """Which relations and columns the books hold."""

    def __init__(self, books: Books) -> None:
        self._mapped = books.mapped_columns()
        self._failed = {read.relation: read.problem for read in books.copies() if read.problem}
        self._plans_configured = books.connection.execute("SELECT 1 FROM plan LIMIT 1").fetchall() != []

    def obstacle(self, check: Check) -> Skipped | Broken | None:
        """What keeps this check from being answered, if anything."""
        failed = sorted({relation for relation, _ in needs_of_check(check) if relation in self._failed})
        if failed:
            return Broken(error=f"{failed[0]} was not read whole: {self._failed[failed[0]]}")
        missing = unmapped(check, self._mapped, plans_configured=self._plans_configured)
        return Skipped(reason=not_mapped(missing)) if missing else None


def not_mapped(missing: Sequence[str]) -> str:
    """Why a check cannot run that needs these."""
    says = f"not mapped: {', '.join(missing)}"
    if any(name.partition(".")[0] in _OF_STRIPE for name in missing):
        return f"{says}; give [stripe] an api_key, or say enabled = false there"
    return says


def live_exemptions(engine: DuckDB, today: date) -> dict[tuple[str, str], Exemption]:
    """The exemptions that have not expired on ``today``, by check and subject."""
    rows = engine.rows("SELECT check_id, subject, owner, reason, expires_at FROM exemption")
    exemptions = (_exemption(row) for row in rows)
    return {(e.check_id, e.subject): e for e in exemptions if e.expires_at is None or e.expires_at >= today}


def _exemption(row: EvidenceRow) -> Exemption:
    expires = row["expires_at"]
    return Exemption(
        check_id=str(row["check_id"]),
        subject=str(row["subject"]),
        owner=str(row["owner"]),
        reason=str(row["reason"]),
        expires_at=expires.date() if isinstance(expires, datetime) else None,
    )


def _outcome(
    check: Check,
    engine: DuckDB,
    readable: Readable,
    policy: Policy,
    exemptions: Mapping[tuple[str, str], Exemption],
    *,
    counts_population: bool,
) -> Outcome:
    severity = policy.severity.get(check.id, check.severity)
    if severity is None:
        return Off()
    # The one broad except of the program: whatever a check's SQL meets must become a value, or one customer's odd
    # row would hide every other check's answer.
    try:
        if is_without(check, policy.without):
            return Off()
        obstacle = readable.obstacle(check)
        if obstacle is not None:
            return obstacle
        rows = engine.rows(check.violations)
        findings = [_finding(check, row, severity, policy, exemptions) for row in rows]
        population = engine.number(check.population) if counts_population else 0
        return Checked(population=population, findings=_ordered(findings))
    except Exception as error:  # noqa: BLE001 - see above
        if is_interruption(error):
            raise KeyboardInterrupt from None
        return Broken(error=redact(printable(f"{type(error).__name__}: {error}"))[:_TEXT_SHOWN])


def _ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: (-finding.severity.rank, finding.subject)))


def _finding(
    check: Check,
    row: EvidenceRow,
    severity: Severity,
    policy: Policy,
    exemptions: Mapping[tuple[str, str], Exemption],
) -> Finding:
    subject = subject_text(row["subject"])
    evidence = {name: _shown(value) for name, value in row.items() if name not in RESERVED}
    overridden = row.get("severity")
    finding = Finding(
        check=check.id,
        area=check.area,
        severity=Severity(str(overridden)) if overridden else severity,
        title=check.title,
        subject=subject,
        message=check.message.format_map({"subject": subject, **{k: _said(v) for k, v in evidence.items()}}),
        evidence=evidence,
        impact=check.impact(evidence).valued(policy.credit_value),
        revenue_impacting=check.revenue_impacting,
        exemption=exemptions.get((check.id, subject)),
    )
    return _with_repair(check, finding)


def _with_repair(check: Check, finding: Finding) -> Finding:
    if check.repair is None or finding.exemption is not None:
        return finding
    return dataclasses.replace(finding, repair=check.repair(finding))


def _shown(value: Value) -> Value:
    return printable(value)[:_TEXT_SHOWN] if isinstance(value, str) else value


def _said(value: Value) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return credits_text(value)
        case datetime():
            return value.isoformat(sep=" ", timespec="seconds")
        case _:
            return str(value)
