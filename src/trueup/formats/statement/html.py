"""A statement as one page of HTML that needs nothing else, and prints well."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from trueup.formats.wording import instant

if TYPE_CHECKING:
    from typing import TextIO

    from trueup.formats.statement.page import StatementPage, StatementRow

_STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid color-mix(in srgb, currentcolor 25%, transparent); padding: .3rem .6rem; }
th, td { text-align: left; vertical-align: top; }
.number { font-variant-numeric: tabular-nums; text-align: right; white-space: nowrap; }
.note { overflow-wrap: anywhere; }
.moment { white-space: nowrap; }
.total td { font-weight: 600; }
.unexplained td { border-left: .25rem solid; font-style: italic; }
.unexplained td ~ td { border-left: 0; }
@media print { body { margin: 0; max-width: none; } tr { break-inside: avoid; } }
"""


def write(page: StatementPage, out: TextIO) -> None:
    """Write the page. It holds no script and asks for no other file."""
    notes = "" if page.for_customer else '<th scope="col">Details</th>'
    out.write(
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(page.title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><main><h1>{escape(page.title)}</h1>\n"
        f"<p>{escape(page.scope)}. All times are UTC.</p>\n<p>{escape(page.verdict)}</p>\n"
        '<div class="wide"><table><thead><tr><th scope="col">Time</th><th scope="col">What</th>'
        '<th scope="col" class="number">Credits</th><th scope="col" class="number">Balance</th>'
        f"{notes}</tr></thead>\n<tbody>\n"
    )
    out.writelines(_row(row, page) for row in page.rows())
    out.write("</tbody></table></div></main></body></html>\n")


def _row(row: StatementRow, page: StatementPage) -> str:
    classes = " ".join(name for name, holds in (("total", row.is_total), ("unexplained", row.is_unexplained)) if holds)
    moment = f'<time datetime="{instant(row.at)}">{row.at:%Y-%m-%d %H:%M}</time>' if row.at else ""
    note = "" if page.for_customer else f'<td class="note">{escape(row.note)}</td>'
    moved, left = escape(page.signed(row.credits)), escape(page.balance_text(row))
    return (
        f'<tr{f" class={classes!r}" if classes else ""}><td class="moment">{moment}</td><td>{escape(row.what)}</td>'
        f'<td class="number">{moved}</td><td class="number">{left}</td>'
        f"{note}</tr>\n"
    )
