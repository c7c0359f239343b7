"""Cells of the store that were edited by hand and cannot be read any more: exit 3 and one sentence, never 1."""

from __future__ import annotations

from tests.support.edges import Edge
from tests.support.spoiling import cell

BLOB, WORD, HUGE = "x'ff00'", "'x'", "9e99"
UNREADABLE: tuple[tuple[tuple[str, ...], str, tuple[str, ...]], ...] = (
    (("runs",), "run_id", (BLOB,)),
    (("runs",), "generated_at", (WORD, BLOB, HUGE)),
    (("runs",), "as_of", (WORD, BLOB, HUGE)),
    (("runs",), "status", (BLOB,)),
    (("runs",), "score", (BLOB,)),
    (("runs", "newest"), "generated_at", (WORD, BLOB, HUGE)),
    (("runs", "newest"), "as_of", (WORD, BLOB, HUGE)),
    (("audit",), "generated_at", (HUGE,)),
    (("audit",), "as_of", (WORD, BLOB, HUGE)),
)
EDGES: tuple[Edge, ...] = tuple(
    Edge(
        name=f"trueup {' '.join(command)}: {column} of a run is {value}",
        command=command,
        spoil=cell("trueup.db", f"UPDATE trueup_run SET {column} = {value}"),
        code=3,
        says=("trueup: ", "unexpected error (id "),
    )
    for command, column, values in UNREADABLE
    for value in values
)
