"""Keep a person's note on a finding, and list the notes that are kept."""

from trueup.actions.notes.keeping import (
    NOTES_SHOWN,
    UnknownFinding,
    add_note,
    list_notes,
    note_document,
    notes_document,
)

__all__ = ["NOTES_SHOWN", "UnknownFinding", "add_note", "list_notes", "note_document", "notes_document"]
