"""The part of a proposed ``trueup.toml`` about one relation: its table or tables, columns and words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from trueup.mapping.names import folded
from trueup.mapping.proposal import SURE
from trueup.mapping.toml_lines import toml_key, toml_line, toml_list, toml_text
from trueup.model.columns import Column
from trueup.model.finding import printable
from trueup.model.relations import columns_of, relation_named

if TYPE_CHECKING:
    from trueup.mapping.proposal import ProposedColumn, ProposedRelation
    from trueup.mapping.word_guesses import WordGuess


def join_reasons(*reasons: str) -> str:
    """Return the reasons that there are, as one comment."""
    return "; ".join(filter(None, reasons))


def write_relation(relation: ProposedRelation) -> Iterator[str]:
    """Write a relation that one table holds."""
    name = relation.relation
    yield from ("", f"[relations.{name}]")
    yield toml_line(
        f"table = {toml_text(relation.table)}", join_reasons(_guess(relation.confidence), relation.evidence)
    )
    for note in relation.notes:
        yield f"# {printable(note)}"
    if relation.where is not None:
        yield toml_line(f"where = {toml_text(relation.where)}", "guess: only these rows")
    yield from _prefixes(relation)
    for key, value, why in relation.settings:
        yield toml_line(f"{key} = {value}", f"guess: {why}")
    if relation.deleted_at is not None:
        quoted = (
            relation.deleted_at if folded(relation.deleted_at) == relation.deleted_at else f'"{relation.deleted_at}"'
        )
        yield toml_line(
            f"# where = {toml_text(f'{quoted} IS NULL')}", "this column seems to mark deleted rows; leave them out?"
        )
    yield from _absent_columns(relation.absent)
    given = {key for key, *_ in relation.settings}
    if "dense_sequence" not in given and any(column.column == "sequence" for column in relation.columns):
        yield toml_line("# dense_sequence = true", "only where the app promises that no number is ever missing")
    yield f"[relations.{name}.columns]"
    for column in relation.columns:
        yield _column(column)
        for other in column.alternatives:
            yield toml_line(f"# {column.column} = {toml_text(other)}", "or is it this?")
    for absent in _of(name, [column for column in relation.missing if column not in relation.absent]):
        yield toml_line(f'# {absent.name} = ""', _absent(absent))
    for column in relation.columns:
        yield from _words(name, column)


def write_places(relation: ProposedRelation) -> Iterator[str]:
    """Write a relation whose rows are in several tables, or in several parts of one."""
    if relation.settings or relation.absent or relation.notes:
        yield from ("", f"[relations.{relation.relation}]")
        yield from (f"# {printable(note)}" for note in relation.notes)
        yield from (toml_line(f"{key} = {value}", f"guess: {why}") for key, value, why in relation.settings)
        yield from _absent_columns(relation.absent)
    for place in relation.places:
        yield from _place(relation.relation, place)


def _place(name: str, place: ProposedRelation) -> Iterator[str]:
    """Write one of several tables that hold the relation's rows."""
    yield from ("", f"[[relations.{name}.from]]")
    yield toml_line(f"table = {toml_text(place.table)}", join_reasons(_guess(place.confidence), place.evidence))
    yield from _prefixes(place)
    if place.where is not None:
        yield toml_line(f"where = {toml_text(place.where)}", "guess: only these rows")
    if place.absent:
        yield f"absent = [{', '.join(map(toml_text, place.absent))}]"
    yield f"[relations.{name}.from.columns]"
    for column in place.columns:
        yield _column(column)
    for column in place.columns:
        yield from _words(f"{name}.from", column)


def _prefixes(relation: ProposedRelation) -> Iterator[str]:
    for key, prefix in (("key_prefix", relation.key_prefix), ("account_prefix", relation.account_prefix)):
        if prefix is not None:
            yield f"{key} = {toml_text(prefix)}"


def _column(column: ProposedColumn) -> str:
    text = f"{column.column} = {toml_text(column.theirs)}"
    if column.doubt is not None:
        return toml_line(f"# {text}", column.doubt)
    unit = "in cents" if folded(column.theirs).endswith("_cent") else ""
    question = f"to decide: {column.question}" if column.question else ""
    return toml_line(text, join_reasons(_guess(column.confidence), column.evidence, unit, question))


def _words(relation: str, column: ProposedColumn) -> Iterator[str]:
    table = f"[relations.{relation}.values.{column.column}]"
    if column.words is None:
        if column.column in ("plan", "kind", "status") and column.doubt is None and not column.evidence:
            yield toml_line(f"# {table}", "trueup's words = your words, where they differ; the column was not read")
        return
    if column.words.meaning:
        yield table
    yield from _meanings(column.words)


def write_preset_words(relation: ProposedRelation) -> Iterator[str]:
    """Write what the app's words mean, of a relation whose columns a preset supplies."""
    for column in relation.columns:
        if column.words is not None and not _is_ours(column.words):
            yield ""
            yield from _words(relation.relation, column)


def _meanings(words: WordGuess) -> Iterator[str]:
    for ours, theirs in words.meaning:
        same = all(word == ours for word in theirs)
        yield toml_line(f"{toml_key(ours)} = [{', '.join(map(toml_text, theirs))}]", "" if same else "guess")
    for word in words.unknown:
        yield toml_line(
            f"# {toml_text(word)}",
            "guess: which of trueup's words is this? Until it is named, its rows cannot be judged",
        )


def _is_ours(words: WordGuess) -> bool:
    return not words.unknown and all(word == ours for ours, theirs in words.meaning for word in theirs if word)


def write_absent_relation(name: str) -> Iterator[str]:
    """Write that no table holds the relation."""
    yield from ("", f"[relations.{name}]")
    yield toml_line("absent = true", "guess: no table holds it; name one in place of this line if there is")


def _absent_columns(names: Sequence[str]) -> Iterator[str]:
    """The columns that the app does not have, as many to a line as fit."""
    if not names:
        return
    yield "# guess: nothing of these was seen; take a name out of the list where you map it"
    yield from toml_list("absent", names)


def write_missing_relation(name: str) -> Iterator[str]:
    """Write, as a comment, what to fill in for a relation of which no table was found."""
    columns = columns_of(relation_named(name))
    yield from ("", toml_line(f"# [relations.{name}]", "not found: no table looks like it"))
    yield '# table = ""'
    yield f"# [relations.{name}.columns]"
    for column in columns:
        yield f'# {column.name} = ""'


def _of(relation: str, names: Sequence[str]) -> list[Column]:
    return [column for column in columns_of(relation_named(relation)) if column.name in names]


def _absent(column: Column) -> str:
    if not column.has_neutral:
        return "not found: the checks that need it are skipped"
    if column.neutral is None:
        return "not found: left empty"
    return f"not found: {str(column.neutral).lower()} is assumed"


def _guess(confidence: float) -> str:
    return "" if confidence >= SURE else f"guess: {math.floor(confidence * 100)}% sure"
