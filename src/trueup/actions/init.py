"""Propose a config for a live schema: what ``trueup init`` writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from trueup.mapping.propose import propose
from trueup.mapping.write import render
from trueup.model.errors import ConfigurationError
from trueup.model.source import ColumnMapping, RelationMapping, Snapshot
from trueup.sources import open_source

URL_REFERENCE = "${DATABASE_URL}"
_ROWS_LOOKED_AT = 100_000
_MOST_WORDS = 40

Words = Callable[[str, str], Sequence[str] | None]


def proposed_config(url: str, *, url_reference: str = URL_REFERENCE) -> str:
    """The text of a ``trueup.toml`` for the database at ``url``, every guess marked.

    Reads the schema, and of the first rows of a few columns which words they hold. Raises ``SourceUnavailable`` or
    ``ConfigurationError``.
    """
    source = open_source(url)
    tables = source.tables()
    if not tables:
        raise ConfigurationError(f"There is no table that we may read at {source.place}; grant SELECT or name another.")
    with source.snapshot() as snapshot:
        return render(propose(tables, words=words_of(snapshot), dialect=source.dialect), url_reference)


def write_config(path: Path, text: str, *, force: bool) -> None:
    """Write the config, never over another one unless ``force``. Raises ``ConfigurationError``."""
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ConfigurationError(f"{path} exists already; `--force` overwrites it.") from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}.") from None


def words_of(snapshot: Snapshot) -> Words:
    """Looks up the few different words that a column holds; None for a column that holds many."""

    def words(table: str, column: str) -> Sequence[str] | None:
        mapping = RelationMapping(relation="words", table=table, columns={"word": ColumnMapping(column=column)})
        found: set[str] = set()
        rows = 0
        with snapshot.read(mapping) as reader:
            for batch in reader:
                found.update(str(value) for value in batch.column(0).unique().to_pylist() if value is not None)
                rows += batch.num_rows
                if len(found) > _MOST_WORDS:
                    return None
                if rows >= _ROWS_LOOKED_AT:
                    break
        return sorted(found)

    return words
