"""JUnit XML, for a pipeline's test page: an area is a suite, a check is a test; so are the guardrails.

Every text is made printable first, so that it holds no character that XML 1.0 forbids, and everything beyond ASCII is a
character reference, so that the declared encoding is right in every stream.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO
from xml.sax.saxutils import escape, quoteattr

from trueup.formats.wording import counted, exemption_text, legible, severity_counts
from trueup.model.finding import Area, Finding
from trueup.model.guardrail import Guardrail, GuardrailStatus
from trueup.model.outcome import Broken, Checked, CheckOutcome, NotApplicable, Off, Skipped
from trueup.model.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from trueup.formats.presentation import Presentation
    from trueup.model.check import Check
    from trueup.model.report import Report

LISTED = 100
"""How many findings the body of a failure lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JUnitCase:
    """One test. ``verdict`` is ``failure``, ``error``, ``skipped`` or, for a passed one, empty."""

    name: str
    verdict: str = ""
    message: str = ""
    lines: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    milliseconds: int = 0


def write(report: Report, out: TextIO, presentation: Presentation) -> None:
    """Write one ``testsuites`` document. A relation that was not read whole is an error in a suite of its own."""
    suites = _suites(report, presentation.catalogue)
    write_suites(out, suites, name=f"trueup {report.environment}", at=report.generated_at)


def write_suites(out: TextIO, suites: Mapping[str, list[JUnitCase]], *, name: str, at: datetime) -> None:
    """Write one ``testsuites`` document of these suites, by their name after ``trueup.``."""
    every = [case for cases in suites.values() for case in cases]
    moment = at.replace(tzinfo=None, microsecond=0).isoformat()
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    out.write(f"<testsuites {_attribute('name', name)} {_counts(every)}>\n")
    for area, cases in suites.items():
        out.write(f'  <testsuite name="trueup.{area}" {_counts(cases)} timestamp="{moment}">\n')
        for case in cases:
            _write_case(out, area, case)
        out.write("  </testsuite>\n")
    out.write("</testsuites>\n")


def _suites(report: Report, catalogue: Mapping[str, Check]) -> dict[str, list[JUnitCase]]:
    suites: dict[str, list[JUnitCase]] = {}
    for read in report.interruptions:
        case = JUnitCase(
            name=read.relation, verdict="error", message=f"{read.table} was not read whole: {read.problem}"
        )
        suites.setdefault("read", []).append(case)
    for result in report.outcomes:
        suites.setdefault(_area(result, catalogue), []).append(_case(result))
    suites["guardrails"] = [_guarded(guardrail) for guardrail in report.guardrails]
    order = ["read", *Area, "other", "guardrails"]
    return {area: suites[area] for area in order if suites.get(area)}


def _area(result: CheckOutcome, catalogue: Mapping[str, Check]) -> str:
    if result.check in catalogue:
        return catalogue[result.check].area.value
    if isinstance(result.outcome, Checked) and result.outcome.findings:
        return result.outcome.findings[0].area.value
    return "other"


def _guarded(guardrail: Guardrail) -> JUnitCase:
    """A guardrail as a test: an unknown one is skipped, which does not count as passed."""
    verdict = {GuardrailStatus.BLOCKED: "failure", GuardrailStatus.UNKNOWN: "skipped"}.get(guardrail.status, "")
    first, *others = guardrail.reasons or ("",)
    if not verdict:
        return JUnitCase(name=guardrail.id, notes=guardrail.reasons)
    return JUnitCase(name=guardrail.id, verdict=verdict, message=first, lines=tuple(others))


def _case(result: CheckOutcome) -> JUnitCase:
    match result.outcome:
        case Checked(findings=findings):
            return _checked(result, findings)
        case Skipped(reason=reason) | NotApplicable(reason=reason):
            return JUnitCase(name=result.check, verdict="skipped", message=reason, milliseconds=result.milliseconds)
        case Broken(error=error):
            return JUnitCase(name=result.check, verdict="error", message=error, milliseconds=result.milliseconds)
        case Off():
            return JUnitCase(name=result.check, verdict="skipped", message="off", milliseconds=result.milliseconds)


def _checked(result: CheckOutcome, findings: tuple[Finding, ...]) -> JUnitCase:
    open_findings = [finding for finding in findings if finding.exemption is None]
    notes = (f"exempted: {f.id}, {exemption_text(f.exemption)}" for f in findings if f.exemption)
    return JUnitCase(
        name=result.check,
        verdict="failure" if open_findings else "",
        message=_headline(open_findings) if open_findings else "",
        lines=tuple(_lines(open_findings)),
        notes=tuple(_first(notes, len(findings) - len(open_findings))),
        milliseconds=result.milliseconds,
    )


def _headline(open_findings: list[Finding]) -> str:
    counts = dict.fromkeys(reversed(Severity), 0)
    for finding in open_findings:
        counts[finding.severity] += 1
    words = severity_counts({severity: count for severity, count in counts.items() if count})
    return f"{counted(len(open_findings), 'finding')} ({', '.join(words)}): {open_findings[0].title}"


def _lines(open_findings: list[Finding]) -> Iterator[str]:
    shown = (f"[{finding.severity.value}] {finding.id}: {finding.message}" for finding in open_findings)
    return _first(shown, len(open_findings))


def _first(lines: Iterator[str], total: int) -> Iterator[str]:
    for _, line in zip(range(LISTED), lines, strict=False):
        yield line
    if total > LISTED:
        yield f"and {total - LISTED:,} more (--format json or csv shows all)"


def _counts(cases: list[JUnitCase]) -> str:
    def having(verdict: str) -> int:
        return sum(case.verdict == verdict for case in cases)

    seconds = sum(case.milliseconds for case in cases) / 1000
    return (
        f'tests="{len(cases)}" failures="{having("failure")}" errors="{having("error")}" '
        f'skipped="{having("skipped")}" time="{seconds:.3f}"'
    )


def _write_case(out: TextIO, area: str, case: JUnitCase) -> None:
    seconds = case.milliseconds / 1000
    out.write(f'    <testcase {_attribute("name", case.name)} classname="trueup.{area}" time="{seconds:.3f}">')
    if case.verdict:
        out.write(f"\n      <{case.verdict} {_attribute('message', case.message)}>")
        out.writelines(f"\n{_text(line)}" for line in case.lines)
        out.write(f"</{case.verdict}>")
    if case.notes:
        out.write("\n      <system-out>")
        out.writelines(f"{_text(note)}\n" for note in case.notes)
        out.write("</system-out>")
    out.write("\n    </testcase>\n" if case.verdict or case.notes else "</testcase>\n")


def _attribute(name: str, text: str) -> str:
    return f"{name}={_ascii(quoteattr(legible(text)))}"


def _text(text: str) -> str:
    return _ascii(escape(legible(text)))


def _ascii(xml: str) -> str:
    return xml.encode("ascii", "xmlcharrefreplace").decode("ascii")
