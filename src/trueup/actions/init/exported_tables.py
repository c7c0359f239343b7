"""Gather tables that were exported to files, so that they can be audited without a database."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from trueup.disk import refuse_other_than_file
from trueup.model.errors import ConfigurationError
from trueup.sources.file_tables import KINDS, OTHER_KINDS


@contextmanager
def gather_tables(files: Sequence[Path]) -> Iterator[Path]:
    """Give a private folder in which these files are tables of their own names, gone in the end.

    Raises ``ConfigurationError`` for what is no file, and for two files of one name.
    """
    with tempfile.TemporaryDirectory(prefix="trueup-try-") as name:
        folder = Path(name)
        for file in files:
            _refuse_unreadable(file)
            linked = folder / file.name
            if linked.is_symlink():
                raise ConfigurationError(f"Two files are called {file.name}; a table is named by its file: rename one.")
            linked.symlink_to(file.absolute())
        yield folder


def _refuse_unreadable(file: Path) -> None:
    try:
        refuse_other_than_file(file)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}; name an exported table.") from None
    kind = file.suffix.lower()
    if kind not in KINDS:
        remedy = OTHER_KINDS.get(kind, "export it as .csv, .parquet or .jsonl")
        raise ConfigurationError(f"{file} is not a table: {remedy}.")
