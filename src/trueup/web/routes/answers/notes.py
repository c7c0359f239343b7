"""Notes on findings, as ``/api/v1`` shows them."""

from __future__ import annotations

from typing import Literal

from trueup.web.routes.answers.words import Answer, Moment


class NoteLine(Answer):
    """What a person wrote about a finding."""

    at: Moment
    actor: str
    text: str


class NoteList(Answer):
    """The newest notes on a finding, oldest first."""

    schema_version: Literal[1]
    notes: list[NoteLine]
