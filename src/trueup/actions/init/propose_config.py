"""Propose a config for a live schema: what ``trueup init`` writes."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trueup.actions.init.sampling import Sampler, distinct, owners_in
from trueup.disk import whole_file
from trueup.mapping.inference.infer import tables_to_follow
from trueup.mapping.propose import propose
from trueup.mapping.questions import Choices, OpenQuestion, questions_about
from trueup.mapping.write import render
from trueup.model.errors import ConfigurationError
from trueup.model.relations import MUST_HOLD_ROWS
from trueup.model.source import ColumnMapping, RelationMapping, Source, without_ours
from trueup.model.written_schema import describe_schema
from trueup.sources import open_source

if TYPE_CHECKING:
    import pyarrow as pa

    from trueup.mapping.proposal import Proposal
    from trueup.mapping.samples import Samples
    from trueup.model.source import SourceTable

URL_REFERENCE = "${DATABASE_URL}"
_ROWS_LOOKED_AT = 100_000
_MOST_WORDS = 40

Words = Callable[[str, str], Sequence[str] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedConfig:
    """The text of a ``trueup.toml``, what it was written from, and the tables that must hold rows and are empty."""

    text: str
    proposal: Proposal
    empty: tuple[tuple[str, str], ...]

    def text_for(self, url_reference: str) -> str:
        """The same config, for the same tables under another address."""
        return render(self.proposal, url_reference)

    @property
    def questions(self) -> tuple[OpenQuestion, ...]:
        """What a person could still decide, those on which most rests first."""
        return questions_about(self.proposal)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledSchema:
    """An app's tables with their samples, from which configs are proposed."""

    source: Source
    tables: Sequence[SourceTable]
    samples: Samples

    def propose(self, choices: Choices | None = None, *, url_reference: str = URL_REFERENCE) -> ProposedConfig:
        """Propose a config, with what a person decided. Every guess is marked. Raises ``ConfigurationError``."""
        source = self.source
        proposal = propose(
            self.tables, words=words_of(source), samples=self.samples, dialect=source.dialect, choices=choices
        )
        if not proposal.relations and proposal.preset is None and proposal.stripe_preset is None:
            raise ConfigurationError(_nothing_found(source, len(self.tables)))
        read = frozenset(_tables_read(proposal, self.tables))
        proposal = dataclasses.replace(proposal, written_for=describe_schema(self.tables, read))
        return ProposedConfig(
            text=render(proposal, url_reference), proposal=proposal, empty=tuple(_empty(proposal, source))
        )


def sample_schema(url: str) -> SampledSchema:
    """Read the schema of the database at ``url``, and a few rows of each table, in one read-only snapshot.

    Raises ``SourceUnavailable`` or ``ConfigurationError``.
    """
    source = open_source(url)
    tables = without_ours(source.tables())
    if not tables:
        raise ConfigurationError(f"No table can be read at {source.place}; grant SELECT, or name another database.")
    with Sampler(source) as sampler:
        samples = _samples(sampler, tables, source.dialect)
    return SampledSchema(source=source, tables=tables, samples=samples)


def proposed_config(url: str, *, url_reference: str = URL_REFERENCE) -> ProposedConfig:
    """Propose the best guess for the database at ``url``. Raises ``SourceUnavailable`` or ``ConfigurationError``."""
    return sample_schema(url).propose(url_reference=url_reference)


def _tables_read(proposal: Proposal, tables: Sequence[SourceTable]) -> Iterator[str]:
    """The tables of the relations, and those that an expression names."""
    expressions = " ".join(c.theirs for relation in proposal.relations for c in relation.columns)
    words = frozenset(re.findall(r"\w+", expressions))
    yield from (place.table for relation in proposal.relations for place in (relation, *relation.places))
    yield from (table.qualified_name for table in tables if "(SELECT" in expressions and table.name in words)


def _samples(sampler: Sampler, tables: Sequence[SourceTable], dialect: str) -> Samples:
    """A sample of each table; of the large ones that move credits whole accounts, with those accounts' own rows."""
    samples = {table.qualified_name: sampler.sample(table) for table in tables}
    by_name = {table.qualified_name: table for table in tables}
    for name, owner, owners_table, key in tables_to_follow(tables, samples, dialect=dialect):
        table = by_name[name]
        if owner not in table.indexed:
            continue
        owners = owners_in(samples[name].rows, owner)
        samples[name] = sampler.whole_accounts(table, owner, owners)
        own = samples[owners_table]
        if not own.is_whole and (
            key in by_name[owners_table].indexed or by_name[owners_table].primary_key[:1] == (key,)
        ):
            rows = distinct([*own.rows, *sampler.whole_accounts(by_name[owners_table], key, owners).rows])
            samples[owners_table] = dataclasses.replace(own, rows=rows)
    return samples


def _nothing_found(source: Source, tables: int) -> str:
    return (
        f"None of the {tables} tables at {source.place} looks like accounts that pay. Looked for: values that begin "
        "with cus_ or a column whose name says so, a plan or tier, a balance of credits, and a table of its movements. "
        "Name the tables yourself: docs/configuration.md has every key."
    )


def _empty(proposal: Proposal, source: Source) -> Iterator[tuple[str, str]]:
    """The relations of which an audit must read a row, but whose table is empty."""
    for relation in proposal.relations:
        if relation.relation not in MUST_HOLD_ROWS:
            continue
        mapping = RelationMapping(
            relation="rows", table=relation.table, columns={"present": ColumnMapping(expression="1")}
        )
        with source.snapshot() as snapshot, snapshot.read(mapping) as reader:
            if not any(batch.num_rows for batch in reader):
                yield relation.relation, relation.table


def write_config(path: Path, text: str, *, force: bool) -> None:
    """Write the config, never over another one unless ``force``. Raises ``ConfigurationError``."""
    try:
        if not force and os.path.lexists(path):
            raise FileExistsError  # noqa: TRY301 - one answer, whenever the other file appears
        with whole_file(path) as file:
            file.write(text)
    except FileExistsError:
        raise ConfigurationError(f"{path} already exists; `--force` overwrites it.") from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}.") from None


def words_of(source: Source) -> Words:
    """Looks up the few different words that a column holds; None for a column that holds many.

    Each lookup has its own snapshot, because it leaves its stream before the end.
    """

    def words(table: str, column: str) -> Sequence[str] | None:
        mapping = RelationMapping(relation="words", table=table, columns={"word": ColumnMapping(column=column)})
        with source.snapshot() as snapshot, snapshot.read(mapping) as reader:
            return _few_words(reader)

    return words


def _few_words(reader: pa.RecordBatchReader) -> Sequence[str] | None:
    words: set[str] = set()
    rows = 0
    for batch in reader:
        words.update(str(value) for value in batch.column(0).unique().to_pylist() if value is not None)
        rows += batch.num_rows
        if len(words) > _MOST_WORDS:
            return None
        if rows >= _ROWS_LOOKED_AT:
            break
    return sorted(words)
