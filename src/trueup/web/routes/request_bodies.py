"""The bodies of requests. No value is converted: a number in a string is not a number."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, ConfigDict, Field, JsonValue, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError, PydanticKnownError

from trueup.actions.tokens import LONGEST_DAYS
from trueup.model.access import Role
from trueup.model.policy import PERIOD_DAYS_LIMIT
from trueup.web import text
from trueup.web.strict import Body

IssueId = Annotated[str, Field(pattern=text.ISSUE_ID, description="<check>:<subject>, as in the report.")]
Reason = Annotated[str, Field(pattern=text.REASON, description="Why: 10 to 500 characters on one line.")]


def _written_day(given: object) -> object:
    """A day in its only written form; the library would accept a number of seconds too."""
    if not isinstance(given, str) or not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", given):
        raise PydanticKnownError("date_type")
    return date.fromisoformat(given)


Day = Annotated[date, BeforeValidator(_written_day)]


def _whole_number(given: object) -> object:
    """30.0 is the integer 30 to JSON Schema, so it is accepted here; 30.5 and "30" are not."""
    return int(given) if isinstance(given, float) and given.is_integer() else given


PeriodDays = Annotated[int, Field(ge=1, le=PERIOD_DAYS_LIMIT), BeforeValidator(_whole_number)]
LifetimeDays = Annotated[int, Field(ge=1, le=LONGEST_DAYS), BeforeValidator(_whole_number)]


class RequestBody(Body):
    """The body of a request, with names in camelCase. A ``title`` is the schema's name in the OpenAPI document."""

    model_config = ConfigDict(**{**Body.model_config, "alias_generator": to_camel})


class RepairBody(RequestBody, title="RepairOrder"):
    """Repair one issue. With ``planHash``, exactly the previewed change is applied, or none."""

    issue_id: IssueId
    reason: Reason
    plan_hash: Annotated[str | None, Field(pattern=text.SHA256, description="A preview's.")] = None


class RepairRequestBody(RequestBody, title="RepairRequest"):
    """Ask for a second person for the repair of an issue."""

    issue_id: IssueId
    reason: Reason


class UndoBody(RequestBody, title="UndoOrder"):
    """Undo a repair, or ask for a second person to approve that."""

    repair_id: Annotated[str, Field(pattern=text.RUN_ID, description="The repair's id, as its answer has it.")]
    reason: Reason


class DecisionBody(RequestBody, title="Decision"):
    """Approve or reject a request."""

    reason: Reason


class NoteBody(RequestBody, title="NoteOrder"):
    """Keep a note on a finding."""

    issue_id: IssueId
    text: Annotated[str, Field(pattern=text.NOTE, description="2 to 1,000 characters on one line.")]


class PreviewBody(RequestBody, title="PreviewOrder"):
    """Preview what a repair would write."""

    issue_id: IssueId


class AuditBody(RequestBody, title="AuditOrder"):
    """Audit now."""

    period_days: Annotated[
        PeriodDays | None, Field(description="How many days back the report looks. Default: the config's.")
    ] = None


_SUBJECT_OR_PLAN: list[JsonValue] = [{"required": ["subject"]}, {"required": ["plan"]}]


def _without_default(schema: dict[str, Any]) -> None:
    """A field may be left out, but empty text is refused."""
    schema.pop("default")


class ScopeBody(RequestBody, title="ExemptionScope"):
    """A finding, or every finding of a check about one plan."""

    model_config = ConfigDict(**{**RequestBody.model_config, "json_schema_extra": {"oneOf": _SUBJECT_OR_PLAN}})

    check: Annotated[str, Field(pattern=text.CHECK_ID)]
    subject: Annotated[
        str,
        Field(
            pattern=text.SUBJECT,
            description="The part of the issue's id after the colon.",
            json_schema_extra=_without_default,
        ),
    ] = ""
    plan: Annotated[
        str,
        Field(
            pattern=text.SUBJECT,
            description="Instead of a subject: covers every finding whose account is on this plan.",
            json_schema_extra=_without_default,
        ),
    ] = ""

    @model_validator(mode="after")
    def _one_scope(self) -> Self:
        if bool(self.subject) is bool(self.plan):
            raise PydanticCustomError("one_scope", "subject or plan")
        return self


class ExemptionBody(ScopeBody, title="ExemptionOrder"):
    """Accept a finding, or every finding of a check about one plan, in a person's name, until a future day."""

    owner: Annotated[str, Field(pattern=text.NAME, description="Who answers for it.")]
    reason: Reason
    expires: Annotated[Day, Field(description="The last day it holds.")]


class TokenBody(RequestBody, title="TokenOrder"):
    """Make an API token."""

    name: Annotated[str, Field(pattern=text.TOKEN_NAME)]
    role: Role
    lifetime_days: LifetimeDays
