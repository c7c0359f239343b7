"""Two-person approvals, as ``/api/v1`` shows them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from trueup.model.approval import ApprovalKind, ApprovalState
from trueup.web.routes.answers.words import Answer, Moment, Sha256


class Event(Answer):
    """Something that was tried with an approval."""

    event: Annotated[str, Field(description="The state that it got, or `refused`.")]
    actor: str
    at: Moment
    reason: str


class ApprovalLine(Answer):
    """A request for a second person, and what became of it."""

    id: str
    kind: ApprovalKind
    state: ApprovalState
    target: Annotated[str, Field(description="The issue, or what is exempted.")]
    plan_hash: Annotated[Sha256, Field(description="Of exactly what may be written.")]
    summary: str
    asked: Annotated[
        dict[str, JsonValue],
        Field(description="The plan of the repair with what it puts at risk, or the exemption, as it would be stored."),
    ]
    reason: str
    requested_by: str
    requested_at: Moment
    expires_at: Annotated[Moment, Field(description="Until then it can be decided, and applied.")]
    decided_by: str | None
    decided_at: Moment | None
    decision_reason: str | None
    used_by: str | None
    used_at: Moment | None


class Approvals(Answer):
    """Requests, newest first, at most 200."""

    schema_version: Literal[1]
    approvals: list[ApprovalLine]


class ApprovalRecord(ApprovalLine):
    """A request with everything that was tried with it."""

    events: list[Event]
