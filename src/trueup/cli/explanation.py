"""Write an explanation as plain text, which can be pasted into a ticket."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from trueup.actions.explain import Explanation
from trueup.formats.document import as_json
from trueup.formats.explanation_document import ExplanationDocument, OwedLineDocument, PaidSpanDocument
from trueup.formats.json import issue, outcome
from trueup.formats.page_width import WIDTH
from trueup.formats.timeline import timeline_document
from trueup.formats.wording import Json, exact
from trueup.model.change import Change, DescribedChange, Refusal, Value
from trueup.model.finding import Finding, printable
from trueup.model.money import credits_text, money_text
from trueup.model.outcome import Broken, Checked, NotApplicable, Off, Skipped
from trueup.model.owed import OwedLine
from trueup.model.paid_span import PaidSpan
from trueup.model.redact import redact
from trueup.model.timeline import Side, Timeline, TimelineLine

_INDENT = 25
"""The column below a line at which its details begin: under its side."""

_MARK = ">"

_RULES = {
    "price": "[prices]",
    "rate": "credits_per of [prices]",
    "metadata": "credits_from of [prices]",
    "plan": "its plan",
    "nothing": "[prices], which names none",
}
_KNOWN_BY = {
    "line": "",
    "metadata": "; the payment's metadata name the price",
    "amount": "; no other price that is sold once costs as much",
}


def as_text(explanation: Explanation, issue_id: str, *, width: int = WIDTH) -> str:
    """The explanation for people, on a page of this width in columns."""
    finding = explanation.finding
    lines = _missing(explanation, issue_id) if finding is None else _found(explanation, finding, width)
    return redact("\n".join(lines))


def as_document(explanation: Explanation, issue_id: str) -> dict[str, Json]:
    """The explanation as one JSON object; ``finding`` is the report's issue, None where there is none now."""
    (result,) = explanation.report.outcomes
    finding = explanation.finding
    moment = explanation.report.generated_at
    return as_json(
        ExplanationDocument(
            issue_id=exact(issue_id),
            generated_at=moment,
            outcome=outcome(result),
            why=explanation.check.why,
            finding=None if finding is None else issue(finding, first_seen=moment),
            paid_time=[
                PaidSpanDocument(
                    span=span.span,
                    plan=None if span.plan is None else exact(span.plan),
                    starts_at=span.starts_at,
                    ends_at=span.ends_at,
                    is_running=span.is_running,
                    source_id=None if span.source_id is None else exact(span.source_id),
                    known_by=span.known_by,
                )
                for span in explanation.paid_time
            ],
            owed=[
                OwedLineDocument(
                    line_id=exact(line.line_id),
                    price_id=None if line.price_id is None else exact(line.price_id),
                    price_name=None if line.price_name is None else exact(line.price_name),
                    plan=None if line.plan is None else exact(line.plan),
                    quantity=line.quantity,
                    amount=line.amount,
                    currency=exact(line.currency),
                    is_proration=line.is_proration,
                    periods=line.periods,
                    rule=line.rule,
                    known_by=line.known_by,
                    fewest_credits=line.fewest_credits,
                    most_credits=line.most_credits,
                )
                for line in explanation.owed
            ],
            timeline=timeline_document(explanation.timeline),
        )
    )


def _missing(explanation: Explanation, issue_id: str) -> Iterator[str]:
    (result,) = explanation.report.outcomes
    match result.outcome:
        case Checked(population=population):
            yield f"{issue_id} is not a finding now: {result.check} examined {population:,} and found no such subject."
        case Skipped(reason=reason):
            yield f"{result.check} could not look: {reason}."
        case Broken(error=error):
            yield f"{result.check} failed: {error}."
        case NotApplicable(reason=reason):
            yield f"{result.check} does not apply: {reason}."
        case Off():
            yield f"{result.check} is switched off in [policy.severity]."


def _found(explanation: Explanation, finding: Finding, width: int) -> Iterator[str]:
    yield f"{finding.id}  {finding.severity.upper()}"
    yield finding.title
    yield ""
    yield from textwrap.wrap(finding.message, width)
    if finding.exemption:
        exemption = finding.exemption
        yield f"Exempted by {exemption.owner}: {exemption.reason} (until {exemption.expires_at or 'further notice'})."
    yield from ("", "Why it matters")
    yield from textwrap.wrap(explanation.check.why, width, initial_indent="  ", subsequent_indent="  ")
    yield from textwrap.wrap(finding.severity.asks, width, initial_indent="  ", subsequent_indent="  ")
    if finding.impact:
        yield f"  At risk: {finding.impact.text()}"
    yield from ("", "Evidence")
    longest = max((len(name) for name in finding.evidence), default=0)
    yield from (f"  {name:<{longest}}  {_said(value)}" for name, value in finding.evidence.items())
    yield from _owed(explanation.owed, width)
    yield from _paid_time(explanation.paid_time, width)
    yield from _timeline(explanation.timeline, width)
    yield from ("", "Repair")
    yield from textwrap.wrap(_repair(finding), width, initial_indent="  ", subsequent_indent="  ")


def _owed(lines: Sequence[OwedLine], width: int) -> Iterator[str]:
    """Return a line for each line of what was paid: what it is, and the credits that it owes by which rule."""
    if not lines:
        return
    yield from ("", "Owed, line by line")
    for line in lines:
        price = printable(line.price_name or line.price_id or "no price")
        what = f"{line.quantity} x {price}{' (proration)' if line.is_proration else ''}"
        text = f"{printable(line.line_id)}  {what}  {money_text(line.amount, line.currency)}  {_owes(line)}"
        yield from textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="      ")


def _owes(line: OwedLine) -> str:
    if line.rule is None or line.most_credits is None or line.fewest_credits is None:
        return "owes an unknown number of credits: the config does not say what this price sells"
    most, fewest = credits_text(line.most_credits), credits_text(line.fewest_credits)
    number = most if most == fewest else f"{fewest} to {most}"
    return f"owes {number} credits by {_RULES[line.rule]}{_KNOWN_BY[line.known_by]}"


def _paid_time(spans: Sequence[PaidSpan], width: int) -> Iterator[str]:
    """Return a line for each span: its name, its plan, its days, and what says so."""
    if not spans:
        return
    yield from ("", f"Paid time, in UTC ({_MARK} it makes service right now)")
    cells = [(span.span, printable(span.plan or "-")) for span in spans]
    names, plans = (max(len(cell[column]) for cell in cells) for column in range(2))
    for span, (name, plan) in zip(spans, cells, strict=True):
        days = f"{_day(span.starts_at, 'unknown')} to {_day(span.ends_at, 'no end')}"
        source = f"{printable(span.source_id)}, " if span.source_id else ""
        mark = _MARK if span.is_running else " "
        text = f"{mark} {name:<{names}}  {plan:<{plans}}  {days}  {source}by {span.known_by}"
        yield from textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="      ")


def _day(moment: datetime | None, otherwise: str) -> str:
    return f"{otherwise:<10}" if moment is None else f"{moment:%Y-%m-%d}"


def _timeline(timeline: Timeline, width: int) -> Iterator[str]:
    if not timeline.lines and not timeline.unknown:
        return
    yield from ("", f"Both sides, oldest first, in UTC ({_MARK} the finding names it)")
    for side, earlier in ((Side.APP, timeline.earlier_app), (Side.STRIPE, timeline.earlier_stripe)):
        if earlier:
            yield f"  ... {earlier:,} earlier from {'the app' if side is Side.APP else 'Stripe'}"
    rows = _rows(timeline.lines)
    fits = all(len(row.rstrip()) <= width for row in rows)
    yield from _table(timeline.lines, rows, width) if fits else _stack(timeline.lines, width)
    for sentence in timeline.unknown:
        yield from textwrap.wrap(printable(sentence), width, initial_indent="  ? ", subsequent_indent="    ")


def _rows(lines: Sequence[TimelineLine]) -> list[str]:
    """A row for each line, in columns. An id that is part of a link is shown only there."""
    cells = [(line.side.value, printable(line.what), line.amount_text) for line in lines]
    side, what, amount = (max((len(cell[column]) for cell in cells), default=0) for column in range(3))
    return [
        f"{_mark(line)}{_moment(line)}  {cell[0]:<{side}}  {cell[1]:<{what}}  {cell[2]:>{amount}}"
        f"{'' if line.link else f'  {printable(line.id)}'}"
        for line, cell in zip(lines, cells, strict=True)
    ]


def _table(lines: Sequence[TimelineLine], rows: Sequence[str], width: int) -> Iterator[str]:
    """The rows, and below each row the texts that are too long for a column."""
    for line, row in zip(lines, rows, strict=True):
        yield row.rstrip()
        yield from _below(line, " " * _INDENT, width)


def _stack(lines: Sequence[TimelineLine], width: int) -> Iterator[str]:
    """A few short lines for each event."""
    for line in lines:
        yield f"{_mark(line)}{_moment(line)}  {line.side}"
        text = f"{printable(line.what)}{f', {line.amount_text}' if line.amount_text else ''}"
        yield from textwrap.wrap(text, width, initial_indent="    ", subsequent_indent="    ")
        if not line.link:
            yield f"    {printable(line.id)}"
        yield from _below(line, "    ", width)


def _below(line: TimelineLine, indent: str, width: int) -> Iterator[str]:
    balance = f"balance {credits_text(line.balance_after)}" if line.balance_after is not None else ""
    text = "; ".join(part for part in (balance, printable(line.note or "")) if part)
    yield from textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent)
    if line.link:
        yield f"{indent}{line.link}"


def _mark(line: TimelineLine) -> str:
    return f"  {_MARK} " if line.named else "    "


def _moment(line: TimelineLine) -> str:
    return "at an unknown time " if line.at is None else f"{line.at:%Y-%m-%d %H:%M:%S}"


def _repair(finding: Finding) -> str:
    match finding.repair:
        case Change(kind=kind, summary=summary, safe=safe):
            return f"{kind}{' (may run without a person)' if safe else ''}: {summary}"
        case DescribedChange(kind=kind, text=text, safe=safe):
            return f"{kind}{' (may run without a person)' if safe else ''}: {text}"
        case Refusal(reason=reason):
            return f"Refused: {reason}"
        case None:
            return "None is automatic; a person decides."


def _said(value: Value) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return credits_text(value)
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case _:
            return printable(str(value))
