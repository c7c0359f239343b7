"""What ``trueup init`` found out about a schema, as values."""

from __future__ import annotations

from dataclasses import dataclass

from trueup.mapping.word_guesses import PlanGuess, WordGuess
from trueup.model.written_schema import WrittenSchema

ENOUGH = 0.5
"""Below this a name or a table is not proposed at all."""

SURE = 1.0
"""The score of trueup's own word, or of a key that cannot be another; everything below it is marked as a guess."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedColumn:
    """One of trueup's columns and what it seems to be: a column of the app, or an expression.

    With a ``doubt`` it only deserves a look: it is written as a comment, with the doubt beside it. ``evidence`` is what
    in the names, keys and sampled rows speaks for it, without any sampled value. ``alternatives`` are other columns or
    expressions that it may be, the likeliest first, and ``question`` what a person could decide.
    """

    column: str
    theirs: str
    confidence: float
    words: WordGuess | None = None
    doubt: str | None = None
    evidence: str = ""
    question: str = ""
    alternatives: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    """Words of the app that the question is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedRelation:
    """One of trueup's relations, the table that it seems to be, and what was not found.

    ``deleted_at`` is the column by which the table seems to hide deleted rows. ``where`` is a condition for its rows,
    ``settings`` are further keys of the relation, each with its value and why. ``evidence`` says why it is this table,
    ``notes`` what was seen beside it, and ``close`` are the tables that it may be nearly as well, each with why.
    ``places`` are the tables where there are several, which then have the columns, the prefixes and what their rows
    never have (``absent``).
    """

    relation: str
    table: str
    confidence: float
    columns: tuple[ProposedColumn, ...]
    missing: tuple[str, ...]
    deleted_at: str | None = None
    where: str | None = None
    settings: tuple[tuple[str, str, str], ...] = ()
    evidence: str = ""
    notes: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    """The columns that the data shows the app not to have."""
    close: tuple[tuple[str, str], ...] = ()
    places: tuple[ProposedRelation, ...] = ()
    key_prefix: str | None = None
    account_prefix: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A proposed config. ``missing`` are the relations for which no table was found.

    ``read_the_data`` says that rows were sampled; ``left_out`` are tables that look like one of the relations and
    are another thing, each with what it is.
    """

    relations: tuple[ProposedRelation, ...] = ()
    missing: tuple[str, ...] = ()
    plans: tuple[PlanGuess, ...] = ()
    preset: str | None = None
    framework: tuple[str, tuple[str, ...]] | None = None
    """The preset of the framework that the tables seem to be of, and what of it is missing."""
    stripe_preset: str | None = None
    """The sync tool whose tables were recognised."""
    read_the_data: bool = False
    left_out: tuple[tuple[str, str], ...] = ()
    absent: tuple[str, ...] = ()
    """The relations that the data shows the app not to have."""
    unit: tuple[str, str] | None = None
    """What one credit is, where the amounts are money, and what says so."""
    written_for: WrittenSchema | None = None
    """The schema that it was made from."""
