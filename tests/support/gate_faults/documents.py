"""Faults of a file that should hold a report: its bytes, its JSON, its shape, and its kind."""

from __future__ import annotations

import gzip
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.gating import finding, report, save

BLOCKED, USAGE, UNKNOWN = 1, 2, 3
BALANCE = "credit-balance:user_1"
Fault = Callable[[Path], tuple[str, ...]]
"""Breaks something in the folder; the arguments beside ``--report report.json``, or all of them."""
Rows = dict[str, tuple[Fault, int]]

KEYS = (
    "schemaVersion",
    "runId",
    "generatedAt",
    "environment",
    "periodDays",
    "asOf",
    "summary",
    "scoreBreakdown",
    "issues",
    "nextCursor",
    "planGates",
    "guardrails",
    "outcomes",
    "relations",
)
ISSUE_KEYS = (
    "id",
    "check",
    "category",
    "severity",
    "title",
    "message",
    "subject",
    "fingerprint",
    "revenueImpacting",
    "impact",
    "evidence",
    "firstSeen",
    "exemption",
    "repair",
)


def written(name: str, content: str | bytes, *arguments: str) -> Fault:
    """The file of this name holds something else."""

    def fault(folder: Path) -> tuple[str, ...]:
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return arguments

    return fault


def document(change: Callable[[dict[str, Any]], object]) -> Fault:
    """The report's document, of one finding that was exempted, was changed after it was made."""

    def fault(folder: Path) -> tuple[str, ...]:
        found = save(report(finding(BALANCE)), folder / "report.json")
        change(found)
        (folder / "report.json").write_text(json.dumps(found))
        return ()

    return fault


def text(change: Callable[[str], str | bytes]) -> Fault:
    """The report's text was changed after it was written."""

    def fault(folder: Path) -> tuple[str, ...]:
        path = folder / "report.json"
        found = change(path.read_text())
        path.write_bytes(found.encode() if isinstance(found, str) else found)
        return ()

    return fault


def without(key: str) -> Fault:
    return document(lambda found: found.pop(key))


def issue_without(key: str) -> Fault:
    return document(lambda found: found["issues"][0].pop(key))


def with_value(key: str, value: object) -> Fault:
    return document(lambda found: found.update({key: value}))


def issue_with(**values: object) -> Fault:
    return document(lambda found: found["issues"][0].update(values))


def first(of: str, **values: object) -> Fault:
    """The first of a list of the document says something else."""
    return document(lambda found: found[of][0].update(values))


def twice(of: str) -> Fault:
    return document(lambda found: found[of].append(found[of][0]))


def kind(name: str, make: Callable[[Path], object], *arguments: str) -> Fault:
    """What has this name is not a regular file."""

    def fault(folder: Path) -> tuple[str, ...]:
        path = folder / name
        path.unlink(missing_ok=True)
        make(path)
        return arguments

    return fault


def bound_socket(path: Path) -> None:
    """Leave a socket of this name: made beside, because the system takes short names only."""
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path.name)
    finally:
        os.chdir(here)


KINDS: dict[str, Callable[[Path], object]] = {
    "a folder": Path.mkdir,
    "a pipe that nobody writes": os.mkfifo,
    "a device without an end": lambda path: path.symlink_to("/dev/zero"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a link to nothing": lambda path: path.symlink_to("nothing.here"),
    "a socket": bound_socket,
}


def of_kinds(what: str, name: str, *arguments: str, code: int = USAGE) -> Rows:
    """A row for each kind of thing that is not a file."""
    return {f"{what} is {words}": (kind(name, make, *arguments), code) for words, make in KINDS.items()}


BYTES: Rows = {
    "the report is white space": (written("report.json", " \n\t\n"), UNKNOWN),
    "the report is null": (written("report.json", "null"), UNKNOWN),
    "the report is true": (written("report.json", "true"), UNKNOWN),
    "the report is a number": (written("report.json", "100"), UNKNOWN),
    "the report is a text": (written("report.json", '"allowed"'), UNKNOWN),
    "the report is a list": (written("report.json", "[]"), UNKNOWN),
    "the report is an empty object": (written("report.json", "{}"), UNKNOWN),
    "the report is a web page": (written("report.json", "<html><body>502 Bad Gateway</body></html>"), UNKNOWN),
    "the report is YAML": (written("report.json", "summary:\n  status: healthy\n"), UNKNOWN),
    "the report is compressed": (text(lambda found: gzip.compress(found.encode())), UNKNOWN),
    "the report is in UTF-16": (text(lambda found: found.encode("utf-16")), UNKNOWN),
    "the report has a byte that is no UTF-8": (
        text(lambda found: found.encode().replace(b"run-", b"run\xff", 1)),
        UNKNOWN,
    ),
    "the report ends in NUL characters": (text(lambda found: f"{found}\0\0\0"), UNKNOWN),
    "the report stands there twice": (text(lambda found: found + found), UNKNOWN),
    "the report has a comma too many": (text(lambda found: found.replace("\n}", ",\n}")), UNKNOWN),
    "the report has single quotes": (text(lambda found: found.replace('"', "'")), UNKNOWN),
    "the report has a comment": (text(lambda found: f"// made by hand\n{found}"), UNKNOWN),
    "the report lacks its last byte": (text(lambda found: found.rstrip()[:-1]), UNKNOWN),
    "the report lacks its first byte": (text(lambda found: found[1:]), UNKNOWN),
    "the report is nested without an end": (written("report.json", "[" * 200_000), UNKNOWN),
    "the report holds a name twice": (text(lambda found: found.replace("{", '{"runId": "a",', 1)), UNKNOWN),
    "an object of the report holds a name twice": (
        text(lambda found: found.replace('"status": "healthy"', '"status": "healthy", "status": "healthy"')),
        UNKNOWN,
    ),
    "the report holds infinity": (text(lambda found: found.replace('"score": 100', '"score": Infinity')), UNKNOWN),
    "the report holds a number of ten thousand digits": (
        text(lambda found: found.replace('"score": 100', f'"score": {"9" * 10_000}')),
        UNKNOWN,
    ),
    "the report holds half a surrogate": (
        text(lambda found: found.replace('"environment": "production"', '"environment": "\\ud800"')),
        UNKNOWN,
    ),
    "the report is only the first page of the API": (
        document(lambda found: (found.update(nextCursor="abc"), found["issues"].clear())),
        UNKNOWN,
    ),
    "the report is an error of the API": (
        written("report.json", '{"type": "about:blank", "title": "Unauthorized", "status": 401}'),
        UNKNOWN,
    ),
}
SHAPES: Rows = {
    **{f"the report lacks {key}": (without(key), UNKNOWN) for key in KEYS},
    **{f"{key} of the report is null": (with_value(key, None), UNKNOWN) for key in KEYS if key != "nextCursor"},
    **{
        f"{key} of the report is a text": (with_value(key, "x"), UNKNOWN)
        for key in KEYS
        if key not in {"runId", "environment"}
    },
    "runId of the report is empty": (with_value("runId", ""), UNKNOWN),
    "runId of the report is a number": (with_value("runId", 7), UNKNOWN),
    **{
        f"periodDays of the report is {value!r}": (with_value("periodDays", value), UNKNOWN)
        for value in (0, -1, 3651, 45.5, True, 10**30)
    },
    **{
        f"schemaVersion of the report is {value!r}": (with_value("schemaVersion", value), UNKNOWN)
        for value in (0, 99, 1.5, True, "1")
    },
    **{
        f"the report was made at {value!r}": (with_value("generatedAt", value), UNKNOWN)
        for value in ("", "yesterday", "2026-02-31T00:00:00Z", "99999-01-01T00:00:00Z", 1_772_000_000)
    },
    "the database was read at no moment": (with_value("asOf", {"database": "x", "stripe": None}), UNKNOWN),
    "nothing says what was read": (with_value("asOf", {}), UNKNOWN),
}
ISSUES: Rows = {
    **{f"an issue lacks {key}": (issue_without(key), UNKNOWN) for key in ISSUE_KEYS},
    "an issue is of another check": (issue_with(check="stuck-event"), UNKNOWN),
    "an issue is of another subject": (issue_with(subject="user_2"), UNKNOWN),
    "an issue has another fingerprint": (issue_with(fingerprint="0" * 32), UNKNOWN),
    "an issue has a fingerprint that is none": (issue_with(fingerprint="abc"), UNKNOWN),
    "an issue is of no category": (issue_with(category="other"), UNKNOWN),
    "an issue was exempted by hand": (
        issue_with(exemption={"owner": "me", "reason": "because", "expiresAt": None}),
        UNKNOWN,
    ),
    "an issue has half an exemption": (issue_with(exemption={"owner": "me"}), UNKNOWN),
    "an issue has an exemption until no day": (
        issue_with(exemption={"owner": "me", "reason": "because", "expiresAt": "never"}),
        UNKNOWN,
    ),
    "an issue's revenue was put out of sight": (
        document(lambda found: found["issues"][0].update(revenueImpacting=not found["issues"][0]["revenueImpacting"])),
        UNKNOWN,
    ),
    "an issue got a repair": (
        issue_with(repair={"kind": "sync-credit-balance", "safe": True, "change": "x"}),
        UNKNOWN,
    ),
    "an issue got a risk": (issue_with(impact={"money": {"usd": 5}}), UNKNOWN),
    "an issue's risk is a text": (issue_with(impact="none"), UNKNOWN),
    "an issue was first seen at no moment": (issue_with(firstSeen="long ago"), UNKNOWN),
    "an issue's evidence is a list": (issue_with(evidence=[]), UNKNOWN),
    "an issue's evidence is nested": (issue_with(evidence={"a": {"b": 1}}), UNKNOWN),
    "an issue is a text": (document(lambda found: found.update(issues=["credit-balance:user_1"])), UNKNOWN),
}
SUMS: Rows = {
    "the summary has another status": (document(lambda found: found["summary"].update(status="healthy")), UNKNOWN),
    "the summary has another score": (document(lambda found: found["summary"].update(score=100)), UNKNOWN),
    "the summary is empty": (with_value("summary", {}), UNKNOWN),
    "the summary's confidence is another": (document(lambda found: found["summary"].update(confidence=0.5)), UNKNOWN),
    "the summary's alerts were cut": (document(lambda found: found["summary"].update(alertCount=0)), UNKNOWN),
    "the summary counts with true": (document(lambda found: found["summary"].update(alertCount=True)), UNKNOWN),
    "the calculation of the score is gone": (with_value("scoreBreakdown", []), UNKNOWN),
    "the calculation of the score stands there twice": (twice("scoreBreakdown"), UNKNOWN),
    "an outcome stands there twice": (twice("outcomes"), UNKNOWN),
    "an outcome is no word of ours": (first("outcomes", outcome="fine"), UNKNOWN),
    "an outcome looked at a negative number": (first("outcomes", population=-1), UNKNOWN),
    "an outcome looked at a text": (first("outcomes", population="many"), UNKNOWN),
    "an outcome found other than its issues": (first("outcomes", findings=3), UNKNOWN),
    "an outcome was switched off by hand": (
        document(lambda found: [one.update(outcome="off") for one in found["outcomes"] if one["findings"]]),
        UNKNOWN,
    ),
    "an outcome was taken out by hand": (
        document(lambda found: found.update(outcomes=[one for one in found["outcomes"] if not one["findings"]])),
        UNKNOWN,
    ),
    "all outcomes were taken out": (with_value("outcomes", []), UNKNOWN),
    "a guardrail stands there twice": (twice("guardrails"), UNKNOWN),
    "a guardrail's status is no word of ours": (first("guardrails", status="green"), UNKNOWN),
    "a guardrail's reasons are a text": (first("guardrails", reasons="none"), UNKNOWN),
    "a plan gate stands there twice": (twice("planGates"), UNKNOWN),
    "a plan gate was said to fail": (first("planGates", passed=False), UNKNOWN),
    "a plan gate was said to pass": (first("planGates", actual=True), UNKNOWN),
    "a plan gate says a text": (first("planGates", actual="false"), UNKNOWN),
    "a plan gate says a fraction": (first("planGates", actual=0.5), UNKNOWN),
    "a relation has a negative number of rows": (first("relations", rows=-1), UNKNOWN),
    "a relation has half a row": (first("relations", rows=0.5), UNKNOWN),
    "a relation got a problem": (first("relations", problem="lost"), UNKNOWN),
    "a relation has other rows than the summary": (first("relations", rows=7), UNKNOWN),
}
FILES: Rows = of_kinds("the report", "report.json")
ROWS: Rows = {**BYTES, **SHAPES, **ISSUES, **SUMS, **FILES}
