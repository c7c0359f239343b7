"""Run the checks over open books: every check becomes an outcome, whatever happens to it."""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from trueup.actions.audit.check_findings import TEXT_SHOWN, finding_of
from trueup.actions.audit.exemption_matching import LiveExemptions, live_exemptions
from trueup.actions.audit.join_keys import JoinHits, compared_nothing, hits_of_joins
from trueup.actions.audit.mapping_doubts import MAPPING_SUSPECT, doubt_about, doubts_of, reason_of, with_held_back
from trueup.books.file import Books
from trueup.engines.duckdb import DuckDB
from trueup.engines.engine import Engine
from trueup.engines.requirements import (
    NO_LISTING,
    NO_MATRIX,
    absent_need,
    is_optional,
    needs_listing,
    reads_gates,
    reads_of_check,
    unmapped,
)
from trueup.model.check import Check
from trueup.model.errors import is_interruption
from trueup.model.finding import Finding, printable
from trueup.model.outcome import Broken, Checked, CheckOutcome, NotApplicable, Off, Outcome, Skipped
from trueup.model.policy import Policy
from trueup.model.redact import redact
from trueup.model.relations import MAPPED, STRIPE, relation_name
from trueup.model.source import Progress

_OF_STRIPE = frozenset(map(relation_name, STRIPE))
_SUPPLIED = _OF_STRIPE | frozenset(map(relation_name, MAPPED))


def run_checks(
    books: Books,
    *,
    checks: Sequence[Check],
    policy: Policy,
    now: datetime,
    progress: Progress,
    counts_population: bool = True,
    judges_mapping: bool = True,
) -> tuple[CheckOutcome, ...]:
    """Run the checks and return each one's outcome, in the given order.

    A failing check is ``Broken`` and stops no other. The mapping is judged first, whichever checks were asked for, and
    those that rest on what it doubts are held back. The few rows of one subject, as where only the findings are
    computed, cannot judge it.

    Without ``counts_population`` only the findings are computed, and every population is 0.
    """
    standing = books.prepared.tables if books.prepared is not None else None
    asks_once = standing is not None and len(checks) == 1 and not counts_population
    parameters = policy.parameters(now)
    empty = _SUPPLIED - {read.relation for read in books.copies() if read.rows} if standing is not None else frozenset()
    engine: Engine = (
        DuckDB(books.run, parameters, standing=standing, shares=not asks_once, empty=empty)
        if books.make_engine is None
        else books.make_engine(parameters)
    )
    readable = Readable(books, absent=policy.absent)
    exemptions = live_exemptions(engine, now.date())
    progress.begin("Checking", len(checks))
    run = functools.partial(
        _run,
        engine=engine,
        readable=readable,
        policy=policy,
        exemptions=exemptions,
        counts_population=counts_population,
    )
    judgement = run(MAPPING_SUSPECT) if counts_population and judges_mapping else None
    doubts = doubts_of(judgement.outcome) if judgement is not None else ()
    outcomes = []
    held: dict[str, list[int]] = {}
    shows_doubts = any(check.id == MAPPING_SUSPECT.id for check in checks)
    for check in checks:
        outcome = judgement if judgement is not None and check.id == MAPPING_SUSPECT.id else run(check)
        doubt = doubt_about(check, doubts)
        if doubt is not None and isinstance(outcome.outcome, Checked):
            held.setdefault(doubt.subject, []).append(len(outcome.findings))
            reason = reason_of(doubt, None if shows_doubts else len(outcome.findings))
            outcome = dataclasses.replace(outcome, outcome=Broken(error=reason))
        outcomes.append(outcome)
        progress.advance(1)
    progress.end()
    return tuple(with_held_back(outcome, held) for outcome in outcomes)


def _run(
    check: Check,
    *,
    engine: Engine,
    readable: Readable,
    policy: Policy,
    exemptions: LiveExemptions,
    counts_population: bool,
) -> CheckOutcome:
    started = time.perf_counter()
    outcome = _outcome(check, engine, readable, policy, exemptions, counts_population=counts_population)
    elapsed = round((time.perf_counter() - started) * 1000)
    return CheckOutcome(check=check.id, outcome=outcome, milliseconds=elapsed)


class Readable:
    """The relations and columns that the books hold."""

    def __init__(self, books: Books, *, absent: Mapping[str, str]) -> None:
        """``absent`` is what the config says that there is not (``Policy.absent``)."""
        self._absent = absent
        self._mapped = books.mapped_columns()
        self._failed = {read.relation: read for read in books.copies() if read.problem}
        self._plans_configured = books.has_plans()
        self._hits: tuple[JoinHits, ...] | None = None
        self._books = books

    def obstacle(self, check: Check) -> Skipped | Broken | NotApplicable | None:
        """The outcome of a check that cannot be run, and why; None where it can."""
        absent = absent_need(check, self._absent, self._mapped)
        if absent is not None:
            return NotApplicable(reason=absent)
        failed = sorted({relation for relation, _ in reads_of_check(check) if self._is_missed(relation, check)})
        if failed:
            return Broken(error=f"{failed[0]} was not read whole: {self._failed[failed[0]].problem}")
        if reads_gates(check) and not self._is_any("gate_expectation"):
            return Skipped(reason=NO_MATRIX)
        if needs_listing(check) and not self._is_any("gate_probe WHERE lists"):
            return Skipped(reason=NO_LISTING)
        missing = unmapped(check, self._mapped, plans_configured=self._plans_configured, absent=self._absent)
        return Skipped(reason=not_mapped(missing)) if missing else None

    def compared_nothing(self, check: Check, engine: Engine) -> str | None:
        """Why this check cannot compare the two sides; None where it can. The ids are counted once for all checks."""
        if self._hits is None:
            self._hits = hits_of_joins(engine, self._mapped)
        return compared_nothing(check, self._hits)

    def _is_missed(self, relation: str, check: Check) -> bool:
        """Whether the check cannot answer without what was not read; an empty relation that only excuses is no loss."""
        read = self._failed.get(relation)
        if read is None or read.is_plausibly_empty or relation in check.widened_by:
            return False
        is_company_there = "account" not in self._failed  # an empty database excuses nothing
        return not (read.is_empty and is_company_there and is_optional(check, relation))

    def _is_any(self, rows: str) -> bool:
        """Asked only for the few checks of plan gates: a repair, which runs none of them, does not wait for it."""
        return bool(self._books.connection.execute(f"SELECT 1 FROM {rows} LIMIT 1").fetchall())


def not_mapped(missing: Sequence[str]) -> str:
    """Why a check that needs these relations and columns cannot run."""
    says = f"not mapped: {', '.join(missing)}"
    if any(name.partition(".")[0] in _OF_STRIPE for name in missing):
        return f"{says}; give [stripe] an api_key, or say enabled = false there"
    return says


def _outcome(
    check: Check,
    engine: Engine,
    readable: Readable,
    policy: Policy,
    exemptions: LiveExemptions,
    *,
    counts_population: bool,
) -> Outcome:
    severity = policy.severity.get(check.id, check.severity)
    if severity is None:
        return Off()
    # The one broad except of the program: every error in a check's SQL must become a value, or one customer's odd
    # row would hide every other check's answer.
    try:
        obstacle = readable.obstacle(check)
        if obstacle is not None:
            return obstacle
        nothing = readable.compared_nothing(check, engine) if counts_population else None
        if nothing is not None:
            return Broken(error=nothing)
        rows = engine.rows(exemptions.violations(check))
        findings = [finding_of(check, row, severity, policy, exemptions) for row in rows]
        if check.inconclusive and findings:
            return Broken(error=_unknown(findings))
        population = engine.number(check.population) if counts_population else 0
        return Checked(population=population, findings=_ordered(findings))
    except Exception as error:  # noqa: BLE001 - see above
        if is_interruption(error):
            raise KeyboardInterrupt from None
        if type(error).__name__ == "OutOfMemoryException":  # DuckDB's, which this module does not import
            return Broken(error="it needs more memory than books.memory_limit allows; raise it")
        return Broken(error=redact(printable(f"{type(error).__name__}: {error}"))[:TEXT_SHOWN])


def _unknown(findings: Sequence[Finding]) -> str:
    """What could not be looked at, as one text."""
    return redact("; ".join(sorted(finding.message for finding in findings)))[:TEXT_SHOWN]


def _ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: (-finding.severity.rank, finding.subject)))
