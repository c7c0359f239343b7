"""An account's statement in each of its formats, for the people who answer customers, or for the customer."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

    from trueup.formats.statement.page import StatementPage


class StatementFormat(StrEnum):
    """The format of a statement."""

    TEXT = "text"
    HTML = "html"
    JSON = "json"
    CSV = "csv"


def write_statement(page: StatementPage, out: TextIO, form: StatementFormat, *, width: int) -> None:
    """Write the statement. ``width`` is that of a page of text, in columns."""
    from trueup.formats.statement import csv, html, json, text  # noqa: PLC0415 - heavy

    match form:
        case StatementFormat.TEXT:
            text.write(page, out, width=width)
        case StatementFormat.HTML:
            html.write(page, out)
        case StatementFormat.JSON:
            json.write(page, out)
        case StatementFormat.CSV:
            csv.write(page, out)
