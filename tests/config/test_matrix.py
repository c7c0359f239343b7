"""The matrix of plan gates: what can be said in it, and what is refused with one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.config import load_config
from trueup.config.matrix import read_matrix
from trueup.model.errors import ConfigurationError
from trueup.model.relations import Plan

PLANS = (Plan(plan="FREE", rank=0), Plan(plan="PRO", rank=1), Plan(plan="TEAM", rank=2))
CONFIG = """
preset = "canonical"
[database]
url = "sqlite:///app.db"
[gates]
"""


def read(folder: Path, text: str, *, plans: tuple[Plan, ...] = PLANS) -> dict[str, int]:
    path = folder / "gates.toml"
    path.write_text(text, encoding="utf-8")
    return {f"{row.feature}:{row.plan}": row.expected for row in read_matrix(path, plans)}


def row(folder: Path, text: str, *, plans: tuple[Plan, ...] = PLANS) -> list[int]:
    return list(read(folder, text, plans=plans).values())


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ('{ min_plan = "FREE" }', [1, 1, 1]),
        ('{ min_plan = "PRO" }', [0, 1, 1]),
        ("{ team_only = true }", [0, 0, 1]),
        ('{ plans = ["PRO", "TEAM"] }', [0, 1, 1]),
        ("{ plans = [] }", [0, 0, 0]),
        ('{ plans = ["FREE", "TEAM"], deliberate = true }', [1, 0, 1]),
    ],
)
def test_a_feature_says_which_plans_have_it(tmp_path: Path, says: str, expected: list[int]) -> None:
    assert row(tmp_path, f"[features]\nexports = {says}") == expected


def test_limits_are_numbers_for_every_plan(tmp_path: Path) -> None:
    assert row(tmp_path, "[limits]\nseats = { TEAM = 50, FREE = 1, PRO = 5 }") == [1, 5, 50]
    assert row(tmp_path, "[limits]\nads = { FREE = 3, PRO = 0, TEAM = 0, deliberate = true }") == [3, 0, 0]


def test_features_stand_in_the_file_s_order_and_plans_by_rank(tmp_path: Path) -> None:
    text = (
        '[features]\nb = { min_plan = "PRO" }\na = { min_plan = "PRO" }\n[limits]\nc = { FREE = 1, PRO = 1, TEAM = 1 }'
    )
    assert list(read(tmp_path, text)) == [f"{feature}:{plan.plan}" for feature in "bac" for plan in PLANS]


def test_team_only_means_the_plan_called_team_and_whatever_ranks_above_it(tmp_path: Path) -> None:
    text = "[features]\nsso = { team_only = true }"
    assert row(tmp_path, text, plans=(*PLANS, Plan(plan="ENTERPRISE", rank=3))) == [0, 0, 1, 1]
    without = (Plan(plan="A", rank=0), Plan(plan="B", rank=1), Plan(plan="C", rank=1))
    assert row(tmp_path, text, plans=without) == [0, 1, 1]


F, L = "[features]\n", "[limits]\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            F + 'exports = { min_plan = "PRP" }',
            'features.exports.min_plan in {} is "PRP", which is not a plan; did you mean "PRO"?',
        ),
        (
            F + 'exports = { plans = ["PRO", "GOLD"] }',
            'features.exports.plans[2] in {} is "GOLD", which is not a plan; known are',
        ),
        (F + "exports = { plans = [1] }", "features.exports.plans[1] in {} must be the name of a plan."),
        (F + 'exports = { plans = "PRO" }', "features.exports.plans in {} must be a list of plans"),
        (
            F + 'exports = { plans = ["PRO", "PRO", "TEAM"] }',
            'features.exports.plans[2] in {} names "PRO" a second time.',
        ),
        (
            F + 'exports = { plans = ["FREE", "PRO"] }',
            "features.exports in {} gives it to FREE but not to TEAM, which is the higher plan: write",
        ),
        (F + 'exports = { min_plan = "PRO", deliberate = true }', "features.exports.deliberate in {} is not needed"),
        (
            F + 'exports = { min_plan = "PRO", deliberate = 1 }',
            "features.exports.deliberate in {} must be true or false.",
        ),
        (
            F + 'exports = { min_plna = "PRO" }',
            'features.exports.min_plna in {} is not a known key; did you mean "min_plan"?',
        ),
        (F + 'exports = { min_plan = "PRO", team_only = true }', "features.exports in {} says min_plan and team_only"),
        (F + "exports = {}", "features.exports in {} must say which plans have it"),
        (F + 'exports = "PRO"', "features.exports in {} must say which plans have it"),
        (F + "exports = { team_only = false }", "features.exports.team_only in {} must be true"),
        (F + '"a:b" = { min_plan = "PRO" }', 'features."a:b" in {} is not a name for a feature'),
        (
            F + 'a = { min_plan = "PRO" }\nA = { min_plan = "PRO" }',
            "features.A in {} is features.a again: keep one of them.",
        ),
        (
            F + 'seats = { min_plan = "PRO" }\n' + L + "seats = { FREE = 1, PRO = 1, TEAM = 1 }",
            "limits.seats in {} is features.seats again: a feature is either allowed or limited.",
        ),
        (
            L + "seats = { FREE = 1, PRO = 5 }",
            "limits.seats in {} names no number for TEAM: every plan needs one, 0 included.",
        ),
        (
            L + "seats = { FREE = 1, PRO = 5, TEAMS = 9 }",
            'limits.seats.TEAMS in {} is "TEAMS", which is not a plan; did you mean "TEAM"?',
        ),
        (
            L + "seats = { FREE = 5, PRO = 1, TEAM = 9 }",
            "limits.seats in {} gives 5 to FREE and 1 to PRO, which is the higher plan",
        ),
        (L + "seats = { FREE = true, PRO = 1, TEAM = 9 }", "limits.seats.FREE in {} must be a whole number from 0"),
        (L + "seats = { FREE = -1, PRO = 1, TEAM = 9 }", "limits.seats.FREE in {} must be a whole number from 0"),
        (L + "seats = { FREE = 1.0, PRO = 1, TEAM = 9 }", "limits.seats.FREE in {} must be a whole number from 0"),
        (L + "seats = 5", "limits.seats in {} must name a number for each plan"),
        ("[feature]\na = 1", 'feature in {} is not a known table; did you mean "features"?'),
        ("features = 1", "features in {} must be a table."),
        ("", "The matrix {} names no feature; write one under [features]."),
        (F + "a = { min_plan = 'PRO' }\na = { min_plan = 'PRO' }", "The matrix {} is not valid TOML"),
    ],
)
def test_nonsense_is_refused_in_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read(tmp_path, text)
    assert sentence.replace("{}", str(tmp_path / "gates.toml")) in str(refused.value)
    assert "\n" not in str(refused.value).replace("(at line", "")


def test_a_matrix_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="There is no matrix at"):
        read_matrix(tmp_path / "gates.toml", PLANS)
    (tmp_path / "gates.toml").write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match="is not UTF-8 text"):
        read_matrix(tmp_path / "gates.toml", PLANS)


@given(st.lists(st.sampled_from([plan.plan for plan in PLANS]), unique=True))
def test_a_list_of_plans_is_taken_as_it_is_or_asks_whether_it_is_meant(
    tmp_path_factory: pytest.TempPathFactory, plans: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("matrix")
    wanted = [int(plan.plan in plans) for plan in PLANS]
    falls = wanted != sorted(wanted)
    told = ", ".join(f'"{plan}"' for plan in plans)
    assert row(folder, f"[features]\na = {{ plans = [{told}]{', deliberate = true' if falls else ''} }}") == wanted
    with pytest.raises(ConfigurationError):
        row(folder, f"[features]\na = {{ plans = [{told}]{'' if falls else ', deliberate = true'} }}")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('matrix = "nowhere.toml"', "There is no matrix at"),
        ('probes.app.kind = "file"', "gates.matrix in"),
        ('matrix = "gates.toml"\nprobes.app.path = "x"', "gates.probes.app.kind"),
        ('matrix = "gates.toml"\nprobes.app = { kind = "file", features = ["expots"] }', 'did you mean "exports"?'),
        ('matrix = "gates.toml"\nprobes.app = { kind = "file", features = [] }', "must be a list of features"),
        ('matrix = "gates.toml"\nprobes.app = { kind = "file", path = "${NOT_THERE}" }', "NOT_THERE"),
        ('matrix = "gates.toml"\nprobes.app = { kind = "http", tokens = { FREE = 1 } }', "a table of strings"),
        ('enabled = true\n[policy.severity]\ngate-unreachable = "off"', "policy.severity.gate-unreachable"),
    ],
)
def test_a_section_that_cannot_be_right_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "gates.toml").write_text('[features]\nexports = { min_plan = "PRO" }', encoding="utf-8")
    (tmp_path / "trueup.toml").write_text(CONFIG + text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        load_config(tmp_path / "trueup.toml", {})
    assert sentence in str(refused.value)


def test_secrets_of_probes_are_resolved_and_hidden(tmp_path: Path) -> None:
    (tmp_path / "gates.toml").write_text('[features]\nexports = { min_plan = "PRO" }', encoding="utf-8")
    text = 'matrix = "gates.toml"\nprobes.api = { kind = "http", url = "https://x/", tokens = { FREE = "${TOKEN}" } }'
    (tmp_path / "trueup.toml").write_text(CONFIG + text, encoding="utf-8")
    config = load_config(tmp_path / "trueup.toml", {"TOKEN": "hunter2"})
    assert config.gates is not None
    assert config.gates.probes[0].options["tokens"] == {"FREE": "hunter2"}
    assert "hunter2" not in repr(config)
    assert config.gates.probes[0].literal == {"url"}


def test_without_a_matrix_there_are_no_gates_to_settle(tmp_path: Path) -> None:
    (tmp_path / "trueup.toml").write_text(CONFIG, encoding="utf-8")
    assert load_config(tmp_path / "trueup.toml", {}).gates is None
