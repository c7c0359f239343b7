"""Markdown for a pull request or an issue. Text that a customer typed cannot become a link, a mention or markup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TextIO

from trueup.formats.digest import SHOWN, Accepted, Group, accepted, groups, switched_off, unanswered
from trueup.formats.matrix import cell_text, counts, differences, matrix
from trueup.formats.wording import counted, exemption_text, instant, legible, severity_counts
from trueup.model.guardrail import Guardrail, GuardrailStatus
from trueup.model.report import Report, Status
from trueup.model.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trueup.formats.presentation import Presentation
    from trueup.model.finding import Finding
    from trueup.model.gate import PlanGate

_MARKS = {
    Severity.CRITICAL: "\N{LARGE RED CIRCLE}",
    Severity.ERROR: "\N{LARGE ORANGE CIRCLE}",
    Severity.WARNING: "\N{LARGE YELLOW CIRCLE}",
    Severity.INFO: "\N{LARGE BLUE CIRCLE}",
}
_STATUS_MARKS = {
    Status.HEALTHY: "\N{LARGE GREEN CIRCLE}",
    Status.ATTENTION: _MARKS[Severity.WARNING],
    Status.DEGRADED: _MARKS[Severity.ERROR],
    Status.CRITICAL: _MARKS[Severity.CRITICAL],
    Status.INCOMPLETE: "\N{MEDIUM WHITE CIRCLE}",
}

_GUARDRAIL_MARKS = {
    GuardrailStatus.ALLOWED: _STATUS_MARKS[Status.HEALTHY],
    GuardrailStatus.BLOCKED: _MARKS[Severity.CRITICAL],
    GuardrailStatus.UNKNOWN: _STATUS_MARKS[Status.INCOMPLETE],
}

# As an entity a character is only ever text, even inside a table, where a backslash before "|" would not be enough.
_SPECIAL = re.compile(r"[\\`*_\[\]<>&|~$]")

# A zero-width space separates what GitHub would join into a mention, an issue reference or a link, entities or not.
_SPECIAL_OR_LINK = re.compile(rf"{_SPECIAL.pattern}|[@#]|:(?=//)|www(?=\.)", re.IGNORECASE)


def write(report: Report, out: TextIO, presentation: Presentation) -> None:  # noqa: ARG001 - one signature for all formats
    """Write the report with at most ten findings of each check and severity, and the count of the others."""
    for block in _blocks(report):
        out.write(block)
        out.write("\n")


def escaped(text: str) -> str:
    """``text`` as plain words of Markdown, at any place in a line.

    >>> escaped("a|b")
    'a&#124;b'
    """
    return _SPECIAL_OR_LINK.sub(_parted, legible(text))


def code(text: str) -> str:
    """``text`` as code, so that it can be copied; characters that would end a code span or cell become entities."""
    shown = legible(text)
    if "`" in shown or "|" in shown or shown != shown.strip():
        return f"<code>{_SPECIAL.sub(_entity, shown)}</code>"
    return f"`{shown}`"


def _entity(match: re.Match[str]) -> str:
    return f"&#{ord(match.group())};"


def _parted(match: re.Match[str]) -> str:
    return _entity(match) if _SPECIAL.match(match.group()) else f"{match.group()}&#8203;"


def _blocks(report: Report) -> Iterator[str]:
    confidence = f" · confidence {report.confidence:.2f}" if report.confidence < 1 else ""
    mark, status = _STATUS_MARKS[report.status], report.status.value.capitalize()
    yield f"## {mark} {status} · score {report.score}/100 · {report.checks_apply}{confidence}\n"
    yield from _could_not_check(report)
    yield _table(("", ""), _facts(report))
    for severity, of_severity in groups(report).items():
        total = sum(group.count for group in of_severity)
        yield f"### {_MARKS[severity]} {severity.value.capitalize()}: {counted(total, 'finding')}\n"
        yield f"{severity.asks}\n"
        for group in of_severity:
            yield from _group(group)
    yield from _plan_gates(report)
    yield from _guardrails(report)
    yield from _exempted(report)
    yield from _score(report)
    if report.unseen:
        yield "Said to be absent, so not looked for:\n"
        yield "".join(f"- {escaped(line)}\n" for line in report.unseen)
    if off := switched_off(report):
        yield f"Switched off in `[policy.severity]`: {', '.join(code(check) for check in off)}\n"


def _facts(report: Report) -> Iterator[tuple[str, ...]]:
    as_of = instant(report.database_as_of) if report.database_as_of else "not read"
    yield "Environment", escaped(report.environment)
    yield "Findings", ", ".join(severity_counts(report.severities))
    yield "At risk", escaped(report.at_risk.text()) or "nothing"
    read = (("account", "user"), ("ledger_entry", "transaction"), ("webhook_event", "webhook event"))
    yield "Read", ", ".join(counted(report.rows_read(relation), noun) for relation, noun in read)
    yield "As of", f"{as_of}, the last {counted(report.period_days, 'day')}"
    if silenced := sum(each.count for each in accepted(report)):
        yield "Exempted", counted(silenced, "finding")


def _table(heads: Sequence[str], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [tuple(heads), tuple("---" for _ in heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _group(group: Group) -> Iterator[str]:
    at_risk = escaped(group.at_risk.text())
    risk = f" · {at_risk} at risk" if at_risk else ""
    yield f"**{escaped(group.title)}** · {code(group.check)} · {group.count:,} of {group.population:,}{risk}\n"
    yield _table(("Issue", "What", "At risk"), (_row(finding) for finding in group.worst))
    if group.hidden:
        yield f"and {group.hidden:,} more (`--format json` or `csv` shows all)\n"


def _row(finding: Finding) -> tuple[str, ...]:
    return code(finding.id), escaped(finding.message), escaped(finding.impact.text())


def _plan_gates(report: Report) -> Iterator[str]:
    if not report.plan_gates:
        return
    shown = matrix(report.plan_gates)
    yield f"### Plan gates: {counts(report.plan_gates)}\n"
    heads = ("Feature", *(escaped(plan) for plan in shown.plans))
    rows = ((code(feature), *(_cell(row.get(plan)) for plan in shown.plans)) for feature, row in shown.rows)
    yield _table(heads, rows)
    for change in differences(report):
        yield f"- changed: {escaped(change)}"
    yield ""


def _cell(gate: PlanGate | None) -> str:
    text = escaped(cell_text(gate))
    if gate is None or gate.passed:
        return text
    regressed = gate.actual is not None and gate.expected is not None
    return f"{_MARKS[Severity.CRITICAL if regressed else Severity.WARNING]} **{text}**"


def _could_not_check(report: Report) -> Iterator[str]:
    if report.complete:
        return
    yield "> [!WARNING]"
    yield "> **Not everything could be checked.** What these would have found is unknown."
    for read in report.interruptions:
        yield f"> - {code(read.relation)} was not read whole: {escaped(read.problem or '')}"
    for check in unanswered(report):
        yield f"> - {code(check.check)} {check.how}: {escaped(check.reason)}"
    yield ""


def _guardrails(report: Report) -> Iterator[str]:
    if not report.guardrails:
        return
    yield "### Guardrails\n"
    yield _table(("Guardrail", "", "Why"), (_guardrail(guardrail) for guardrail in report.guardrails))


def _guardrail(guardrail: Guardrail) -> tuple[str, ...]:
    status = f"{_GUARDRAIL_MARKS[guardrail.status]} {guardrail.status.value}"
    return code(guardrail.id), status, " ".join(map(escaped, guardrail.reasons))


def _exempted(report: Report) -> Iterator[str]:
    every = accepted(report)
    if not every:
        return
    yield f"<details><summary>Exempted: {counted(sum(each.count for each in every), 'finding')}</summary>\n"
    rows = (
        (code(each.exemption.check_id), escaped(each.exemption.scope_text), f"{each.count:,}", _accepted(each))
        for each in every[:SHOWN]
    )
    yield _table(("Check", "Of", "Findings", "Why"), rows)
    if len(every) > SHOWN:
        yield f"and {len(every) - SHOWN:,} more exemptions (`--format json` or `csv` shows all)\n"
    yield "</details>\n"


def _accepted(each: Accepted) -> str:
    return escaped(exemption_text(each.exemption))


def _score(report: Report) -> Iterator[str]:
    if not report.score_lines:
        return
    yield f"<details><summary>How the score of {report.score} is computed</summary>\n"
    rows = (
        (f"-{line.penalty:.2f}", code(line.check), line.severity.value, f"{line.findings:,} of {line.population:,}")
        for line in report.score_lines
    )
    yield _table(("Points", "Check", "Severity", "Broken"), rows)
    yield "100 minus these points, rounded down; an open critical caps it at 59, an error at 84, a warning at 99.\n"
    yield "</details>\n"
