"""The scalars of all answers, the report's included, and what every answer has in common."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from trueup.formats.scalars import (
    CREDITS_DESCRIPTION,
    CREDITS_PATTERN,
    DAY_PATTERN,
    MOMENT_PATTERN,
    Count,
    Fingerprint,
    NextCursor,
)
from trueup.formats.wording import instant

__all__ = ["Answer", "Count", "Credits", "Day", "Fingerprint", "Moment", "NextCursor", "Sha256", "moment_or_none"]


class Answer(BaseModel):
    """One JSON object of an answer: its names are camelCase, every field is present, and there are no others."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, validate_by_name=True)


Moment = Annotated[str, StringConstraints(pattern=MOMENT_PATTERN)]
Day = Annotated[str, StringConstraints(pattern=DAY_PATTERN)]
Credits = Annotated[str, StringConstraints(pattern=CREDITS_PATTERN), Field(description=CREDITS_DESCRIPTION)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


def moment_or_none(value: datetime | None) -> str | None:
    """A naive UTC moment as the API writes it, or None."""
    return None if value is None else instant(value)
