"""Judge the five guardrails of a report: each is one small pure function of the report and of a few facts.

What is known to be wrong blocks, whatever else is unknown. What could not be read is unknown. Only what was read and
is right is allowed. An exempted finding has an owner and blocks nothing, with one exception: an exemption does not
write the missing idempotency record, so a replay of its event would still grant the credits again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from trueup.actions.audit.guardrails.release import judge_release
from trueup.model.finding import Area
from trueup.model.guardrail import (
    COMPLETE,
    GATE_CHECKS,
    RELEASE,
    REPAIRS,
    REPLAY,
    REPLAY_CHECKS,
    STRIPE,
    STRIPE_CHECKS,
    UNREADABLE,
    UNRECORDED,
    Guardrail,
    GuardrailStatus,
    RepairEvidence,
    named,
)
from trueup.model.outcome import Broken, Checked, NotApplicable, Off, Skipped
from trueup.model.release import Rules, Verdict
from trueup.model.repair_evidence import JournalState
from trueup.model.settings import FRESH_MINUTES
from trueup.model.severity import Severity

if TYPE_CHECKING:
    from trueup.model.finding import Finding
    from trueup.model.report import Report

_REPLAYED = frozenset({"ledger_entry", "webhook_event"})

_BADNESS = (GuardrailStatus.ALLOWED, GuardrailStatus.UNKNOWN, GuardrailStatus.BLOCKED)
_MOST_REASONS = 10

_SOME_CHECKS = "Only some of the checks were asked, and what the others would have found is unknown."


def judge_guardrails(
    report: Report, *, repairs: RepairEvidence, covers_all_checks: bool, rules: Rules | None = None
) -> tuple[Guardrail, ...]:
    """Return the guardrails of a report, in the order in which every report shows them.

    ``covers_all_checks`` says that every check of the catalogue was asked; ``rules`` are those of `trueup gate`. They
    hold for the moment at which the report was made; ``aged`` judges a report that is served later.
    """
    rests_on = (audited_repairs(repairs), replay(report))
    return (
        stripe_source_of_truth(report),
        *rests_on,
        release(
            dataclasses.replace(report, guardrails=rests_on),
            covers_all_checks=covers_all_checks,
            rules=rules or Rules(),
        ),
        complete_and_fresh(report, covers_all_checks=covers_all_checks),
    )


def stripe_source_of_truth(report: Report) -> Guardrail:
    """Whether the app's paid plans agree with Stripe Billing and Checkout."""
    blocks = list(_found(report, STRIPE_CHECKS, "The app's paid plans differ from Stripe"))
    if report.stripe_as_of is None:
        return _judged(
            STRIPE, blocks, ["Stripe was not read, so whether the app's paid plans agree with it is unknown."]
        )
    return _judged(STRIPE, blocks, [*_outdated_stripe(report), *_unanswered(report, STRIPE_CHECKS)])


def _outdated_stripe(report: Report) -> Iterator[str]:
    """What is wrong with the age of Stripe's side: tables and files are copies that were made earlier."""
    moment = report.stripe_as_of
    if moment is not None and report.generated_at - moment > timedelta(minutes=FRESH_MINUTES):
        yield (
            f"Stripe's side is of {moment:%Y-%m-%d %H:%M} UTC, more than {FRESH_MINUTES} minutes before the report, "
            "and may have changed since."
        )


def audited_repairs(evidence: RepairEvidence) -> Guardrail:
    """Whether every applied repair has its row in the app's own table, and every such row its repair."""
    marked = evidence.marked
    blocks, doubts = list(evidence.disagreements), list(evidence.doubts)
    match evidence.state:
        case JournalState.READ if marked:
            blocks.append(f"Rows with trueup's mark that no repair in the journal added: {marked}.")
        case JournalState.ABSENT if marked:
            blocks.append(f"Rows with trueup's mark, but there is no journal that could record them: {marked}.")
        case JournalState.HIDDEN:
            doubts.append(f"The journal of repairs could not be read: {(evidence.problem or '').rstrip('.')}.")
        case JournalState.IMPOSSIBLE if marked:
            doubts.append(f"Rows with trueup's mark, but files hold no journal that could record them: {marked}.")
    notes = []
    if evidence.excused:
        notes.append(f"Repairs whose row was deleted together with its whole account: {evidence.excused:,}.")
    return _judged(REPAIRS, blocks, doubts, notes)


def replay(report: Report) -> Guardrail:
    """Whether an event can be processed again: the app would recognize its event, payment and invoice."""
    blocks = list(_found(report, REPLAY_CHECKS, "Repair this before any event is replayed"))
    accepted = [f for f in _findings(report, (UNRECORDED,)) if f.exemption is not None]
    if accepted:
        rows = named([(finding.subject, 1) for finding in accepted], "event")
        blocks.append(f"Exempted, but still without an idempotency record; a replay would grant again: {rows}.")
    doubts = list(_unanswered(report, (*REPLAY_CHECKS, UNREADABLE)))
    unread = [f for f in _open(report, (UNREADABLE,)) if f.evidence.get("relation") in _REPLAYED]
    if unread:
        rows = named([(finding.subject, 1) for finding in unread], "row")
        doubts.append(f"What could not be read may be a grant, or the record of one: {rows}.")
    return _judged(REPLAY, blocks, doubts)


def release(report: Report, *, covers_all_checks: bool, rules: Rules) -> Guardrail:
    """Whether a deploy that touches billing may go out: what `trueup gate` says of this report without a baseline.

    The report must already have its guardrails of replays and repairs. ``rules`` are the gate's, without their shadow.
    """
    rules = dataclasses.replace(rules, shadow={}, since=None, checks=frozenset(GATE_CHECKS))
    verdict = judge_release(report=report, baseline=None, rules=rules, now=report.generated_at)
    blocks, doubts = list(_blocking(verdict)), [] if covers_all_checks else [_SOME_CHECKS]
    for question in verdict.questions:
        if question.status is GuardrailStatus.BLOCKED:
            blocks += question.reasons
        elif question.status is GuardrailStatus.UNKNOWN:
            doubts += question.reasons
    status = max(
        verdict.status, GuardrailStatus.ALLOWED if covers_all_checks else GuardrailStatus.UNKNOWN, key=_BADNESS.index
    )
    return Guardrail(id=RELEASE, status=status, reasons=_named_reasons([*blocks, *doubts]))


def _blocking(verdict: Verdict) -> Iterator[str]:
    """One sentence for each gate check that blocks, and for the rest one for each severity, worst first."""
    gates = [item.finding for item in verdict.blocking if item.finding.area is Area.GATES]
    for check in dict.fromkeys(issue.check for issue in gates):
        rows = [(issue.subject, 1) for issue in gates if issue.check == check]
        yield f"Plan gates are not as they should be: {named(rows, f'{check} finding')}."
    others = [item.finding for item in verdict.blocking if item.finding.area is not Area.GATES]
    for severity in reversed(Severity):
        rows = [(issue.id, 1) for issue in others if issue.severity is severity]
        if rows:
            yield f"Stop billing-related deploys until repaired or explained: {named(rows, f'{severity} finding')}."


def _named_reasons(reasons: Sequence[str]) -> tuple[str, ...]:
    """Each reason once, and no more of them than a person would read."""
    distinct = tuple(dict.fromkeys(f"{reason.rstrip('.')}." for reason in reasons))
    if len(distinct) <= _MOST_REASONS:
        return distinct
    return (*distinct[:_MOST_REASONS], f"And {len(distinct) - _MOST_REASONS:,} more; `trueup gate` lists them all.")


def complete_and_fresh(report: Report, *, covers_all_checks: bool) -> Guardrail:
    """Whether the report says how things are now: everything was looked at, and recently."""
    doubts = [
        f"{read.relation} was not read whole: {(read.problem or '').rstrip('.')}." for read in report.interruptions
    ]
    missing = [result.check for result in report.outcomes if isinstance(result.outcome, (Skipped, Broken))]
    if missing:
        doubts.append(f"Not everything could be checked: {named([(check, 1) for check in missing], 'check')}.")
    elif not report.complete and not doubts:
        doubts.append("No check was answered.")
    if not covers_all_checks:
        doubts.append(_SOME_CHECKS)
    if report.database_as_of is None:
        is_read = any(read.rows for read in report.relations)
        doubts.append(
            "The tables were read without a version, so their rows are of no one moment; look again at each finding."
            if is_read
            else "The database was not read."
        )
    return _judged(COMPLETE, [], doubts)


def aged(
    guardrails: Sequence[Guardrail],
    *,
    generated_at: datetime,
    as_of: datetime | None,
    now: datetime,
    fresh_minutes: int = FRESH_MINUTES,
) -> tuple[Guardrail, ...]:
    """The guardrails of a report that is read at ``now``: one that is too old allows nothing any more.

    What was blocked stays blocked. The words are the same however old the report is, so that they can be cached.
    """
    moment = min(generated_at, as_of or generated_at)
    if is_fresh(generated_at=generated_at, as_of=as_of, now=now, fresh_minutes=fresh_minutes):
        return tuple(guardrails)
    reason = (
        f"The report is of {moment:%Y-%m-%d %H:%M} UTC, more than {fresh_minutes:,} minutes ago or in the "
        "future; run the audit again."
    )
    return tuple(_outdated(guardrail, reason) for guardrail in guardrails)


def is_fresh(
    *, generated_at: datetime, as_of: datetime | None, now: datetime, fresh_minutes: int = FRESH_MINUTES
) -> bool:
    """Whether the report and what it read are recent at ``now``, and not of a future moment."""
    moments = [generated_at, as_of or generated_at]
    return all(timedelta(0) <= now - moment <= timedelta(minutes=fresh_minutes) for moment in moments)


def _outdated(guardrail: Guardrail, reason: str) -> Guardrail:
    if guardrail.status is GuardrailStatus.BLOCKED:
        return guardrail
    reasons = (*guardrail.reasons, reason)
    return dataclasses.replace(guardrail, status=GuardrailStatus.UNKNOWN, reasons=reasons)


def _judged(guardrail_id: str, blocks: Collection[str], doubts: Iterable[str], notes: Iterable[str] = ()) -> Guardrail:
    unsure = tuple(doubts)
    status = GuardrailStatus.BLOCKED if blocks else GuardrailStatus.UNKNOWN if unsure else GuardrailStatus.ALLOWED
    return Guardrail(id=guardrail_id, status=status, reasons=(*blocks, *unsure, *notes))


def _findings(report: Report, checks: Collection[str]) -> Iterator[Finding]:
    for result in report.outcomes:
        if result.check in checks:
            yield from result.findings


def _open(report: Report, checks: Collection[str]) -> Iterator[Finding]:
    return (finding for finding in _findings(report, checks) if finding.exemption is None)


def _found(report: Report, checks: Sequence[str], says: str) -> Iterator[str]:
    """One sentence for each of these checks that has open findings."""
    for check in checks:
        subjects = [(finding.subject, 1) for finding in _open(report, (check,))]
        if subjects:
            yield f"{says}: {named(subjects, f'{check} finding')}."


def _unanswered(report: Report, checks: Sequence[str]) -> Iterator[str]:
    """One sentence for each of these checks that did not answer."""
    outcomes = {result.check: result.outcome for result in report.outcomes}
    for check in checks:
        match outcomes.get(check):
            case None:
                yield f"{check} was not asked."
            case Skipped(reason=reason):
                yield f"{check} could not look: {reason.rstrip('.')}."
            case Broken(error=error):
                yield f"{check} broke: {error.rstrip('.')}."
            case Off():
                yield f"{check} is switched off."
            case NotApplicable(reason=reason):
                yield f"{check} does not apply: {reason.rstrip('.')}."
            case Checked():
                pass
