"""Cells of the store that were edited by hand and cannot be read any more: exit 3, and one sentence that names them.

An audit says so too, and that it is not remembered; its answer is about the app, and is what it is.
"""

from __future__ import annotations

from tests.support.edges import Edge
from tests.support.spoiling import cell

BLOB, WORD, HUGE = "x'ff00'", "'x'", "9e99"
MEND = "restore the cell from a copy of the store, or remove the row"

RUNS: tuple[tuple[tuple[str, ...], str, tuple[str, ...]], ...] = (
    (("runs",), "run_id", (BLOB,)),
    (("runs",), "generated_at", (WORD, BLOB, HUGE)),
    (("runs",), "as_of", (WORD, BLOB, HUGE)),
    (("runs",), "status", (BLOB,)),
    (("runs",), "score", (BLOB, WORD)),
    (("runs",), "whole", (WORD,)),
    (("runs",), "answered_checks", (WORD, "'{}'")),
    (("runs", "newest"), "generated_at", (WORD, BLOB, HUGE)),
    (("runs", "newest"), "as_of", (WORD, BLOB, HUGE)),
    (("runs", "newest"), "head", ("'[]'",)),
    (("audit",), "generated_at", (HUGE,)),
    (("audit",), "as_of", (WORD, BLOB, HUGE)),
)
"""The run of the audit before, as it is edited."""

ADDED: dict[str, tuple[tuple[str, ...], dict[str, str], dict[str, tuple[str, ...]]]] = {
    "trueup_exemption": (
        ("exempt", "list"),
        {
            "number": "1",
            "environment": "'production'",
            "check_id": "'credit-balance'",
            "subject": "'user_1'",
            "owner": "'me'",
            "reason": "'because'",
            "created_at": "'2026-01-01 00:00:00.000000'",
            "created_by": "'me'",
        },
        {"expires_at": (WORD, HUGE), "created_at": (BLOB,), "owner": (BLOB,)},
    ),
    "trueup_token": (
        ("token", "list"),
        {
            "token_id": "'0123456789abcdef'",
            "name": "'ci'",
            "role": "'viewer'",
            "secret_sha256": "'x'",
            "created_at": "'2026-01-01 00:00:00.000000'",
            "created_by": "'me'",
            "expires_at": "'2026-01-02 00:00:00.000000'",
        },
        {"role": (WORD, "9"), "expires_at": (WORD,), "last_used_at": (HUGE,)},
    ),
    "trueup_alert_episode": (
        ("alerts", "list"),
        {
            "number": "1",
            "environment": "'production'",
            "fingerprint": "'f'",
            "check_id": "'credit-balance'",
            "issue_id": "'credit-balance:user_1'",
            "title": "'t'",
            "message": "'m'",
            "severity": "1",
            "risk": "0.0",
            "told_severity": "1",
            "told_risk": "0.0",
            "clean_looks": "0",
            "opened_at": "'2026-01-01 00:00:00.000000'",
        },
        {"severity": ("99", "-1"), "risk": (WORD, "9e999"), "opened_at": (WORD,)},
    ),
    "trueup_alert_outbox": (
        ("alerts", "list"),
        {
            "number": "1",
            "environment": "'production'",
            "channel": "'log'",
            "fingerprint": "'f'",
            "hour": "'2026-01-01 00:00:00.000000'",
            "alert": "'{}'",
            "made_at": "'2026-01-01 00:00:00.000000'",
            "state": "'waiting'",
            "attempts": "0",
            "due_at": "'2026-01-01 00:00:00.000000'",
        },
        {"alert": (WORD, "'[]'"), "attempts": (WORD,), "made_at": (HUGE,)},
    ),
}
"""Rows that are put into a table with one cell that cannot be: the command that reads them, the row, the cells."""


def _edge(command: tuple[str, ...], table: str, column: str, value: str, statement: str) -> Edge:
    return Edge(
        name=f"trueup {' '.join(command)}: {column} of {table} is {value}",
        command=command,
        spoil=cell("trueup.db", statement),
        code=0 if command == ("audit",) else 3,
        says=("trueup: The store", f"{table}.{column} does not hold", "in the row where", MEND),
        never=("unexpected error",),
    )


def _inserted(table: str, row: dict[str, str]) -> str:
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(row.values())})"


EDGES: tuple[Edge, ...] = (
    *(
        _edge(command, "trueup_run", column, value, f"UPDATE trueup_run SET {column} = {value}")
        for command, column, values in RUNS
        for value in values
    ),
    *(
        _edge(command, table, column, value, _inserted(table, {**row, column: value}))
        for table, (command, row, cells) in ADDED.items()
        for column, values in cells.items()
        for value in values
    ),
)
