"""Which columns hold moments: timestamps, texts of dates, and seconds or parts of them since 1970."""

from __future__ import annotations

import re
from collections.abc import Sequence

from trueup.mapping.column_types import Family
from trueup.mapping.names import folded, likeness
from trueup.mapping.samples import Look, number

_DATE = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d.*)?")
_EPOCHS = tuple(
    (1e9 * scale, 4.2e9 * scale, unit)
    for scale, unit in ((1, "seconds"), (1e3, "milliseconds"), (1e6, "microseconds"), (1e9, "nanoseconds"))
)
_ENDINGS = ("_at", "_on", "_date", "_time", "date", "created", "updated", "timestamp", "time", "ts", "when")
_DELETED = "deleted_at discarded_at archived_at time_deleted date_deleted deleted_on removed_at deleted"
_LATER = frozenset(
    [
        *("valid", "until", "expires", "expire", "expiry", "expiration", "ends", "end", "due", "renews", "renewal"),
        *("next", "last", "updated", "modified", "revoked", "canceled", "cancelled", "deleted", "trial", "period"),
    ]
)
"""Words of moments that are not when a row was written."""
_CREATED = (
    "created_at created inserted_at created_on date_created created_time creation_date time_created create_time "
    "posted_at occurred_at timestamp date_joined registered_at signed_up_at joined_at processed_at date time "
    "transaction_date happened_at"
)


def epoch_unit(look: Look, column: str) -> str | None:
    """``seconds``, ``milliseconds``, ``microseconds`` or ``nanoseconds``: where all values are such, since 1970."""
    values = [number(row.get(column)) for row in look.rows if row.get(column) is not None]
    for lowest, highest, unit in _EPOCHS:
        if values and all(value is not None and lowest <= value < highest for value in values):
            return unit
    return None


def is_moment(look: Look, column: str) -> bool:
    """Whether the column holds moments, in one of the forms that can be read."""
    family = look.type_of(column)
    if family is Family.TIME:
        return True
    facts = look.column(column)
    if not facts.present:
        return family is Family.TEXT and folded(column).endswith(("_at", "_date"))
    if family in (Family.TEXT, Family.UNKNOWN, Family.NUMBER):
        texts = [row[column] for row in look.rows if row.get(column) not in (None, "")]
        if all(isinstance(text, str) and _DATE.fullmatch(text) for text in texts):
            return True
    unit = epoch_unit(look, column)
    is_named = folded(column).startswith("time_") or folded(column).endswith(_ENDINGS)
    return unit is not None and (is_named or unit != "seconds")  # so large a number is hardly anything else


def created_column(look: Look, usual: str = _CREATED) -> str | None:
    """The moment at which a row was written."""
    moments = [column.name for column in look.table.columns if is_moment(look, column.name)]
    scored = [(likeness(name, usual), name) for name in moments]
    filled = [(score, -place, name) for place, (score, name) in enumerate(scored) if score]
    if filled:
        return max(filled)[2]
    always = [name for name in moments if _is_always_there(look, name) and not _LATER & set(folded(name).split("_"))]
    return always[0] if len(always) == 1 else None


def _is_always_there(look: Look, column: str) -> bool:
    facts = look.column(column)
    return facts.total > 0 and facts.present == facts.total


def deleted_column(look: Look) -> str | None:
    """The moment at which a row was hidden as deleted, NULL while it is not."""
    names: Sequence[str] = [column.name for column in look.table.columns if likeness(column.name, _DELETED)]
    return next((name for name in names if look.nullable(name) and is_moment_or_empty(look, name)), None)


def is_moment_or_empty(look: Look, column: str) -> bool:
    """Whether the column holds moments, or could and holds nothing yet."""
    facts = look.column(column)
    if facts.present:
        return is_moment(look, column)
    return look.type_of(column) not in (Family.BOOLEAN, Family.BIT, Family.NESTED)
