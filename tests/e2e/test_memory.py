"""trueup's memory by command: audits that follow each other, exemptions, tokens, and a store that is not there."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Ran, trueup

BALANCE = "credit-balance"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small demo company that no test changes."""
    folder = tmp_path_factory.mktemp("company")
    ran = trueup("demo", "--no-serve", "--folder", ".", "--accounts", "200", cwd=folder)
    assert ran.code == 1, ran.err
    assert not list(folder.glob("trueup.db*")), "the demo's own audit is not remembered"
    return folder


@pytest.fixture
def home(company: Path, tmp_path: Path) -> Path:
    """A copy of it, to change."""
    shutil.copytree(company, tmp_path, dirs_exist_ok=True)
    config = tmp_path / "trueup.toml"
    config.write_text(config.read_text().replace(str(company), str(tmp_path)))
    return tmp_path


def audited(home: Path, *options: str) -> dict[str, Any]:
    """The report of an audit that found something, and said nothing on stderr."""
    ran = trueup("audit", "--format", "json", *options, cwd=home)
    assert (ran.code, ran.err) == (1, "")
    report: dict[str, Any] = json.loads(ran.out)
    return report


def shown(home: Path, *arguments: str) -> dict[str, Any]:
    """What ``trueup runs`` says as JSON."""
    ran = trueup("runs", *arguments, "--format", "json", cwd=home)
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def moved(found: dict[str, Any], kind: str) -> list[str]:
    """The issue ids of one kind of change."""
    return [one["id"] for one in found["difference"][kind]]


def balances(report: dict[str, Any]) -> list[str]:
    """The accounts whose balance is wrong, and not exempted."""
    return [i["subject"] for i in report["issues"] if i["check"] == BALANCE and i["exemption"] is None]


def set_credits(home: Path, change: str, subject: str) -> None:
    """Do to the app what a person with a database client might."""
    with closing(sqlite3.connect(home / "app.db")) as connection, connection:
        done = connection.execute(f"UPDATE users SET credits = {change} WHERE id = ?", (subject,))
        assert done.rowcount == 1


@pytest.mark.slow
def test_what_was_mended_is_resolved_and_what_broke_is_new(home: Path) -> None:
    first = audited(home)
    broken = next(i for i in first["issues"] if i["check"] == BALANCE and "lastBalanceAfter" in i["evidence"])
    set_credits(home, broken["evidence"]["lastBalanceAfter"], broken["subject"])
    healthy = f"user_{next(n for n in range(150, 200) if not any(f'{n:06}' in i['id'] for i in first['issues'])):06}"
    set_credits(home, "credits + 7", healthy)
    second = audited(home)
    kept = {i["id"]: i["firstSeen"] for i in second["issues"] if i["id"] != f"{BALANCE}:{healthy}"}
    assert set(kept.values()) == {first["generatedAt"]}
    found = shown(home, "newest")
    assert found["run"]["runId"] == second["runId"]
    assert found["comparedWith"]["runId"] == first["runId"]
    assert (moved(found, "new"), moved(found, "resolved")) == ([f"{BALANCE}:{healthy}"], [broken["id"]])
    assert (moved(found, "worse"), moved(found, "reopened")) == ([], [])
    set_credits(home, "credits + 1", broken["subject"])
    set_credits(home, "credits + 1", healthy)
    audited(home, "--check", BALANCE)
    found = shown(home, "newest")
    assert (moved(found, "worse"), moved(found, "reopened")) == ([f"{BALANCE}:{healthy}"], [broken["id"]])
    text = trueup("runs", second["runId"][:8], "--against", first["runId"][:8], cwd=home)
    assert f"{BALANCE}:{healthy} (critical)" in text.out
    listed = trueup("runs", cwd=home).out.splitlines()
    assert [second["runId"][:8] in line for line in listed] == [False, False, True, False]
    assert "some checks" in listed[1]


@pytest.mark.slow
def test_an_exemption_by_command_holds_from_the_next_audit_until_it_is_removed(home: Path) -> None:
    subject = balances(audited(home))[0]
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"
    options = ("--owner", "finance", "--reason", "a goodwill credit, booked by hand", "--expires", tomorrow)
    added = trueup("exempt", "add", BALANCE, subject, *options, cwd=home)
    assert added.code == 0, added.err
    assert trueup("exempt", "add", BALANCE, subject, *options, cwd=home).code == 2
    report = audited(home)
    assert subject not in balances(report)
    (exemption,) = [i["exemption"] for i in report["issues"] if i["id"] == f"{BALANCE}:{subject}"]
    assert exemption == {
        "subject": subject,
        "plan": None,
        "owner": "finance",
        "reason": "a goodwill credit, booked by hand",
        "expiresAt": tomorrow,
    }
    assert "finance" in trueup("explain", f"{BALANCE}:{subject}", cwd=home).out
    assert f"{BALANCE}:{subject}  until {tomorrow}, finance" in trueup("exempt", "list", cwd=home).out
    assert trueup("exempt", "remove", BALANCE, subject, cwd=home).code == 0
    assert trueup("exempt", "remove", BALANCE, subject, cwd=home).code == 2
    assert f"{BALANCE}:{subject}" not in trueup("exempt", "list", cwd=home).out


@pytest.mark.slow
def test_a_run_is_shown_with_its_guardrails_as_they_read_now(home: Path) -> None:
    audited(home)
    shown_now = trueup("runs", "newest", cwd=home).out
    assert "Guardrails now:" in shown_now
    assert "audited-repairs        allowed" in shown_now
    document = json.loads(trueup("runs", "newest", "--format", "json", cwd=home).out)
    assert [guardrail["id"] for guardrail in document["guardrails"]] == [
        "stripe-source-of-truth",
        "audited-repairs",
        "replay",
        "release",
        "complete-and-fresh",
    ]


@pytest.mark.slow
def test_every_account_on_a_plan_is_exempted_by_command(home: Path) -> None:
    before = audited(home, "--check", BALANCE)
    options = ("--owner", "finance", "--reason", "partners are settled by hand", "--expires", "2999-01-31")
    assert trueup("exempt", "add", BALANCE, *options, cwd=home).code == 2
    assert trueup("exempt", "add", BALANCE, "user_1", "--plan", "PRO", *options, cwd=home).code == 2
    assert "did you mean" in trueup("exempt", "add", BALANCE, "--plan", "PROO", *options, cwd=home).err
    for plan in ("FREE", "PRO", "TEAM"):
        added = trueup("exempt", "add", BALANCE, "--plan", plan, *options, cwd=home)
        assert added.out.startswith(f"plan {plan} is exempted from {BALANCE}"), added.err
    assert f"{BALANCE}, plan PRO  until 2999-01-31, finance" in trueup("exempt", "list", cwd=home).out
    only = trueup("audit", "--check", BALANCE, "--format", "json", cwd=home)
    assert only.code == 0
    report = json.loads(only.out)
    assert balances(report) == []
    assert [i["id"] for i in report["issues"]] == [i["id"] for i in before["issues"]]
    assert "accepted by finance for plan" in trueup("audit", "--check", BALANCE, cwd=home).out
    assert balances(audited(home)) == []
    for plan in ("FREE", "PRO", "TEAM"):
        assert trueup("exempt", "remove", BALANCE, "--plan", plan, cwd=home).code == 0
    assert balances(audited(home, "--check", BALANCE)) == balances(before)


@pytest.mark.slow
def test_an_audit_of_another_question_is_kept_and_decides_nothing(home: Path) -> None:
    audited(home)
    audited(home, "--period-days", "7")
    ahead = trueup("audit", "--as-of", "2999-01-01", cwd=home)
    assert "not recorded" in ahead.err
    runs = shown(home)["runs"]
    assert [(run["periodDays"], run["decides"]) for run in runs] == [(7, False), (45, True)]


@pytest.mark.slow
def test_without_a_store_an_audit_says_the_same_and_one_line_more(home: Path) -> None:
    assert audited(home, "--no-store")["issues"]
    assert not list(home.glob("trueup.db*"))
    audited(home)
    assert sorted(path.name for path in home.glob("trueup.db*")) == ["trueup.db", "trueup.db-made"]
    with closing(sqlite3.connect(home / "trueup.db")) as connection, connection:
        connection.execute("UPDATE trueup_store_version SET version_num = '9999'")
    ran = trueup("audit", "--format", "json", cwd=home)
    assert ran.code == 1
    assert json.loads(ran.out)["issues"]
    assert len(ran.err.splitlines()) == 1
    assert "newer trueup" in ran.err
    assert_refused(trueup("runs", cwd=home), 3, "newer trueup")


@pytest.mark.slow
def test_looking_at_something_makes_no_store(home: Path) -> None:
    assert trueup("explain", f"{BALANCE}:nobody", cwd=home).code == 0
    assert not list(home.glob("trueup.db*"))
    assert_refused(trueup("runs", "newest", cwd=home), 3, "There is no store")
    assert not list(home.glob("trueup.db*"))
    assert trueup("store", "init", cwd=home).code == 0
    assert_refused(trueup("runs", "newest", cwd=home), 2, "no run")


@pytest.mark.slow
def test_a_store_that_is_gone_is_not_made_again(home: Path) -> None:
    audited(home)
    (home / "trueup.db").unlink()
    ran = trueup("audit", cwd=home)
    assert "is gone, and trueup does not replace it" in ran.err
    for command in (("store", "init"), ("serve", "--bind", "127.0.0.1:0"), ("token", "list"), ("gate",)):
        assert_refused(trueup(*command, cwd=home), 3, "is gone, and trueup does not replace it")
    assert not (home / "trueup.db").exists()


def test_a_token_is_printed_once_and_alone(home: Path) -> None:
    assert trueup("store", "init", cwd=home).code == 0
    made = trueup("token", "create", "grafana", "--role", "viewer", "--days", "90", cwd=home)
    assert made.code == 0
    name, token_id, secret, _ = made.out.strip().split("_")
    assert name == "trueup"
    assert secret not in made.err
    listed = trueup("token", "list", cwd=home)
    assert token_id in listed.out
    assert secret not in listed.out
    assert secret.encode() not in (home / "trueup.db").read_bytes()
    assert trueup("token", "revoke", token_id, cwd=home).code == 0
    assert_refused(trueup("token", "revoke", token_id, cwd=home), 2, "no such token")
    assert_refused(trueup("token", "create", "x", "--role", "viewer", "--days", "91", cwd=home), 2, "90 days")
    (known,) = json.loads(trueup("token", "list", "--format", "json", cwd=home).out)["tokens"]
    assert known["revokedAt"] is not None


def test_every_command_of_a_group_has_help_with_an_example(tmp_path: Path) -> None:
    commands = ("exempt add", "exempt list", "exempt remove", "token create", "token list", "token revoke")
    for command in (*commands, "runs"):
        ran = trueup(*command.split(), "--help", cwd=tmp_path)
        assert f"Example: trueup {command}" in ran.out


def assert_refused(ran: Ran, code: int, sentence: str) -> None:
    """The command said no, in one line."""
    assert ran.code == code
    assert sentence in ran.err
    assert len(ran.err.splitlines()) == 1
