"""An explanation as text: plain, so that it can be pasted into a ticket."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from trueup.actions.explain import Explanation
from trueup.model.change import Change, Refusal, Value
from trueup.model.finding import Finding, printable
from trueup.model.money import credits_text
from trueup.model.outcome import Broken, Checked, Off, Skipped
from trueup.model.redact import redact

_WIDTH = 100


def as_text(explanation: Explanation, issue_id: str) -> str:
    """The explanation for people."""
    lines = _missing(explanation, issue_id) if explanation.finding is None else _found(explanation, explanation.finding)
    return redact("\n".join(lines))


def _missing(explanation: Explanation, issue_id: str) -> Iterator[str]:
    (made,) = explanation.report.outcomes
    match made.outcome:
        case Checked(population=population):
            yield f"{issue_id} is not a finding now: {made.check} examined {population:,} and found no such subject."
        case Skipped(reason=reason):
            yield f"{made.check} could not look: {reason}."
        case Broken(error=error):
            yield f"{made.check} failed: {error}."
        case Off():
            yield f"{made.check} is switched off in [policy.severity]."


def _found(explanation: Explanation, finding: Finding) -> Iterator[str]:
    yield f"{finding.id}  {finding.severity.upper()}"
    yield finding.title
    yield ""
    yield from textwrap.wrap(finding.message, _WIDTH)
    if finding.exemption:
        exemption = finding.exemption
        yield f"Exempted by {exemption.owner}: {exemption.reason} (until {exemption.expires_at or 'further notice'})."
    yield from ("", "Why it matters")
    yield from textwrap.wrap(explanation.check.why, _WIDTH, initial_indent="  ", subsequent_indent="  ")
    yield from textwrap.wrap(finding.severity.asks, _WIDTH, initial_indent="  ", subsequent_indent="  ")
    if finding.impact:
        yield f"  At risk: {finding.impact.text()}"
    yield from ("", "Evidence")
    width = max((len(name) for name in finding.evidence), default=0)
    yield from (f"  {name:<{width}}  {_said(value)}" for name, value in finding.evidence.items())
    yield from _timeline(explanation)
    yield from ("", "Repair")
    yield from textwrap.wrap(_repair(finding), _WIDTH, initial_indent="  ", subsequent_indent="  ")


def _timeline(explanation: Explanation) -> Iterator[str]:
    if not explanation.timeline:
        return
    yield from ("", f"Ledger of {explanation.account_id}")
    if explanation.earlier_entries:
        yield f"  ... {explanation.earlier_entries:,} earlier entries"
    table = [("when", "entry", "kind", "amount", "balance", "stripe", "webhook", "note")]
    table += [
        (
            _said(row["created_at"]),
            _said(row["entry_id"]),
            _said(row["kind"]),
            _signed(row["amount"]),
            _said(row["balance_after"]),
            _said(row["stripe_id"]),
            _said(row["webhook_status"]),
            _said(row["reason"]) if row["posted"] else "pending",
        )
        for row in explanation.timeline
    ]
    widths = [max(len(cells[column]) for cells in table) for column in range(len(table[0]))]
    right = {3, 4}
    for cells in table:
        padded = [c.rjust(w) if n in right else c.ljust(w) for n, (c, w) in enumerate(zip(cells, widths, strict=True))]
        yield "  " + "  ".join(padded).rstrip()


def _repair(finding: Finding) -> str:
    match finding.repair:
        case Change(kind=kind, summary=summary, safe=safe):
            return f"{kind}{' (may run unattended)' if safe else ''}: {summary}"
        case Refusal(reason=reason):
            return f"Refused: {reason}"
        case None:
            return "None is automatic; a person decides."


def _signed(value: Value) -> str:
    return f"+{credits_text(value)}" if isinstance(value, Decimal) and value > 0 else _said(value)


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
