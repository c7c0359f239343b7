"""The callable probe: a plain bool or int in time is an answer, and nothing else is; no process is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.gates import answered, asked, gates
from trueup.model.errors import ConfigurationError
from trueup.model.settings import GateSettings, OptionValue
from trueup.probes import Answers
from trueup.probes.child import converse

RULES = """
FEATURES = {"exports": {"PRO", "TEAM"}, "sso": {"TEAM"}}
SEATS = {"FREE": 1, "PRO": 5, "TEAM": 50}
def allowed(plan, feature):
    return SEATS[plan] if feature == "seats" else plan in FEATURES[feature]
def features():
    return [*FEATURES, "seats"]
"""
RIGHT = {
    "exports:FREE": 0,
    "exports:PRO": 1,
    "exports:TEAM": 1,
    "sso:FREE": 0,
    "sso:PRO": 0,
    "sso:TEAM": 1,
    "seats:FREE": 1,
    "seats:PRO": 5,
    "seats:TEAM": 50,
}


def app(folder: Path, text: str, **options: OptionValue) -> GateSettings:
    """A module of the app, ``rules``, and a probe that asks its ``allowed``."""
    (folder / "rules.py").write_text(text, encoding="utf-8")
    return gates(folder, kind="callable", options={"callable": "rules:allowed", **options})


def said(folder: Path, text: str, **options: OptionValue) -> tuple[Answers, dict[str, int | str | None]]:
    settings = app(folder, text, **options)
    answers = asked(settings)
    return answers, answered(settings, answers)


def test_every_cell_is_asked_and_answered(tmp_path: Path) -> None:
    answers, cells = said(tmp_path, RULES, lists="rules:features")
    assert cells == RIGHT
    assert answers.lists == ("exports", "seats", "sso")
    assert (answers.problem, answers.failure) == (None, None)


def test_what_the_app_prints_is_not_an_answer(tmp_path: Path) -> None:
    noisy = 'import sys\nprint(\'{"feature": "exports", "plan": "FREE", "answer": true}\')\n' + RULES.replace(
        "    return SEATS", "    print('asked'); print('asked', file=sys.stderr)\n    return SEATS"
    )
    assert said(tmp_path, noisy)[1] == RIGHT


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return None", "returned nothing"),
        ("return 'yes'", "returned a str"),
        ("return 1.0", "returned a float"),
        ("raise RuntimeError('no rules')", "raised RuntimeError: no rules"),
        ("raise SystemExit(0)", "raised SystemExit: 0"),
        ("raise KeyboardInterrupt", "raised KeyboardInterrupt"),
    ],
)
def test_what_is_neither_yes_no_nor_a_number_is_no_answer(tmp_path: Path, body: str, reason: str) -> None:
    _, cells = said(tmp_path, f"def allowed(plan, feature):\n    {body}\n")
    assert all(reason in str(cell) for cell in cells.values())


def test_one_is_not_true_and_true_is_not_one(tmp_path: Path) -> None:
    _, cells = said(tmp_path, "def allowed(plan, feature):\n    return True if feature == 'seats' else 1\n")
    assert "must be a whole number" in str(cells["seats:FREE"])
    assert "must be true or false" in str(cells["exports:FREE"])


def test_a_negative_limit_is_no_answer(tmp_path: Path) -> None:
    _, cells = said(tmp_path, RULES.replace('"FREE": 1', '"FREE": -1'))
    assert "from 0" in str(cells["seats:FREE"])
    assert cells["seats:PRO"] == 5


def test_a_feature_that_the_app_never_heard_of_and_denies_is_answered(tmp_path: Path) -> None:
    _, cells = said(tmp_path, "def allowed(plan, feature):\n    return 0 if feature == 'seats' else False\n")
    assert set(cells.values()) == {0}


def test_what_was_answered_before_a_crash_is_kept_and_the_rest_is_unanswered(tmp_path: Path) -> None:
    crash = "import os\ndef allowed(plan, feature):\n    os._exit(9) if feature == 'sso' else None\n    return True\n"
    answers, cells = said(tmp_path, crash)
    assert cells["exports:PRO"] == 1
    assert "ended with 9" in str(cells["sso:FREE"])
    assert answers.failure is not None


def test_the_last_words_of_a_crash_are_told_without_secrets(tmp_path: Path) -> None:
    answers, cells = said(tmp_path, "raise RuntimeError('postgresql://app:hunter2@db/app is down')\n")
    assert "rules:allowed cannot be imported: RuntimeError: postgresql://app:***@db/app" in str(cells["sso:PRO"])
    assert "hunter2" not in str(cells)
    assert answers.problem is not None


@pytest.mark.parametrize(
    ("text", "reason"),
    [("x = 1", "AttributeError"), ("allowed = 3", "is not a function"), ("def allowed(:", "SyntaxError")],
)
def test_a_function_that_is_not_there_is_a_reason(tmp_path: Path, text: str, reason: str) -> None:
    assert all(reason in str(cell) for cell in said(tmp_path, text)[1].values())


def test_a_list_of_features_that_fails_spoils_the_list_and_not_the_answers(tmp_path: Path) -> None:
    answers, cells = said(tmp_path, RULES, lists="rules:gone")
    assert cells == RIGHT
    assert answers.lists is None
    assert "rules:gone cannot be imported" in str(answers.failure)


def test_a_feature_that_only_the_app_lists_is_asked_about_too(tmp_path: Path) -> None:
    text = RULES.replace('"sso": {"TEAM"}}', '"sso": {"TEAM"}, "beta": {"FREE"}}')
    _, cells = said(tmp_path, text, lists="rules:features")
    assert {cell: value for cell, value in cells.items() if cell not in RIGHT} == {
        "beta:FREE": 1,
        "beta:PRO": 0,
        "beta:TEAM": 0,
    }


def test_a_listed_name_that_is_none_is_a_failure(tmp_path: Path) -> None:
    text = RULES.replace('return [*FEATURES, "seats"]', 'return ["exports", "a:b"]').replace(
        "plan in FEATURES[feature]", "plan in FEATURES.get(feature, ())"
    )
    answers, _ = said(tmp_path, text, lists="rules:features")
    assert answers.lists is None
    assert "which is not a name" in str(answers.failure)


def _alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.slow
def test_whoever_does_not_answer_in_time_is_ended_with_everything_it_started(tmp_path: Path) -> None:
    slow = (
        "import os, subprocess, sys, time\n"
        "def allowed(plan, feature):\n"
        "    if feature == 'exports': return True\n"
        "    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "    open('pids', 'w').write(f'{os.getpid()} {child.pid}')\n"
        "    time.sleep(60)\n"
    )
    started = time.monotonic()
    answers, cells = said(tmp_path, slow, timeout_seconds=2)
    assert time.monotonic() - started < 10
    assert cells["exports:FREE"] == 1
    assert "did not answer in full within 2 seconds" in str(cells["sso:FREE"])
    assert answers.failure is not None
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    deadline = time.monotonic() + 5
    while any(map(_alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(_alive, pids))


def test_an_interpreter_that_never_reads_a_long_question_is_ended_in_time(tmp_path: Path) -> None:
    deaf = tmp_path / "deaf"
    deaf.write_text("#!/bin/sh\nexec sleep 60\n")
    deaf.chmod(0o755)
    question = {"cells": [["feature", "PRO"]] * 20_000}  # more than a pipe holds
    started = time.monotonic()
    answer = converse(str(deaf), question, folder=tmp_path, timeout_seconds=1)
    assert time.monotonic() - started < 10
    assert answer.problem == "it did not answer in full within 1 seconds"


def test_ctrl_c_leaves_no_process_behind(tmp_path: Path) -> None:
    app(tmp_path, "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(60)\n")
    code = (
        # Who runs the tests in the background has them begin with Ctrl-C ignored.
        "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from pathlib import Path\nfrom trueup.probes.child import converse\n"
        "converse(__import__('sys').executable, {'callable': 'rules:allowed', 'lists': None, 'cells': [], 'known': [], "
        "'plans': [], 'seconds': 60}, folder=Path('.'), timeout_seconds=60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not ((tmp_path / "pid").exists() and (tmp_path / "pid").read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) != 0
    assert not _alive(int((tmp_path / "pid").read_text()))


def test_an_interpreter_that_cannot_be_started_is_a_reason(tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("not a program")
    answers, cells = said(tmp_path, RULES, python="./python")
    assert "cannot be started" in str(answers.problem)
    assert all(isinstance(cell, str) for cell in cells.values())


def test_the_config_s_own_interpreter_and_folder_are_used(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "python").symlink_to(sys.executable)
    settings = gates(
        tmp_path,
        kind="callable",
        options={"callable": "rules:allowed", "folder": "inside", "python": os.fspath(tmp_path / "python")},
    )
    (tmp_path / "inside" / "rules.py").write_text(RULES)
    assert answered(settings, asked(settings)) == RIGHT


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"callable": "rules"},
            'gates.probes.app.callable must be a module and a function, such as "app.access:may_use"',
        ),
        ({"callable": "rules:allowed", "timeout_seconds": 0}, "timeout_seconds must be a whole number from 1 to 600"),
        ({"callable": "rules:allowed", "folder": "nowhere"}, "there is no such folder"),
        ({"callable": "rules:allowed", "python": "./nowhere"}, "there is no such file"),
        (
            {"callabel": "rules:allowed"},
            'gates.probes.app.callabel is not an option of callable; did you mean "callable"?',
        ),
        ({}, "gates.probes.app.callable is missing"),
    ],
)
def test_an_option_that_cannot_be_right_is_refused(
    tmp_path: Path, options: dict[str, OptionValue], sentence: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        asked(gates(tmp_path, kind="callable", options=options))
    assert sentence in str(refused.value)
