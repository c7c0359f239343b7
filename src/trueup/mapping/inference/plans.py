"""What the app's words for plans mean: a rank by their usual order, and by the data whether they are paid for."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from trueup.mapping.names import folded
from trueup.mapping.vocabulary import PLAN_LADDER, PLAN_SYNONYMS
from trueup.mapping.word_guesses import NULL_WORD, PlanGuess, plan_named, rung

_PREFIX = re.compile(r"^(price|prod|plan|tier|sku)_")
_LONGEST = 40
_FEWEST = 3
_PAYING, _NEARLY_ALL, _MANY_MORE = 0.5, 0.9, 0.4
_FREE = "FREE"


def plans_of(
    words: Sequence[str],
    held: Mapping[str, str | None] | None,
    customers: Mapping[str, object] | None,
    *,
    of_stripe: bool = False,
    of_subscriptions: bool = False,
    decided: Mapping[str, bool] | None = None,
) -> tuple[PlanGuess, ...]:
    """The plans that these words name, cheapest first, and always FREE.

    ``held`` is the plan of each sampled account and ``customers`` its Stripe customer; None where no customers are
    kept. ``of_stripe`` says that the words are of Stripe's subscriptions, which are paid;
    ``of_subscriptions`` that the status of a subscription says whether they hold. Another word that is not a usual one
    is taken for a paid plan only where its accounts have customers. ``decided`` is what a person said: whether a plan
    is paid for.
    """
    named: dict[str, list[str]] = {}
    for word in words:
        named.setdefault(_plan_name(word), []).append(word)
    free = PlanGuess(plan=_FREE, rank=0, words=tuple(named.pop(_FREE, ())))
    shares = _shares(held or {}, customers)
    lowest = min((count / seen for count, seen in shares.values()), default=1.0)
    guesses = [
        _guess(plan, theirs, shares, 0.0 if of_subscriptions else lowest, of_stripe=of_stripe)
        for plan, theirs in named.items()
    ]
    guesses = [_decided(guess, decided or {}) for guess in guesses]
    guesses.sort(key=lambda guess: (guess.rank, rung(guess.plan), guess.plan))
    unpaid = [guess for guess in guesses if guess.rank == 0]
    paid = [guess for guess in guesses if guess.rank]
    ranked = [dataclasses.replace(guess, rank=number) for number, guess in enumerate(paid, start=1)]
    return (free, *unpaid, *ranked)


def _guess(
    plan: str, words: Sequence[str], shares: Mapping[str, tuple[int, int]], lowest: float, *, of_stripe: bool
) -> PlanGuess:
    """The plan, with a rank of 1 where it is above the free one.

    A word that is not a usual one is of a paid plan where nearly all of its accounts have a customer, or many more than
    those of another word (``lowest``).
    """
    with_customer = sum(shares.get(word, (0, 0))[0] for word in words)
    seen = sum(shares.get(word, (0, 0))[1] for word in words)
    usual = bool(set(plan.lower().split("_")) & set(PLAN_LADDER.split()))
    evidence = f"{with_customer} of {seen} sampled accounts on it have a Stripe customer" if seen else ""
    prices = tuple(word for word in words if word.startswith("price_"))
    if of_stripe or prices:
        return PlanGuess(plan=plan, rank=1, words=tuple(words), evidence=evidence, prices=prices)
    if seen >= _FEWEST and with_customer < _PAYING * seen:
        question = "is it paid for? Most of its accounts have no Stripe customer"
        return PlanGuess(
            plan=plan, rank=1 if usual else 0, words=tuple(words), paid=False, evidence=evidence, question=question
        )
    part = with_customer / seen if seen else 0.0
    if not usual and part < _NEARLY_ALL and part < lowest + _MANY_MORE:
        question = "is it paid for? Neither its name nor the data says it"
        return PlanGuess(plan=plan, rank=0, words=tuple(words), evidence=evidence, question=question)
    question = "" if usual else "its name is not a usual one: is this its rank?"
    return PlanGuess(plan=plan, rank=1, words=tuple(words), evidence=evidence, question=question, prices=prices)


def _decided(guess: PlanGuess, decided: Mapping[str, bool]) -> PlanGuess:
    if guess.plan not in decided:
        return guess
    if decided[guess.plan]:
        return dataclasses.replace(guess, rank=1, paid=None, question="")
    return dataclasses.replace(guess, rank=guess.rank if guess.paid is False else 0, question="")


def _shares(held: Mapping[str, str | None], customers: Mapping[str, object] | None) -> dict[str, tuple[int, int]]:
    """Of each word, how many accounts have a customer and how many there are; empty where no customers are kept."""
    if customers is None:
        return {}
    seen = Counter(word or NULL_WORD for word in held.values())
    paying = Counter(word or NULL_WORD for owner, word in held.items() if customers.get(owner) not in (None, ""))
    return {word: (paying[word], count) for word, count in seen.items()}


def _plan_name(word: str) -> str:
    """A name for the plan that this word means."""
    if word == NULL_WORD:
        return _FREE
    bare = _PREFIX.sub("", word)
    name = plan_named(bare)
    if name is not None and bare == word:
        return name
    if name is not None and name.replace("_", "").isalpha():
        return PLAN_SYNONYMS.get(name.lower(), name).upper()
    form = re.sub(r"[^A-Za-z0-9]+", "_", folded(bare) or bare).strip("_").upper()[:_LONGEST]
    return form if form[:1].isalpha() and bare == word else f"PLAN_{form or 'OTHER'}"
