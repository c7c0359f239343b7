"""The questions of a release gate, each answered from the reports alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from trueup.model.finding import Area
from trueup.model.gate import PlanGate, in_words
from trueup.model.guardrail import GATE_CHECKS, REPAIRS, REPLAY, REPLAY_CHECKS, UNREADABLE, Guardrail, GuardrailStatus
from trueup.model.outcome import Answered
from trueup.model.release.rules import Rules
from trueup.model.release.verdict import Judged, Question, Standing
from trueup.model.report import Report

CLOCK_SKEW = timedelta(minutes=2)
"""How far a report's clocks may be ahead of this machine's before its moments are not trusted."""


def _asked(
    question_id: str,
    asks: str,
    *,
    blocked: Iterable[str] = (),
    unknown: Iterable[str] = (),
    notes: Iterable[str] = (),
    findings: Iterable[Judged] = (),
) -> Question:
    """Build a question's answer. Reasons that block come before those that are unknown."""
    bad, unclear, on = tuple(blocked), tuple(unknown), tuple(findings)
    blocks = bool(bad) or any(finding.standing.blocks for finding in on)
    unsure = bool(unclear) or any(finding.standing is Standing.UNKNOWN for finding in on)
    status = GuardrailStatus.BLOCKED if blocks else GuardrailStatus.UNKNOWN if unsure else GuardrailStatus.ALLOWED
    return Question(id=question_id, asks=asks, status=status, reasons=bad + unclear, notes=tuple(notes), findings=on)


def complete(report: Report, rules: Rules) -> Question:
    """Whether everything was looked at that should have been."""
    off = [answer.check for answer in report.outcomes if answer.answered is Answered.OFF]
    return _asked(
        "complete",
        "Was everything looked at?",
        unknown=_gaps(report, rules),
        notes=[*([f"Switched off: {', '.join(off)}."] if off else []), *(f"Unseen: {line}." for line in report.unseen)],
    )


def _gaps(report: Report, rules: Rules) -> Iterator[str]:
    if rules.environment is not None and report.environment != rules.environment:
        yield f"The report is of {report.environment}, but the config is of {rules.environment}."
    if rules.period_days is not None and report.period_days != rules.period_days:
        yield f"The report looks back {report.period_days} days, but the config says {rules.period_days}."
    for read in report.interruptions:
        yield f"Not read whole: {read.relation}: {read.problem}"
    for answer in report.outcomes:
        if answer.answered in {Answered.SKIPPED, Answered.BROKEN}:
            yield f"{answer.check} was {answer.answered}: {answer.reason}"
    for check in sorted(rules.checks - {answer.check for answer in report.outcomes}):
        yield f"{check} was not asked."
    checked = [answer for answer in report.outcomes if answer.answered is Answered.CHECKED]
    if not checked:
        yield "No check gave an answer."
    elif not any(answer.population for answer in checked):
        yield "There was nothing to look at: no check had any rows."


def fresh(report: Report, rules: Rules, now: datetime) -> Question:
    """Whether the report says how things are now: it is neither old nor from a clock that is wrong."""
    return _asked("fresh", "Is the report recent?", unknown=_out_of_time(report, rules, now))


def _out_of_time(report: Report, rules: Rules, now: datetime) -> Iterator[str]:
    if report.database_as_of is None:
        yield "No database was read."
    moments = {
        "The report was made": report.generated_at,
        "The database was read": report.database_as_of,
        "Stripe was read": report.stripe_as_of,
    }
    oldest = timedelta(minutes=rules.max_age_minutes)
    for what, at in moments.items():
        if at is None:
            continue
        if at - now > CLOCK_SKEW:
            yield f"{what} at {at:%Y-%m-%d %H:%M:%S} UTC, which is in the future: a clock is wrong."
        elif now - at > oldest:
            yield f"{what} at {at:%Y-%m-%d %H:%M:%S} UTC, more than {rules.max_age_minutes} minutes ago."


def plan_gates(report: Report, judged: Sequence[Judged]) -> Question:
    """Whether each plan gets what it should. A cell that failed blocks even if no finding is about it."""
    of_gates = [finding for finding in judged if finding.finding.area is Area.GATES]
    subjects = {finding.finding.subject for finding in of_gates}
    blocked, unknown = [], list(_unasked_gates(report))
    for cell in report.plan_gates:
        if cell.passed or subjects & {f"{cell.feature}:{cell.plan}", cell.feature}:
            continue
        if cell.expected is None or cell.actual is None:
            unknown.append(f"{_cell(cell)}, and one of them is unknown.")
        else:
            blocked.append(f"{_cell(cell)}, and no finding reports it.")
    return _asked(
        "plan-gates",
        "Does each plan get what it should?",
        blocked=blocked,
        unknown=unknown,
        notes=_gate_notes(report),
        findings=of_gates,
    )


def _cell(cell: PlanGate) -> str:
    return f"{cell.feature} on {cell.plan} should be {in_words(cell.expected)} and is {in_words(cell.actual)}"


def _unasked_gates(report: Report) -> Iterator[str]:
    answers = [answer for answer in report.outcomes if answer.check in GATE_CHECKS]
    if not answers:
        yield "The report did not ask about plan gates."
    for answer in answers:
        if answer.answered in {Answered.SKIPPED, Answered.BROKEN}:
            yield f"{answer.check} was {answer.answered}: {answer.reason}"
    if any(answer.answered is Answered.CHECKED for answer in answers) and not report.plan_gates:
        yield "Plan gates were asked about, but the report holds none."


def _gate_notes(report: Report) -> Iterator[str]:
    answers = [answer for answer in report.outcomes if answer.check in GATE_CHECKS]
    if answers and all(answer.answered in {Answered.OFF, Answered.NOT_APPLICABLE} for answer in answers):
        yield "Plan gates are switched off."
    for cell in report.plan_gates:
        if cell.changed:
            was, is_now = in_words(cell.accepted), in_words(cell.actual)
            yield f"{cell.feature} on {cell.plan} was accepted as {was} and is {is_now}."


def findings(judged: Sequence[Judged]) -> Question:
    """Whether a finding is open that must not be released."""
    others = [finding for finding in judged if finding.finding.area is not Area.GATES]
    return _asked("findings", "Is anything open that is new or worse?", findings=others)


def replay(report: Report, judged: Sequence[Judged]) -> Question:
    """Whether a replay would be safe. Findings that are excused for the release block replays, but no release."""
    asks = "Would replaying webhooks be safe?"
    guardrail = report.guardrail(REPLAY)
    if guardrail is not None and _is_only_absent(report, guardrail):
        return _asked(
            REPLAY, asks, notes=(*guardrail.reasons, "So no replay is known to be safe, which blocks no release.")
        )
    if guardrail is None or guardrail.status is not GuardrailStatus.BLOCKED:
        return _guardrail(report, REPLAY, asks)
    rests_on = _rests_on(report, judged)
    excused = {Standing.SHADOW, Standing.EXEMPTED}
    if rests_on and all(finding.known or finding.standing in excused for finding in rests_on):
        return _asked(
            REPLAY, asks, notes=(*guardrail.reasons, "All of it was known before, so it blocks only replays.")
        )
    if rests_on and all(finding.known or finding.standing in {*excused, Standing.UNKNOWN} for finding in rests_on):
        return _asked(REPLAY, asks, unknown=(*guardrail.reasons, "It is unknown whether all of this was known before."))
    return _guardrail(report, REPLAY, asks)


def _is_only_absent(report: Report, guardrail: Guardrail) -> bool:
    """Whether replays are unknown for no other reason than that the app has nothing that could recognize an event.

    Each check that does not apply is one reason; any other doubt would be a further one.
    """
    answers = {answer.check: answer.answered for answer in report.outcomes}
    rests_on = [answers.get(check) for check in REPLAY_CHECKS]
    absent = rests_on.count(Answered.NOT_APPLICABLE)
    is_answered = absent + rests_on.count(Answered.CHECKED) == len(rests_on)
    return guardrail.status is GuardrailStatus.UNKNOWN and is_answered and len(guardrail.reasons) == absent


def _rests_on(report: Report, judged: Sequence[Judged]) -> Sequence[Judged]:
    """The findings that make a replay unsafe; none where a check did not answer, so that there may be more."""
    answers = {answer.check: answer.answered for answer in report.outcomes}
    if any(answers.get(check) is not Answered.CHECKED for check in REPLAY_CHECKS):
        return ()
    findings = [finding for finding in judged if finding.finding.check in {*REPLAY_CHECKS, UNREADABLE}]
    return findings if any(finding.finding.check in REPLAY_CHECKS for finding in findings) else ()


def audited_repairs(report: Report) -> Question:
    """Whether every repair has its row. A repair without one always blocks."""
    return _guardrail(report, REPAIRS, "Does every repair have its row in the ledger, and the reverse?")


def _guardrail(report: Report, guardrail_id: str, asks: str) -> Question:
    guardrail = report.guardrail(guardrail_id)
    if guardrail is None:
        return _asked(guardrail_id, asks, unknown=[f"The report holds no guardrail {guardrail_id}."])
    match guardrail.status:
        case GuardrailStatus.ALLOWED:
            return _asked(guardrail_id, asks, notes=guardrail.reasons)
        case GuardrailStatus.BLOCKED:
            return _asked(guardrail_id, asks, blocked=guardrail.reasons or [f"{guardrail_id} is blocked."])
        case GuardrailStatus.UNKNOWN:
            return _asked(guardrail_id, asks, unknown=guardrail.reasons or [f"{guardrail_id} is unknown."])


def baseline(report: Report, before: Report | None, rules: Rules, *, unusable: Sequence[str]) -> Question:
    """Whether there is a baseline to compare with, and whether the report looked at as much as the baseline did."""
    asks = "Can it be compared with what was known?"
    if before is None:
        since = rules.since
        note = (
            f"No baseline: what was first seen by {since:%Y-%m-%d %H:%M} UTC passes, even if it got worse since."
            if since
            else f"No baseline: every open finding of severity {rules.fail_on} or worse blocks."
        )
        return _asked("baseline", asks, unknown=_since_too_late(report, rules), notes=[note])
    return _asked("baseline", asks, unknown=[*unusable, *_since_too_late(report, rules), *_lost(report, before)])


def _since_too_late(report: Report, rules: Rules) -> Iterator[str]:
    # What memory does not know is first seen by the report itself: a later --since would let all of it pass.
    if rules.since is not None and rules.since >= report.generated_at:
        yield "--since is not before the report, so nothing could be new."


def incomparable(report: Report, before: Report, rules: Rules) -> Iterator[str]:
    """Why this baseline cannot say what is new in the report."""
    wanted = rules.baseline_environment or report.environment
    if before.environment != wanted:
        yield f"The baseline is of {before.environment}, not of {wanted}."
    if before.run_id == report.run_id:
        yield "The baseline is the report itself."
    elif before.generated_at >= report.generated_at:
        yield "The baseline is not older than the report."
    if before.period_days != report.period_days:
        yield f"The baseline looks back {before.period_days} days, but the report looks back {report.period_days}."
    if not before.complete:
        yield "The baseline is incomplete."


def _lost(report: Report, before: Report) -> Iterator[str]:
    """What the baseline looked at and the report did not, so that its findings are gone without being repaired."""
    now = {answer.check: answer for answer in report.outcomes}
    for then in before.outcomes:
        if then.answered is not Answered.CHECKED:
            continue
        answer = now.get(then.check)
        if answer is None:
            yield f"{then.check} was answered in the baseline but was not asked now."
        elif answer.answered is Answered.OFF:
            yield f"{then.check} was answered in the baseline but is off now."
        elif answer.answered is Answered.NOT_APPLICABLE:
            yield f"{then.check} was answered in the baseline but does not apply now: {answer.reason}."
        elif answer.answered is Answered.CHECKED and then.population and not answer.population:
            yield f"{then.check} looked at {then.population:,} in the baseline, but at nothing now."
