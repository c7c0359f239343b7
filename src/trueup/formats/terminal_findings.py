"""The findings of a report in a terminal: whole, or a line each where they would fill more than a few screens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from trueup.formats.terminal import COLORS
from trueup.formats.wording import counted, legible

if TYPE_CHECKING:
    from trueup.formats.digest import Group
    from trueup.formats.terminal import TerminalPage
    from trueup.model.finding import Finding
    from trueup.model.severity import Severity

COLUMNS_FROM = 110
"""From this width on a finding's id, message and risk are in one row."""

GAP = 2
"""The blanks between two columns."""


def write_whole(page: TerminalPage, by_severity: dict[Severity, list[Group]]) -> None:
    """Each group with its title, and each of its shown findings with its id, its message and what it puts at risk."""
    for severity, of_severity in by_severity.items():
        _heading(page, severity, of_severity)
        for group in of_severity:
            _group(page, group)


def write_short(page: TerminalPage, by_severity: dict[Severity, list[Group]], *, lines: int) -> None:
    """A line for each group, and as many findings, a line each, as there is room for; the worst come first."""
    every = [group for of_severity in by_severity.values() for group in of_severity]
    headings = 2 * len(by_severity) + len(every)
    numbers = _shared_out(lines - headings, [len(group.worst) for group in every])
    rooms = dict(zip(map(id, every), numbers, strict=True))
    for severity, of_severity in by_severity.items():
        _heading(page, severity, of_severity)
        for group in of_severity:
            _line(page, group)
            for finding in group.worst[: rooms[id(group)]]:
                page.cut(Text(_sentence(finding)), indent=5)


def _shared_out(room: int, wanted: list[int]) -> list[int]:
    """How many findings each group shows: one each, from the first group on, as long as there is room, then another.

    >>> _shared_out(4, [5, 1, 2])
    [2, 1, 1]
    """
    shares = [0] * len(wanted)
    while room > 0 and shares != wanted:
        for place, number in enumerate(wanted):
            if room > 0 and shares[place] < number:
                shares[place] += 1
                room -= 1
    return shares


def _heading(page: TerminalPage, severity: Severity, of_severity: list[Group]) -> None:
    total = sum(group.count for group in of_severity)
    page.heading(severity.value.upper(), counted(total, "finding"), style=COLORS[severity])


def _facts_of(page: TerminalPage, group: Group) -> str:
    facts = [f"{group.count:,} of {group.population:,}"]
    if at_risk := legible(group.at_risk.text()):
        facts.append(f"{at_risk} at risk")
    return f" {page.glyphs.dot} ".join(facts)


def _line(page: TerminalPage, group: Group) -> None:
    color, dot = COLORS[group.severity], f" {page.glyphs.dot} "
    sign = (f"{page.glyphs.severity[group.severity]} ", color)
    facts = (f"{dot}{_facts_of(page, group)}{dot}", "dim")
    page.cut(Text.assemble(sign, (legible(group.check), f"bold {color}"), facts, legible(group.title)), indent=1)


def _sentence(finding: Finding) -> str:
    """The message, with the subject before it where it does not name it, so that the id can be put together."""
    subject, message = legible(finding.subject), legible(finding.message)
    return message if subject in message else f"{subject}: {message}"


def _group(page: TerminalPage, group: Group) -> None:
    color, dot = COLORS[group.severity], f" {page.glyphs.dot} "
    page.blank()
    title = Table.grid(padding=(0, 1, 0, 0))
    title.add_row(Text(page.glyphs.severity[group.severity], color), Text(legible(group.title), "bold"))
    page.show(title, indent=1)
    page.print((legible(group.check), color), (dot + _facts_of(page, group), "dim"), indent=3)
    if page.width >= COLUMNS_FROM:
        _rows(page, group)
    else:
        _stacked(page, group)
    if group.hidden:
        page.print((f"and {group.hidden:,} more (--all shows them)", "dim italic"), indent=5)


def _rows(page: TerminalPage, group: Group) -> None:
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


def _stacked(page: TerminalPage, group: Group) -> None:
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
