"""The door: where output goes, what a store of ours holds after somebody edited it, and errors that are ours."""

from __future__ import annotations

from tests.support.edges import Edge
from tests.support.spoiling import nothing

FULL = (
    ("checks",),
    ("audit", "--no-store"),
    ("runs",),
    ("doctor",),
    ("--version",),
    ("--help",),
    ("exempt", "list"),
    ("gate", "--report", "report.json"),
    ("checks", "credit-balance"),
    ("audit", "--no-store", "--format", "json"),
)

EDGES: tuple[Edge, ...] = (
    *(
        Edge(
            name=f"a full disk behind the output of trueup {' '.join(command)}",
            command=command,
            spoil=nothing,
            code=3,
            says=("Standard output cannot be written: No space left on device",),
            out="/dev/full",
        )
        for command in FULL
    ),
)
