"""The Parquet files that are one version of a Delta table. The folder may hold files of other versions as well."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trueup.model.errors import ConfigurationError

if TYPE_CHECKING:
    import pyarrow as pa

_FEATURES_REFUSED = {"deletionVectors": "deletion vectors", "columnMapping": "column mapping"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaFiles:
    """The files of one version, and when it was written, naive UTC."""

    files: tuple[str, ...]
    version: int
    written_at: datetime | None
    no_rows: pa.Table
    """A table with its columns, for a version without files."""


def delta_files(path: str, version: str) -> DeltaFiles:
    """Return the files of this version.

    Raises ``ConfigurationError`` where the files alone do not say which rows the table has: with deletion vectors,
    column mapping or partitions.
    """
    try:
        from deltalake import DeltaTable  # noqa: PLC0415 - an extra
        from deltalake.exceptions import DeltaError  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigurationError(
            f"Reading the Delta table {path} needs a library that is not installed ({error.name}); "
            "run: pip install 'trueup[spark]'"
        ) from None
    try:
        table = DeltaTable(path, version=int(version))
    except (DeltaError, ValueError, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise ConfigurationError(f"There is no version {version} of a Delta table at {path}: {reason}.") from None
    _refuse(table, path)
    moments = [commit["timestamp"] for commit in table.history() if commit.get("version") in (None, table.version())]
    import pyarrow as pa  # noqa: PLC0415 - heavy

    written = datetime.fromtimestamp(moments[0] / 1000, UTC).replace(tzinfo=None) if moments else None
    return DeltaFiles(
        files=tuple(sorted(table.file_uris())),
        version=table.version(),
        written_at=written,
        no_rows=pa.schema(table.schema().to_arrow()).empty_table(),
    )


def _refuse(table: object, path: str) -> None:
    protocol, metadata = table.protocol(), table.metadata()  # type: ignore[attr-defined]
    used = {*(protocol.reader_features or ()), *(protocol.writer_features or ())} & _FEATURES_REFUSED.keys()
    if metadata.configuration.get("delta.columnMapping.mode", "none") != "none":
        used |= {"columnMapping"}
    mend = "name the table as the cluster's catalog does, so that the cluster reads it"
    for feature in sorted(used):
        raise ConfigurationError(f"The Delta table {path} has {_FEATURES_REFUSED[feature]}; {mend}.")
    if metadata.partition_columns:
        raise ConfigurationError(f"The Delta table {path} has partitions, which its files do not hold; {mend}.")
