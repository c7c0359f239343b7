"""The scalars of all answers, and what every answer has in common."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from trueup.formats.wording import instant


class Answer(BaseModel):
    """One JSON object of an answer: its names are camelCase, every field is there, and there are no others."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, validate_by_name=True)


Moment = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{6})?Z$")
]
Day = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Credits = Annotated[str, StringConstraints(pattern=r"^-?[0-9]+([.][0-9]+)?$"), Field(description="An exact decimal.")]
Money = Annotated[dict[str, int], Field(description="Minor units by currency.")]
Count = Annotated[int, Field(ge=0)]
Fingerprint = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{32}$"),
    Field(description="The same for the same broken thing in every run."),
]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
NextCursor = Annotated[
    str | None, Field(description="Give it back as `cursor` for what comes next; null on the last page.")
]


def moment_or_none(value: datetime | None) -> str | None:
    """A naive UTC moment as the API writes it, where there is one."""
    return None if value is None else instant(value)
