"""Why credits moved: the app's words for it, or an expression where its words say only the direction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trueup.mapping.inference import arithmetic
from trueup.mapping.inference.movements import Movements
from trueup.mapping.inference.phrases import Phrases
from trueup.mapping.names import folded, likeness
from trueup.mapping.proposal import ProposedColumn
from trueup.mapping.samples import Look
from trueup.mapping.vocabulary import COLUMNS
from trueup.mapping.word_guesses import WordGuess, word_guess

_MOST_WORDS = 40
_LONGEST_WORD = 48
_SURE = 0.5
_GIVEN = frozenset(["credit", "credits", "in", "incoming", "add", "added", "plus", "increase", "deposit_credit"])
_ONLY_DIRECTION = frozenset(
    ["credit", "debit", "in", "out", "plus", "minus", "add", "subtract", "increase", "decrease", "incoming", "outgoing"]
)
_BOUGHT = frozenset(["purchase", "payment", "topup", "deposit", "order"])


def kind_of(movements: Movements, phrases: Phrases, payment: str | None) -> ProposedColumn:
    """The kind of each entry. ``payment`` is the SQL of the payment that it names, if any does."""
    look = movements.look
    column = _kind_column(look, movements)
    if column is None:
        return _from_direction(movements, phrases, payment)
    words = look.labels(column) or ()
    if any(folded(word) in _ONLY_DIRECTION for word in words):
        return _from_direction_words(phrases, column, words, payment)
    meant = _meant(look, movements, column, words)
    questions = [word for ours, theirs in meant for word in theirs if _is_unknown(word)]
    return ProposedColumn(
        column="kind",
        theirs=column,
        confidence=0.9 if not questions else 0.7,
        words=WordGuess(meaning=meant),
        evidence=f"holds {len(words)} word{'' if len(words) == 1 else 's'}"
        + (", as its type lists them" if _is_enum(look, column) else ""),
        question="which kind are the words beside other, and those guessed by their sign?" if questions else "",
    )


def _kind_column(look: Look, movements: Movements) -> str | None:
    keys = {movements.amount, movements.less, movements.running, *(link.column for link in movements.route)}
    keys |= {link.type_column for link in movements.route}
    scored = []
    for place, column in enumerate(look.table.columns):
        words = look.labels(column.name)
        score = likeness(column.name, COLUMNS["ledger_entry"]["kind"], owner=look.table.name)
        if column.name in keys or score < _SURE or not words or len(words) > _MOST_WORDS:
            continue
        if look.column(column.name).is_numeric or any(len(word) > _LONGEST_WORD for word in words):
            continue
        scored.append((score, -place, column.name))
    return max(scored)[2] if scored else None


def _is_enum(look: Look, column: str) -> bool:
    return any(each.name == column and each.labels for each in look.table.columns)


def _guess(word: str) -> str | None:
    guess = word_guess("kind", [word], plans=(), nullable=False)
    return guess.meaning[0][0] if guess is not None and guess.meaning else None


def _is_unknown(word: str) -> bool:
    return _guess(word) is None


def _meant(
    look: Look, movements: Movements, column: str, words: Sequence[str]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """trueup's word for each: by its name, else by the sign of its amounts."""
    amount_of = movements.unsigned
    if movements.negative is not None:
        amount_of = arithmetic.signed(amount_of, *movements.negative)
    by_ours: dict[str, list[str]] = {}
    for word in words:
        known = [amount for row in look.rows if str(row.get(column)) == word and (amount := amount_of(row))]
        ours = _guess(word)
        if ours is None:
            ours = "usage" if known and all(amount < 0 for amount in known) else "other"
        elif ours == "refund" and known and all(amount < 0 for amount in known):
            ours = "clawback"
        by_ours.setdefault(ours, []).append(word)
    return tuple((ours, tuple(theirs)) for ours, theirs in by_ours.items())


def _from_direction_words(phrases: Phrases, column: str, words: Sequence[str], payment: str | None) -> ProposedColumn:
    name = phrases.name(column)
    meant: Mapping[str, str | None] = {word: None if folded(word) in _GIVEN else _guess(word) for word in words}
    arms = [f"WHEN {name} = {phrases.text(word)} THEN '{ours}'" for word, ours in meant.items() if ours is not None]
    if payment is not None:
        arms.append(f"WHEN {payment} IS NOT NULL THEN 'purchase'")
    given = [word for word, ours in meant.items() if ours is None and folded(word) in _GIVEN]
    arms += [f"WHEN {name} = {phrases.text(word)} THEN 'promotional_grant'" for word in given]
    evidence = f"{column} says only the direction"
    evidence += "; what names a payment was bought" if payment is not None else ""
    return ProposedColumn(
        column="kind",
        theirs=f"CASE {' '.join(arms)} ELSE 'other' END",
        confidence=0.8,
        evidence=evidence,
        question="which of the credits that name no payment were bought?",
        alternatives=(column,),
    )


def _from_direction(movements: Movements, phrases: Phrases, payment: str | None) -> ProposedColumn:
    amount = amount_sql(movements, phrases)
    tokens = set(folded(movements.look.table.name).split("_"))
    if payment is None and tokens & _BOUGHT:
        theirs, why = "'purchase'", "by the table's name"
    elif payment is None:
        theirs, why = f"CASE WHEN {amount} < 0 THEN 'usage' ELSE 'other' END", "no column says it: by the sign"
    else:
        theirs = (
            f"CASE WHEN {amount} < 0 THEN 'usage' WHEN {payment} IS NOT NULL THEN 'purchase' "
            "ELSE 'promotional_grant' END"
        )
        why = "no column says it: by the sign, and by whether it names a payment"
    return ProposedColumn(column="kind", theirs=theirs, confidence=0.7, evidence=why)


def amount_sql(movements: Movements, phrases: Phrases) -> str:
    """The amount with its sign."""
    name = phrases.name(movements.amount)
    if movements.less is not None:
        name = f"COALESCE({name}, 0) - COALESCE({phrases.name(movements.less)}, 0)"
        return name if movements.negative is None else f"({name})"
    if movements.negative is None:
        return name
    column, words = movements.negative
    return f"CASE WHEN {phrases.words(phrases.name(column), sorted(words))} THEN -{name} ELSE {name} END"
