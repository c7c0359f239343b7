"""GitLab's code quality report: one JSON list, shown in merge requests.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format: ``description``, ``check_name``,
``fingerprint``, ``severity`` (info, minor, major, critical, blocker) and ``location``.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, TextIO

from trueup.formats.digest import unanswered
from trueup.formats.wording import CONFIG_FILE, Json, exact, exemption_text
from trueup.model.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from trueup.formats.presentation import Presentation
    from trueup.model.finding import Finding
    from trueup.model.report import Report

SEVERITIES = {
    Severity.CRITICAL: "critical",
    Severity.ERROR: "major",
    Severity.WARNING: "minor",
    Severity.INFO: "info",
}
BLOCKER = "blocker"
COULD_NOT_CHECK = "could-not-check"


def write(report: Report, out: TextIO, presentation: Presentation) -> None:  # noqa: ARG001 - one signature for all formats
    """Write an entry for every finding, and a blocker for everything that could not be checked."""
    write_entries(out, _entries(report))


def write_entries(out: TextIO, entries: Iterable[dict[str, Json]]) -> None:
    """Write the list, one entry on a line."""
    out.write("[")
    separator = "\n  "
    for entry in entries:
        out.write(separator + json.dumps(entry, allow_nan=False))
        separator = ",\n  "
    out.write("\n]\n")


def entry(*, check: str, description: str, severity: str, fingerprint: str) -> dict[str, Json]:
    """One entry, at the first line of the config, because no file of the repository holds what was found."""
    return {
        "type": "issue",
        "check_name": exact(check),
        "description": exact(description),
        "severity": severity,
        "fingerprint": fingerprint,
        "location": {"path": CONFIG_FILE, "lines": {"begin": 1}},
    }


def gap(what: str, why: str) -> dict[str, Json]:
    """The entry for something that could not be checked."""
    mark = hashlib.sha256(f"trueup-gap-1\0{what}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return entry(check=COULD_NOT_CHECK, description=f"{what}: {why}", severity=BLOCKER, fingerprint=mark)


def _entries(report: Report) -> Iterator[dict[str, Json]]:
    for read in report.interruptions:
        yield gap(read.relation, f"{read.table} was not read whole: {read.problem}")
    for check in unanswered(report):
        yield gap(check.check, f"{check.how}: {check.reason}")
    for finding in report.findings():
        yield _entry(finding)


def _entry(finding: Finding) -> dict[str, Json]:
    text, severity = f"{finding.id}: {finding.message}", SEVERITIES[finding.severity]
    if finding.exemption is not None:
        text, severity = f"{text} ({exemption_text(finding.exemption)})", SEVERITIES[Severity.INFO]
    return entry(check=finding.check, description=text, severity=severity, fingerprint=finding.fingerprint)
