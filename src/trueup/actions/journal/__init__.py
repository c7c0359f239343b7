"""Read the journal: verify it, export it, and review what older versions may have written wrongly."""

from trueup.actions.journal.reading import (
    anchor_from,
    anchor_text,
    check_journal,
    exported_lines,
    journal_page,
    journal_url,
    newest_page,
    take_anchor,
)
from trueup.actions.journal.review import Review, review_journal
from trueup.journal import BrokenAt, JournalUnusable, NoJournal, Sound

__all__ = [
    "BrokenAt",
    "JournalUnusable",
    "NoJournal",
    "Review",
    "Sound",
    "anchor_from",
    "anchor_text",
    "check_journal",
    "exported_lines",
    "journal_page",
    "journal_url",
    "newest_page",
    "review_journal",
    "take_anchor",
]
