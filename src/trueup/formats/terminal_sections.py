"""What a terminal report says besides its findings: gates, exemptions, what is unknown or unseen, guardrails, score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from trueup.formats.digest import SHOWN, accepted, switched_off
from trueup.formats.matrix import cell_text, counts, matrix
from trueup.formats.terminal import COLORS, GUARDRAIL_COLORS, STATUS_COLORS
from trueup.formats.wording import counted, exemption_text, legible
from trueup.model.report import Report, Status
from trueup.model.score import CAPS
from trueup.model.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trueup.formats.digest import UnansweredCheck
    from trueup.formats.terminal import TerminalPage
    from trueup.model.gate import PlanGate

SHORT = 3
"""How many lines of one kind a short report shows."""


def plan_gates(
    page: TerminalPage, gates: Sequence[PlanGate], changes: Sequence[str], *, is_short: bool = False
) -> None:
    """The plan gates as a matrix, and what changed since they were accepted; empty where there are none."""
    if not gates:
        return
    shown = matrix(gates)
    failed = any(not gate.passed for gate in gates)
    page.heading("PLAN GATES", counts(gates), style=COLORS[Severity.CRITICAL] if failed else "green")
    table = page.grid("left", *("left" for _ in shown.plans))
    table.add_row("", *(Text(legible(plan), "dim") for plan in shown.plans))
    for feature, row in shown.rows:
        table.add_row(Text(legible(feature), "bold"), *(_cell(page, row.get(plan)) for plan in shown.plans))
    page.show(table, indent=3)
    shown_changes = changes[:SHORT] if is_short else changes
    for change in shown_changes:
        page.print(f"changed: {legible(change)}", indent=3)
    _note_hidden(page, len(changes) - len(shown_changes), "change")


def _cell(page: TerminalPage, gate: PlanGate | None) -> Text:
    if gate is None or gate.passed:
        return Text(cell_text(gate))
    regressed = gate.actual is not None and gate.expected is not None
    severity = Severity.CRITICAL if regressed else Severity.WARNING
    return Text(f"{page.glyphs.severity[severity]} {cell_text(gate)}", COLORS[severity])


def could_not_check(page: TerminalPage, report: Report, missing: list[UnansweredCheck]) -> None:
    """What is unknown: each relation that was not read whole, and each reason with the checks that it stopped."""
    if not report.interruptions and not missing:
        return
    style = STATUS_COLORS[Status.INCOMPLETE]
    heading = f"reverse {style}" if page.color else style
    page.heading("COULD NOT CHECK", "what these would have found is unknown", style=heading)
    for read in report.interruptions:
        page.print(
            (f"{legible(read.relation)} not whole", "bold"), f"  {legible(f'{read.table}: {read.problem}')}", indent=3
        )
    by_reason: dict[tuple[str, str], list[str]] = {}
    for check in missing:
        by_reason.setdefault((check.how, check.reason), []).append(check.check)
    for (how, reason), checks in by_reason.items():
        page.print((how, "bold"), f"  {legible(reason)}", indent=3)
        page.print((legible(", ".join(checks)), style), indent=6)


def not_looked_for(page: TerminalPage, report: Report) -> None:
    """What the config says is absent, a line each, and what it switches off."""
    if report.unseen:
        page.heading("SAID TO BE ABSENT", "what this would have shown is not looked for")
        for line in report.unseen:
            page.print(legible(line), indent=3)
    if off := switched_off(report):
        page.heading("SWITCHED OFF", "by [policy.severity]")
        page.print(", ".join(map(legible, off)), indent=3)


def guardrails(page: TerminalPage, report: Report, *, is_short: bool) -> None:
    """What may go ahead, and below it why not; of a short report the first reason."""
    if not report.guardrails:
        return
    page.heading("GUARDRAILS", "what may go ahead now")
    if is_short:
        for guardrail in report.guardrails:
            style = GUARDRAIL_COLORS[guardrail.status]
            first = legible(next(iter(guardrail.reasons), ""))
            number = f"1 of {len(guardrail.reasons)}: " if len(guardrail.reasons) > 1 else ""
            name, status = f"{guardrail.id:<23} ", (f"{guardrail.status.value:<8}", f"bold {style}")
            line = Text.assemble(name, status, (f" {number}{first}", "dim"))
            page.cut(line, indent=3)
        return
    table = page.grid("left", "left", "left")
    for guardrail in report.guardrails:
        reasons = "\n".join(legible(reason) for reason in guardrail.reasons)
        style = GUARDRAIL_COLORS[guardrail.status]
        table.add_row(Text(guardrail.id), Text(guardrail.status.value, f"bold {style}"), Text(reasons, "dim"))
    page.show(table, indent=3)


def exempted(page: TerminalPage, report: Report, *, is_short: bool) -> None:
    """The exempted findings: the first exemptions, and how many others there are."""
    every = accepted(report)
    if not every:
        return
    page.heading("EXEMPTED", counted(sum(each.count for each in every), "finding"))
    shown = every[: SHORT if is_short else SHOWN]
    table = page.grid("left", "right", "left")
    for each in shown:
        what = f"{each.exemption.check_id}, {each.exemption.scope_text}"
        table.add_row(legible(what), Text(f"{each.count:,}", "dim"), Text(legible(exemption_text(each.exemption))))
    page.show(table, indent=3)
    _note_hidden(page, len(every) - len(shown), "exemption")


def _note_hidden(page: TerminalPage, number: int, noun: str) -> None:
    if number > 0:
        page.print((f"and {number:,} more {noun}{'' if number == 1 else 's'}", "dim"), indent=3)


def score(page: TerminalPage, report: Report) -> None:
    """The published calculation of the score, line by line."""
    page.heading("SCORE", f"{report.score}/100")
    if not report.score_lines:
        page.print("100: the checks that ran found nothing.", indent=3)
        return
    table = page.grid("right", "left", "left", "right")
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
