"""What a person may decide about a proposed mapping: at most a few questions, each with the data that raise it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trueup.mapping.proposal import Proposal, ProposedColumn, ProposedRelation

MOST_QUESTIONS = 5
ACCOUNTS, LEDGER, PLANS, CREDITS, STATUS = "accounts", "ledger", "plans", "credits", "status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a person decided: the tables, the balance, which plans are paid for, which statuses hold."""

    account_table: str | None = None
    ledger_table: str | None = None
    credits: str | None = None
    paid: Mapping[str, bool] = field(default_factory=dict)
    living: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One answer: what it is called, and what in the data speaks for it."""

    value: str
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion:
    """One question. ``several`` may be chosen, or none; ``best`` are the places of the best guess."""

    about: str
    text: str
    options: tuple[Choice, ...]
    several: bool = False
    best: tuple[int, ...] = (0,)

    @property
    def guess(self) -> str:
        """The best guess, for a person."""
        return ", ".join(self.options[place].value for place in self.best) or "none"


def questions_about(proposal: Proposal) -> tuple[OpenQuestion, ...]:
    """The questions that this proposal leaves, those on which most rests first."""
    by_name = {relation.relation: relation for relation in proposal.relations}
    account, ledger = by_name.get("account"), by_name.get("ledger_entry")
    return (
        *_tables(ACCOUNTS, "Which table holds the accounts that pay?", account),
        *_tables(LEDGER, "Which table holds the movements of credits?", ledger),
        *_plans(proposal),
        *(_columns(account) if account is not None else ()),
    )


def answered(choices: Choices, question: OpenQuestion, places: Sequence[int]) -> Choices:
    """The choices with the answer to this question: the places of the options chosen."""
    values = [question.options[place].value for place in places]
    if question.about == PLANS:
        paid = {option.value: place in places for place, option in enumerate(question.options)}
        return dataclasses.replace(choices, paid={**choices.paid, **paid})
    if question.about == STATUS:
        return dataclasses.replace(choices, living=(*choices.living, *values))
    if question.about == CREDITS:
        return dataclasses.replace(choices, credits=values[0])
    if question.about == ACCOUNTS:
        return dataclasses.replace(choices, account_table=values[0])
    return dataclasses.replace(choices, ledger_table=values[0])


def _tables(about: str, text: str, relation: ProposedRelation | None) -> Iterator[OpenQuestion]:
    if relation is not None and relation.close:
        others = (Choice(value=name, evidence=why) for name, why in relation.close)
        yield OpenQuestion(
            about=about, text=text, options=(Choice(value=relation.table, evidence=relation.evidence), *others)
        )


def _plans(proposal: Proposal) -> Iterator[OpenQuestion]:
    asked = [plan for plan in proposal.plans if plan.question]
    if asked:
        yield OpenQuestion(
            about=PLANS,
            text="Which of these plans are paid for?",
            options=tuple(Choice(value=plan.plan, evidence=plan.evidence) for plan in asked),
            several=True,
            best=tuple(place for place, plan in enumerate(asked) if plan.rank > 0 and plan.paid is not False),
        )


def _columns(account: ProposedRelation) -> Iterator[OpenQuestion]:
    for column in account.columns:
        if column.column == "credits" and column.question and column.alternatives:
            yield _balance(column)
        if column.column == "plan" and column.unsure:
            yield OpenQuestion(
                about=STATUS,
                text="Which of these words of the status mean that the plan holds?",
                options=tuple(Choice(value=word) for word in column.unsure),
                several=True,
                best=(),
            )


def _balance(column: ProposedColumn) -> OpenQuestion:
    others = (Choice(value=theirs) for theirs in column.alternatives)
    return OpenQuestion(
        about=CREDITS,
        text="Which of these is the balance of credits?",
        options=(Choice(value=column.theirs, evidence=column.evidence), *others),
    )
