"""A statement as plain text: a table where the page is wide enough, or else each note below its row."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

    from trueup.formats.statement.page import StatementPage, StatementRow

_MOMENT = 16
_LEAST_FOR_NOTES = 24


def write(page: StatementPage, out: TextIO, *, width: int) -> None:
    """Write the statement on a page of this width."""
    out.writelines(f"{line}\n" for line in _lines(page, width))


def _lines(page: StatementPage, width: int) -> Iterator[str]:
    rows = list(page.rows())
    what = max(len(row.what) for row in rows)
    moved = max(len("credits"), *(len(page.signed(row.credits)) for row in rows))
    left = max(len("balance"), *(len(page.balance_text(row)) for row in rows))
    yield from textwrap.wrap(page.title, width)
    yield page.scope
    yield from textwrap.wrap(page.verdict, width)
    yield ""
    yield f"{'':{_MOMENT}}  {'':{what}}  {'credits':>{moved}}  {'balance':>{left}}"
    beside = _MOMENT + what + moved + left + 6
    for row in rows:
        moment = f"{row.at:%Y-%m-%d %H:%M}" if row.at else ""
        amounts = f"{page.signed(row.credits):>{moved}}  {page.balance_text(row):>{left}}"
        line = f"{moment:{_MOMENT}}  {row.what:{what}}  {amounts}"
        yield from _with_note(line, row, beside, width)


def _with_note(line: str, row: StatementRow, beside: int, width: int) -> Iterator[str]:
    if not row.note:
        yield line
        return
    room = width - beside - 2
    if room >= _LEAST_FOR_NOTES:
        first, *more = textwrap.wrap(row.note, room)
        yield f"{line}  {first}"
        yield from (f"{'':{beside}}  {part}" for part in more)
        return
    yield line
    yield from textwrap.wrap(row.note, width, initial_indent=" " * (_MOMENT + 2), subsequent_indent=" " * (_MOMENT + 2))
