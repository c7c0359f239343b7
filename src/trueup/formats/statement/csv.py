"""A statement for a spreadsheet, a row for each of its rows. No cell can become a formula, however its text begins."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from trueup.formats.csv import cell
from trueup.formats.wording import instant
from trueup.model.money import credits_text

if TYPE_CHECKING:
    from typing import TextIO

    from trueup.formats.statement.page import StatementPage

COLUMNS = ("at", "what", "credits", "balance", "note")


def write(page: StatementPage, out: TextIO) -> None:
    """Write a header and the rows. Credits are plain decimals; what is not known is empty."""
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS[:-1] if page.for_customer else COLUMNS)
    for row in page.rows():
        cells = (
            instant(row.at) if row.at else "",
            cell(row.what),
            "" if row.credits is None else credits_text(row.credits),
            "" if row.balance is None else credits_text(row.balance),
        )
        rows.writerow(cells if page.for_customer else (*cells, cell(row.note)))
