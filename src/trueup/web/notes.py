"""The notes of one request, kept from its first byte to its line in the log."""

from __future__ import annotations

import re
import secrets
import uuid
from dataclasses import dataclass, field
from typing import Any, cast

from starlette.requests import Request
from starlette.types import Scope

_KEY = "trueup.notes"

# Hexadecimal digits and hyphens, as request ids of proxies and traces are: nothing else gets into the log and journal.
_ACCEPTED_ID = re.compile(r"[0-9a-f][0-9a-f-]{14,62}[0-9a-f]")


@dataclass(slots=True, kw_only=True)
class Notes:
    """One request. ``error_id`` names its failure, in the answer and in the log, if it has one.

    ``form_binding`` is what the caller's forms are bound to; ``is_page`` says that a person reads the answer.
    """

    request_id: str
    error_id: str = field(default_factory=lambda: secrets.token_hex(8))
    actor: str | None = None
    form_binding: str | None = None
    is_page: bool = False
    failed: bool = False


def begin(scope: Scope) -> Notes:
    """Start the notes of a request: with its own id when that has the strict shape, with a new one otherwise."""
    brought = [value for name, value in scope["headers"] if name == b"x-request-id"]
    text = brought[0].decode("latin-1") if len(brought) == 1 else ""
    notes = Notes(request_id=text if _ACCEPTED_ID.fullmatch(text) else str(uuid.uuid4()))
    scope[_KEY] = notes
    return notes


def notes(request: Request) -> Notes:
    """The request's notes."""
    return cast("Notes", cast("dict[str, Any]", request.scope)[_KEY])


def request_id(request: Request) -> str:
    """The request's id in the log, the journal and the answer."""
    return notes(request).request_id
