"""The JSON document of a timeline, declared once: an explanation and the API's finding both hold it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr

from trueup.formats.document import DocumentPart
from trueup.formats.scalars import Moment, SignedCredits
from trueup.formats.wording import exact

if TYPE_CHECKING:
    from trueup.model import timeline as model


class TimelineLine(DocumentPart):
    """One thing that happened, on the app's side or on Stripe's. Money is in minor units of its currency."""

    at: Moment | None
    side: Literal["app", "stripe"]
    what: StrictStr
    relation: Annotated[StrictStr, Field(description="Of which kind it is: ledger_entry, stripe_invoice, ...")]
    id: StrictStr
    named: Annotated[StrictBool, Field(description="Whether the finding itself names it.")]
    money: Annotated[
        StrictInt | None, Field(description="In minor units; negative where it goes back to the customer.")
    ]
    currency: StrictStr | None
    credits: SignedCredits | None
    balance_after: SignedCredits | None
    note: Annotated[StrictStr | None, Field(description="What the app itself wrote beside it.")]
    link: Annotated[StrictStr | None, Field(description="Where Stripe's dashboard shows it.")]


class TimelineDocument(DocumentPart):
    """The newest of both sides, oldest first."""

    earlier_app: Annotated[
        StrictInt, Field(ge=0, description="How many lines of the app's come before the first one shown.")
    ]
    earlier_stripe: Annotated[
        StrictInt, Field(ge=0, description="How many lines of Stripe's come before the first one shown.")
    ]
    lines: list[TimelineLine]
    unknown: Annotated[
        list[StrictStr], Field(description="What is not here because it could not be looked at: unknown, not absent.")
    ]


def timeline_document(timeline: model.Timeline) -> TimelineDocument:
    """Return both sides as their document."""
    return TimelineDocument(
        earlier_app=timeline.earlier_app,
        earlier_stripe=timeline.earlier_stripe,
        lines=[_line(line) for line in timeline.lines],
        unknown=[exact(sentence) for sentence in timeline.unknown],
    )


def _line(line: model.TimelineLine) -> TimelineLine:
    return TimelineLine.model_validate(
        {
            "at": line.at,
            "side": line.side.value.lower(),
            "what": exact(line.what),
            "relation": line.relation,
            "id": exact(line.id),
            "named": line.named,
            "money": line.money,
            "currency": None if line.currency is None else exact(line.currency),
            "credits": line.credits,
            "balance_after": line.balance_after,
            "note": None if line.note is None else exact(line.note),
            "link": line.link,
        }
    )
