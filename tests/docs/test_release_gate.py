"""The page about the release gate can be followed: its commands are run, and what it names exists."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.console import Console, commands, fences
from tests.support.deployed import DEPLOY, ROOT, documents
from trueup.actions.audit.guardrails.release.questions import CLOCK_SKEW
from trueup.config import load_release_settings
from trueup.formats.verdict import FORMATS
from trueup.model.settings import ReleaseSettings

FILE = ROOT / "docs" / "release-gate.md"
PAGE = FILE.read_text("utf-8")
FENCES = fences(PAGE)
(ACTION,) = documents(ROOT / "action.yml")
(GITLAB,) = documents(DEPLOY / "gitlab" / "trueup-gate.yml")
((HOOK,),) = documents(ROOT / ".pre-commit-hooks.yaml")


def yamls() -> list[dict[str, Any]]:
    return [yaml.safe_load(fence.text) for fence in FENCES if fence.language == "yaml"]


def ended_exemption(folder: Path) -> str:
    """Whose exemption the demo company has let lapse; its name may change with the day."""
    found: list[dict[str, str]] = json.loads((folder / "truth.json").read_text())["findings"]
    (ended,) = [one["id"] for one in found if one["check"] == "exemption-expired"]
    return ended.rpartition(":")[2]


@pytest.mark.slow
def test_every_command_does_what_the_page_says(tmp_path: Path) -> None:
    console = Console(folder=tmp_path, tools=(), variables={})
    for fence in FENCES:
        match fence.language:
            case "console":
                for command in commands(fence):
                    text = command.text
                    if "user_000314" in text:
                        text = text.replace("user_000314", ended_exemption(tmp_path))
                    console.run(type(command)(text=text, code=command.code, said=command.said))
            case "sql":
                with contextlib.closing(sqlite3.connect(tmp_path / "app.db")) as database, database:
                    assert database.execute(fence.text).rowcount == 1
            case "toml":
                config = tmp_path / "trueup.toml"
                config.write_text(config.read_text() + "\n" + fence.text)
    assert "<failure" not in (tmp_path / "gate.xml").read_text()
    assert "Release gate: allowed" in (tmp_path / "summary.md").read_text("utf-8")


def test_every_block_is_either_run_or_looked_at() -> None:
    assert {fence.language for fence in FENCES} == {"console", "sql", "toml", "yaml"}
    assert sum(1 for fence in FENCES if fence.language == "console" for _ in commands(fence)) > 15


def test_the_workflow_gives_the_action_inputs_that_it_has() -> None:
    (workflow,) = [one for one in yamls() if "jobs" in one]
    (job,) = workflow["jobs"].values()
    (gate,) = [step for step in job["steps"] if "trueup" in step["uses"]]
    assert gate["with"].keys() <= ACTION["inputs"].keys()
    assert set(re.findall(r"It gives `([a-z-]+)` .* and `([a-z-]+)` to later steps", PAGE)) == {
        tuple(ACTION["outputs"])
    }


def test_the_pipeline_includes_a_file_and_sets_variables_that_are_there() -> None:
    (pipeline,) = [one for one in yamls() if "include" in one]
    (included,) = pipeline["include"]
    assert (ROOT / included["local"]).exists()
    assert pipeline["trueup-gate"]["variables"].keys() <= GITLAB["variables"].keys()


def test_the_hook_is_one_that_the_repository_has() -> None:
    (hooks,) = [one for one in yamls() if "repos" in one]
    (repository,) = hooks["repos"]
    assert [one["id"] for one in repository["hooks"]] == [HOOK["id"]]


def test_the_settings_that_are_shown_are_read(tmp_path: Path) -> None:
    (shown,) = [fence.text for fence in FENCES if fence.language == "toml"]
    path = tmp_path / "trueup.toml"
    path.write_text(f'preset = "canonical"\n[database]\nurl = "${{NOT_THERE}}"\n{shown}')
    assert load_release_settings(path).fail_on == "critical"


def test_numbers_and_words_are_the_programs() -> None:
    assert ReleaseSettings().max_age_minutes == 60
    assert "older than an hour (`--max-age-minutes`)" in PAGE
    assert CLOCK_SKEW.total_seconds() == 120
    assert all(f"`{word}`" in PAGE for word in FORMATS)


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        assert (FILE.parent / target).exists(), target
