"""``trueup gate`` over a living company, with its plan gates, its store and its database broken in turn."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import trueup
from tests.support.gating import gate, now
from trueup.demo.create import create_company
from trueup.model.source import Silent

BLOCKED, USAGE, UNKNOWN = 1, 2, 3
ACCOUNT = "user_000042"


def whole(folder: Path) -> None:
    """The demo company with its plan gates mended and its exemptions renewed: what is left is backlog."""
    create_company(folder, url=None, accounts=100, seed=1, now=now(), progress=Silent())
    change(folder / "plans.json", _mended)
    config = folder / "trueup.toml"
    lines = config.read_text("utf-8").splitlines()
    kept = ["expires = 2099-12-31" if line.startswith("expires = ") else line for line in lines]
    config.write_text(
        "\n".join(kept).replace("[database]", '[store]\nurl = "sqlite:///store.db"\n[database]', 1) + "\n"
    )


def change(path: Path, edit: Callable[[Any], object]) -> None:
    """Change a JSON file."""
    document = json.loads(path.read_text("utf-8"))
    edit(document)
    path.write_text(json.dumps(document), "utf-8")


def _mended(plans: dict[str, Any]) -> None:
    plans["features"]["csv_export"]["FREE"] = False
    plans["limits"]["seats"]["PRO"] = 5
    del plans["features"]["bulk_import"]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The company beside a baseline that holds its backlog."""
    folder = tmp_path_factory.mktemp("known")
    whole(folder)
    ran = trueup("audit", "--format", "json", "--output", "baseline.json", cwd=folder)
    assert ran.code == BLOCKED, ran.err
    return folder


@pytest.fixture
def company(known: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "company"
    shutil.copytree(known, folder)
    config = folder / "trueup.toml"
    config.write_text(config.read_text().replace(str(known), str(folder)))
    return folder


def run_sql(folder: Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(folder / "app.db")) as database, database:
        database.execute(statement)


def spoil(folder: Path) -> None:
    run_sql(folder, f"UPDATE users SET credits = credits + 500 WHERE id = '{ACCOUNT}'")


def test_the_backlog_does_not_block_and_a_new_finding_does(company: Path) -> None:
    allowed = gate(company, "--baseline", "baseline.json")
    assert allowed.code == 0, allowed.out + allowed.error
    spoil(company)
    made = gate(company, "--baseline", "baseline.json", "--format", "json")
    assert made.code == BLOCKED
    blocking = [one["id"] for one in json.loads(made.out)["findings"] if one["blocks"]]
    assert blocking == [f"credit-balance:{ACCOUNT}"]


@pytest.mark.slow
def test_the_store_remembers_what_the_gate_audited_and_can_be_the_baseline(company: Path) -> None:
    assert gate(company, "--baseline-environment", "demo").code == 0
    spoil(company)
    made = gate(company, "--baseline-environment", "demo")
    assert made.code == BLOCKED, made.out + made.error
    again = gate(company, "--run", "newest", "--baseline-environment", "demo")
    assert again.code == BLOCKED, again.out + again.error


@pytest.mark.slow
def test_since_a_run_takes_it_for_the_baseline_and_since_a_day_asks_memory(company: Path) -> None:
    run = json.loads((company / "baseline.json").read_text())["runId"]
    assert gate(company, "--since", run[:8]).code == 0
    spoil(company)
    made = gate(company, "--since", run)
    assert made.code == BLOCKED
    assert f"credit-balance:{ACCOUNT}" in made.out
    assert gate(company, "--since", "2020-01-01").code == BLOCKED


@pytest.mark.slow
def test_a_worse_one_blocks(company: Path) -> None:
    spoil(company)
    assert trueup("audit", "--format", "json", "--output", "baseline.json", cwd=company).code == BLOCKED
    assert gate(company, "--baseline", "baseline.json").code == 0
    spoil(company)
    made = gate(company, "--baseline", "baseline.json")
    assert made.code == BLOCKED
    assert "It is in the baseline and got worse: at least 2 times as many credits are at risk." in made.out


Fault = Callable[[Path], object]


def edit_config(old: str, new: str) -> Fault:
    def fault(folder: Path) -> None:
        text = (folder / "trueup.toml").read_text()
        assert old in text
        (folder / "trueup.toml").write_text(text.replace(old, new, 1))

    return fault


def text_of(name: str, edit: Callable[[str], str]) -> Fault:
    return lambda folder: (folder / name).write_text(edit((folder / name).read_text()))


def lacking(name: str) -> Fault:
    return lambda folder: (folder / name).unlink()


def emptied(folder: Path) -> None:
    run_sql(folder, "DELETE FROM users")
    run_sql(folder, "DELETE FROM credit_transactions")


FAULTS: dict[str, tuple[Fault, int]] = {
    "the probe's file is gone": (lacking("plans.json"), UNKNOWN),
    "the probe's file breaks off": (text_of("plans.json", lambda text: text[: len(text) // 2]), UNKNOWN),
    "half of the probe's answers are missing": (
        lambda folder: change(folder / "plans.json", lambda plans: plans["features"]["sso"].pop("PRO")),
        UNKNOWN,
    ),
    "half are missing and another regressed": (
        lambda folder: change(
            folder / "plans.json",
            lambda plans: (plans["features"]["sso"].pop("PRO"), plans["features"]["csv_export"].update(FREE=True)),
        ),
        BLOCKED,
    ),
    "a plan gets what it must not": (
        lambda folder: change(folder / "plans.json", lambda plans: plans["features"]["sso"].update(FREE=True)),
        BLOCKED,
    ),
    "a feature is in no matrix": (
        lambda folder: change(
            folder / "plans.json",
            lambda plans: plans["features"].update(backdoor={"FREE": True, "PRO": True, "TEAM": True}),
        ),
        BLOCKED,
    ),
    "the lock is corrupt": (text_of("gates.lock", lambda text: text[: len(text) // 2]), USAGE),
    "the lock was edited": (text_of("gates.lock", lambda text: text.replace("true", "false", 1)), USAGE),
    "the matrix is gone": (lacking("gates.toml"), USAGE),
    "the matrix is nonsense": (text_of("gates.toml", lambda _: "[features]\nx = 7\n"), USAGE),
    "the database is gone": (lacking("app.db"), USAGE),
    "the database is none": (lambda folder: (folder / "app.db").write_bytes(b"not a database" * 999), USAGE),
    "the database is empty": (emptied, UNKNOWN),  # no account was read: what Stripe has beside them proves nothing
    "a table is gone": (lambda folder: run_sql(folder, "DROP TABLE credit_transactions"), BLOCKED),  # Stripe's is there
    "the store is none": (lambda folder: (folder / "store.db").write_bytes(b"not a store" * 999), UNKNOWN),
    "a secret is not there": (edit_config('url = "sqlite:///store.db"', 'url = "${NOT_THERE}"'), USAGE),
    "a check was switched off": (
        edit_config("[policy]\n", '[policy]\nseverity = { "credit-balance" = "off" }\n'),
        UNKNOWN,
    ),
    "an exemption has ended": (edit_config("expires = 2099-12-31", "expires = 2026-01-01"), BLOCKED),
    "the period was shortened": (edit_config("[policy]\n", "[policy]\nperiod_days = 1\n"), UNKNOWN),
    "the environment was renamed": (edit_config('environment = "demo"', 'environment = "other"'), UNKNOWN),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", FAULTS)
def test_a_fault_of_the_company_never_ends_with_zero(what: str, company: Path) -> None:
    fault, code = FAULTS[what]
    fault(company)
    made = gate(company, "--baseline", "baseline.json")
    assert made.code != 0
    assert made.code == code, made.out + made.error


@pytest.mark.slow
def test_the_command_says_in_its_exit_code_what_it_decided(company: Path) -> None:
    assert trueup("gate", "--baseline", "baseline.json", cwd=company).code == 0
    spoil(company)
    assert trueup("gate", "--baseline", "baseline.json", cwd=company).code == BLOCKED
    assert trueup("gate", "--baseline", "none.json", cwd=company).code == USAGE
    (company / "app.db").unlink()
    gone = trueup("gate", "--baseline", "baseline.json", cwd=company)
    assert gone.code == USAGE
    assert gone.err.count("\n") == 1


def test_it_shows_an_example_in_its_help(tmp_path: Path) -> None:
    ran = trueup("gate", "--help", cwd=tmp_path)
    assert ran.code == 0
    assert "Example: trueup gate --report report.json --baseline production.json" in ran.out


def test_a_report_is_judged_without_a_database_and_without_a_secret_of_the_config(company: Path) -> None:
    edit_config('url = "sqlite:///store.db"', 'url = "${NOT_THERE}"')(company)
    (company / "app.db").unlink()
    made = gate(company, "--report", "baseline.json")
    assert made.code == BLOCKED
    assert made.error == ""


def test_a_closed_pipe_is_no_success(company: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", "set -o pipefail; trueup gate --baseline baseline.json --format json > /dev/full"],
        cwd=company,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
