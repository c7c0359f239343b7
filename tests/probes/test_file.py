"""The file probe: the build's file is believed whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.gates import MATRIX, answered, asked, gates
from trueup.model.errors import ConfigurationError
from trueup.model.settings import OptionValue
from trueup.probes import Answers, answer_rows

WHOLE = {
    "generatedAt": "2026-03-01T10:00:00Z",
    "features": {
        "exports": {"FREE": False, "PRO": True, "TEAM": True},
        "sso": {"FREE": False, "PRO": False, "TEAM": True},
    },
    "limits": {"seats": {"FREE": 1, "PRO": 5, "TEAM": 50}},
}


def said(folder: Path, text: str | bytes, **options: OptionValue) -> tuple[Answers, dict[str, int | str | None]]:
    (folder / "plans.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    settings = gates(folder, kind="file", options={"path": "plans.json", **options})
    answers = asked(settings)
    return answers, answered(settings, answers)


def test_a_whole_file_answers_every_cell_and_lists_every_feature(tmp_path: Path) -> None:
    answers, cells = said(tmp_path, json.dumps(WHOLE), max_age_hours=2)
    assert (cells["exports:FREE"], cells["exports:PRO"], cells["seats:TEAM"]) == (0, 1, 50)
    assert len(cells) == len(MATRIX)
    assert answers.lists == ("exports", "sso", "seats")


def test_a_cell_that_the_file_lacks_is_unanswered_and_the_others_stand(tmp_path: Path) -> None:
    lacking = {**WHOLE, "features": {"exports": {"FREE": False, "PRO": True}}}
    _, cells = said(tmp_path, json.dumps(lacking))
    assert cells["exports:PRO"] == 1
    assert cells["exports:TEAM"] == cells["sso:FREE"] == "was not answered"


def test_what_the_matrix_does_not_know_comes_along(tmp_path: Path) -> None:
    more = {**WHOLE, "features": {**WHOLE["features"], "beta": {"FREE": True}}}  # type: ignore[dict-item]
    answers, cells = said(tmp_path, json.dumps(more))
    assert cells["beta:FREE"] == 1
    assert "beta" in (answers.lists or ())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        (b"\xff\xfe", "is not JSON in UTF-8"),
        ("[]", "does not hold an object"),
        ("{}", "names no feature"),
        ('{"features": {}}', "names no feature"),
        ('{"features": []}', "holds no object under features"),
        ('{"features": {"exports": true}}', "holds no object under features.exports"),
        ('{"feature": {}}', 'holds "feature", which is none of'),
        ('{"features": {"exports": {"FREE": true, "FREE": false}}}', "holds a name twice"),
        ('{"features": {"a:b": {"FREE": true}}}', "which is not a name"),
        ('{"features": {"exports": {"": true}}}', "a plan for"),
        ('{"features": {"a": {"FREE": true}}, "limits": {"a": {"FREE": 1}}}', "as a feature and as a limit"),
        ('{"features": {"a": {"FREE": NaN}}}', "holds NaN"),
        ('{"generatedAt": "yesterday", "features": {"a": {"FREE": true}}}', "that is not a moment"),
        ('{"generatedAt": "2026-03-01T10:00:00", "features": {"a": {"FREE": true}}}', "that is not a moment"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_a_file_that_is_not_as_it_should_be_answers_nothing(tmp_path: Path, text: str | bytes, reason: str) -> None:
    answers, cells = said(tmp_path, text)
    assert reason in str(answers.problem)
    assert all(isinstance(cell, str) for cell in cells.values())
    assert answers.lists is None


@pytest.mark.parametrize("value", ["1", "0", "null", '"true"', "1.0"])
def test_only_true_and_false_are_answers_about_a_feature(tmp_path: Path, value: str) -> None:
    _, cells = said(tmp_path, f'{{"features": {{"exports": {{"FREE": {value}}}}}}}')
    assert isinstance(cells["exports:FREE"], str)


@pytest.mark.parametrize("value", ["true", "-1", "1.5", "5.0", "null", '"5"', "9007199254740992"])
def test_only_a_whole_number_is_an_answer_about_a_limit(tmp_path: Path, value: str) -> None:
    _, cells = said(tmp_path, f'{{"limits": {{"seats": {{"FREE": {value}}}}}}}')
    assert isinstance(cells["seats:FREE"], str)


def test_a_feature_that_stands_among_the_limits_is_unanswered(tmp_path: Path) -> None:
    _, cells = said(tmp_path, '{"limits": {"exports": {"FREE": 0}}}')
    assert "must be true or false" in str(cells["exports:FREE"])


@pytest.mark.parametrize(
    ("generated", "reason"),
    [
        ("2026-03-01T09:59:59Z", "more than 2 hours ago"),
        ("2026-03-01T12:06:00Z", "in the future"),
        (None, "does not say when it was made"),
    ],
)
def test_a_file_too_old_too_young_or_undated_answers_nothing(
    tmp_path: Path, generated: str | None, reason: str
) -> None:
    dated = {name: value for name, value in {**WHOLE, "generatedAt": generated}.items() if value is not None}
    answers, _ = said(tmp_path, json.dumps(dated), max_age_hours=2)
    assert reason in str(answers.problem)


def test_a_file_as_old_as_it_may_be_is_believed(tmp_path: Path) -> None:
    assert (
        said(tmp_path, json.dumps({**WHOLE, "generatedAt": "2026-03-01T11:00:00+01:00"}), max_age_hours=2)[0].problem
        is None
    )


def test_a_file_that_is_not_there_answers_nothing(tmp_path: Path) -> None:
    answers = asked(gates(tmp_path, kind="file", options={"path": "plans.json"}))
    assert "cannot be read: No such file" in str(answers.problem)


def test_an_age_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="max_age_hours must be a whole number"):
        asked(gates(tmp_path, kind="file", options={"path": "x", "max_age_hours": 0}))


ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.lists(st.integers(), max_size=2)
)


@given(ANYTHING, ANYTHING)
def test_whatever_is_said_becomes_a_number_of_the_asked_kind_or_a_reason(feature: object, limit: object) -> None:
    answers = Answers(cells={("exports", "FREE"): feature, ("seats", "FREE"): limit})
    rows = {
        (r.feature, r.plan): r for r in answer_rows(answers, probe="p", asked=MATRIX, known=("exports", "sso", "seats"))
    }
    about_feature, about_limit = rows["exports", "FREE"], rows["seats", "FREE"]
    assert (about_feature.actual is not None) == (type(feature) is bool)
    assert (about_limit.actual is not None) == (type(limit) is int and 0 <= limit < 2**53)
    assert all((r.actual is None) == bool(r.problem) for r in rows.values())
