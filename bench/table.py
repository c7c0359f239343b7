"""The table that a benchmark run prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.companies import Prepared
from bench.measure import Measured

_HEAD = ("ledger rows", "what", "copy s", "checks s", "whole s", "processor s", "peak MiB", "private MiB")
_TEXT = {1}
"""The columns that hold words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line; what was not measured stays empty."""

    what: str
    rows: int
    copy: float | None = None
    checks: float | None = None
    whole: float | None = None
    processor: float | None = None
    peak_bytes: int | None = None
    private_bytes: int | None = None
    slowest: str = ""

    @classmethod
    def of_audit(cls, what: str, prepared: Prepared, measured: Measured) -> Line:
        """The line of one of our own audits."""
        slowest = ", ".join(f"{check} {milliseconds}" for milliseconds, check in measured.slowest[:4])
        return cls(
            what=what,
            rows=prepared.ledger_rows,
            copy=measured.copy_seconds,
            checks=measured.checks_seconds,
            whole=measured.whole_seconds,
            processor=measured.processor_seconds,
            peak_bytes=measured.peak_bytes,
            private_bytes=measured.private_bytes,
            slowest=slowest,
        )

    def cells(self) -> tuple[str, ...]:
        """The line's cells, as text."""
        figures = [_seconds(self.copy), _seconds(self.checks), _seconds(self.whole), _seconds(self.processor)]
        return (f"{self.rows:,}", self.what, *figures, _mebibytes(self.peak_bytes), _mebibytes(self.private_bytes))


def render(lines: Sequence[Line]) -> str:
    """The table as Markdown, aligned for a terminal too, and the slowest checks of each audit."""
    cells = [_HEAD, *(line.cells() for line in lines)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEAD))]
    rows = [_row(row, widths) for row in cells]
    rule = "|".join("-" * (width + 2 - (n not in _TEXT)) + ":" * (n not in _TEXT) for n, width in enumerate(widths))
    slowest = [f"  slowest checks, ms: {line.what}: {line.slowest}" for line in lines if line.slowest]
    return "\n".join([rows[0], f"|{rule}|", *rows[1:], *slowest])


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    aligned = [c.ljust(w) if n in _TEXT else c.rjust(w) for n, (c, w) in enumerate(zip(cells, widths, strict=True))]
    return f"| {' | '.join(aligned)} |"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _mebibytes(value: int | None) -> str:
    return "" if value is None else f"{value / 2**20:,.0f}"
