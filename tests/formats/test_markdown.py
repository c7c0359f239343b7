"""The Markdown: what a customer typed stays words."""

from __future__ import annotations

import re

from hypothesis import given
from markdown_it import MarkdownIt

from tests.support.reports import QUICK, clean, hostile_text, large, reports, sample
from tests.support.writing import written
from trueup.formats.markdown import code, escaped
from trueup.model.finding import printable
from trueup.model.report import Report

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def text_of(markdown: str) -> tuple[set[str], str]:
    """The kinds of token that the text became, and its words."""
    kinds, words = set(), []
    for token in MARKDOWN.parseInline(markdown)[0].children or ():
        kinds.add(token.type)
        words.append(token.content)
    return kinds, "".join(words)


@QUICK
@given(hostile_text)
def test_escaped_text_becomes_nothing_but_itself(text: str) -> None:
    kinds, words = text_of(f"x {escaped(text)} x")
    assert kinds <= {"text", "text_special"}
    assert words.replace("\u200b", "") == f"x {printable(text)} x"


@QUICK
@given(hostile_text.filter(bool))
def test_code_holds_its_text_exactly(text: str) -> None:
    kinds, words = text_of(code(text))
    assert kinds <= {"text", "text_special", "code_inline", "html_inline"}
    assert words.replace("<code>", "").replace("</code>", "") == printable(text)


def test_mentions_references_and_links_are_parted() -> None:
    assert escaped("@team #12 https://x.y www.x.y") == ("@&#8203;team #&#8203;12 https:&#8203;//x.y www&#8203;.x.y")


@QUICK
@given(reports())
def test_every_table_row_has_as_many_cells_as_its_head(report: Report) -> None:
    cells = None
    for line in written(report, "markdown").split("\n"):
        if not line.startswith("|"):
            cells = None
            continue
        cells = cells or line.count("|")
        assert line.count("|") == cells, line


@QUICK
@given(reports())
def test_no_markup_of_a_customer_comes_through(report: Report) -> None:
    html = MARKDOWN.render(written(report, "markdown"))
    assert set(re.findall(r"</?([a-z0-9]+)", html)) <= {
        *("h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "strong", "code", "blockquote", "ul", "li"),
        *("details", "summary"),
    }


def test_ten_findings_of_a_check_are_shown_and_the_others_counted() -> None:
    text = written(large(1000), "markdown")
    assert len(re.findall(r"^\| `credit-balance:", text, re.MULTILINE)) == 10
    assert "and 490 more (`--format json` or `csv` shows all)" in text


def test_what_could_not_be_checked_comes_first() -> None:
    text = written(sample(), "markdown")
    assert text.startswith(
        "## ⚪ Incomplete · score 59/100 · 10 of 11 checks apply, 2 could not answer, 1 switched off · "
        "confidence 0.77\n\n"
        "> [!WARNING]\n"
    )
    assert "> - `hollow-event` skipped: webhook&#95;event.type is not mapped in trueup.toml." in text


def test_a_clean_report_is_short() -> None:
    text = written(clean(), "markdown")
    assert text.startswith("## \N{LARGE GREEN CIRCLE} Healthy · score 100/100 · ")
    assert "###" not in text


def test_the_guardrails_and_what_is_exempted_are_tables() -> None:
    text = written(sample(), "markdown")
    assert "| `audited-repairs` | \N{LARGE GREEN CIRCLE} allowed |  |" in text
    assert "| `replay` | \N{LARGE RED CIRCLE} blocked | Repair this before any event is replayed: evt" in text
    assert "1Oa77. hollow-event could not look. |" in text
    assert "| `release` | \N{MEDIUM WHITE CIRCLE} unknown | gate-regression was not asked. |" in text
    assert "| `paid-without-customer` | user&#95;42 | 1 | accepted by finance until 2027-01-31: annual" in text
