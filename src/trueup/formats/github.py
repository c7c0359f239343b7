"""GitHub's workflow commands: lines in a step's log that become annotations of the run.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions: data escapes ``%`` and line ends, a
property also ``:`` and ``,``. GitHub shows the first ten of a level in a step; the log holds all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from trueup.formats.digest import unanswered
from trueup.formats.wording import CONFIG_FILE, counted, exemption_text, legible, severity_counts
from trueup.model.severity import Severity

if TYPE_CHECKING:
    from trueup.formats.presentation import Presentation
    from trueup.model.finding import Finding
    from trueup.model.report import Report

LEVELS = {
    Severity.CRITICAL: "error",
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "notice",
}


def write(report: Report, out: TextIO, presentation: Presentation) -> None:  # noqa: ARG001 - one signature for all formats
    """Write a line for every finding and everything that could not be checked, and one for the whole report."""
    for read in report.interruptions:
        text = f"{read.table} was not read whole: {read.problem}"
        out.write(annotation("error", f"could not check {read.relation}", text))
    out.writelines(
        annotation("error", f"could not check {check.check}", f"{check.how}: {check.reason}")
        for check in unanswered(report)
    )
    out.writelines(map(_line, report.findings()))
    counts = ", ".join(severity_counts(report.severities))
    findings = counted(sum(report.severities.values()), "open finding")
    whole = f"{report.status.value}, score {report.score}/100, {findings}: {counts}"
    out.write(annotation("notice", f"trueup {report.environment}", whole))


def _line(finding: Finding) -> str:
    text = f"{finding.id}: {finding.message}"
    if finding.exemption is not None:
        return annotation("notice", finding.title, f"{text} ({exemption_text(finding.exemption)})")
    return annotation(LEVELS[finding.severity], finding.title, text)


def annotation(level: str, title: str, text: str) -> str:
    """One annotation, at the first line of the config, because no file of the repository holds what was found.

    >>> annotation("error", "a: b", "50 %")
    '::error file=trueup.toml,line=1,title=a%3A b::50 %25\\n'
    """
    shown = _data(legible(title)).replace(":", "%3A").replace(",", "%2C")
    return f"::{level} file={CONFIG_FILE},line=1,title={shown}::{_data(legible(text))}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
