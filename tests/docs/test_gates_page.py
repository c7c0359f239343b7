"""The page about plan gates is what the probes say today, and what it shows can be used as it stands."""

from __future__ import annotations

import re
import textwrap
from datetime import datetime
from pathlib import Path

import pytest

from docs.gates import FILE, INTRODUCTION, page, said_of
from trueup.config import load_config
from trueup.config.matrix import read_matrix
from trueup.model.relations import Plan
from trueup.probes import KINDS, open_probe

PLANS = (Plan(plan="FREE", rank=0), Plan(plan="PRO", rank=1), Plan(plan="TEAM", rank=2))
CONFIG = """
preset = "canonical"
[database]
url = "sqlite:///app.db"
[gates]
matrix = "gates.toml"
"""
ENVIRON = {f"GATES_TOKEN_{plan.plan}": "token" for plan in PLANS}


def test_the_page_is_that_of_the_probes_as_they_are() -> None:
    assert FILE.read_text(encoding="utf-8") == page(), "run `python -m docs.gates`"


@pytest.fixture
def matrix(tmp_path: Path) -> Path:
    (shown,) = re.findall(r"```toml gates.toml\n(.*?)```", INTRODUCTION, re.DOTALL)
    path = tmp_path / "gates.toml"
    path.write_text(shown, encoding="utf-8")
    return path


def test_the_matrix_that_it_shows_is_one(matrix: Path) -> None:
    rows = {f"{row.feature}:{row.plan}": row.expected for row in read_matrix(matrix, PLANS)}
    assert [rows[f"sso:{plan.plan}"] for plan in PLANS] == [0, 0, 1]
    assert [rows[f"beta:{plan.plan}"] for plan in PLANS] == [1, 0, 1]


@pytest.mark.parametrize("kind", KINDS)
def test_the_config_that_a_probe_shows_opens_it(kind: str, matrix: Path) -> None:
    indented = re.search(r"\n\n((?:    .*\n)+)", said_of(kind))
    assert indented is not None
    path = matrix.with_name("trueup.toml")
    path.write_text(CONFIG + textwrap.dedent(indented[1]), encoding="utf-8")
    config = load_config(path, ENVIRON)
    assert config.gates is not None
    (probe,) = config.gates.probes
    assert probe.kind == kind
    opened = open_probe(probe, gates=config.gates, now=datetime(2026, 3, 1))
    assert callable(opened.ask)
