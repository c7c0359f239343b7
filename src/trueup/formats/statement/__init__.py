"""An account's statement in each of its formats, for the people who answer customers, or for the customer."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from trueup.formats.statement import csv, html, json, text

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from trueup.formats.statement.page import StatementPage

WIDTH = text.WIDTH


class StatementFormat(StrEnum):
    """The format of a statement."""

    TEXT = "text"
    HTML = "html"
    JSON = "json"
    CSV = "csv"


_WRITERS: dict[StatementFormat, Callable[[StatementPage, TextIO], None]] = {
    StatementFormat.HTML: html.write,
    StatementFormat.JSON: json.write,
    StatementFormat.CSV: csv.write,
}


def write_statement(page: StatementPage, out: TextIO, form: StatementFormat, *, width: int = WIDTH) -> None:
    """Write the statement. ``width`` is that of a page of text, in columns."""
    if form is StatementFormat.TEXT:
        text.write(page, out, width=width)
    else:
        _WRITERS[form](page, out)
