"""Output that cannot be written: the file of before stays as it was, and nothing half-written stands beside it."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.edges import Edge
from tests.support.spoiling import all_of, content, folder_at, link, loop, nothing

BEFORE = "the report of before\n" * 50
WRITERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("a report", ("gate", "--report", "report.json", "--format", "json", "--output", "out")),
    ("a verdict beside", ("gate", "--report", "report.json", "--also", "sarif=out")),
    ("a proposed config", ("init", "sqlite:///app.db", "--force", "--output", "out")),
)
PLACES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("a report", ("gate", "--report", "report.json", "--output")),
    ("an audit's report", ("audit", "--no-store", "--check", "negative-balance", "--output")),
    ("a proposed config", ("init", "sqlite:///app.db", "--force", "--output")),
)


def _full() -> Iterator[Edge]:
    for what, command in WRITERS:
        yield Edge(
            name=f"{what} on a disk that is full",
            command=command,
            spoil=content("out", BEFORE),
            code=2,
            says=("out", "cannot be written"),
            limits={"RLIMIT_FSIZE": 200},
            out="/dev/null",
            unchanged=("out",),
        )


def _places() -> Iterator[Edge]:
    for what, command in PLACES:
        for where, name, spoil in (
            ("a folder", "out", folder_at("out")),
            ("a folder that is not there", "nowhere/out", nothing),
            ("a folder that is a file", "app.db/out", nothing),
            ("a loop of links", "out", loop("out")),
            ("a full device", "/dev/full", nothing),
            ("a name that is too long", "n" * 300, nothing),
            ("a link into nowhere", "out", link("out", "nowhere/at-all")),
        ):
            yield Edge(
                name=f"{what} into {where}",
                command=(*command, name),
                spoil=spoil,
                code=2,
                says=(name[:100],),
                seconds=6,
            )


TMPDIR: tuple[tuple[str, str], ...] = (
    ("does not exist", "/nowhere/at/all"),
    ("is a file", "app.db"),
    ("is a device", "/dev/null"),
    ("is a name that is too long", "n" * 5000),
)


EDGES: tuple[Edge, ...] = (
    *_full(),
    *_places(),
    *(
        Edge(
            name=f"a TMPDIR that {what}: trueup {command[0]} {' '.join(command[-1:])}",
            command=command,
            spoil=nothing,
            code=2,
            says=("TMPDIR", "not a folder"),
            variables={"TMPDIR": value},
            seconds=5,
        )
        for what, value in TMPDIR
        for command in (("audit", "--no-store"), ("audit", "--no-store", "--keep-books", "kept.duckdb"))
    ),
    Edge(
        name="books that are kept where another file is",
        command=("audit", "--no-store", "--keep-books", "app.db"),
        spoil=nothing,
        code=2,
        says=("app.db",),
        unchanged=("app.db",),
    ),
    Edge(
        name="books that are kept in a folder that is not there",
        command=("audit", "--no-store", "--check", "negative-balance", "--keep-books", "nowhere/kept.duckdb"),
        spoil=nothing,
        code=2,
        says=("nowhere/kept.duckdb",),
        seconds=15,
    ),
    Edge(
        name="books that are kept at a loop of links",
        command=("audit", "--no-store", "--keep-books", "kept"),
        spoil=all_of(loop("kept")),
        code=2,
        says=("kept",),
    ),
)
