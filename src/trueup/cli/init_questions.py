"""Ask what the data leave open before a config is written: at a terminal, and at most five questions."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from trueup.actions.init import OpenQuestion, ProposedConfig, SampledSchema


def settle_questions(schema: SampledSchema, *, asks: bool) -> ProposedConfig:
    """Propose a config, with the answers of the person at the terminal where ``asks`` and there is one.

    What is not asked is listed with the guess that is taken.
    """
    from trueup.actions.init import MOST_QUESTIONS, Choices, answered  # noqa: PLC0415 - heavy

    choices, settled = Choices(), set[str]()
    proposed = schema.propose()
    is_person = asks and sys.stdin.isatty() and sys.stdout.isatty()
    while is_person and len(settled) < MOST_QUESTIONS:
        question = next((each for each in proposed.questions if each.about not in settled), None)
        if question is None:
            break
        settled.add(question.about)
        choices = answered(choices, question, _ask(question))
        proposed = schema.propose(choices)
    unasked = [each for each in proposed.questions if each.about not in settled]
    typer.echo("\n".join(_taken(unasked, is_person=is_person)), nl=bool(unasked))
    return proposed


def _taken(questions: Sequence[OpenQuestion], *, is_person: bool) -> Iterator[str]:
    if questions:
        yield "Taken unasked:" if is_person else "Taken unasked (without --yes, a terminal is asked):"
    for question in questions:
        others = ", ".join(option.value for place, option in enumerate(question.options) if place not in question.best)
        yield f"  {question.text} {question.guess}{f'   (or {others})' if others else ''}"


def _ask(question: OpenQuestion) -> Sequence[int]:
    from trueup.formats.wording import legible  # noqa: PLC0415 - heavy

    typer.echo(f"\n{question.text}")
    for number, option in enumerate(question.options, start=1):
        typer.echo(legible(f"  {number}  {option.value}{f'   {option.evidence}' if option.evidence else ''}"))
    usual = ",".join(str(place + 1) for place in question.best) or "none"
    wanted = "Numbers, with commas, or none" if question.several else "Number"
    while True:
        answer = typer.prompt(wanted, default=usual)
        places = _places(str(answer), question)
        if places is not None:
            return places
        typer.echo(f"  Type {'numbers' if question.several else 'a number'} from 1 to {len(question.options)}.")


def _places(answer: str, question: OpenQuestion) -> list[int] | None:
    """Return the places that were typed; None where it is not an answer."""
    words = [word for word in answer.replace(",", " ").split() if word.lower() != "none"]
    if not all(word.isdecimal() and 0 < int(word) <= len(question.options) for word in words):
        return None
    if not question.several and len(words) != 1:
        return None
    return [int(word) - 1 for word in words]
