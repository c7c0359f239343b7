"""The commands one after the other, as a newcomer types them."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from tests.support.command import Ran, trueup
from trueup.demo import make_company

AS_OF = "2026-03-01T12:00"


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """A folder with the demo company, and what the command said when it made it."""
    folder = tmp_path_factory.mktemp("demo")
    return folder, trueup("demo", "--no-serve", "--format", "json", "--folder", ".", "--as-of", AS_OF, cwd=folder)


@pytest.fixture
def demo(founded: tuple[Path, Ran]) -> Path:
    """The folder with the demo company."""
    return founded[0]


@pytest.mark.slow
def test_the_demo_finds_exactly_what_its_truth_file_names(founded: tuple[Path, Ran]) -> None:
    folder, ran = founded
    assert ran.code == 1
    truth = json.loads((folder / "truth.json").read_text())
    found = [issue["id"] for issue in json.loads(ran.out)["issues"]]
    assert sorted(found) == sorted(finding["id"] for finding in truth["findings"])


def test_init_doctor_and_audit_follow_each_other(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'app.db'}"
    with make_company(accounts=4000, now=datetime.fromisoformat(AS_OF)) as company:
        company.write(url)  # its ledger takes more than one batch to read
    wrote = trueup("init", url, cwd=tmp_path)
    assert wrote.code == 0, wrote.err
    doctor = trueup("doctor", cwd=tmp_path, DATABASE_URL=url)
    assert doctor.code == 0, doctor.out + doctor.err
    assert "ledger_entry from credit_transactions" in doctor.out
    audit = trueup("audit", "--format", "json", "--as-of", AS_OF, cwd=tmp_path, DATABASE_URL=url)
    assert audit.code == 1, audit.err
    assert json.loads(audit.out)["summary"]["checkedUsers"] == 4000


@pytest.mark.slow
def test_kept_books_answer_like_the_database_and_need_none(demo: Path, tmp_path: Path) -> None:
    books = str(tmp_path / "kept.duckdb")
    live = trueup("audit", "--format", "json", "--as-of", AS_OF, "--keep-books", books, cwd=demo)
    (tmp_path / "elsewhere").mkdir()
    again = trueup("audit", "--format", "json", "--books", books, cwd=tmp_path / "elsewhere")
    assert live.code == again.code == 1, again.err
    assert {i["id"] for i in json.loads(again.out)["issues"]} >= {
        i["id"] for i in json.loads(live.out)["issues"] if i["check"] == "credit-balance"
    }
    refused = trueup("audit", "--keep-books", books, cwd=demo)
    assert refused.code == 2
    issue = next(i["id"] for i in json.loads(live.out)["issues"] if i["check"] == "credit-balance")
    explained = trueup("explain", issue, "--books", books, cwd=tmp_path / "elsewhere")
    assert explained.code == 0
    assert "sync-credit-balance" in explained.out or "Refused" in explained.out


@pytest.mark.slow
def test_explain_shows_the_ledger_and_says_when_there_is_no_such_finding(demo: Path) -> None:
    truth = json.loads((demo / "truth.json").read_text())
    issue = next(f["id"] for f in truth["findings"] if f["check"] == "credit-balance")
    explained = trueup("explain", issue, "--as-of", AS_OF, cwd=demo)
    assert explained.code == 0, explained.err
    assert "Both sides, oldest first, in UTC" in explained.out
    assert "Why it matters" in explained.out
    nothing = trueup("explain", "credit-balance:nobody", "--as-of", AS_OF, cwd=demo)
    assert nothing.code == 0
    assert "is not a finding now" in nothing.out


@pytest.mark.slow
def test_one_check_alone_gives_its_own_findings(demo: Path) -> None:
    ran = trueup("audit", "--check", "unreadable-row", "--format", "json", "--as-of", AS_OF, cwd=demo)
    truth = json.loads((demo / "truth.json").read_text())
    planted = [f["id"] for f in truth["findings"] if f["check"] == "unreadable-row"]
    assert sorted(issue["id"] for issue in json.loads(ran.out)["issues"]) == sorted(planted)


def test_every_command_has_help_with_an_example(tmp_path: Path) -> None:
    assert trueup("--help", cwd=tmp_path).code == 0
    for command in ("demo", "init", "doctor", "audit", "checks", "explain", "gate"):
        ran = trueup(command, "--help", cwd=tmp_path)
        assert ran.code == 0
        assert f"Example: trueup {command}" in ran.out


def test_the_catalogue_lists_every_check_and_shows_one_in_full(tmp_path: Path) -> None:
    listed = trueup("checks", cwd=tmp_path)
    assert "credit-balance" in listed.out
    shown = trueup("checks", "credit-balance", cwd=tmp_path)
    assert "SELECT" in shown.out
    assert "Examples" in shown.out
