"""Alerts, as ``/api/v1`` shows them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from trueup.actions.alerts import Delivery
from trueup.model.severity import Severity
from trueup.web.routes.answers.words import Answer, Count, Fingerprint, Moment


class AlertEpisode(Answer):
    """A finding that operations were alerted about, from the run that opened it until it is resolved."""

    id: Annotated[str, Field(description="The issue's id.")]
    check: str
    fingerprint: Fingerprint
    severity: Severity
    title: str
    message: str
    opened_at: Moment


class AlertMessage(Answer):
    """One message to one channel."""

    channel: str
    state: Delivery
    title: str
    made_at: Moment
    attempts: Annotated[Count, Field(description="How many attempts were made.")]
    due_at: Annotated[Moment | None, Field(description="When the next attempt is due; null once it is settled.")]
    settled_at: Annotated[Moment | None, Field(description="When it was sent, or when trueup gave it up.")]
    reason: Annotated[str | None, Field(description="Why the last attempt failed.")]


class Alerts(Answer):
    """The open episodes, and the messages about them."""

    schema_version: Literal[1]
    open_count: Annotated[Count, Field(description="The number of open episodes, listed or not.")]
    episodes: Annotated[list[AlertEpisode], Field(description="Most severe first, then oldest.")]
    messages: Annotated[list[AlertMessage], Field(description="Newest first.")]
