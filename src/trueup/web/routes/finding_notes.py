"""Notes on findings, at an address of their own: a finding's id may end with any word."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from trueup.actions import notes
from trueup.web.access import Permission, Principal, requires
from trueup.web.problems import Problem
from trueup.web.routes.answers.notes import NoteLine, NoteList
from trueup.web.routes.answers.problems import NO_SUCH_ISSUE, problems
from trueup.web.routes.parameters import IssueIdPath
from trueup.web.routes.request_bodies import NoteBody
from trueup.web.services import Services, services
from trueup.web.strict import strict_json

router = APIRouter(prefix="/api/v1/notes", tags=["notes"])


@router.get("/{issue_id:path}")
def list_notes(
    who: Annotated[Principal, requires(Permission.FINDING_READ)],
    at_hand: Annotated[Services, Depends(services)],
    issue_id: IssueIdPath,
) -> NoteList:
    """The newest notes on a finding, oldest first, at most 200. Without `evidence:read`, text and author are masked."""
    listed = notes.list_notes(issue_id, store=at_hand.store, environment=at_hand.config.environment)
    masked = not who.may(Permission.EVIDENCE_READ)
    return NoteList.model_validate(notes.notes_document(listed, masked=masked))


@router.post("", status_code=201, responses=problems({404: NO_SUCH_ISSUE}))
def add_note(
    who: Annotated[Principal, requires(Permission.NOTE_WRITE)],
    at_hand: Annotated[Services, Depends(services)],
    order: Annotated[NoteBody, strict_json(NoteBody)],
) -> NoteLine:
    """Keep a note on a finding, past or present. It cannot be changed or removed."""
    try:
        note = notes.add_note(
            order.issue_id,
            order.text,
            actor=who.actor,
            store=at_hand.store,
            environment=at_hand.config.environment,
            now=at_hand.clock(),
        )
    except notes.UnknownFinding:
        raise Problem(404, NO_SUCH_ISSUE) from None
    return NoteLine.model_validate(notes.note_document(note))
