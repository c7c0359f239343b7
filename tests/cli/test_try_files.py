"""``trueup try``: exported tables become a report, and nothing else is left behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command import trueup

USERS = """id,email,plan,credits,stripe_customer_id,created_at
u1,a@example.org,pro,100,cus_1,2026-01-01T00:00:00Z
u2,b@example.org,free,50,,2026-01-02T00:00:00Z
"""
LEDGER = """id,user_id,type,amount,balance_after,created_at
1,u1,purchase,100,100,2026-01-05T00:00:00Z
2,u2,purchase,60,60,2026-01-05T00:00:00Z
"""


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """A folder with two exported tables; a balance of the first is not the ledger's."""
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "users.csv").write_text(USERS)
    (folder / "credit_ledger.csv").write_text(LEDGER)
    return folder


def findings(report: str) -> list[tuple[str, object]]:
    """The findings of a report, and their evidence."""
    return [(issue["id"], issue["evidence"]) for issue in json.loads(report)["issues"]]


@pytest.mark.slow
def test_two_exported_tables_are_audited_and_nothing_is_left_behind(exports: Path, tmp_path: Path) -> None:
    done = trueup("try", "exports/users.csv", "exports/credit_ledger.csv", "--format", "json", cwd=tmp_path)
    assert done.code == 1
    assert [issue["id"] for issue in json.loads(done.out)["issues"]] == ["credit-balance:u2"]
    assert "--save trueup.toml keeps it" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["exports"]
    assert len(list(exports.iterdir())) == 2


@pytest.mark.slow
@pytest.mark.usefixtures("exports")
def test_the_saved_mapping_finds_the_same(tmp_path: Path) -> None:
    files = ("exports/users.csv", "exports/credit_ledger.csv")
    tried = trueup("try", *files, "--save", "kept.toml", "--format", "json", cwd=tmp_path)
    audited = trueup("audit", "--config", "kept.toml", "--no-store", "--format", "json", cwd=tmp_path)
    assert findings(audited.out) == findings(tried.out) != []
    again = trueup("try", *files, "--save", "kept.toml", cwd=tmp_path)
    assert again.code == 2
    assert "kept.toml already exists" in again.err


def test_the_saved_mapping_is_the_one_that_was_tried(exports: Path, tmp_path: Path) -> None:
    """Another file in the folder is not looked at afterwards."""
    (exports / "webhook_events.csv").write_text("id,type,received_at\nevt_1A2b,invoice.paid,2026-01-05T00:00:00Z\n")
    trueup("try", "exports/users.csv", "exports/credit_ledger.csv", "--save", "kept.toml", cwd=tmp_path)
    assert "webhook_events" not in (tmp_path / "kept.toml").read_text("utf-8")


def test_files_in_other_folders_are_tables_of_one_company(exports: Path, tmp_path: Path) -> None:
    (exports / "users.csv").rename(tmp_path / "users.csv")
    files = ("users.csv", "exports/credit_ledger.csv")
    assert "credit-balance:u2" in trueup("try", *files, cwd=tmp_path).out
    refused = trueup("try", *files, "--save", "kept.toml", cwd=tmp_path)
    assert refused.code == 2
    assert "--save needs all files in one folder" in refused.err
    assert not (tmp_path / "kept.toml").exists()


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (["missing.csv"], "missing.csv cannot be read: No such file or directory; name an exported table."),
        (["exports"], "exports cannot be read: it is a folder"),
        (["exports/users.csv", "exports/../exports/users.csv"], "Two files are called users.csv"),
        (["notes.txt"], "notes.txt is not a table: export it as .csv, .parquet or .jsonl."),
        (["users.csv.gz"], "users.csv.gz is not a table: unpack it."),
    ],
)
def test_what_is_no_table_is_refused_in_one_sentence(
    exports: Path, tmp_path: Path, files: list[str], words: str
) -> None:
    assert exports.is_dir()
    for name in ("notes.txt", "users.csv.gz"):
        (tmp_path / name).write_text("nothing")
    done = trueup("try", *files, cwd=tmp_path)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert words in done.err


@pytest.mark.slow
def test_all_and_explain_score_are_as_in_an_audit(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text(
        "id,email,plan,stripe_customer_id\n"
        + "".join(f"u{n},u{n}@example.org,pro,{'' if n < 25 else f'cus_{n}Ab'}\n" for n in range(90))
    )
    short = trueup("try", "users.csv", cwd=tmp_path)
    assert "paid-without-customer:u24" not in short.out
    assert "paid-without-customer:u24" in trueup("try", "users.csv", "--all", cwd=tmp_path).out
    explained = trueup("try", "users.csv", "--explain-score", cwd=tmp_path)
    assert len(explained.out.splitlines()) > len(short.out.splitlines())
