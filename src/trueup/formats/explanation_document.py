"""The JSON document of ``trueup explain``, declared once: its schema and the command's output come from it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictBool, StrictInt, StrictStr, WithJsonSchema

from trueup.formats.document import DocumentPart
from trueup.formats.report_document import CheckOutcome, Issue
from trueup.formats.scalars import Moment
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
    timeline: TimelineDocument
