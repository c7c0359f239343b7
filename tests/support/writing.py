"""Writing a report into a string, as the tests of the formats read it."""

from __future__ import annotations

import io
import json
from typing import Any

from tests.support.reports import CATALOGUE
from trueup.formats import write
from trueup.model.report import Report


def written(
    report: Report,
    output_format: str,
    *,
    width: int | None = None,
    color: bool = False,
    everything: bool = False,
    explains_score: bool = False,
) -> str:
    """The report in this format."""
    out = io.StringIO()
    write(
        report,
        format=output_format,
        stream=out,
        width=width,
        color=color,
        catalogue=CATALOGUE,
        everything=everything,
        explains_score=explains_score,
    )
    return out.getvalue()


def document(report: Report) -> dict[str, Any]:
    """The JSON document, read by a reader that refuses what RFC 8259 does not know."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    found: dict[str, Any] = json.loads(written(report, "json"), parse_constant=refuse)
    return found
