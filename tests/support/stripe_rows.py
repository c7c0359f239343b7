"""The rows of Stripe's relations that an audit reads from any supplier, so that two readers can be compared.

Of a folder of exported objects (``customers.jsonl``, ``invoices.jsonl``, ...):

    rows = read_folder(folder, scratch=tmp_path)
    rows.rows["stripe_invoice"]        # sorted tuples, in the order of the relation's columns
    rows.problems["stripe_refund"]     # why the relation was not read
    assert rows == read_folder(other_folder, scratch=tmp_path)

Of any other supplier, as the config names it: ``read_section('supplier = "database" ...', scratch=..., now=...)``.

The rows are those in the books, which the checks see: whatever module shapes them, they must stay the same. To compare
the code of two commits over the demo company, all incidents and 500 mixtures, run
``python -m tests.stripe.recorded_worlds --into DIR`` in each and compare the folders.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from trueup.actions.audit.run_audit import audit
from trueup.books.file import Books
from trueup.books.opening import open_books
from trueup.config import load_config
from trueup.model.relations import STRIPE, columns_of, relation_name, relation_named
from trueup.model.source import Silent

RELATIONS = tuple(map(relation_name, STRIPE))

Values = tuple[object, ...]

_CONFIG = """
environment = "test"
preset = "canonical"
[database]
url = "{url}"
[gates]
enabled = false
[policy]
livemode = {livemode}
[stripe]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeRows:
    """What an audit read of Stripe's side. ``unreadable`` are the values that it put on record as such."""

    rows: Mapping[str, tuple[Values, ...]]
    problems: Mapping[str, str]
    unreadable: tuple[Values, ...]

    def as_text(self) -> str:
        """Everything as text, a row on each line, for a person and for ``diff``."""
        lines = [f"{relation}: {problem}" for relation, problem in sorted(self.problems.items())]
        lines += [f"{relation} {row!r}" for relation in RELATIONS for row in self.rows[relation]]
        return "\n".join([*lines, *(f"unreadable {row!r}" for row in self.unreadable), ""])

    def digests(self) -> dict[str, str]:
        """By relation: how many rows it has, and a digest of them; of the problems and the unreadable too."""
        parts: dict[str, list[str]] = {name: [repr(row) for row in self.rows[name]] for name in RELATIONS}
        parts["problems"] = [f"{name}: {problem}" for name, problem in sorted(self.problems.items())]
        parts["unreadable"] = [repr(row) for row in self.unreadable]
        return {
            name: f"{len(lines)} {int.from_bytes(hashlib.sha256(json.dumps(lines).encode()).digest()[:8])}"
            for name, lines in parts.items()
        }


def read_folder(folder: Path, *, scratch: Path, livemode: bool = True, more: str = "") -> StripeRows:
    """Read a folder of exported objects, as of when the oldest of its files was written.

    ``more`` is added to the config's ``[stripe]``. A file without a byte means that Stripe has nothing of its kind.
    """
    files = [file for file in folder.iterdir() if file.is_file()]
    empty = sorted(file.stem for file in files if file.stat().st_size == 0)
    oldest = min(file.stat().st_mtime for file in files)
    return read_section(
        f'supplier = "files"\nurl = "{folder}"\nmay_be_empty = {json.dumps(empty)}\n{more}',
        scratch=scratch,
        now=datetime.fromtimestamp(oldest, UTC).replace(tzinfo=None),
        livemode=livemode,
    )


def read_section(
    section: str,
    *,
    scratch: Path,
    now: datetime,
    livemode: bool = True,
    environ: Mapping[str, str] | None = None,
    app_url: str | None = None,
) -> StripeRows:
    """Read the supplier that this ``[stripe]`` section names. ``app_url`` defaults to an app with one account."""
    with tempfile.TemporaryDirectory(dir=scratch) as name:
        folder = Path(name)
        path = folder / "trueup.toml"
        url = app_url or _make_app(folder / "app.db")
        head = _CONFIG.format(url=url, livemode=str(livemode).lower())
        path.write_text(f"{head}{section}\n", encoding="utf-8")
        config = load_config(path, dict(environ or {}))
        report = audit(config, checks=(), now=now, progress=Silent(), keep_books=folder / "books.duckdb")
        with open_books(folder / "books.duckdb") as books:
            rows = {name: _select(books, name) for name in RELATIONS}
            unreadable = _select(books, "unreadable_row")
    problems = {
        read.relation: read.problem.replace(name, "SCRATCH")
        for read in report.relations
        if read.problem and read.relation in RELATIONS
    }
    return StripeRows(rows=rows, problems=problems, unreadable=unreadable)


def _make_app(path: Path) -> str:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE users (id TEXT PRIMARY KEY, stripe_customer_id TEXT)")
        connection.execute("INSERT INTO users VALUES ('user_1', 'cus_1')")
    return f"sqlite:///{path}"


def _select(books: Books, relation: str) -> tuple[Values, ...]:
    columns = ", ".join(column.name for column in columns_of(relation_named(relation)))
    rows = books.run(f"SELECT {columns} FROM {relation}").fetchall()
    return tuple(sorted(map(tuple, rows), key=repr))
