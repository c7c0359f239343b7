"""The answers of a probe, and how they become rows: only an answer of exactly the expected form counts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from trueup.model.finding import printable
from trueup.model.gate import FEATURE_NAME, LIMIT_HIGHEST
from trueup.model.redact import redact
from trueup.model.relations import GateAnswer, GateExpectation, GateFeature, GateProbe

REASON_LENGTH = 300
PLAN_LENGTH = 100
MOST_FEATURES = 10_000

Cell = tuple[str, str]
"""A feature and a plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """Why there is no answer: a clause for people, which may repeat text of the app."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The answer for each cell as it came: a bool, an int, the reason why there is none, or something else.

    ``lists`` names every feature that the app has, if the probe says so; None otherwise. ``failure`` says what else
    could not be asked, although answers came; ``problem`` why none of them can be trusted.
    """

    cells: Mapping[Cell, object] = field(default_factory=dict)
    lists: tuple[str, ...] | None = None
    failure: str | None = None
    problem: str | None = None


def clean(reason: str) -> str:
    """A reason in a form that may be shown: without secrets, on one line, short."""
    text = printable(redact(" ".join(reason.split())))
    return text if len(text) <= REASON_LENGTH else f"{text[: REASON_LENGTH - 1]}…"


def answer_rows(
    answers: Answers, *, probe: str, asked: Collection[GateExpectation], known: Collection[str]
) -> Iterator[GateAnswer]:
    """A row for each cell that was asked, and one for each that the matrix does not mention: a feature that is not
    ``known`` to it, or a known feature on a plan that is not.
    """
    for cell in asked:
        yield _row(answers, probe, cell)
    if answers.problem is None:
        yield from _list_others(answers, probe, asked, known)


def probe_row(answers: Answers, *, probe: str, kind: str) -> GateProbe:
    """The row about the probe itself."""
    wrong = answers.problem or answers.failure
    return GateProbe(
        probe=probe, kind=kind, lists=answers.lists is not None, problem=None if wrong is None else clean(wrong)
    )


def feature_rows(answers: Answers, *, probe: str) -> Iterator[GateFeature]:
    """A row for each feature that the app says it has."""
    for feature in sorted(set(answers.lists or ())):
        yield GateFeature(feature=feature, probe=probe)


def _row(answers: Answers, probe: str, cell: GateExpectation) -> GateAnswer:
    answer: object = Unanswered(reason="was not answered")
    if answers.problem is not None:
        answer = Unanswered(reason=answers.problem)
    elif (cell.feature, cell.plan) in answers.cells:
        answer = answers.cells[cell.feature, cell.plan]
    number, problem = _judge(answer, is_limit=cell.is_limit)
    return GateAnswer(
        feature=cell.feature,
        plan=cell.plan,
        probe=probe,
        is_limit=cell.is_limit,
        actual=number,
        problem=problem,
    )


def _judge(answer: object, *, is_limit: bool) -> tuple[int | None, str | None]:
    """The answer as a number, or why it is not an answer. A bool is not a number here, although it is one in Python."""
    if isinstance(answer, Unanswered):
        return None, clean(answer.reason) or "no reason was given"
    if is_limit:
        if type(answer) is not int:
            return None, f"the answer must be a whole number and is {_describe_type(answer)}"
        if not 0 <= answer <= LIMIT_HIGHEST:
            return None, f"the answer must be a number from 0 to {LIMIT_HIGHEST}"
        return answer, None
    if type(answer) is not bool:
        return None, f"the answer must be true or false and is {_describe_type(answer)}"
    return int(answer), None


def _describe_type(answer: object) -> str:
    words = {bool: "true or false", int: "a whole number", str: "text", float: "a fraction", type(None): "nothing"}
    return words.get(type(answer), f"a {type(answer).__name__}")


def _list_others(
    answers: Answers, probe: str, asked: Collection[GateExpectation], known: Collection[str]
) -> Iterator[GateAnswer]:
    """The answers that the matrix does not mention."""
    mentioned = {(cell.feature, cell.plan) for cell in asked}
    features = {cell.feature for cell in asked}
    for (feature, plan), answer in sorted(answers.cells.items()):
        if (feature, plan) in mentioned or (feature in known and feature not in features):
            continue
        is_limit = type(answer) is int
        number, problem = _judge(answer, is_limit=is_limit)
        yield GateAnswer(feature=feature, plan=plan, probe=probe, is_limit=is_limit, actual=number, problem=problem)


def misnamed(cells: Collection[Cell]) -> str | None:
    """Why these cells cannot be trusted as a whole: an invalid name, or far too many of them."""
    if len({feature for feature, _ in cells}) > MOST_FEATURES:
        return f"it names more than {MOST_FEATURES} features"
    for feature, plan in sorted(cells):
        if not re.fullmatch(FEATURE_NAME, feature):
            return f'it names a feature "{feature[:40]}", which is not a name: letters, digits and _ . / - only'
        if not plan.strip() or not plan.isprintable() or len(plan) > PLAN_LENGTH:
            return f'it names a plan for "{feature}" that is not a name'
    return None
