"""Whether a document agrees with itself: its summary is made again from its parts, by what made it first.

That finds what was cut out, pasted in or reworded by hand. Whoever changes the issues and every sum with them is not
found out: a report is only as trustworthy as where it was kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from trueup.actions.gate.shape import ExemptionShape, ImpactShape, IssueShape, OutcomeShape, ReportShape, ScoreLineShape
from trueup.formats.json import summary
from trueup.model.change import Append, Change, Refusal
from trueup.model.finding import Finding, fingerprint_of, printable
from trueup.model.gate import PlanGate
from trueup.model.money import Impact
from trueup.model.outcome import Broken, Checked, CheckOutcome, Off, Outcome, Skipped
from trueup.model.redact import MASK
from trueup.model.relations import Exemption
from trueup.model.release import Answered
from trueup.model.report import RelationRead, Report
from trueup.model.score import ScoreLine


def disagreement(document: ReportShape) -> str | None:
    """The first thing that does not agree with the rest, as a clause; None when all does."""
    return next(_disagreements(document), None)


def _disagreements(document: ReportShape) -> Iterator[str]:
    for what, names in (
        ("issue", [issue.id for issue in document.issues if MASK not in issue.id]),
        ("finding's fingerprint", [issue.fingerprint for issue in document.issues]),
        ("outcome of", [made.check for made in document.outcomes]),
        ("guardrail", [one.id for one in document.guardrails]),
        ("plan gate", [f"{gate.feature}:{gate.plan}" for gate in document.plan_gates]),
    ):
        yield from (f"the {what} {_shown(name)} stands there twice" for name in _twice(names))
    for issue in document.issues:
        if issue.id != f"{issue.check}:{issue.subject}":
            yield f"the issue {_shown(issue.id)} is not named for its check and subject"
        # A masked subject has the fingerprint of what it hides.
        if MASK not in issue.id and issue.fingerprint != fingerprint_of(issue.check, issue.subject):
            yield f"the fingerprint of {_shown(issue.id)} is another finding's"
    yield from _miscounted(document)
    again = _made_again(document)
    for gate, made in zip(document.plan_gates, again.plan_gates, strict=True):
        if gate.passed != made.passed:
            yield f"the plan gate {_shown(gate.feature)} on {_shown(gate.plan)} is not what its values say"
    for name, value in summary(again).items():
        if document.summary.get(name) != value or isinstance(document.summary.get(name), bool):
            yield f"{name} in the summary is not what the issues and outcomes add up to"
    if Counter(map(_line, document.score_breakdown)) != Counter(map(_line, again.score_lines)):
        yield "the calculation of the score is not that of its issues"


def _line(line: ScoreLineShape | ScoreLine) -> tuple[object, ...]:
    return line.check, line.severity, line.findings, line.population, line.penalty


def _shown(text: str) -> str:
    return printable(text)[:200]


def _twice(names: Iterable[str]) -> Iterator[str]:
    return (name for name, often in Counter(names).items() if often > 1)


def _miscounted(document: ReportShape) -> Iterator[str]:
    found = Counter(issue.check for issue in document.issues)
    for made in document.outcomes:
        number = found.pop(made.check, 0)
        if number != made.findings:
            yield f"{_shown(made.check)} found {made.findings:,}, and {number:,} of its issues are there"
        if number and made.outcome is not Answered.CHECKED:
            yield f"{_shown(made.check)} was {made.outcome} and has issues"
    yield from (f"{_shown(check)} has issues and no outcome" for check in found)


def _made_again(document: ReportShape) -> Report:
    """The report, as far as the document tells it."""
    issues: dict[str, list[Finding]] = {}
    for issue in document.issues:
        issues.setdefault(issue.check, []).append(_finding(issue))
    return Report(
        run_id=document.run_id,
        generated_at=document.generated_at,
        environment=document.environment,
        period_days=document.period_days,
        database_as_of=document.as_of.database,
        stripe_as_of=document.as_of.stripe,
        relations=tuple(
            RelationRead(
                relation=read.relation,
                table=read.table,
                rows=read.rows,
                unreadable_rows=read.unreadable_rows,
                problem=read.problem,
            )
            for read in document.relations
        ),
        outcomes=tuple(
            CheckOutcome(check=made.check, outcome=_outcome(made, issues.get(made.check, [])), milliseconds=0)
            for made in document.outcomes
        ),
        plan_gates=tuple(
            PlanGate(feature=gate.feature, plan=gate.plan, expected=gate.expected, actual=gate.actual)
            for gate in document.plan_gates
        ),
    )


def _outcome(made: OutcomeShape, findings: list[Finding]) -> Outcome:
    match made.outcome:
        case Answered.CHECKED:
            return Checked(population=made.population, findings=tuple(findings))
        case Answered.SKIPPED:
            return Skipped(reason=made.reason or "")
        case Answered.BROKEN:
            return Broken(error=made.reason or "")
        case Answered.OFF:
            return Off()


def _finding(issue: IssueShape) -> Finding:
    exemption = issue.exemption
    return Finding(
        check=issue.check,
        area=issue.category,
        severity=issue.severity,
        title=issue.title,
        subject=issue.subject,
        message=issue.message,
        impact=_impact(issue.impact),
        revenue_impacting=issue.revenue_impacting,
        repair=_repair(issue),
        exemption=None if exemption is None else _exemption(issue, exemption),
    )


def _exemption(issue: IssueShape, found: ExemptionShape) -> Exemption:
    return Exemption(check_id=issue.check, subject=issue.subject, owner=found.owner, reason=found.reason)


def _impact(found: ImpactShape) -> Impact:
    return Impact(money=found.money, credits=found.credits)


def _repair(issue: IssueShape) -> Change | Refusal | None:
    """What counts is whether there is one."""
    if issue.repair is None:
        return None
    if issue.repair.refused is not None:
        return Refusal(reason=issue.repair.refused)
    return Change(kind=issue.repair.kind or "", summary="", append=Append(relation="", values={}))
