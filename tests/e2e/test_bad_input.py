"""Bad input is one clear sentence and exit code 2; a database that is not there is 3; a secret is never echoed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import trueup
from tests.support.ledger_app import CONFIG, made


def refused(folder: Path, *arguments: str, **variables: str) -> str:
    """What the command said while it refused: one line on stderr, nothing on stdout, exit code 2."""
    ran = trueup(*arguments, cwd=folder, **variables)
    assert ran.code == 2, ran
    assert ran.out == ""
    assert ran.err.startswith("trueup: ")
    assert ran.err.count("\n") == 1, ran.err
    return ran.err


def configured(folder: Path, text: str) -> Path:
    (folder / "trueup.toml").write_text(text, encoding="utf-8")
    return folder


def test_no_config_says_which_command_writes_one(tmp_path: Path) -> None:
    said = refused(tmp_path, "audit")
    assert "trueup.toml" in said
    assert "trueup init" in said


def test_an_unknown_key_names_the_nearest_known_one(tmp_path: Path) -> None:
    assert '"database"' in refused(configured(tmp_path, '[databse]\nurl = "x"'), "audit")


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    assert "line 2" in refused(configured(tmp_path, "[database]\nurl = \n"), "audit")


def test_an_unset_variable_is_named(tmp_path: Path) -> None:
    said = refused(configured(tmp_path, CONFIG.format(path="x").replace("sqlite:///x", "${NOT_SET_HERE}")), "audit")
    assert "NOT_SET_HERE" in said


def test_an_unknown_scheme_names_the_known_ones(tmp_path: Path) -> None:
    said = refused(configured(tmp_path, CONFIG.format(path="x").replace("sqlite:", "postgrseql:")), "audit")
    assert "postgresql" in said


def test_a_missing_table_and_a_missing_column_name_the_nearest(tmp_path: Path) -> None:
    made(tmp_path)
    base = CONFIG.format(path=tmp_path / "app.db")
    table = base + '[relations.account]\ntable = "user"\n'
    assert '"users"' in refused(configured(tmp_path, table), "audit")
    column = base + '[relations.account.columns]\ncredits = "credit"\n'
    assert '"credits"' in refused(configured(tmp_path, column), "audit")


def test_a_column_of_the_wrong_type_is_named_with_what_is_needed(tmp_path: Path) -> None:
    users = [(f"user_{n}", "FREE", 0) for n in range(30)]
    made(tmp_path, "UPDATE users SET email = id || '@example.com'", users=users)
    text = CONFIG.format(path=tmp_path / "app.db") + '[relations.account.columns]\ncredits = "email"\n'
    said = refused(configured(tmp_path, text), "audit")
    assert "users.email" in said
    assert "credits" in said


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    assert "none.db" in refused(configured(tmp_path, CONFIG.format(path=tmp_path / "none.db")), "audit")
    (tmp_path / "odd.db").write_bytes(b"this is not a database" * 100)
    assert "odd.db" in refused(configured(tmp_path, CONFIG.format(path=tmp_path / "odd.db")), "audit")


@pytest.mark.parametrize("days", ["0", "-1", "3651", "thirty"])
def test_a_period_that_makes_no_sense_is_refused(tmp_path: Path, days: str) -> None:
    ran = trueup("audit", "--period-days", days, cwd=tmp_path)
    assert ran.code == 2
    assert "--period-days" in ran.err


def test_an_unknown_check_names_the_nearest(tmp_path: Path) -> None:
    assert '"credit-balance"' in refused(made(tmp_path), "audit", "--check", "credit-balanse")


def test_something_that_is_no_issue_id_is_refused(tmp_path: Path) -> None:
    assert "credit-balance:user_123" in refused(made(tmp_path), "explain", "user_1")


def test_a_report_that_cannot_be_written_names_the_file(tmp_path: Path) -> None:
    assert "no/folder" in refused(made(tmp_path), "audit", "--output", "no/folder/report.json")


def test_books_that_are_not_books_are_refused(tmp_path: Path) -> None:
    ran = trueup("audit", "--books", "none.duckdb", cwd=tmp_path)
    assert ran.code == 3
    assert "none.duckdb" in ran.err


def test_init_never_overwrites_a_config(tmp_path: Path) -> None:
    made(tmp_path)
    before = (tmp_path / "trueup.toml").read_bytes()
    ran = trueup("init", f"sqlite:///{tmp_path / 'app.db'}", cwd=tmp_path)
    assert ran.code == 0, ran
    assert (tmp_path / "trueup.toml").read_bytes() == before


def test_a_server_that_is_not_there_is_exit_three_and_its_password_is_not_echoed(tmp_path: Path) -> None:
    url = "postgresql://reader:hunter2@127.0.0.1:1/app"
    (tmp_path / "trueup.toml").write_text('preset = "canonical"\n[database]\nurl = "${DATABASE_URL}"\n')
    ran = trueup("audit", cwd=tmp_path, DATABASE_URL=url)
    assert ran.code == 3, ran
    assert ran.err.count("\n") == 1
    assert "hunter2" not in ran.out + ran.err


def test_a_refused_password_is_exit_three_and_is_not_echoed(tmp_path: Path, postgres_url: str) -> None:
    wrong = postgres_url.replace("s3cret", "wr0ng-secret")
    (tmp_path / "trueup.toml").write_text('preset = "canonical"\n[database]\nurl = "${DATABASE_URL}"\n')
    ran = trueup("audit", cwd=tmp_path, DATABASE_URL=wrong)
    assert ran.code == 3, ran
    assert "wr0ng" not in ran.out + ran.err
