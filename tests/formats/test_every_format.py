"""What holds for all formats: the same findings, no secrets, any stream, any size."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.reports import CATALOGUE, NOW, QUICK, clean, finding, large, reports, sample
from tests.support.writing import document, written
from trueup.formats import FORMATS, write
from trueup.formats.csv import cell
from trueup.formats.digest import unanswered
from trueup.formats.gitlab import COULD_NOT_CHECK
from trueup.model.change import Append, Change, Refusal, Replace
from trueup.model.errors import ConfigurationError
from trueup.model.outcome import Broken, Checked, CheckOutcome, Skipped
from trueup.model.relations import Exemption
from trueup.model.report import RelationRead, Report
from trueup.model.severity import Severity

SECRETS = (
    "postgresql://app:Zq9hunter2Zq9@db:5432/app",
    "sk_live_Zq9abcdefghijklmnopqrZq9",
    "rk_test_Zq9abcdefghijklmnopqrZq9",
    "whsec_Zq9abcdefghijklmnopqrZq9",
    "Bearer Zq9abcdefghijklmnopqrZq9",
    "password=Zq9hunter2Zq9",
    "-----BEGIN PRIVATE KEY-----\nZq9abc\nZq9def\n-----END PRIVATE KEY-----",
    "trueup_7f3a_Zq9abcdefghijklmnopqrstuvwxyz0123456789Zq9_c0ffee",
)


class Counter(io.TextIOBase):
    """A stream that keeps nothing."""

    written = 0

    def write(self, text: str, /) -> int:
        self.written += len(text)
        return len(text)


def with_secret(secret: str) -> Report:
    """A report with the secret in every place that text can stand."""
    about = finding(
        "credit-balance",
        f"user {secret}",
        f"message {secret} end",
        title=f"title {secret} end",
        evidence={"note": f"note {secret} end"},
        repair=Change(
            kind="sync",
            summary=f"summary {secret}",
            append=Append(relation="ledger_entry", values={"reason": secret}),
            replace=Replace(relation="account", row_key=secret, column="plan", old=secret, new=secret),
        ),
    )
    exempted = finding(
        "credit-balance",
        f"other {secret}",
        "m",
        exemption=Exemption(check_id="credit-balance", subject="x", owner=f"o {secret}", reason=f"r {secret}"),
        repair=Refusal(reason=f"because {secret} so"),
    )
    outcomes = (
        CheckOutcome(check="credit-balance", outcome=Checked(population=2, findings=(about, exempted)), milliseconds=1),
        CheckOutcome(check="hollow-event", outcome=Skipped(reason=f"skipped {secret} end"), milliseconds=1),
        CheckOutcome(check="stale-paid-plan", outcome=Broken(error=f"broken {secret} end"), milliseconds=1),
    )
    read = RelationRead(relation="account", table=f"t {secret}", rows=1, problem=f"lost {secret} end")
    return Report(
        run_id=f"run {secret}",
        generated_at=NOW,
        environment=f"env {secret}",
        period_days=45,
        database_as_of=NOW,
        relations=(read,),
        outcomes=outcomes,
    )


@pytest.mark.parametrize("output_format", FORMATS)
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_comes_out_of_no_place_in_any_format(output_format: str, secret: str) -> None:
    for width in (60, 200):
        assert "Zq9" not in written(with_secret(secret), output_format, width=width)


@QUICK
@given(reports())
def test_all_formats_hold_the_same_findings(report: Report) -> None:
    ids = sorted(found.id for found in report.findings())
    assert sorted(issue["id"] for issue in document(report)["issues"]) == ids
    rows = csv.DictReader(io.StringIO(written(report, "csv"), newline=""))
    assert sorted(row["id"] for row in rows) == sorted(map(cell, ids))
    results = json.loads(written(report, "sarif"))["runs"][0]["results"]
    assert sorted(result["properties"]["issueId"] for result in results) == ids
    fingerprints = sorted(found.fingerprint for found in report.findings())
    entries = json.loads(written(report, "gitlab"))
    told = sorted(entry["fingerprint"] for entry in entries if entry["check_name"] != COULD_NOT_CHECK)
    assert told == fingerprints
    gaps = len(report.interruptions) + len(unanswered(report))
    assert written(report, "github").count("\n::") == len(fingerprints) + gaps


@pytest.mark.slow
@QUICK
@given(reports())
def test_text_and_markdown_count_the_same_findings(report: Report) -> None:
    counted = {severity: count for severity, count in report.severities.items() if count}
    text = re.findall(r"^(CRITICAL|ERROR|WARNING|INFO)  ([\d,]+) finding", written(report, "text"), re.MULTILINE)
    assert {Severity(name.lower()): int(count) for name, count in text} == counted
    markdown = re.findall(r"^### \S+ (\w+): ([\d,]+) finding", written(report, "markdown"), re.MULTILINE)
    assert {Severity(name.lower()): int(count) for name, count in markdown} == counted


@pytest.mark.slow
@pytest.mark.parametrize("output_format", FORMATS)
@QUICK
@given(report=reports(), encoding=st.sampled_from(["utf-8", "ascii", "cp1252"]))
def test_no_stream_and_no_row_breaks_a_format(output_format: str, report: Report, encoding: str) -> None:
    buffer = io.BytesIO()
    out = io.TextIOWrapper(buffer, encoding=encoding)
    write(report, format=output_format, stream=out)
    out.flush()
    assert buffer.getvalue()
    out.detach()


@pytest.mark.slow
@pytest.mark.parametrize("output_format", FORMATS)
def test_a_report_is_streamed_and_never_held_as_text(output_format: str) -> None:
    report, out = large(10_000), Counter()
    tracemalloc.start()
    write(report, format=output_format, stream=out, catalogue=CATALOGUE)  # type: ignore[arg-type]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert out.written > 1000
    assert peak < 2_000_000


@pytest.mark.parametrize("output_format", FORMATS)
def test_the_time_grows_with_the_findings_and_no_faster(output_format: str) -> None:
    def seconds(size: int) -> float:
        report = large(size)
        start = time.process_time()
        write(report, format=output_format, stream=Counter())  # type: ignore[arg-type]
        return time.process_time() - start

    seconds(100)
    assert seconds(20_000) < 40 * max(seconds(2_000), 0.01)


@pytest.mark.parametrize("output_format", FORMATS)
def test_writing_twice_writes_the_same(output_format: str) -> None:
    assert written(sample(), output_format) == written(sample(), output_format)


def test_an_unknown_format_is_named_with_its_nearest() -> None:
    with pytest.raises(ConfigurationError, match=r'There is no format "jsn"; did you mean "json"\?'):
        write(clean(), format="jsn", stream=io.StringIO())


def test_rich_is_not_imported_for_a_format_that_does_not_need_it() -> None:
    script = (
        "import sys, trueup.formats; import trueup.formats.json; assert 'rich' not in sys.modules, 'rich'; "
        "assert 'hypothesis' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_the_command_line_starts_without_what_only_some_commands_need() -> None:
    code = (
        "import sys, trueup.cli.main; "
        "assert not {'pydantic', 'rich', 'duckdb', 'sqlalchemy', 'sqlglot', 'pyarrow'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
