"""What a form is: objects as Stripe wrote them at a time, and the rows that they must become on every supplier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

JSON = dict[str, Any]
Row = Mapping[str, object]


class Period(StrEnum):
    """When Stripe wrote objects so. The last change of a form that companies still meet was on 2025-03-31 ("basil")."""

    Y2017_2018 = "2017-2018"
    Y2020_2022 = "2020-2022"
    Y2023_2024 = "2023-2024"
    BEFORE_BASIL = "before 2025-03-31"
    AFTER_BASIL = "after 2025-03-31"
    TODAY = "2026"


class Supplier(StrEnum):
    """Who supplies objects."""

    API = "api"
    FILES = "files"
    SYNC_ENGINE = "sync-engine"
    DJ_STRIPE = "dj-stripe"
    COLUMNS = "columns"
    """Stripe Sync Engine of 2021 to 2025: a column for each field that it knew."""


ANY = (Supplier.API, Supplier.FILES, Supplier.SYNC_ENGINE, Supplier.DJ_STRIPE)
COPIES = (Supplier.FILES, Supplier.SYNC_ENGINE, Supplier.DJ_STRIPE)
"""The reader asks Stripe in one version of the API: invoices and subscriptions of an older form are only in copies."""
ANY_AND_COLUMNS = (*ANY, Supplier.COLUMNS)
COPIES_AND_COLUMNS = (*COPIES, Supplier.COLUMNS)
API_AND_FILES = (Supplier.API, Supplier.FILES)
"""Events, webhook endpoints and products: sync tools keep only those that they were sent or made."""
NOT_DJ_STRIPE = (Supplier.API, Supplier.FILES, Supplier.SYNC_ENGINE)
"""dj-stripe has no table of invoice payments."""

MONTH = 30 * 86_400
YEAR = 365 * 86_400
T2017 = 1_500_000_000
T2018 = 1_541_700_000
T2020 = 1_600_000_000
T2023 = 1_690_000_000
T2024 = 1_734_600_000
T2025 = 1_750_000_000
T2026 = 1_790_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One form of an object, with what belongs to it.

    Every id of its objects ends with ``tag``, so that its rows are known among those of other forms. ``objects`` are by
    kind of exported file. In ``rows``, moments are Unix seconds; a column that is not written has its neutral value, as
    the books read a NULL, or is NULL where it has none; ``livemode`` is true.
    """

    tag: str
    period: Period
    what: str
    source: str
    objects: Mapping[str, Sequence[JSON]]
    rows: Mapping[str, Sequence[Row]]
    suppliers: Sequence[Supplier] = field(default=ANY)


def listing(*data: JSON, url: str = "/v1/parts") -> JSON:
    """A list inside an object, shown to its end."""
    return {"object": "list", "data": list(data), "has_more": False, "total_count": len(data), "url": url}
