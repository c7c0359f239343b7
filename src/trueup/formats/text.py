"""The report for a terminal: the verdict, the findings, what could not be checked, then how the score is computed."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, TextIO

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from trueup.formats.digest import SHOWN, Group, Unanswered, accepted, groups, switched_off, unanswered
from trueup.formats.matrix import cell_text, counts, differences, matrix
from trueup.formats.terminal import Page
from trueup.formats.wording import counted, exemption_text, legible, severity_counts
from trueup.model.guardrail import GuardrailStatus
from trueup.model.report import Report, Status
from trueup.model.score import CAPS
from trueup.model.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trueup.formats.presentation import Presentation
    from trueup.model.gate import PlanGate

COLUMNS_FROM = 110
"""From this width on a finding's id, message and risk are in one row."""

GAP = 2
"""The blanks between two columns."""

COLORS = {
    Severity.CRITICAL: "bright_red",
    Severity.ERROR: "red",
    Severity.WARNING: "yellow",
    Severity.INFO: "cyan",
}
STATUS_COLORS = {
    Status.HEALTHY: "green",
    Status.ATTENTION: "yellow",
    Status.DEGRADED: "red",
    Status.CRITICAL: "bright_red",
    Status.INCOMPLETE: "magenta",
}

GUARDRAIL_COLORS = {
    GuardrailStatus.ALLOWED: "green",
    GuardrailStatus.BLOCKED: "red",
    GuardrailStatus.UNKNOWN: "magenta",
}


def write(report: Report, out: TextIO, presentation: Presentation) -> None:
    """Write the report; ten findings of each check and severity are shown, all are counted."""
    page = Page(out, presentation)
    by_severity = groups(report)
    missing = unanswered(report)
    _verdict(page, report, missing)
    _facts(page, report)
    for severity, of_severity in by_severity.items():
        total = sum(group.count for group in of_severity)
        page.heading(severity.value.upper(), counted(total, "finding"), style=COLORS[severity])
        for group in of_severity:
            _group(page, group)
    plan_gates(page, report.plan_gates, differences(report))
    _next(page, by_severity)
    _could_not_check(page, report, missing)
    _guardrails(page, report)
    _exempted(page, report)
    _score(page, report)
    page.blank()


def _verdict(page: Page, report: Report, missing: list[Unanswered]) -> None:
    status, color = report.status, STATUS_COLORS[report.status]
    sign = page.glyphs.status[status]
    parts: list[str | tuple[str, str]] = [
        (f" {sign} {status.value.upper()} ", f"bold reverse {color}" if page.color else ""),
        (f"  {report.score}", f"bold {color}"),
        ("/100", "dim"),
    ]
    if page.color:
        cells = page.width // 6
        filled = report.score * cells // 100
        parts += [("  " + page.glyphs.full * filled, color), (page.glyphs.empty * (cells - filled), "dim")]
    parts.append((f"  {report.checks_apply}", "dim"))
    if report.confidence < 1:
        parts.append((f"  confidence {report.confidence:.2f}", "bold magenta"))
    page.print(*parts)
    if not report.complete:
        page.print((_incomplete(report, missing), "magenta"), indent=1)
    worst = next((severity for severity, count in report.severities.items() if count), Severity.INFO)
    if worst is not Severity.INFO:
        page.print(worst.asks, indent=1)
    elif report.complete:
        page.print("Everything that was checked agrees.", indent=1)


def _incomplete(report: Report, missing: list[Unanswered]) -> str:
    unread = len(report.interruptions)
    parts = [f"{counted(len(missing), 'check')} could not answer"] if missing else []
    parts += [f"{counted(unread, 'relation')} {'was' if unread == 1 else 'were'} not read whole"] if unread else []
    return f"{' and '.join(parts)}: see COULD NOT CHECK."


def _facts(page: Page, report: Report) -> None:
    table = _grid("right", "left")
    dot = f" {page.glyphs.dot} "
    at_risk = legible(report.at_risk.text())
    table.add_row(Text("at risk", "dim"), Text(at_risk or "nothing", "bold" if at_risk else ""))
    table.add_row(Text("findings", "dim"), _counts(report.severities, dot))
    if silenced := sum(each.count for each in accepted(report)):
        table.add_row(Text("exempted", "dim"), counted(silenced, "finding"))
    read = (("account", "user"), ("ledger_entry", "transaction"), ("webhook_event", "webhook event"))
    table.add_row(Text("read", "dim"), dot.join(counted(report.rows_read(name), noun) for name, noun in read))
    table.add_row(Text("as of", "dim"), Text(_as_of(report)))
    table.add_row(Text("where", "dim"), Text(f"{legible(report.environment)}{dot}run {legible(report.run_id)}"))
    page.blank()
    page.show(table, indent=1)


def _grid(*columns: str) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(justify="right" if column == "right" else "left", overflow="fold")
    return table


def _counts(counts: dict[Severity, int], dot: str) -> Text:
    words = zip(counts.items(), severity_counts(counts), strict=True)
    shown = [Text(word, COLORS[severity] if count else "dim") for (severity, count), word in words]
    return Text(dot).join(shown)


def _as_of(report: Report) -> str:
    moment = report.database_as_of
    when = f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "the database was not read"
    return f"{when}, the last {counted(report.period_days, 'day')}"


def _group(page: Page, group: Group) -> None:
    color, dot = COLORS[group.severity], f" {page.glyphs.dot} "
    facts = [f"{group.count:,} of {group.population:,}"]
    if at_risk := legible(group.at_risk.text()):
        facts.append(f"{at_risk} at risk")
    page.blank()
    title = Table.grid(padding=(0, 1, 0, 0))
    title.add_row(Text(page.glyphs.severity[group.severity], color), Text(legible(group.title), "bold"))
    page.show(title, indent=1)
    page.print((legible(group.check), color), (dot + dot.join(facts), "dim"), indent=3)
    if page.width >= COLUMNS_FROM:
        _rows(page, group)
    else:
        _stacked(page, group)
    if group.hidden:
        page.print((f"and {group.hidden:,} more (--format json or csv shows all)", "dim italic"), indent=5)


def _rows(page: Page, group: Group) -> None:
    """Id, message and risk in one row, if the ids leave most of the line to the message."""
    ids = [legible(finding.id) for finding in group.worst]
    risks = [legible(finding.impact.text()) for finding in group.worst]
    if max(map(cell_len, ids)) + max(map(cell_len, risks)) > page.width // 2:
        _stacked(page, group)
        return
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    table.add_column(no_wrap=True, justify="right")
    for issue_id, finding, risk in zip(ids, group.worst, risks, strict=True):
        table.add_row(Text(issue_id, "bold"), Text(legible(finding.message)), Text(risk, COLORS[group.severity]))
    page.show(table, indent=5)


def _stacked(page: Page, group: Group) -> None:
    """Id and risk on one line, the message below."""
    color = COLORS[group.severity]
    for finding in group.worst:
        issue_id, risk, message = legible(finding.id), legible(finding.impact.text()), legible(finding.message)
        gap = page.width - 5 - cell_len(issue_id) - cell_len(risk)
        if gap < GAP:
            page.unbroken(Text.assemble("     ", (issue_id, "bold")))
            page.print((risk, color), "  " if risk else "", message, indent=7)
        else:
            page.unbroken(Text.assemble("     ", (issue_id, "bold"), " " * gap if risk else "", (risk, color)))
            page.print(message, indent=7)


def plan_gates(page: Page, gates: Sequence[PlanGate], changes: Sequence[str]) -> None:
    """The plan gates as a matrix, and what changed since they were accepted; empty where there are none."""
    if not gates:
        return
    shown = matrix(gates)
    failed = any(not gate.passed for gate in gates)
    page.heading("PLAN GATES", counts(gates), style=COLORS[Severity.CRITICAL] if failed else "green")
    table = _grid("left", *("left" for _ in shown.plans))
    table.add_row("", *(Text(legible(plan), "dim") for plan in shown.plans))
    for feature, row in shown.rows:
        table.add_row(Text(legible(feature), "bold"), *(_cell(page, row.get(plan)) for plan in shown.plans))
    page.show(table, indent=3)
    for change in changes:
        page.print(f"changed: {legible(change)}", indent=3)


def _cell(page: Page, gate: PlanGate | None) -> Text:
    if gate is None or gate.passed:
        return Text(cell_text(gate))
    regressed = gate.actual is not None and gate.expected is not None
    severity = Severity.CRITICAL if regressed else Severity.WARNING
    return Text(f"{page.glyphs.severity[severity]} {cell_text(gate)}", COLORS[severity])


def _next(page: Page, by_severity: dict[Severity, list[Group]]) -> None:
    worst = next(iter(by_severity.values()), [None])[0]
    if not worst:
        return
    page.heading("NEXT")
    explain = f"   trueup explain {shlex.quote(legible(worst.worst[0].id))}"
    catalogue = f"   trueup checks {shlex.quote(legible(worst.check))}"
    column = max(cell_len(explain), cell_len(catalogue)) + 2
    for command, purpose in ((explain, "# the evidence, row by row"), (catalogue, "# why this matters")):
        line = Text(command, "bold")
        if column + len(purpose) <= page.width:
            line.pad_right(column - cell_len(command))
            line.append(purpose, "dim not bold")
        page.unbroken(line)


def _could_not_check(page: Page, report: Report, missing: list[Unanswered]) -> None:
    rows = [(read.relation, "not whole", f"{read.table}: {read.problem}") for read in report.interruptions]
    rows += [(check.check, check.how, check.reason) for check in missing]
    if rows:
        style = STATUS_COLORS[Status.INCOMPLETE]
        heading = f"reverse {style}" if page.color else style
        page.heading("COULD NOT CHECK", "what these would have found is unknown", style=heading)
        table = _grid("left", "left", "left")
        for name, how, reason in rows:
            table.add_row(Text(legible(name), style), Text(how, "bold"), Text(legible(reason)))
        page.show(table, indent=3)
    if report.unseen:
        page.heading("SAID TO BE ABSENT", "what this would have shown is not looked for")
        for line in report.unseen:
            page.print(legible(line), indent=3)
    if off := switched_off(report):
        page.heading("SWITCHED OFF", "by [policy.severity]")
        page.print(", ".join(map(legible, off)), indent=3)


def _guardrails(page: Page, report: Report) -> None:
    """What may go ahead, one line each; below it, why not."""
    if not report.guardrails:
        return
    page.heading("GUARDRAILS", "what may go ahead now")
    table = _grid("left", "left", "left")
    for guardrail in report.guardrails:
        reasons = "\n".join(legible(reason) for reason in guardrail.reasons)
        style = GUARDRAIL_COLORS[guardrail.status]
        table.add_row(Text(guardrail.id), Text(guardrail.status.value, f"bold {style}"), Text(reasons, "dim"))
    page.show(table, indent=3)


def _exempted(page: Page, report: Report) -> None:
    """The exempted findings: the first ten exemptions, and how many others there are."""
    every = accepted(report)
    if not every:
        return
    page.heading("EXEMPTED", counted(sum(each.count for each in every), "finding"))
    table = _grid("left", "right", "left")
    for each in every[:SHOWN]:
        what = f"{each.exemption.check_id}, {each.exemption.scope_text}"
        table.add_row(legible(what), Text(f"{each.count:,}", "dim"), Text(legible(exemption_text(each.exemption))))
    page.show(table, indent=3)
    if len(every) > SHOWN:
        page.print((f"and {len(every) - SHOWN:,} more exemptions (--format json or csv shows all)", "dim"), indent=3)


def _score(page: Page, report: Report) -> None:
    page.heading("SCORE", f"{report.score}/100")
    if not report.score_lines:
        page.print("100: the checks that ran found nothing.", indent=3)
        return
    table = _grid("right", "left", "left", "right")
    table.add_row("100.00", Text("at the start", "dim"))
    for line in report.score_lines:
        broken = Text(f"{line.findings:,} of {line.population:,}", "dim")
        severity = Text(line.severity.value, COLORS[line.severity])
        points = f"-{line.penalty:.2f}" if line.penalty else "0.00"
        table.add_row(points, legible(line.check), severity, broken)
    for amount, reason in _reckoning(report):
        table.add_row(Text(amount, "bold"), Text(reason, "dim"))
    page.show(table, indent=3)


def _reckoning(report: Report) -> Iterable[tuple[str, str]]:
    left = 100 - sum(line.penalty for line in report.score_lines)
    cap, worst = min((CAPS[line.severity], line.severity.value) for line in report.score_lines)
    yield f"{left:.2f}", "left"
    if left > cap:
        yield f"{report.score}", f"the highest score with an open {worst}"
    else:
        yield f"{report.score}", "rounded down, never below 0"
