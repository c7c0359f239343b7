"""Guess what the app's words mean: kinds of entry, roles, states of an event, and plans."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from trueup.mapping.names import folded
from trueup.mapping.vocabulary import PLAN_LADDER, PLAN_SYNONYMS, SPECIFIC_FIRST, WORDS

NULL_WORD = ""
"""Also matches NULL."""

USUAL_PLANS = ("FREE", "PRO", "TEAM")

_PERIODS = re.compile(r"_(monthly|yearly|annual|annually|month|year|quarterly|plan|tier|legacy|v\d+|\d{4})$")
_ARBITRARY = re.compile(r"\d+|[0-9a-f-]{16,}|(price|prod|plan)_\w{8,}", re.IGNORECASE)
_PLAN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9 _-]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanGuess:
    """A plan that the app's words seem to name; ``seen`` is false for one that is only usual.

    ``paid`` is None where its rank says it. ``prices`` are the words that are ids of Stripe prices.
    """

    plan: str
    rank: int
    words: tuple[str, ...] = ()
    seen: bool = True
    paid: bool | None = None
    evidence: str = ""
    question: str = ""
    prices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WordGuess:
    """trueup's word for each of the app's, and those of the app that could not be guessed."""

    meaning: tuple[tuple[str, tuple[str, ...]], ...]
    unknown: tuple[str, ...] = ()


def word_guess(
    column: str, theirs: Sequence[str] | None, *, plans: Sequence[PlanGuess], nullable: bool
) -> WordGuess | None:
    """The meaning of a column's words; None where they could not be read. ``nullable``: NULL means no plan."""
    if theirs is None:
        return None
    if column not in WORDS:
        return _plan_words(theirs, plans, nullable=nullable)
    meaning: dict[str, list[str]] = {ours: [] for ours in WORDS[column]}
    unknown: list[str] = []
    for word in theirs:
        ours = _ours(column, word)
        (unknown if ours is None else meaning[ours]).append(word)
    return WordGuess(meaning=tuple((o, tuple(w)) for o, w in meaning.items() if w), unknown=tuple(unknown))


def plan_guesses(words: Sequence[str]) -> tuple[PlanGuess, ...]:
    """The plans that these words name, cheapest first, and always FREE; the three usual ones where no word helps."""
    named: dict[str, list[str]] = {}
    for word in words:
        name = plan_named(word)
        if name is not None:
            named.setdefault(name, []).append(word)
    if not named:
        return tuple(PlanGuess(plan=plan, rank=rank, seen=False) for rank, plan in enumerate(USUAL_PLANS))
    free = PlanGuess(plan="FREE", rank=0, words=tuple(named.pop("FREE", ())))
    paid = sorted(named.items(), key=lambda item: (rung(item[0]), item[0]))
    return free, *(PlanGuess(plan=name, rank=n, words=tuple(w)) for n, (name, w) in enumerate(paid, start=1))


def _plan_words(theirs: Sequence[str], plans: Sequence[PlanGuess], *, nullable: bool) -> WordGuess:
    known = {word: plan.plan for plan in plans for word in plan.words}
    meaning = {plan.plan: [word for word in plan.words if word in theirs] for plan in plans}
    if nullable and "FREE" in meaning and NULL_WORD not in meaning["FREE"]:
        meaning["FREE"].append(NULL_WORD)
    return WordGuess(
        meaning=tuple((plan, tuple(words)) for plan, words in meaning.items() if words),
        unknown=tuple(word for word in theirs if word not in known and word != NULL_WORD),
    )


def _ours(column: str, word: str) -> str | None:
    form = folded(word)
    for ours, usual in WORDS[column].items():
        if form in {folded(theirs) for theirs in usual.split()}:
            return ours
    if column != "kind":
        return None
    tokens = set(form.split("_"))
    return next(
        (ours for ours in SPECIFIC_FIRST if tokens & {folded(theirs) for theirs in WORDS[column][ours].split()}), None
    )


def plan_named(word: str) -> str | None:
    """The plan that a word names, in capitals; None for an id or a number."""
    if word == NULL_WORD:
        return "FREE"
    if _ARBITRARY.fullmatch(word) or not _PLAN_NAME.fullmatch(word):
        return None
    form = folded(word)
    while (shorter := _PERIODS.sub("", form)) != form:
        form = shorter
    return PLAN_SYNONYMS.get(form, form).upper() or None


def rung(plan: str) -> int:
    """The plan's place among the usual plans; a plan of an unknown name comes above the known ones."""
    ladder = PLAN_LADDER.split()
    return next((ladder.index(token) for token in plan.lower().split("_") if token in ladder), len(ladder))
