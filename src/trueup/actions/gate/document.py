"""A report's JSON document as facts, or not at all: one that is cut off, changed or foreign is refused.

There is one reader. A report of now is read as the document that it would be written as, so that it is judged like the
file that a pipeline hands on, whatever either of them holds.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import NoReturn

from pydantic import ValidationError

from trueup.actions.gate.agreement import disagreement
from trueup.actions.gate.shape import IssueShape, PlanGateShape, ReportShape
from trueup.disk import read_file
from trueup.formats import write
from trueup.model.errors import ConfigurationError, ReportUnreadable
from trueup.model.finding import printable
from trueup.model.gate import PlanGate
from trueup.model.guardrail import Guardrail
from trueup.model.money import Impact
from trueup.model.relations import Exemption
from trueup.model.release import Answer, Facts, Issue
from trueup.model.report import SCHEMA_VERSION, Report

_SHOWN = 200
REPORT_BYTES_LIMIT = 256 * 1024 * 1024
"""A report of a hundred thousand findings has a tenth of it."""


def facts_of_report(report: Report, *, first_seen: Mapping[str, datetime] = MappingProxyType({})) -> Facts:
    """The facts of a report that was made just now."""
    out = io.StringIO()
    write(report, format="json", stream=out, first_seen=first_seen)
    return facts_of(out.getvalue(), place="the report")


def facts_of_file(path: Path) -> Facts:
    """The facts in the file that ``trueup audit --format json`` wrote.

    Raises ``ConfigurationError`` when there is no such file, and ``ReportUnreadable`` when it is not a whole report.
    """
    try:
        content = read_file(path, most_bytes=REPORT_BYTES_LIMIT)
    except OSError as error:
        raise ConfigurationError(f"The report {path} cannot be read: {error.strerror or 'no reason given'}.") from None
    try:
        return facts_of(content.decode("utf-8-sig"), place=str(path))
    except UnicodeDecodeError:
        raise ReportUnreadable(f"{path} is not a report of trueup: it is not UTF-8 text.") from None


def facts_of(text: str, *, place: str) -> Facts:
    """The facts in a document; ``place`` names it in errors. Raises ``ReportUnreadable``."""
    document = _shaped(_parsed(text, place), place)
    found = disagreement(document)
    if found is not None:
        raise ReportUnreadable(f"{place} contradicts itself, so it was changed after it was made: {found}.")
    return Facts(
        run_id=document.run_id,
        environment=document.environment,
        period_days=document.period_days,
        generated_at=document.generated_at,
        database_as_of=document.as_of.database,
        stripe_as_of=document.as_of.stripe,
        answers=tuple(
            Answer(check=made.check, how=made.outcome, population=made.population, reason=made.reason)
            for made in document.outcomes
        ),
        issues=tuple(map(_issue, document.issues)),
        plan_gates=tuple(map(_plan_gate, document.plan_gates)),
        guardrails=tuple(
            Guardrail(id=one.id, status=one.status, reasons=tuple(one.reasons)) for one in document.guardrails
        ),
        problems=tuple(f"{read.relation}: {read.problem}" for read in document.relations if read.problem),
    )


def _parsed(text: str, place: str) -> object:
    def distinct(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
        made: dict[str, object] = {}
        for name, value in pairs:
            if name in made:
                raise ValueError(f'it holds "{printable(name)[:_SHOWN]}" twice')
            made[name] = value
        return made

    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"it holds {constant}")

    try:
        return json.loads(text, object_pairs_hook=distinct, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise ReportUnreadable(
            f"{place} is not a whole report: it breaks off or is damaged at line {error.lineno} "
            f"({error.msg}); make it again with `trueup audit --format json`."
        ) from None
    except RecursionError:
        raise ReportUnreadable(f"{place} is not a report of trueup: it is nested too deeply.") from None
    except ValueError as error:
        raise ReportUnreadable(f"{place} is not a report of trueup: {error}.") from None


def _shaped(document: object, place: str) -> ReportShape:
    version = document.get("schemaVersion") if isinstance(document, dict) else None
    if isinstance(version, int) and version != SCHEMA_VERSION:
        raise ReportUnreadable(
            f"{place} has schema version {version}, and this trueup reads {SCHEMA_VERSION}: use one version for both."
        )
    try:
        return ReportShape.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the document"
        raise ReportUnreadable(
            f"{place} is not a report of trueup: {printable(where)[:_SHOWN]}: {first['msg']}."
        ) from None


def _issue(found: IssueShape) -> Issue:
    exemption = found.exemption and Exemption(
        check_id=found.check,
        subject=found.subject,
        owner=found.exemption.owner,
        reason=found.exemption.reason,
        expires_at=found.exemption.expires_at,
    )
    return Issue(
        check=found.check,
        area=found.category,
        subject=found.subject,
        severity=found.severity,
        title=found.title,
        message=found.message,
        fingerprint=found.fingerprint,
        first_seen=found.first_seen,
        impact=Impact(money=found.impact.money, credits=found.impact.credits),
        evidence=found.evidence,
        exemption=exemption or None,
    )


def _plan_gate(found: PlanGateShape) -> PlanGate:
    return PlanGate(
        feature=found.feature,
        plan=found.plan,
        expected=found.expected,
        actual=found.actual,
        accepted=found.accepted,
    )
