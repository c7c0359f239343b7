"""Notes on findings: what a person wrote, who and when. They are only added."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from trueup.actions.runs import stored_finding
from trueup.formats.wording import exact, instant
from trueup.model.attribution import clean_name
from trueup.model.errors import ConfigurationError
from trueup.model.redact import MASK, redact
from trueup.store import FindingNote

if TYPE_CHECKING:
    from datetime import datetime

    from trueup.store import Store

LONGEST_NOTE = 1000
NOTES_SHOWN = 200
"""How many of the newest notes are listed."""


class UnknownFinding(ConfigurationError):
    """No run of this environment reported a finding of this id."""


def add_note(issue_id: str, text: str, *, actor: str, store: Store, environment: str, now: datetime) -> FindingNote:
    """Keep a note on a finding, past or present; a secret in it is masked first. ``now`` is naive UTC.

    Raises ``UnknownFinding``, ``ConfigurationError`` for text that is not one line of 1 to 1,000 characters, and
    ``StoreUnavailable``.
    """
    cleaned = clean_name(text.strip(), what="note", longest=LONGEST_NOTE)
    if stored_finding(issue_id, store=store, environment=environment) is None:
        raise UnknownFinding(f"No audit of {environment} has reported {issue_id}; `trueup audit` prints the ids.")
    note = FindingNote(issue_id=issue_id, text=redact(cleaned), actor=clean_name(actor, what="actor"), at=now)
    store.notes.add(note, environment=environment)
    return note


def list_notes(issue_id: str, *, store: Store, environment: str) -> tuple[FindingNote, ...]:
    """Return the newest notes on a finding, oldest first. Raises ``StoreUnavailable``."""
    return store.notes.list(environment, issue_id, limit=NOTES_SHOWN)


def notes_document(notes: Iterable[FindingNote], *, masked: bool = False) -> dict[str, object]:
    """Return the notes as JSON; ``masked`` hides what they say and who wrote them."""
    return {"schemaVersion": 1, "notes": [note_document(note, masked=masked) for note in notes]}


def note_document(note: FindingNote, *, masked: bool = False) -> dict[str, object]:
    """Return one note as JSON."""
    text, actor = (MASK, MASK) if masked else (exact(note.text), exact(note.actor))
    return {"at": instant(note.at), "actor": actor, "text": text}
