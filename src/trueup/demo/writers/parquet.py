"""A folder of Parquet files, one per table."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from trueup.demo.tables import TABLES
from trueup.demo.writers.statements import refuse_existing
from trueup.model.errors import ConfigurationError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def write(connection: DuckDBPyConnection, place: str, *, force: bool) -> None:
    """Write ``TABLE.parquet`` for each table into the folder, which is made when it is not there; all or none."""
    folder = Path(unquote(place.removeprefix("file://")))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {folder} cannot be made: {error.strerror}; name a folder you may write to."
        ) from None
    if not force:
        refuse_existing([path.stem for path in folder.glob("*.parquet")], str(folder))
    with contextlib.ExitStack() as undo:
        for table in TABLES:
            path = folder / f"{table.name}.parquet"
            undo.callback(path.unlink, missing_ok=True)
            quoted = str(path).replace("'", "''")
            connection.execute(f"COPY (SELECT * FROM {table.name}) TO '{quoted}' (FORMAT parquet, COMPRESSION zstd)")
        undo.pop_all()
