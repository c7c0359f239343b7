"""The JSON document of ``trueup explain``, declared once: its schema and the command's output come from it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictInt, StrictStr, WithJsonSchema

from trueup.formats.document import DocumentPart
from trueup.formats.report_document import CheckOutcome, Issue
from trueup.formats.scalars import Moment
from trueup.formats.timeline import TimelineDocument
from trueup.model.report import SCHEMA_VERSION


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
    timeline: TimelineDocument
