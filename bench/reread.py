"""Audits that read only what changed: the demo company in Postgres, with more and more of its ledger written anew."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path

import psycopg

from bench.companies import Prepared
from bench.measure import audit_measured
from bench.table import Line

SHARES = (0.0, 0.0001, 0.001, 0.01, 0.1)


def reread_lines(prepared: Prepared, *, now: datetime) -> list[Line]:
    """Audit with books that are kept, first of every row and then of what changed; a line each.

    Rows are written anew as they are, so the findings have to be those of the first audit. Raises ``SystemExit`` where
    they are not, or where an audit read more than that.
    """
    lines: list[Line] = []
    with tempfile.TemporaryDirectory(prefix="trueup-bench-kept-") as folder:
        first = audit_measured(prepared, now=now, kept=Path(folder) / "kept")
        lines.append(Line.of_audit("the same, and its books are kept", prepared, first))
        for share in SHARES:
            written = _write_anew(prepared, share)
            measured = audit_measured(prepared, now=now, kept=Path(folder) / "kept")
            if measured.changed["ledger_entry"] != written or measured.findings != first.findings:
                raise SystemExit(f"{written} entries were written, and of {first.findings} findings: {measured}")
            lines.append(Line.of_audit(f"re-audit, {share:.2%} of the ledger changed", prepared, measured))
    return lines


def _write_anew(prepared: Prepared, share: float) -> int:
    """Write so large a share of the ledger anew, spread over all of it; return how many rows that were."""
    with psycopg.connect(prepared.url, autocommit=True) as connection:
        sql = "UPDATE credit_transactions SET amount = amount WHERE random() < %s"
        return connection.execute(sql, [share]).rowcount
