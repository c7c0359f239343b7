"""What is new is measured against the baseline that was named, never against what an earlier gate call wrote."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.command import environment, trueup
from tests.support.gating import Gated, gate, now
from tests.support.runs import record_keeping
from tests.support.runs import run as of_store
from tests.support.tiny_company import make_company, replace, spoil
from trueup.store import GATE_TRIGGER, Store, StoredRun, open_store
from trueup.store.retention import Retention

BLOCKED, USAGE, UNKNOWN = 1, 2, 3
NEW = "credit-balance:user_1"


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company without a fault that one audit has seen."""
    folder = make_company(tmp_path_factory.mktemp("audited"))
    assert trueup("audit", "--format", "json", "--output", "baseline.json", cwd=folder).code == 0
    return folder


@pytest.fixture
def company(audited: Path, tmp_path: Path) -> Path:
    return shutil.copytree(audited, tmp_path / "company")


@pytest.fixture
def shared(postgres_url: str, tmp_path: Path) -> Path:
    """The company with a store in Postgres."""
    folder = make_company(tmp_path)
    replace(folder, "sqlite:///store.db", postgres_url)
    assert trueup("audit", "--format", "json", "--output", "baseline.json", cwd=folder).code == 0
    return folder


def run_id(folder: Path) -> str:
    return str(json.loads((folder / "baseline.json").read_text())["runId"])


def store_of(folder: Path) -> Store:
    url = str(tomllib.loads((folder / "trueup.toml").read_text())["store"]["url"])
    return open_store(url.replace("sqlite:///", f"sqlite:///{folder}/"))


def runs(folder: Path) -> tuple[StoredRun, ...]:
    with store_of(folder) as store:
        return store.runs.list("production")


def blocks(made: Gated) -> None:
    assert made.code == BLOCKED, made.out + made.error
    assert NEW in made.out


BASELINES = {
    "a file": ("--baseline", "baseline.json"),
    "an environment": ("--baseline-environment", "production"),
    "the newest run": ("--since", "newest"),
    "a run": ("--since", "RUN"),
}


def arguments(folder: Path, of: str) -> tuple[str, ...]:
    return tuple(run_id(folder) if word == "RUN" else word for word in BASELINES[of])


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("of", BASELINES)
def test_a_second_and_a_third_call_block_as_the_first(company: Path, of: str) -> None:
    spoil(company)
    for _ in range(3):
        blocks(gate(company, *arguments(company, of)))


@pytest.mark.slow
def test_a_day_that_lies_before_the_first_call_does_not_let_it_pass_at_the_second(company: Path) -> None:
    spoil(company)
    blocks(gate(company, "--since", f"{now() - timedelta(minutes=1):%Y-%m-%dT%H:%M:%S}"))
    seen = now()
    blocks(gate(company, "--since", f"{seen:%Y-%m-%dT%H:%M:%S.%f}"))


def test_a_gate_s_run_is_recorded_as_one_and_decides_nothing(company: Path) -> None:
    spoil(company)
    blocks(gate(company, "--baseline", "baseline.json"))
    newest, first = runs(company)
    assert (newest.trigger, newest.updates_state, newest.issues) == (GATE_TRIGGER, False, 1)
    assert (first.trigger, first.updates_state) == ("command", True)
    with store_of(company) as store:
        assert store.findings.get("production", NEW) is None
        audit = store.runs.newest("production")
        assert audit is not None
        assert audit.run_id == first.run_id


def test_a_gate_s_run_is_judged_by_name_and_compared_with_the_audit_before_it(company: Path) -> None:
    spoil(company)
    blocks(gate(company, "--baseline", "baseline.json"))
    for name in ("newest", runs(company)[0].run_id):
        blocks(gate(company, "--run", name, "--baseline-environment", "production"))


@pytest.mark.slow
def test_a_gate_s_run_that_is_named_as_a_baseline_is_refused(company: Path) -> None:
    spoil(company)
    blocks(gate(company, "--baseline", "baseline.json"))
    refused = gate(company, "--since", runs(company)[0].run_id)
    assert refused.code == USAGE
    assert "was made by `trueup gate`, whose runs are never a baseline" in refused.error


@pytest.mark.slow
def test_where_only_gates_have_run_there_is_no_baseline(tmp_path: Path) -> None:
    make_company(tmp_path)
    for _ in range(2):
        made = gate(tmp_path, "--baseline-environment", "production")
        assert made.code == UNKNOWN
        assert "run `trueup audit` there first" in made.error


@pytest.mark.slow
def test_an_audit_after_the_gate_is_what_makes_a_finding_known(company: Path) -> None:
    spoil(company)
    blocks(gate(company, "--baseline-environment", "production"))
    assert trueup("audit", cwd=company).code == BLOCKED
    made = gate(company, "--baseline-environment", "production")
    assert made.code == 0, made.out + made.error


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("kind", "of"), [("company", "an environment"), ("shared", "a file"), ("shared", "the newest run")]
)
def test_two_calls_at_once_both_block(kind: str, of: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(kind)
    spoil(folder)
    command = [sys.executable, "-m", "trueup", "gate", *arguments(folder, of)]
    both = [
        subprocess.Popen(
            command, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for process in both:
        out, error = process.communicate(timeout=120)
        assert process.returncode == BLOCKED, out + error
        assert NEW in out
    assert [run.trigger for run in runs(folder)] == [GATE_TRIGGER, GATE_TRIGGER, "command"]
    blocks(gate(folder, *arguments(folder, of)))


def test_many_gates_do_not_push_the_last_audit_out_of_the_store(company: Path) -> None:
    assert gate(company, "--baseline", "baseline.json").code == 0
    with store_of(company) as store:
        record = runs(company)[0]
        audit = runs(company)[1]
        for hours in range(1, 4):
            at = record.generated_at + timedelta(hours=hours)
            record_keeping(store, of_store(at=at, trigger=GATE_TRIGGER, updates_state=False), Retention(runs=1))
        assert store.runs.get(audit.run_id) is not None
        assert store.runs.get(record.run_id) is None
