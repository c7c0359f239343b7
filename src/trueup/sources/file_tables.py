"""Which tables the files of a folder are: a file, or a folder of files of one kind, is a table of its own name."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from trueup.disk import refuse_other_than_file
from trueup.model.errors import ConfigurationError, DatabaseMissing
from trueup.sources.text_files import csv_header

KINDS = (".parquet", ".csv", ".jsonl")


OTHER_KINDS = {
    ".gz": "unpack it",
    ".zip": "unpack it",
    ".zst": "unpack it",
    ".json": "write its objects one a line (jq -c '.data? // . | if type == \"array\" then .[] else . end')",
    ".ndjson": "give it the suffix .jsonl",
}
"""What files are not read that hold tables all the same, and what to do with one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTable:
    """The files of one table; all are of one kind."""

    name: str
    files: tuple[Path, ...]

    @property
    def kind(self) -> str:
        """The suffix that all of the files have."""
        return self.files[0].suffix.lower()


def find_tables(path: Path) -> dict[str, FileTable]:
    """The tables under ``path`` in name order. Raises ``ConfigurationError`` when there is nothing to read."""
    if path.is_file() and path.suffix.lower() in KINDS:
        return {path.stem: FileTable(name=path.stem, files=(path,))}
    if path.is_file():
        raise DatabaseMissing(
            f"{path} is neither a folder nor a .parquet, .csv or .jsonl file; a SQLite file is written sqlite:///{path}."
        )
    if not path.is_dir():
        raise DatabaseMissing(f"There is no folder {path}; correct the path, or write scheme:// for a database.")
    try:
        tables = [table for entry in sorted(path.iterdir()) if (table := _table_at(entry))]
    except OSError as error:
        raise ConfigurationError(
            f"The folder {path} cannot be read: {error.strerror}; correct its permissions."
        ) from None
    if not tables:
        raise ConfigurationError(
            f"The folder {path} holds no .parquet, .csv or .jsonl files; name the folder that does."
        )
    return _by_name(path, tables)


def _table_at(entry: Path) -> FileTable | None:
    files = tuple(sorted(entry.iterdir())) if entry.is_dir() else (entry,)
    for kind in KINDS:
        of_kind = tuple(file for file in files if file.suffix.lower() == kind)
        if of_kind:
            _refuse_others(of_kind)
            return FileTable(name=entry.name if entry.is_dir() else entry.stem, files=of_kind)
    return None


def _refuse_others(files: Iterable[Path]) -> None:
    """Refuse an entry that has the name of a table but is not a file: if skipped, its table would seem missing."""
    for file in files:
        try:
            refuse_other_than_file(file)
        except OSError as error:
            reason = error.strerror or "no reason given"
            raise ConfigurationError(f"{file} cannot be read: {reason}; put the file itself there.") from None


def refuse_unread(path: Path, names: Collection[str]) -> None:
    """Refuse a folder that holds one of these tables in a file which is not read, and in none that is.

    Raises ``ConfigurationError``: left out, the table would seem to be missing or empty.
    """
    if not path.is_dir():
        return
    for entry in sorted(path.iterdir()):
        name = entry.name.partition(".")[0]
        remedy = OTHER_KINDS.get(entry.suffix.lower())
        if remedy is not None and name in names and not any((path / f"{name}{kind}").exists() for kind in KINDS):
            raise ConfigurationError(f"{entry} is not read: {remedy}, as {name}.jsonl.")


def _by_name(path: Path, tables: Iterable[FileTable]) -> dict[str, FileTable]:
    named: dict[str, FileTable] = {}
    for table in tables:
        if table.name in named:
            raise ConfigurationError(f'Two files in {path} are called "{table.name}"; keep one of them for that table.')
        named[table.name] = table
    return dict(sorted(named.items()))


def oldest_of(table: FileTable) -> datetime:
    """When the first of the table's files was last written: later events may be missing. Naive UTC."""
    seconds = min(file.stat().st_mtime for file in table.files)
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def header_of(table: FileTable) -> list[str]:
    """The column names of a CSV; all files of a table have the same ones in the same order."""
    headers = [csv_header(file) for file in table.files]
    for file, header in zip(table.files, headers, strict=True):
        if header != headers[0]:
            raise ConfigurationError(f"{file} does not have the header of {table.files[0]}; write the same first line.")
    return headers[0]
