"""Read the journal: verify it, export it, and review what older versions may have written wrongly."""

from trueup.actions.journal.reading import (
    anchor_from,
    anchor_text,
    check_journal,
    exported_lines,
    journal_page,
    journal_url,
    take_anchor,
)
from trueup.actions.journal.review import Review, review_journal
from trueup.journal import BrokenAt, NoJournal, Sound

__all__ = [
    "BrokenAt",
    "NoJournal",
    "Review",
    "Sound",
    "anchor_from",
    "anchor_text",
    "check_journal",
    "exported_lines",
    "journal_page",
    "journal_url",
    "review_journal",
    "take_anchor",
]
