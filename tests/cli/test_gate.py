"""``trueup gate show`` and ``trueup gate accept`` as a person runs them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.command import trueup
from tests.support.gated import Gated, gated


@pytest.fixture
def company(tmp_path: Path) -> Gated:
    return gated(tmp_path)


def test_show_accept_and_show_again(company: Gated) -> None:
    shown = trueup("gate", "show", cwd=company.folder)
    assert shown.code == 0, shown.err
    assert "PLAN GATES  9 of 9 as they should be" in shown.out
    assert re.search(r"exports +no +yes +yes", shown.out)
    assert "There is no lock" in shown.out
    done = trueup("gate", "accept", "--reason", "as launched", cwd=company.folder)
    assert done.code == 0, done.err
    assert "Accepted the present answers of 9 plan gates" in done.out
    again = trueup("gate", "show", cwd=company.folder)
    assert "As it was accepted at" in again.out
    assert "as launched" in again.out


def test_a_difference_is_shown_feature_by_feature(company: Gated) -> None:
    assert trueup("gate", "accept", "--reason", "as launched", cwd=company.folder).code == 0
    company.change('"PRO": 5', '"PRO": 6')
    company.change("PRO = 5", "PRO = 6", file="gates.toml")
    shown = trueup("gate", "show", cwd=company.folder)
    assert shown.code == 0
    assert "- seats:PRO 5\n+ seats:PRO 6\n" in shown.out


def test_a_regression_is_exit_1_and_accepting_it_says_that_it_stays_one(company: Gated) -> None:
    company.change('"exports": {"PRO"', '"exports": {"FREE", "PRO"')
    shown = trueup("gate", "show", cwd=company.folder)
    assert shown.code == 1
    assert "yes, not no" in shown.out
    done = trueup("gate", "accept", "--reason", "for the fair", cwd=company.folder)
    assert done.code == 0
    assert "1 of them differ from the matrix and stay findings." in done.out
    assert trueup("gate", "show", cwd=company.folder).code == 1


def test_what_is_not_answered_is_exit_3_and_is_not_accepted(company: Gated) -> None:
    company.change("def allowed", "raise RuntimeError('token=hunter2')\ndef allowed")
    shown = trueup("gate", "show", cwd=company.folder)
    assert shown.code == 3
    assert "RuntimeError: token=***" in shown.out
    done = trueup("gate", "accept", "--reason", "x", cwd=company.folder)
    assert done.code == 3
    assert "Nothing was accepted" in done.err
    assert "hunter2" not in shown.out + shown.err + done.out + done.err
    assert not company.lock.exists()


def test_without_a_matrix_it_says_how_to_write_one(company: Gated) -> None:
    company.change('matrix = "gates.toml"', "", file="trueup.toml")
    text = company.path.read_text().partition("[gates.probes")[0]
    company.path.write_text(text)
    shown = trueup("gate", "show", cwd=company.folder)
    assert shown.code == 2
    assert 'matrix = "gates.toml" under [gates]' in shown.err


@pytest.mark.parametrize("arguments", [("accept",), ("accept", "--reason", " ")])
def test_nothing_is_accepted_without_a_reason(company: Gated, arguments: tuple[str, ...]) -> None:
    assert trueup("gate", *arguments, cwd=company.folder).code == 2
    assert not company.lock.exists()


def test_the_doctor_looks_at_matrix_probes_and_lock(company: Gated) -> None:
    seen = trueup("doctor", cwd=company.folder)
    assert "3 features, 9 plan gates" in seen.out
    assert "every plan gate was answered" in seen.out
    assert "there is no lock yet" in seen.out
    company.change("def allowed", "raise RuntimeError\ndef allowed")
    seen = trueup("doctor", cwd=company.folder)
    assert seen.code == 2
    assert "not everything was answered" in seen.out


def test_the_report_shows_the_matrix_in_text_and_markdown(company: Gated) -> None:
    company.change('"exports": {"PRO"', '"exports": {"FREE", "PRO"')
    checks = [part for name in ("gate-regression", "gate-unreachable") for part in ("--check", name)]
    text = trueup("audit", *checks, "--no-store", cwd=company.folder)
    assert text.code == 1, text.err
    assert "PLAN GATES  8 of 9 as they should be" in text.out
    markdown = trueup("audit", *checks, "--no-store", "--format", "markdown", cwd=company.folder)
    assert "| Feature | FREE | PRO | TEAM |" in markdown.out
    assert "**yes, not no**" in markdown.out
