"""The GitHub Action, the GitLab template and the pre-commit hook: their scripts are run as those systems run them.

A step's script is run by bash with the variables that the runner would set; what the runner itself does (checking out,
installing from the network, reading the log) is left out.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import environment
from tests.support.deployed import DEPLOY, ROOT, documents
from tests.support.gating import before, ready, report, save
from trueup.cli.release import STEP_SUMMARY

(ACTION,) = documents(ROOT / "action.yml")
(GITLAB,) = documents(DEPLOY / "gitlab" / "trueup-gate.yml")
((HOOK,),) = documents(ROOT / ".pre-commit-hooks.yaml")
INSTALL, GATE = ACTION["runs"]["steps"]
BALANCE = "credit-balance:user_1"
TOOLS = Path(sys.executable).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How a step ended, its log, its outputs and its summary."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str


def step(folder: Path, **inputs: str) -> Step:
    """Run the action's gate in this folder with these inputs; the others are as the action has them."""
    given = {name: str(said.get("default", "")) for name, said in ACTION["inputs"].items()}
    given |= {name.replace("_", "-"): value for name, value in inputs.items()}
    variables = {
        name: given[found[1]]
        for name, text in GATE["env"].items()
        if (found := re.fullmatch(r"\$\{\{ inputs\.([a-z-]+) \}\}", text))
    }
    assert variables.keys() == GATE["env"].keys()
    files = {name: folder / f"{name.lower()}.txt" for name in ("GITHUB_OUTPUT", STEP_SUMMARY)}
    for path in files.values():
        path.write_text("")
    done = run_bash(
        GATE["run"], folder, **variables, RUNNER_TEMP=str(folder), **{name: str(path) for name, path in files.items()}
    )
    outputs = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
    return Step(code=done.returncode, log=done.stdout, outputs=outputs, summary=files[STEP_SUMMARY].read_text("utf-8"))


def run_bash(script: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """A script as GitHub runs one of ``shell: bash``."""
    known = environment(**variables)
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env={**known, "PATH": f"{TOOLS}:{known['PATH']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )


def commands_heard(log: str) -> list[str]:
    """The workflow commands that GitHub's runner would obey in this log."""
    heard, silence = [], None
    for line in log.splitlines():
        text = line.lstrip()
        if silence is not None:
            silence = None if text == f"::{silence}::" else silence
        elif found := re.fullmatch(r"::stop-commands::(\S+)", text):
            silence = found[1]
        elif text.startswith("::"):
            heard.append(text)
    return heard


@pytest.mark.slow
def test_the_action_lets_a_release_go_and_says_so(tmp_path: Path) -> None:
    made = step(ready(tmp_path), report="report.json")
    assert made.code == 0, made.log
    assert made.outputs == {"verdict": "allowed", "exit-code": "0"}
    assert "Release gate: allowed" in made.summary
    (only,) = commands_heard(made.log)
    assert only.startswith("::notice ")


@pytest.mark.slow
def test_the_action_fails_the_step_and_annotates_what_blocks(tmp_path: Path) -> None:
    save(report(BALANCE), ready(tmp_path) / "report.json")
    save(before(), tmp_path / "baseline.json")
    made = step(tmp_path, report="report.json", baseline="baseline.json", sarif="gate.sarif")
    assert made.code == 1, made.log
    assert made.outputs == {"verdict": "blocked", "exit-code": "1"}
    assert any(BALANCE in line for line in commands_heard(made.log))
    assert BALANCE in made.summary
    assert '"baselineState": "new"' in (tmp_path / "gate.sarif").read_text()


@pytest.mark.slow
def test_the_action_fails_on_what_is_unknown_unless_told_otherwise(tmp_path: Path) -> None:
    save(report(database_as_of=None), ready(tmp_path) / "report.json")
    made = step(tmp_path, report="report.json")
    assert (made.code, made.outputs["verdict"]) == (3, "unknown")
    allowed = step(tmp_path, report="report.json", allow_inconclusive="true")
    assert (allowed.code, allowed.outputs["verdict"]) == (0, "allowed")
    assert "allow-inconclusive" in allowed.summary
    assert any("--allow-inconclusive" in line for line in commands_heard(allowed.log))


@pytest.mark.parametrize(
    "inputs",
    [
        {"report": "none.json"},
        {"report": "report.json", "baseline": "none.json"},
        {"report": "report.json", "allow_inconclusive": "yes"},
        {"report": "report.json", "fail_on": "nothing"},
        {"report": "report.json", "sarif": "no-such-folder/gate.sarif"},
    ],
)
def test_the_action_fails_where_the_gate_could_not_be_asked(inputs: dict[str, str], tmp_path: Path) -> None:
    made = step(ready(tmp_path), **inputs)
    assert made.code == 2, made.log
    assert any(line.startswith("::error") for line in commands_heard(made.log))


def test_the_action_fails_where_trueup_is_not_installed(tmp_path: Path) -> None:
    ready(tmp_path)
    script = GATE["run"].replace("trueup gate", "no-such-trueup gate")
    files = {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", STEP_SUMMARY)}
    given = {name: "false" if name == "INPUT_ALLOW_INCONCLUSIVE" else "" for name in GATE["env"]}
    done = run_bash(script, tmp_path, **given, **files, RUNNER_TEMP=str(tmp_path))
    assert done.returncode == 127
    assert "verdict=error" in (tmp_path / "GITHUB_OUTPUT").read_text()


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("text", ["::set-env name=X::1", "$(touch owned)", "`touch owned`", "; touch owned", "-h"])
def test_no_input_and_no_finding_is_run_or_obeyed(text: str, tmp_path: Path) -> None:
    hostile = report(environment=text, guardrails={"replay": None}, run_id=f"{text}\n::error::x")
    save(hostile, ready(tmp_path) / "report.json")
    made = step(tmp_path, report="report.json", since=text, baseline_environment=text)
    assert made.code == 2, made.log
    made = step(tmp_path, report="report.json")
    assert made.code == 3, made.log
    assert not (tmp_path / "owned").exists()
    assert all(line.startswith("::error file=trueup.toml,line=1,title=") for line in commands_heard(made.log))


def test_no_script_of_the_action_holds_an_expression() -> None:
    assert all("${{" not in one["run"] for one in ACTION["runs"]["steps"])
    assert ACTION["runs"]["using"] == "composite"
    assert all(one["shell"] == "bash" for one in ACTION["runs"]["steps"])


def test_every_input_is_used_and_described() -> None:
    text = (ROOT / "action.yml").read_text("utf-8")
    for name, said in ACTION["inputs"].items():
        assert f"inputs.{name} " in text, name
        assert said["description"].endswith(".")
        assert "default" in said


def test_the_action_installs_its_own_checkout_where_nothing_else_was_asked_for() -> None:
    assert INSTALL["if"] == "inputs.install == 'true'"
    assert INSTALL["env"]["SOURCE"] == "${{ github.action_path }}"
    checked = run_bash(f"bash -n <<'SCRIPT'\n{INSTALL['run']}\nSCRIPT", ROOT)
    assert checked.returncode == 0, checked.stdout


def gitlab_job(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """The script of the GitLab job, as its runner's shell runs it."""
    script = "\n".join(GITLAB["trueup-gate"]["script"])
    return run_bash(script, folder, **(GITLAB["variables"] | variables))


@pytest.mark.slow
def test_the_gitlab_job_ends_with_the_gates_exit_code_and_leaves_its_reports(tmp_path: Path) -> None:
    assert gitlab_job(ready(tmp_path), TRUEUP_GATE_OPTIONS="--report report.json").returncode == 0
    save(report(BALANCE), tmp_path / "report.json")
    made = gitlab_job(tmp_path, TRUEUP_GATE_OPTIONS="--report report.json --fail-on error")
    assert made.returncode == 1, made.stdout
    assert "This must not be released." in made.stdout
    reports: dict[str, Any] = GITLAB["trueup-gate"]["artifacts"]["reports"]
    assert reports.keys() == {"junit", "codequality"}
    assert "<failure" in (tmp_path / reports["junit"]).read_text()
    assert '"severity": "blocker"' in (tmp_path / reports["codequality"]).read_text()
    (tmp_path / "report.json").write_text("{")
    assert gitlab_job(tmp_path, TRUEUP_GATE_OPTIONS="--report report.json").returncode == 3


def test_the_gitlab_job_lets_nothing_fail_unseen_and_keeps_its_reports_when_it_fails() -> None:
    job = GITLAB["trueup-gate"]
    assert job["allow_failure"] is False
    assert job["artifacts"]["when"] == "always"
    assert set(job["artifacts"]["paths"]) == set(job["artifacts"]["reports"].values())
    assert job["image"]["entrypoint"] == [""]


@pytest.mark.slow
def test_the_pre_commit_hook_runs_the_gate_once_and_before_a_push(tmp_path: Path) -> None:
    assert HOOK["language"] == "python"
    assert (HOOK["pass_filenames"], HOOK["always_run"], HOOK["stages"]) == (False, True, ["pre-push"])
    ready(tmp_path)
    entry = shlex.split(HOOK["entry"])
    done = run_bash(shlex.join([*entry, "--report", "report.json"]), tmp_path)
    assert done.returncode == 0, done.stdout
