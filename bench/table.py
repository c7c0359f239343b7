"""The table that a benchmark run prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.companies import Prepared
from bench.measure import Measured

_HEAD = ("ledger rows", "what", "copy s", "checks s", "whole s", "processor s", "peak MiB", "slowest checks, ms")


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
    slowest: str = ""

    @classmethod
    def of_audit(cls, name: str, prepared: Prepared, measured: Measured) -> Line:
        """The line of one of our own audits."""
        slowest = ", ".join(f"{check} {milliseconds}" for milliseconds, check in measured.slowest[:4])
        return cls(
            what=f"trueup audit from {name}",
            rows=prepared.ledger_rows,
            copy=measured.copy_seconds,
            checks=measured.checks_seconds,
            whole=measured.whole_seconds,
            processor=measured.processor_seconds,
            peak_bytes=measured.peak_bytes,
            slowest=slowest,
        )

    def cells(self) -> tuple[str, ...]:
        """The line's cells, as text."""
        peak = "" if self.peak_bytes is None else f"{self.peak_bytes / 2**20:,.0f}"
        figures = [_seconds(self.copy), _seconds(self.checks), _seconds(self.whole), _seconds(self.processor), peak]
        return (f"{self.rows:,}", self.what, *figures, self.slowest)


def render(lines: Sequence[Line]) -> str:
    """The table, aligned for a terminal and a file alike."""
    cells = [_HEAD, *(line.cells() for line in lines)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEAD))]
    rows = [
        "  ".join(_aligned(c, w, n) for n, (c, w) in enumerate(zip(row, widths, strict=True))).rstrip() for row in cells
    ]
    return "\n".join([rows[0], "-" * len(rows[0]), *rows[1:]])


def _aligned(cell: str, width: int, column: int) -> str:
    return cell.ljust(width) if column in {1, 7} else cell.rjust(width)


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
