"""The image keeps its promises, as far as a Dockerfile can be read: pinned, hashed, unprivileged, without a shell."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from tests.support.api import config_in
from tests.support.dockerfile import Instruction, instructions
from trueup import __version__
from trueup.web import create_app
from trueup.web.access.permissions import ANYONE

ROOT = Path(__file__).parents[2]
FILE = instructions(ROOT / "Dockerfile")
LAST_STAGE = max(instruction.stage for instruction in FILE)
FINAL = [instruction for instruction in FILE if instruction.stage == LAST_STAGE]


def final(name: str) -> Instruction:
    """The one instruction of this name in the final stage."""
    (found,) = [instruction for instruction in FINAL if instruction.name == name]
    return found


def test_every_stage_begins_at_the_same_exact_version_of_a_python_that_the_project_takes() -> None:
    (argument,) = [instruction for instruction in FILE if instruction.name == "ARG"]
    assert {instruction.words[0] for instruction in FILE if instruction.name == "FROM"} == {"${PYTHON}"}
    version = re.fullmatch(r"PYTHON=python:(\d+\.\d+\.\d+)-slim-\w+(@sha256:[0-9a-f]{64})?", argument.value)
    assert version is not None
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert version[1] in SpecifierSet(project["requires-python"])


def test_it_runs_as_a_user_whose_number_is_not_roots() -> None:
    users = [instruction for instruction in FINAL if instruction.name == "USER"]
    user, group = map(int, users[-1].value.split(":"))
    assert user >= 10_000 <= group
    made = " ".join(instruction.value for instruction in FINAL if instruction.name == "RUN")
    assert f"--uid {user}" in made
    assert f"--owner={user}" in made
    assert not [later for later in FINAL[FINAL.index(users[-1]) :] if later.name in {"RUN", "COPY"}]


def test_nothing_comes_from_the_network_but_requirements_with_hashes() -> None:
    assert not [instruction for instruction in FILE if instruction.name == "ADD"]
    runs = [instruction.value for instruction in FILE if instruction.name == "RUN"]
    assert not [run for run in runs if re.search(r"\b(curl|wget|apt-get|apt|git)\b", run)]
    steps = [step for run in runs for step in run.split("&&") if re.search(r"pip\b.* (install|wheel|download) -", step)]
    assert len(steps) == 4
    for step in steps:
        assert "--require-hashes" in step or "--no-index" in step or "--no-build-isolation" in step, step


def test_what_is_copied_exists_and_is_sent_to_the_builder_and_nothing_else_is() -> None:
    sent = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line and line[0] != "#"]
    assert sent[0] == "*"
    allowed = {line[1:] for line in sent if line.startswith("!")}
    copies = [instruction for instruction in FILE if instruction.name == "COPY" and not instruction.flags]
    copied = {word for instruction in copies for word in instruction.words[:-1]}
    assert copied == allowed
    assert [name for name in copied if not (ROOT / name).exists()] == []
    built_from = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert {built_from["readme"], *built_from["license-files"], "pyproject.toml"} <= copied


@pytest.mark.parametrize("secret", [".env", "trueup.toml", "deploy/secrets/store_url", "trueup.db", ".git/config"])
def test_a_secret_beside_the_code_is_not_sent_to_the_builder(secret: str) -> None:
    patterns = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")]
    assert not [line for line in patterns if fnmatch(secret, f"{line[1:]}*")]


def test_no_command_of_the_image_needs_a_shell() -> None:
    for name in ("ENTRYPOINT", "CMD", "HEALTHCHECK"):
        assert final(name).exec_form
    assert [*final("ENTRYPOINT").exec_form, *final("CMD").exec_form] == ["trueup", "serve"]
    assert final("STOPSIGNAL").value == "SIGTERM"


def test_the_health_check_asks_a_route_that_anybody_may_ask_at_the_port_that_is_served(tmp_path: Path) -> None:
    asked = final("HEALTHCHECK").exec_form[-1]
    (path,) = re.findall(r"'GET', '([^']+)'", asked)
    routes = create_app(config_in(tmp_path)).state.routes
    open_to_all = {route.path for route in routes if route.permission in ANYONE}
    assert path in open_to_all
    (port,) = re.findall(r"'127.0.0.1', (\d+)", asked)
    for place in ("deploy/trueup.toml", "deploy/kubernetes/base/trueup.toml"):
        bind = tomllib.loads((ROOT / place).read_text("utf-8"))["server"]["bind"]
        assert bind.rpartition(":")[2] == port == final("EXPOSE").value


def test_the_labels_name_this_version() -> None:
    assert f'version="{__version__}"' in final("LABEL").value
