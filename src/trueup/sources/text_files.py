"""Check text files before a reader gets them: empty ones, lines that are too long or not UTF-8, by file and line.

DuckDB silently drops the last line of a file if it is longer than the reader's buffer (duckdb/duckdb#25825), so the
longest line is checked here.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from trueup.disk import FileRefused, refuse_other_than_file
from trueup.model.errors import EMPTY_FILE, FileEmpty, FileUnreadable
from trueup.model.finding import printable

CSV_LINE_BYTES_LIMIT = 2_000_000
"""DuckDB's own limit for a row of CSV."""

OBJECT_LINE_BYTES_LIMIT = 16 * 1024 * 1024
"""An object of Stripe's with a few thousand lines has a hundredth of it."""

_BLOCK_BYTES = 1024 * 1024
_ID = re.compile(rb'"id"\s*:\s*"([^"\\]{1,80})"')
_ON_LINE = re.compile(r"CSV Error on Line: (\d+)")
_IN_FILE = re.compile(r"^\s*file = (.+)$", re.MULTILINE)
_QUOTED_FILE = re.compile(r"file '([^']+)'", re.IGNORECASE)
_FAULTS = (
    (re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)"), r"it has \2 fields where the header has \1"),
    (re.compile(r"unterminated quote"), "a quote that opens there is never closed, or text follows it"),
    (re.compile(r"Maximum line size"), f"it is longer than {CSV_LINE_BYTES_LIMIT:,} bytes"),
    (re.compile(r"not utf-8|Invalid unicode"), "it is not UTF-8 text"),
    (re.compile(r"too small to be a Parquet|Footer length|No magic bytes|Parquet"), "it is not a whole Parquet file"),
)
_OWN_WORDS = re.compile(r"^(?:[A-Z]\w+ )+Error: ")


def refuse_text(path: Path, *, longest_line_bytes: int) -> None:
    """Refuse a text file of which a reader could lose a part: one pass, in blocks.

    Raises ``FileEmpty`` for one without a single byte, and ``FileUnreadable`` for a line that is too long or is not
    UTF-8, with its number.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    read = behind = 0
    for block in _blocks(path):
        breaks = [position for mark in (b"\n", b"\r") if (position := block.find(mark)) >= 0]
        if behind + (min(breaks) if breaks else len(block)) > longest_line_bytes:
            place = _place(path, read)
            raise FileUnreadable(f"{place} is longer than {longest_line_bytes:,} bytes; shorten it, or leave it out.")
        try:
            decoder.decode(block)
        except UnicodeDecodeError as error:
            raise _not_text(path, read + max(0, error.start - (len(error.object) - len(block)))) from None
        last = max(block.rfind(b"\n"), block.rfind(b"\r"))
        behind = len(block) - last - 1 if last >= 0 else behind + len(block)
        read += len(block)
    if read == 0:
        raise FileEmpty(f"{path} {EMPTY_FILE}; export it again.")
    if decoder.getstate()[0]:
        raise _not_text(path, read - 1)


def csv_header(path: Path) -> list[str]:
    """Return the column names in the first line. Raises ``FileUnreadable`` for names that cannot be a table's."""
    try:
        # Only the first line must be text here: what is read ahead of it is looked at with the rest.
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
            names = next(csv.reader(lines), [])
        ",".join(names).encode()
    except (OSError, UnicodeError, csv.Error):
        raise FileUnreadable(f"The header of {path} cannot be read as CSV in UTF-8; export the file again.") from None
    if not any(names):
        raise FileUnreadable(f"{path} has no header: write the names of the columns on its first line.")
    seen: set[str] = set()
    for position, name in enumerate(names, start=1):
        if not name:
            raise FileUnreadable(f"Column {position} of {path} has no name; write one into the header.")
        if name.casefold() in seen:
            raise FileUnreadable(f'{path} names the column "{printable(name)[:80]}" twice; keep one of them.')
        seen.add(name.casefold())
    return names


def fault_text(error: Exception, files: Collection[Path]) -> str:
    """Return what a reader's error means: the file and line where they are known, and what is wrong.

    The reader's own text is left out, because it repeats the line with everything that the line holds.
    """
    message = str(error)
    match = _IN_FILE.search(message) or _QUOTED_FILE.search(message)
    name = match[1].strip() if match else ", ".join(map(str, list(files)[:3]))
    line = _ON_LINE.search(message)
    place = f"{name}, line {line[1]}" if line else name
    for pattern, words in _FAULTS:
        if fault := pattern.search(message):
            return f"{place} cannot be read: {fault.expand(words)}"
    first = _OWN_WORDS.sub("", message.partition("\n")[0].strip().rstrip("."))
    return f"{place} cannot be read{f': {printable(first)[:200]}' if first else ''}"


def find_line(files: Collection[Path], text: str) -> str | None:
    """Return the place of this line, such as ``customers.jsonl, line 3``; None where it cannot be found."""
    wanted = text.encode(errors="surrogatepass").strip()
    for path in files:
        with path.open("rb") as lines:
            for number, written in enumerate(lines, start=1):
                line = written.removeprefix(codecs.BOM_UTF8) if number == 1 else written  # DuckDB leaves it out, too
                if wanted in map(bytes.strip, line.split(b"\r")):  # which ends a line for DuckDB, too
                    return f"{path.name}, line {number}"
    return None


def _blocks(path: Path) -> Iterator[bytes]:
    try:
        refuse_other_than_file(path)
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                yield block
    except FileRefused as error:
        raise FileUnreadable(f"{path} cannot be read: {error.strerror}.") from None
    except OSError as error:
        raise FileUnreadable(f"{path} cannot be read: {error.strerror or 'no reason given'}.") from None


def _not_text(path: Path, offset: int) -> FileUnreadable:
    return FileUnreadable(f"{_place(path, offset)} is not UTF-8 text; write it again as UTF-8.")


def _place(path: Path, offset: int) -> str:
    """Return the number of the line that holds this byte, and the id of its object where that can be seen."""
    number, start = 1, 0
    with path.open("rb") as file:
        for line in iter(lambda: file.readline(_BLOCK_BYTES), b""):
            if file.tell() > offset:
                break
            if line.endswith(b"\n"):
                number, start = number + 1, file.tell()
        file.seek(start)
        match = _ID.search(file.read(min(_BLOCK_BYTES, max(offset - start, 0) + 4096)).partition(b"\n")[0])
    named = f" ({printable(match[1].decode(errors='replace'))})" if match else ""
    return f"{path}, line {number}{named},"
