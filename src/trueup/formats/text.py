"""The report for a terminal: what was read, the findings, what is unknown, and at the end the verdict and what is next.

A terminal shows the end of what is written, so the end holds what matters.
"""

from __future__ import annotations

import dataclasses
import io
import shlex
from typing import TYPE_CHECKING, TextIO

from rich.cells import cell_len
from rich.text import Text

from trueup.formats import terminal_sections as section
from trueup.formats.digest import SHOWN, Group, UnansweredCheck, accepted, groups, unanswered
from trueup.formats.matrix import differences
from trueup.formats.terminal import COLORS, STATUS_COLORS, TerminalPage
from trueup.formats.terminal_findings import write_short, write_whole
from trueup.formats.wording import counted, legible, reread_lines, severity_counts
from trueup.model.report import Report
from trueup.model.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Callable

    from trueup.formats.presentation import Presentation

SHORT_LINES = 120
"""How many lines a report has at most, about, unless all of it is asked for."""

FEWEST_CELLS = 8
"""The shortest bar that shows a score; where there is less room, there is none."""

FEWEST_LINES = 40
"""How many of these are for findings, however long the rest is."""


def write(report: Report, out: TextIO, presentation: Presentation) -> None:
    """Write the report whole where that is a few screens or is asked for, and short otherwise; all findings count."""
    page = TerminalPage(out, presentation)
    by_severity = groups(report, shown=None if presentation.everything else SHOWN)
    is_short = not presentation.everything and _height(report, presentation, page, by_severity) > SHORT_LINES
    _facts(page, report)
    if is_short:

        def draw(draft: TerminalPage) -> None:
            _facts(draft, report)
            _rest(draft, report, presentation, by_severity, is_short=True)

        room = SHORT_LINES - _lines(presentation, page, draw)
        write_short(page, by_severity, lines=max(FEWEST_LINES, room))
    else:
        write_whole(page, by_severity)
    _rest(page, report, presentation, by_severity, is_short=is_short)


def _height(
    report: Report, presentation: Presentation, page: TerminalPage, by_severity: dict[Severity, list[Group]]
) -> int:
    """How many lines the whole report would have."""

    def draw(draft: TerminalPage) -> None:
        _facts(draft, report)
        write_whole(draft, by_severity)
        _rest(draft, report, presentation, by_severity, is_short=False)

    return _lines(presentation, page, draw)


def _lines(presentation: Presentation, page: TerminalPage, draw: Callable[[TerminalPage], None]) -> int:
    draft = io.StringIO()
    draw(TerminalPage(draft, dataclasses.replace(presentation, width=page.width)))
    return draft.getvalue().count("\n")


def _rest(
    page: TerminalPage,
    report: Report,
    presentation: Presentation,
    by_severity: dict[Severity, list[Group]],
    *,
    is_short: bool,
) -> None:
    """Write what follows the findings; the verdict is the last screen."""
    missing = unanswered(report)
    section.plan_gates(page, report.plan_gates, differences(report), is_short=is_short)
    section.exempted(page, report, is_short=is_short)
    section.could_not_check(page, report, missing)
    section.not_looked_for(page, report)
    section.guardrails(page, report, is_short=is_short)
    if presentation.explains_score:
        section.score(page, report)
    page.blank()
    _verdict(page, report, missing)
    _next(page, by_severity, is_short=is_short)
    page.blank()


def _facts(page: TerminalPage, report: Report) -> None:
    """What was read, when and where."""
    table = page.grid("right", "left")
    dot = f" {page.glyphs.dot} "
    read = (("account", "user"), ("ledger_entry", "transaction"), ("webhook_event", "webhook event"))
    table.add_row(Text("where", "dim"), Text(f"{legible(report.environment)}{dot}run {legible(report.run_id)}"))
    table.add_row(Text("as of", "dim"), Text(_as_of(report)))
    table.add_row(Text("read", "dim"), dot.join(counted(report.rows_read(name), noun) for name, noun in read))
    for line in reread_lines(report):
        table.add_row(Text("kept", "dim"), Text(legible(line)))
    if report.plan_from is not None:
        table.add_row(Text("plans", "dim"), Text(f"of each account's {report.plan_from}, which no column of it holds"))
    page.show(table, indent=1)


def _counts(counts: dict[Severity, int], dot: str) -> Text:
    words = zip(counts.items(), severity_counts(counts), strict=True)
    shown = [Text(word, COLORS[severity] if count else "dim") for (severity, count), word in words]
    return Text(dot).join(shown)


def _as_of(report: Report) -> str:
    moment = report.database_as_of
    unknown = "no one moment" if any(read.rows for read in report.relations) else "the database was not read"
    when = f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else unknown
    return f"{when}, the last {counted(report.period_days, 'day')}"


def _verdict(page: TerminalPage, report: Report, missing: list[UnansweredCheck]) -> None:
    status, color = report.status, STATUS_COLORS[report.status]
    sign = page.glyphs.status[status]
    parts: list[str | tuple[str, str]] = [
        (f" {sign} {status.value.upper()} ", f"bold reverse {color}" if page.color else ""),
        (f"  {report.score}", f"bold {color}"),
        ("/100, ", "dim"),
        (report.checks_apply, ""),
    ]
    if report.confidence < 1:
        parts.append((f"  confidence {report.confidence:.2f}", "bold magenta"))
    cells = min(page.width // 6, page.width - cell_len(Text.assemble(*parts).plain) - 2)
    if page.color and cells >= FEWEST_CELLS:
        filled = report.score * cells // 100
        parts += [("  " + page.glyphs.full * filled, color), (page.glyphs.empty * (cells - filled), "dim")]
    page.print(*parts)
    if not report.complete:
        page.print((_incomplete(report, missing), "magenta"), indent=1)
    worst = next((severity for severity, count in report.severities.items() if count), Severity.INFO)
    if worst is not Severity.INFO:
        page.print(worst.asks, indent=1)
    elif report.complete:
        page.print("Everything that was checked agrees.", indent=1)
    table = page.grid("right", "left")
    at_risk = legible(report.at_risk.text())
    table.add_row(Text("findings", "dim"), _counts(report.severities, f" {page.glyphs.dot} "))
    table.add_row(Text("at risk", "dim"), Text(at_risk or "nothing", "bold" if at_risk else ""))
    if silenced := sum(each.count for each in accepted(report)):
        table.add_row(Text("exempted", "dim"), counted(silenced, "finding"))
    page.show(table, indent=1)


def _incomplete(report: Report, missing: list[UnansweredCheck]) -> str:
    unread = len(report.interruptions)
    parts = [f"{counted(len(missing), 'check')} could not answer"] if missing else []
    parts += [f"{counted(unread, 'relation')} {'was' if unread == 1 else 'were'} not read whole"] if unread else []
    return f"{' and '.join(parts)}: see COULD NOT CHECK."


def _next(page: TerminalPage, by_severity: dict[Severity, list[Group]], *, is_short: bool) -> None:
    worst = next(iter(by_severity.values()), [None])[0]
    if not worst:
        return
    page.heading("NEXT")
    hidden = is_short or any(group.hidden for of_severity in by_severity.values() for group in of_severity)
    rows = [
        (f"trueup explain {shlex.quote(legible(worst.worst[0].id))}", "# the evidence, row by row"),
        (f"trueup checks {shlex.quote(legible(worst.check))}", "# why this matters"),
        *([("trueup audit --all", "# every finding with its id (an id is CHECK:SUBJECT)")] if hidden else []),
        ("trueup audit --explain-score", "# how the score is computed"),
    ]
    column = max(cell_len(command) for command, _ in rows) + 5
    for command, purpose in rows:
        line = Text(f"   {command}", "bold")
        if column + len(purpose) <= page.width:
            line.pad_right(column - cell_len(line.plain))
            line.append(purpose, "dim not bold")
        page.unbroken(line)
