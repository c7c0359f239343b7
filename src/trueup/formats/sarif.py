"""SARIF 2.1.0, for code-scanning pages (OASIS standard; GitHub's limits: "SARIF support for code scanning")."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, TextIO

from trueup import __version__
from trueup.formats.digest import unanswered
from trueup.formats.wording import CONFIG_FILE, Json, exact, exemption_text, impact, instant
from trueup.model.check import Check
from trueup.model.outcome import Checked
from trueup.model.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trueup.formats.presentation import Presentation
    from trueup.model.finding import Finding
    from trueup.model.guardrail import Guardrail
    from trueup.model.report import Report

RESULT_LIMIT = 25_000
"""GitHub refuses a run with more results."""

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {
    Severity.CRITICAL: "error",
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "note",
}


def write(report: Report, out: TextIO, presentation: Presentation) -> None:
    """Write one run. Of more than 25,000 findings the worst are kept, open ones first, and a notification says so."""
    rules = _rules(report, presentation.catalogue)
    numbers = {rule: number for number, rule in enumerate(rules)}
    driver = {"name": "trueup", "semanticVersion": __version__, "rules": list(rules.values())}
    out.write(f'{{"$schema": {dump(SCHEMA)}, "version": "2.1.0", "runs": [{{\n')
    out.write(f'  "tool": {dump({"driver": driver})},\n')
    out.write(f'  "automationDetails": {dump({"id": f"trueup/{exact(report.environment)}/"})},\n')
    out.write(f'  "invocations": [{dump(_invocation(report))}],\n')
    out.write(f'  "properties": {dump({"guardrails": [_guardrail(each) for each in report.guardrails]})},\n')
    out.write('  "results": [')
    separator = "\n    "
    for finding in _kept(report):
        out.write(separator + dump(_result(finding, rule_number=numbers[finding.check])))
        separator = ",\n    "
    out.write("\n  ]\n}]}\n")


def dump(value: object) -> str:
    """``value`` as JSON on one line."""
    return json.dumps(value, allow_nan=False)


def _kept(report: Report) -> Iterator[Finding]:
    exempted = (finding for finding in report.findings() if finding.exemption)
    return itertools.islice(itertools.chain(report.open_findings(), exempted), RESULT_LIMIT)


def _rules(report: Report, catalogue: Mapping[str, Check]) -> dict[str, dict[str, Json]]:
    """Every check of the report as a rule, by id; its finding describes a check that the catalogue lacks."""
    described: dict[str, Check | Finding | None] = {}
    for result in report.outcomes:
        described.setdefault(result.check, catalogue.get(result.check))
        for finding in result.outcome.findings if isinstance(result.outcome, Checked) else ():
            if described.get(finding.check) is None:
                described[finding.check] = catalogue.get(finding.check) or finding
    return {check_id: _rule(check_id, known) for check_id, known in described.items()}


def _rule(check_id: str, known: Check | Finding | None) -> dict[str, Json]:
    rule: dict[str, Json] = {"id": exact(check_id), "helpUri": f"docs/checks/{exact(check_id)}.md"}
    if known:
        rule["shortDescription"] = {"text": exact(known.title)}
        rule["defaultConfiguration"] = {"level": LEVELS[known.severity]}
        rule["properties"] = {"tags": ["billing", known.area.value]}
    if isinstance(known, Check):
        rule["fullDescription"] = {"text": exact(known.why)}
        rule["help"] = {"text": exact(known.why)}
    return rule


def message(text: str) -> dict[str, Json]:
    """Text in SARIF's own structure."""
    # Square brackets would be read as links (SARIF 2.1.0, 3.11.6).
    return {"text": exact(text).replace("[", "\\[").replace("]", "\\]")}


def _result(finding: Finding, *, rule_number: int) -> dict[str, Json]:
    suppression: dict[str, Json] = {"kind": "external", "status": "accepted"}
    if finding.exemption:
        suppression["justification"] = exemption_text(finding.exemption)
    return {
        "ruleId": exact(finding.check),
        "ruleIndex": rule_number,
        "level": LEVELS[finding.severity],
        "message": message(finding.message),
        "locations": [location(finding.subject, finding.id)],
        # GitHub distinguishes results only by this name, and all results here share a location.
        "partialFingerprints": fingerprints(finding.fingerprint),
        "suppressions": [suppression] if finding.exemption else [],
        "properties": {
            "issueId": exact(finding.id),
            "severity": finding.severity.value,
            "revenueImpacting": finding.revenue_impacting,
            "impact": impact(finding.impact),
        },
    }


def _guardrail(guardrail: Guardrail) -> dict[str, Json]:
    """A guardrail is about the whole run: a result for it would be a second alarm about the same findings."""
    reasons: list[Json] = [exact(reason) for reason in guardrail.reasons]
    return {"id": guardrail.id, "status": guardrail.status.value, "reasons": reasons}


def fingerprints(fingerprint: str) -> dict[str, Json]:
    """The identity of a result, under the names that GitHub and trueup read."""
    return {"primaryLocationLineHash": fingerprint, "trueupFinding/v1": fingerprint}


def location(subject: str, issue_id: str) -> dict[str, Json]:
    """Where a result is shown, and what it is about."""
    return {
        # GitHub refuses results without a file; the config is the repository's nearest one.
        "physicalLocation": {"artifactLocation": {"uri": CONFIG_FILE}, "region": {"startLine": 1}},
        "logicalLocations": [{"name": exact(subject), "fullyQualifiedName": exact(issue_id), "kind": "resource"}],
    }


def _invocation(report: Report) -> dict[str, Json]:
    notes: list[Json] = [
        notification(f"{read.relation} ({read.table}) was not read whole: {read.problem}")
        for read in report.interruptions
    ]
    for check in unanswered(report):
        note = notification(f"{check.check} was {check.how}: {check.reason}")
        notes.append(note | {"associatedRule": {"id": exact(check.check)}})
    total = sum(len(result.outcome.findings) for result in report.outcomes if isinstance(result.outcome, Checked))
    if total > RESULT_LIMIT:
        left_out = total - RESULT_LIMIT
        notes.append(notification(f"The worst {RESULT_LIMIT:,} of {total:,} findings are here; {left_out:,} are not."))
    return {
        "executionSuccessful": report.complete,
        "endTimeUtc": instant(report.generated_at),
        "toolExecutionNotifications": notes,
    }


def notification(text: str) -> dict[str, Json]:
    """The reasons why not everything could be looked at."""
    return {"level": "error", "message": message(text)}
