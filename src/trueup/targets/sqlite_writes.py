"""How many rows a connection has written in SQLite: one number, which counts what triggers and foreign keys write."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from sqlalchemy import text

from trueup.model.row_counts import RowCounts
from trueup.targets.target import TableTrigger

if TYPE_CHECKING:
    from sqlalchemy import Connection

_TRIGGERS = "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger' ORDER BY tbl_name, name"


class SQLiteWriteCounter:
    """Counts all rows together, from the moment it is made. What belongs to which table is for whoever reads back."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._before = _total(connection)

    def pause(self) -> None:
        """Go on counting: reading is not counted here."""

    def resume(self) -> None:
        """Go on counting: reading is not counted here."""

    def difference(self, planned: Mapping[str, RowCounts], *, ignored: Collection[str] = ()) -> str | None:  # noqa: ARG002 - one signature
        """How many rows too many or too few were written; None where it is exactly the planned number."""
        written, wanted = _total(self._connection) - self._before, sum(counts.total for counts in planned.values())
        return None if written == wanted else f"{written} rows were written where the plan has {wanted}"


def _total(connection: Connection) -> int:
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise TypeError(f"{type(driver).__name__} is not a connection to SQLite.")
    return driver.total_changes


def triggers_on(connection: Connection, names: Collection[str]) -> tuple[TableTrigger, ...]:
    """The triggers of these tables, by quoted name."""
    plain = {name.rpartition(".")[2].strip("`").replace("``", "`").lower(): name for name in names}
    return tuple(
        TableTrigger(table=plain[str(table).lower()], name=name, kind="trigger")
        for table, name in connection.execute(text(_TRIGGERS))
        if str(table).lower() in plain
    )
