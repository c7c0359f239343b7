"""What ``trueup init`` found out about a schema, as values."""

from __future__ import annotations

from dataclasses import dataclass

from trueup.mapping.word_guesses import PlanGuess, WordGuess

ENOUGH = 0.5
"""Below this a name or a table is not proposed at all."""

SURE = 1.0
"""The score of trueup's own word, or of a key that cannot be another; everything below it is marked as a guess."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedColumn:
    """One of trueup's columns and what it seems to be: a column of the app, or an expression.

    With a ``doubt`` it only deserves a look: it is written as a comment, with the doubt beside it.
    """

    column: str
    theirs: str
    confidence: float
    words: WordGuess | None = None
    doubt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedRelation:
    """One of trueup's relations, the table that it seems to be, and what was not found.

    ``deleted_at`` is the column by which the table seems to hide deleted rows.
    """

    relation: str
    table: str
    confidence: float
    columns: tuple[ProposedColumn, ...]
    missing: tuple[str, ...]
    deleted_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A proposed config. ``missing`` are the relations for which no table was found."""

    relations: tuple[ProposedRelation, ...] = ()
    missing: tuple[str, ...] = ()
    plans: tuple[PlanGuess, ...] = ()
    preset: str | None = None
    stripe_preset: str | None = None
    """The sync tool whose tables were recognised."""
