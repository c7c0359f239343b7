"""The JSON document of ``trueup explain``, declared once: its schema and the command's output come from it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictBool, StrictInt, StrictStr, WithJsonSchema

from trueup.formats.document import DocumentPart
from trueup.formats.report_document import CheckOutcome, Issue
from trueup.formats.scalars import Moment, SignedCredits
from trueup.formats.timeline import TimelineDocument
from trueup.model.report import SCHEMA_VERSION


class PaidSpanDocument(DocumentPart):
    """A span of the account's time, named for what it rests on: paid, trial, grace, lifetime, returned, ..."""

    span: StrictStr
    plan: Annotated[StrictStr | None, Field(description="Null where what was paid for names no plan.")]
    starts_at: Moment | None
    ends_at: Annotated[Moment | None, Field(description="Null where it has no end.")]
    is_running: Annotated[StrictBool, Field(description="Whether service is right now because of it.")]
    source_id: Annotated[StrictStr | None, Field(description="The invoice, payment or subscription that says so.")]
    known_by: Annotated[StrictStr, Field(description="How that says so: line, amount, status, invoice, reading.")]


class OwedLineDocument(DocumentPart):
    """A line of what was paid, and the credits that it owes."""

    line_id: StrictStr
    price_id: StrictStr | None
    price_name: Annotated[
        StrictStr | None, Field(description="The config's name of the price: null where it has none.")
    ]
    plan: StrictStr | None
    quantity: StrictInt
    amount: Annotated[StrictInt, Field(description="In the currency's minor units, before tax and discounts.")]
    currency: StrictStr
    is_proration: StrictBool
    periods: Annotated[StrictInt, Field(description="How many periods of the plan it is for.")]
    rule: Annotated[
        StrictStr | None,
        Field(description="What says the credits: price, plan, rate, metadata or nothing; null where nothing is said."),
    ]
    known_by: Annotated[StrictStr, Field(description="How the price is known: line, metadata or amount.")]
    fewest_credits: SignedCredits | None
    most_credits: SignedCredits | None


class ExplanationDocument(DocumentPart):
    """One finding as it is now, and what happened around it."""

    schema_version: Annotated[StrictInt, WithJsonSchema({"const": SCHEMA_VERSION})] = SCHEMA_VERSION
    issue_id: StrictStr
    generated_at: Moment
    outcome: CheckOutcome
    why: Annotated[StrictStr, Field(description="Who loses what if this is ignored.")]
    finding: Annotated[
        Issue | None,
        Field(description="Null where the check does not find it now; the outcome says why."),
    ]
    paid_time: Annotated[
        list[PaidSpanDocument],
        Field(description="What was paid for of the account's time, oldest first, where the check judges by it."),
    ]
    owed: Annotated[
        list[OwedLineDocument],
        Field(description="What was owed for the money, line by line, where the check judges by it."),
    ]
    timeline: TimelineDocument
