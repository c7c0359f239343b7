"""One row per finding, for a spreadsheet. No cell can become a formula, however its text begins.

Guardrails are about the whole report and have no row here; every other format shows them.
"""

from __future__ import annotations

import csv
import json
import re
from datetime import date
from typing import TYPE_CHECKING, Any, TextIO

from trueup.formats.wording import evidence, exemption_text, legible, money, repair_text
from trueup.model.money import credits_text
from trueup.model.relations import Exemption

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trueup.formats.presentation import Presentation
    from trueup.model.report import Report

COLUMNS = (
    "id",
    "check",
    "category",
    "severity",
    "title",
    "subject",
    "message",
    "money_at_risk",
    "credits_at_risk",
    "revenue_impacting",
    "exempted",
    "exemption",
    "repair",
    "evidence",
)

# Spreadsheets also look behind blanks and quotes, and accept the full-width signs of East Asian keyboards.
_FORMULA = re.compile(r"""[\s"'\0]*[=+\-@\t\r\n\0\uff1d\uff0b\uff0d\uff20]""")

# Where ";" separates lists, the spreadsheet splits an unquoted cell there and reads the rest as a cell of its own.
_FORMULA_BEHIND_SEMICOLON = re.compile(r""";(?=[\s"']*[=+\-@\uff1d\uff0b\uff0d\uff20])""")


def write(report: Report, out: TextIO, presentation: Presentation) -> None:  # noqa: ARG001 - one signature for all formats
    """Write a header and every finding, exempted ones too. Credits are plain decimals, money is JSON in minor units."""
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerows(_rows(report))


def _rows(report: Report) -> Iterator[tuple[str, ...]]:
    for finding in report.findings():
        yield (
            cell(finding.id),
            cell(finding.check),
            finding.area.value,
            finding.severity.value,
            cell(finding.title),
            cell(finding.subject),
            cell(finding.message),
            _json_cell(money(finding.impact)),
            credits_text(finding.impact.credits),
            _word(finding.revenue_impacting),
            _word(finding.exemption is not None),
            cell(exemption_text(finding.exemption) if finding.exemption else ""),
            cell(repair_text(finding)),
            _json_cell(evidence(finding)),
        )


def cells_of_document(issue: Mapping[str, Any]) -> tuple[str, ...]:
    """The cells of one finding that comes as the report's JSON has it."""
    exempted, offered, impact = issue["exemption"], issue["repair"] or {}, issue["impact"]
    refused = offered.get("refused")
    return (
        cell(issue["id"]),
        cell(issue["check"]),
        issue["category"],
        issue["severity"],
        cell(issue["title"]),
        cell(issue["subject"]),
        cell(issue["message"]),
        _json_cell(impact.get("money", {})),
        impact.get("credits", "0"),
        _word(issue["revenueImpacting"]),
        _word(exempted is not None),
        cell(exemption_text(_exemption(issue["check"], exempted)) if exempted else ""),
        cell(f"refused: {refused}" if refused else offered.get("kind", "")),
        _json_cell(issue["evidence"]),
    )


def _exemption(check: str, written: Mapping[str, Any]) -> Exemption:
    end = written["expiresAt"]
    return Exemption(
        check_id=check,
        subject=written.get("subject"),
        plan=written.get("plan"),
        owner=written["owner"],
        reason=written["reason"],
        expires_at=None if end is None else date.fromisoformat(end),
    )


def cell(text: str) -> str:
    """``text`` as a cell that no spreadsheet runs: a leading apostrophe where it could start a formula.

    >>> cell("=1+1"), cell("user_1"), cell("-5")
    ("'=1+1", 'user_1', "'-5")
    """
    shown = _FORMULA_BEHIND_SEMICOLON.sub(";'", legible(text))
    return f"'{shown}" if _FORMULA.match(text) or _FORMULA.match(shown) else shown


def _json_cell(value: object) -> str:
    # ASCII, so that no control character is left; JSON itself allows DEL.
    text = json.dumps(value, ensure_ascii=True, allow_nan=False).replace("\x7f", "\\u007f")
    return _FORMULA_BEHIND_SEMICOLON.sub(r"\\u003b", text)


def _word(value: bool) -> str:  # noqa: FBT001 - the value itself
    return "true" if value else "false"
