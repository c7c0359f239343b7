"""Exported files as tools and people leave them: what is in them is read, or named with its file and line.

``tests/edges/exported.py`` has what ends a command: lines that break off, files that are pipes, 500 MB. Here is what is
read in spite of how it is written, and what could vanish without a word. A dozen cases share one reading.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.stripe.forms.suppliers import READ_AT
from tests.support.stripe_rows import StripeRows, read_folder
from trueup.model.errors import ConfigurationError
from trueup.model.relations import columns_of, relation_named
from trueup.model.stripe_objects import OBJECT_KINDS
from trueup.sources.text_files import OBJECT_LINE_BYTES_LIMIT

CREATED = READ_AT - 86_400
KINDS: Mapping[str, tuple[str, str, dict[str, Any]]] = {
    "customers": ("stripe_customer", "email", {"object": "customer"}),
    "prices": ("stripe_price", "lookup_key", {"object": "price", "currency": "usd"}),
    "payment_intents": (
        "stripe_payment_intent",
        "description",
        {"object": "payment_intent", "status": "succeeded", "amount": 1, "amount_received": 1, "currency": "usd"},
    ),
    "disputes": ("stripe_dispute", "payment_intent", {"object": "dispute", "status": "won", "amount": 1}),
    "refunds": ("stripe_refund", "payment_intent", {"object": "refund", "status": "failed", "amount": 1}),
    "checkout_sessions": (
        "stripe_checkout_session",
        "client_reference_id",
        {"object": "checkout.session", "payment_status": "paid"},
    ),
    "webhook_endpoints": (
        "stripe_webhook_endpoint",
        "url",
        {"object": "webhook_endpoint", "status": "enabled", "enabled_events": ["*"]},
    ),
}
"""By kind: its relation, a field that its text is put into, and what else its objects must say."""
COLUMNS = {"payment_intent": "payment_intent_id", "client_reference_id": "account_id"}

Line = Callable[..., bytes]
Content = Callable[[Line], bytes | Mapping[str, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A file, and what must be read of it: the text of each object by its id, or the words in which it is refused.

    ``content`` gets a function that writes an object of the case's kind as a line without an end.
    """

    name: str
    content: Content
    reads: Mapping[str, str] | None = None
    refuses: tuple[str, ...] = ()


def _lines(*lines: bytes) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def _long(line: Line, length: int) -> bytes:
    """A line of exactly so many bytes."""
    return line("long", more="x" * (length - len(line("long", more=""))))


LIMIT = OBJECT_LINE_BYTES_LIMIT
CASES: tuple[Case, ...] = (
    Case(
        name="a last line of 20 MB",
        content=lambda line: _lines(line("a")) + _long(line, 20_000_000),
        refuses=("line 2 (id_long)", "longer than 16,777,216 bytes"),
    ),
    Case(
        name="a last line of 20 MB with an end",
        content=lambda line: _lines(line("a"), _long(line, 20_000_000)),
        refuses=("line 2 (id_long)", "longer than 16,777,216 bytes"),
    ),
    Case(
        name="a last line one byte over the limit",
        content=lambda line: _lines(line("a")) + _long(line, LIMIT + 1),
        refuses=("line 2 (id_long)", "longer than 16,777,216 bytes"),
    ),
    Case(
        name="a last line of half the limit, without an end",
        content=lambda line: _lines(line("a")) + _long(line, LIMIT // 2),
        reads={"a": "text", "long": "text"},
    ),
    Case(
        name="no end of the last line",
        content=lambda line: _lines(line("a")) + line("b"),
        reads={"a": "text", "b": "text"},
    ),
    Case(name="one line without an end", content=lambda line: line("a"), reads={"a": "text"}),
    Case(name="CRLF", content=lambda line: b"".join(line(n) + b"\r\n" for n in "ab"), reads={"a": "text", "b": "text"}),
    Case(
        name="CRLF and no end of the last line",
        content=lambda line: line("a") + b"\r\n" + line("b"),
        reads={"a": "text", "b": "text"},
    ),
    Case(
        name="ends of both sorts",
        content=lambda line: line("a") + b"\r\n" + _lines(line("b"), line("c")),
        reads={"a": "text", "b": "text", "c": "text"},
    ),
    Case(
        name="a byte order mark",
        content=lambda line: b"\xef\xbb\xbf" + _lines(line("a"), line("b")),
        reads={"a": "text", "b": "text"},
    ),
    Case(
        name="empty lines at the beginning, in the middle and at the end",
        content=lambda line: b"\n\n" + _lines(line("a"), b"", b"", line("b"), b"", b""),
        reads={"a": "text", "b": "text"},
    ),
    Case(
        name="blanks around an object",
        content=lambda line: _lines(b"  " + line("a") + b"\t ", b" " + line("b")),
        reads={"a": "text", "b": "text"},
    ),
    Case(
        name="ends of lines that are none in JSON",
        content=lambda line: _lines(line("a", "x\u2028y\u2029z\x85w"), line("b")),
        reads={"a": "x\u2028y\u2029z\x85w", "b": "text"},
    ),
    Case(
        name="characters of CSV and SQL",
        content=lambda line: _lines(line("a", "a,b;c\td'e\"f\\g#h--i"), line("b", "{}[]:")),
        reads={"a": "a,b;c\td'e\"f\\g#h--i", "b": "{}[]:"},
    ),
    Case(
        name="an escaped and a written character",
        content=lambda line: _lines(line("a", "\U0001f600é").replace(b"\\u00e9", "é".encode()), line("b", "\u202e")),
        reads={"a": "\U0001f600é", "b": "\u202e"},
    ),
    Case(
        name="a written U+0001",
        content=lambda line: _lines(line("a"), line("b", "x?y").replace(b"?", b"\x01")),
        refuses=("line 2 (id_b)",),
    ),
    Case(
        name="a written NUL",
        content=lambda line: _lines(line("a"), line("b", "x?y").replace(b"?", b"\0")),
        refuses=("line 2 (id_b)",),
    ),
    Case(
        name="two versions in one file",
        content=lambda line: _lines(line("a", "old"), line("b"), line("a", "new")),
        reads={"a": "new", "b": "text"},
    ),
    Case(
        name="two versions in two files",
        content=lambda line: {"1.jsonl": _lines(line("a", "old"), line("b")), "2.jsonl": _lines(line("a", "new"))},
        reads={"a": "new", "b": "text"},
    ),
    Case(
        name="two files, of which one is broken",
        content=lambda line: {"1.jsonl": _lines(line("a")), "2.jsonl": _lines(line("b"), b"{")},
        refuses=("2.jsonl, line 2", "breaks off"),
    ),
    Case(
        name="an object that was deleted later",
        content=lambda line: _lines(line("a"), line("b"), b'{"id": "id_b", "deleted": true}'),
        reads={"a": "text"},
    ),
    Case(
        name="an object of the other mode among ours",
        content=lambda line: _lines(line("a"), line("b", livemode=False), line("c")),
        reads={"a": "text", "c": "text"},
    ),
    Case(
        name="two broken lines: the first is named",
        content=lambda line: _lines(line("a"), b'{"id": "id_one", "obj', line("b"), b'{"id": "id_two", '),
        refuses=("line 2 (id_one)",),
    ),
    Case(
        name="a broken line behind 3000 good ones",
        content=lambda line: _lines(*(line(f"a{number}") for number in range(3000)), b"{", line("b")),
        refuses=("line 3001",),
    ),
    Case(
        name="a page of the API in one line",
        content=lambda line: b'{"object": "list", "data": [' + line("a") + b'], "has_more": false}\n',
        refuses=("line 1 (id_a)", "not an object with an id"),
    ),
    Case(
        name="an array of objects in one line",
        content=lambda line: b"[" + line("a") + b", " + line("b") + b"]\n",
        refuses=("line 1 (id_a)", "not an object with an id"),
    ),
    Case(
        name="an object over several lines",
        content=lambda line: json.dumps(json.loads(line("a")), indent=1).encode(),
        refuses=("line 1", "breaks off"),
    ),
    Case(
        name="no invalid byte but one of Latin-1",
        content=lambda line: _lines(line("a"), line("b", "x?y").replace(b"?", b"\xe9"), line("c")),
        refuses=("line 2 (id_b)", "not UTF-8"),
    ),
)

KNOWN_FAULTS = (
    "a written U+0001",
    "ends of both sorts",
)
"""What is read otherwise today than its case says: to be shortened, never added to."""


def _writer(kind: str) -> Line:
    _, field, others = KINDS[kind]

    def line(name: str, text: str = "text", **fields: object) -> bytes:
        plain = {"created": CREATED, "livemode": True, "currency": "usd"}
        return json.dumps({"id": f"id_{name}", **plain, **others, field: text, **fields}).encode()

    return line


PACKS = [
    dict(zip(KINDS, CASES[start : start + len(KINDS)], strict=False)) for start in range(0, len(CASES), len(KINDS))
]
"""The cases, as many in one export as there are kinds."""


def _write(folder: Path, cases: Mapping[str, Case]) -> None:
    folder.mkdir()
    for kind in OBJECT_KINDS:
        content = cases[kind].content(_writer(kind)) if kind in cases else b""
        files = {f"{kind}.jsonl": content} if isinstance(content, bytes) else content
        if not isinstance(content, bytes):
            (folder / kind).mkdir()
            files = {f"{kind}/{name}": text for name, text in content.items()}
        for name, text in files.items():
            (folder / name).write_bytes(text)
            os.utime(folder / name, (READ_AT, READ_AT))


@pytest.fixture(scope="module")
def readings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, StripeRows]]:
    """By case: the kind of object that it was tried with, and what was read."""
    scratch = tmp_path_factory.mktemp("spoilt")
    readings: dict[str, tuple[str, StripeRows]] = {}
    for number, pack in enumerate(PACKS):
        _write(scratch / f"export-{number}", pack)
        rows = read_folder(scratch / f"export-{number}", scratch=scratch)
        readings |= {case.name: (kind, rows) for kind, case in pack.items()}
    return readings


def find_fault(case: Case, kind: str, read: StripeRows) -> str | None:
    """Return in what the reading is otherwise than the case says; None where it is not."""
    relation, field, _ = KINDS[kind]
    names = [column.name for column in columns_of(relation_named(relation))]
    position = names.index(COLUMNS.get(field, field))
    problem = read.problems.get(relation, "")
    rows = {str(row[0]).removeprefix("id_"): row[position] for row in read.rows[relation]}
    if case.reads is not None:
        return None if (problem, rows) == ("", case.reads) else f"it reads {rows} {problem}"
    missing = [words for words in (*case.refuses, ".jsonl") if words not in problem]
    return f"its problem does not say {missing}: {problem}" if missing or rows else None


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_in_a_file_is_read_or_named(case: Case, readings: dict[str, tuple[str, StripeRows]]) -> None:
    fault = find_fault(case, *readings[case.name])
    assert (fault is not None) == (case.name in KNOWN_FAULTS), fault


def test_an_export_of_the_other_mode_alone_is_refused_with_its_count(tmp_path: Path) -> None:
    line = _writer("customers")
    content = _lines(line("a", livemode=False), line("b", livemode=False))
    _write(tmp_path / "export", {"customers": Case(name="", content=lambda _: content)})
    with pytest.raises(ConfigurationError, match="All 2 of Stripe's objects are in test mode"):
        read_folder(tmp_path / "export", scratch=tmp_path)


def test_a_compressed_file_is_not_taken_for_an_export(tmp_path: Path) -> None:
    line = _writer("customers")
    _write(tmp_path / "export", {"prices": Case(name="", content=lambda _: _lines(_writer("prices")("a")))})
    (tmp_path / "export/customers.jsonl").unlink()
    (tmp_path / "export/customers.jsonl.gz").write_bytes(gzip.compress(_lines(line("a"))))
    with pytest.raises(ConfigurationError, match=r"customers\.jsonl\.gz is not read: unpack it, as customers\.jsonl"):
        read_folder(tmp_path / "export", scratch=tmp_path)
