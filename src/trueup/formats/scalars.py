"""The scalars of every JSON document: how a moment, a day, money or a count is written, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer, Strict, StrictInt, StrictStr, WithJsonSchema

from trueup.formats.wording import instant
from trueup.model.money import credits_text


def _parse_moment(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    moment = datetime.fromisoformat(_require_text(value))
    if moment.tzinfo is None:
        raise ValueError("must name its time zone")
    return moment.astimezone(UTC).replace(tzinfo=None)


def _parse_day(value: object) -> date:
    return value if isinstance(value, date) else date.fromisoformat(_require_text(value))


def _parse_credits(value: object) -> object:
    return value if isinstance(value, Decimal) else _require_text(value)


def _require_text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")  # noqa: TRY004 - pydantic takes a ValueError
    return value


MOMENT_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{6})?Z$"
DAY_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
CREDITS_PATTERN = r"^-?[0-9]+([.][0-9]+)?$"
CREDITS_DESCRIPTION = "An exact decimal."

Moment = Annotated[
    datetime,
    BeforeValidator(_parse_moment),
    PlainSerializer(instant, return_type=str),
    WithJsonSchema({"type": "string", "pattern": MOMENT_PATTERN}),
]
"""A moment, naive UTC; text with its time zone in JSON."""

Day = Annotated[
    date,
    BeforeValidator(_parse_day),
    WithJsonSchema({"type": "string", "pattern": DAY_PATTERN}),
]
SignedCredits = Annotated[
    Decimal,
    BeforeValidator(_parse_credits),
    Field(allow_inf_nan=False),
    PlainSerializer(credits_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": CREDITS_PATTERN, "description": CREDITS_DESCRIPTION}),
]
Credits = Annotated[SignedCredits, Field(ge=0)]
Count = Annotated[StrictInt, Field(ge=0)]
Money = Annotated[dict[StrictStr, Count], Field(description="Amounts in minor units, by currency.")]
Number = Annotated[float, Strict(), Field(ge=0, allow_inf_nan=False)]
Fingerprint = Annotated[
    StrictStr, Field(pattern=r"^[0-9a-f]{32}$", description="Identifies the same broken thing in every run.")
]
NextCursor = Annotated[
    StrictStr | None, Field(description="Send it as `cursor` to get the next page; null on the last page.")
]
