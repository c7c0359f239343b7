"""How single values are written in a report, the same in every format. All text passes the redactor here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from trueup.model.change import Change, DescribedChange, Refusal, Value
from trueup.model.finding import Finding, printable
from trueup.model.money import Impact, credits_text
from trueup.model.outcome import Answered
from trueup.model.redact import redact
from trueup.model.severity import Severity

if TYPE_CHECKING:
    from trueup.model.relations import Exemption
    from trueup.model.report import Report

Shown = str | int | bool | None
"""A value of the evidence as a document shows it: exact decimals and moments are text."""

EXACT_INTEGER_LIMIT = 2**53
"""Beyond this limit a JavaScript number does not hold every integer (RFC 8259, section 6)."""

CONFIG_FILE = "trueup.toml"
"""The file at whose first line code hosts show findings, which are in no file of the repository."""

Json = str | int | float | bool | None | dict[str, "Json"] | list["Json"]


def exact(text: str) -> str:
    """``text`` for machines: without secrets, and with lone surrogates, which no encoding can carry, as escapes."""
    masked = redact(text)
    return masked if masked.isascii() else masked.encode("utf-8", "backslashreplace").decode("utf-8")


def legible(text: str) -> str:
    """``text`` for people: without secrets, on one line, unable to move a cursor or change the reading direction."""
    return printable(redact(text))


def instant(moment: datetime) -> str:
    """ISO 8601 in UTC with ``Z``; a naive moment is UTC already."""
    utc = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    return f"{utc.isoformat()}Z"


def counted(number: int, noun: str) -> str:
    """A number with its noun.

    >>> counted(1, "finding"), counted(1200, "user")
    ('1 finding', '1,200 users')
    >>> counted(2, "ledger entry")
    '2 ledger entries'
    """
    plural = f"{noun[:-1]}ies" if noun.endswith("ry") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def camel(name: str) -> str:
    """The name of an evidence column in JSON.

    >>> camel("last_balance_after")
    'lastBalanceAfter'
    """
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def snake(name: str) -> str:
    """A name in JSON as the evidence column that it is of: ``camel`` of it gives the same name.

    >>> snake("lastBalanceAfter")
    'last_balance_after'
    """
    return re.sub("(?<!^)[A-Z]", lambda letter: f"_{letter[0].lower()}", name)


def json_value(value: Value) -> Shown:
    """A value of the evidence in JSON: exact decimals and large integers as strings, moments as ISO 8601."""
    match value:
        case bool() | None:
            return value
        case int():
            return value if abs(value) <= EXACT_INTEGER_LIMIT else str(value)
        case Decimal():
            return credits_text(value)
        case datetime():
            return instant(value)
        case str():
            return exact(value)


def evidence(finding: Finding) -> dict[str, Shown]:
    """The evidence of a finding as a JSON object, in the check's order."""
    return {camel(name): json_value(value) for name, value in finding.evidence.items()}


def money(risk: Impact) -> dict[str, int]:
    """The money at risk: minor units by currency."""
    return {exact(code): amount for code, amount in sorted(risk.money.items()) if amount}


def impact(risk: Impact) -> dict[str, Json]:
    """What is at risk as a JSON object; credits or money without risk are left out."""
    held = money(risk)
    document: dict[str, Json] = {"money": {**held}} if held else {}
    if risk.credits:
        document["credits"] = credits_text(risk.credits)
    return document


def change_text(change: Change) -> str:
    """What a repair would write, in one line: ``account.credits 120 -> 100, plus one ledger_entry row``."""
    row = f"one {change.append.relation} row"
    if not (cell := change.replace):
        return row
    column = f"{cell.relation}.{cell.column}"
    return exact(f"{column} {_plain(cell.old)} -> {_plain(cell.new)}, plus {row}")


def _plain(value: Value) -> str:
    shown = json_value(value)
    return shown if isinstance(shown, str) else json.dumps(shown)


def repair_text(finding: Finding) -> str:
    """The repair of a finding, in one line; empty when a person decides."""
    match finding.repair:
        case Change(kind=kind) | DescribedChange(kind=kind):
            return kind
        case Refusal(reason=reason):
            return f"refused: {exact(reason)}"
        case None:
            return ""


def exemption_text(exemption: Exemption) -> str:
    """Who accepted a finding, why, and until when, in one line; with the plan, where the exemption is for a plan."""
    plan = f" for plan {exemption.plan}" if exemption.plan is not None else ""
    until = f" until {exemption.expires_at.isoformat()}" if exemption.expires_at else ""
    return exact(f"accepted by {exemption.owner}{plan}{until}: {exemption.reason}")


def checks_of(head: Mapping[str, Any]) -> dict[Answered, int]:
    """How many checks ended in each way, of the head of a report's JSON; none of one that is older than that."""
    counts = head.get("summary", {}).get("checks", {})
    return {way: counts[camel(way.replace("-", "_"))] for way in Answered} if counts else {}


def severity_counts(counts: dict[Severity, int]) -> list[str]:
    """How many findings of each severity, in words, most severe first."""
    words = {Severity.ERROR: "error", Severity.WARNING: "warning"}
    return [
        counted(number, words[level]) if level in words else f"{number:,} {level}" for level, number in counts.items()
    ]


def reread_lines(report: Report) -> Iterator[str]:
    """What was read again where books are kept, and why not less: a line each. Nothing where none are kept."""
    rereading = report.rereading
    if rereading is None:
        return
    rows = {read.relation: read.rows for read in report.relations}
    changed = {name: read.changed_rows for name, read in rereading.relations.items() if read.changed_rows is not None}
    due = rereading.full_read_in_runs
    in_runs = f"; full read due in {counted(due, 'run')}" if due is not None else ""
    total = sum(rows.get(name, 0) for name in changed)
    if changed:
        yield f"{sum(changed.values()):,} of {total:,} rows read again{in_runs}"
    whole: dict[str, list[str]] = {}
    for name, read in rereading.relations.items():
        if read.because is not None:
            whole.setdefault(read.because, []).append(name)
    for because, names in whole.items():
        yield f"every row of {', '.join(names)}: {because}"
    if rereading.problem is not None:
        yield rereading.problem
