"""What became of rows of the app that were settled when an earlier audit saw them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from trueup.model.columns import fact, key


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryChange:
    """A settled row that is gone or different since an earlier audit. The books make it; it is never mapped.

    ``columns`` are those that differ, empty where the row is gone; ``before`` and ``after`` are their values as text.
    ``dated`` is the row's own moment, ``noticed_at`` that of the first audit that saw the change. Where very many rows
    changed alike, they are one, with an example in ``row_key``: ``rows`` is how many.
    """

    relation: str = key()
    row_key: str = key()
    account_id: str | None = None
    columns: str = ""
    before: str | None = None
    after: str | None = None
    dated: datetime | None = None
    noticed_at: datetime = fact(datetime(2026, 1, 1))  # noqa: RUF009 - a column, as in the other relations
    rows: int = 1
