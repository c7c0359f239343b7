"""The journal: what trueup did, append-only, in the app's database and in the same transaction as the change itself."""

from trueup.journal.chain import (
    Anchor,
    BrokenAt,
    Head,
    JournalEntry,
    JournalLine,
    Sound,
    content_of,
    says,
    verify,
)
from trueup.journal.entries import JournalUnusable, NoJournal, append, entries, head_of
from trueup.journal.install import (
    Binding,
    binding,
    current_revision,
    database_identity,
    install,
    read_installed_revision,
)
from trueup.journal.repairs import (
    AlreadyRepaired,
    IdTaken,
    KeyTaken,
    RepairRow,
    applied_since,
    insert_repair,
    masked,
    next_episode,
    repair_by_id,
    repair_by_key,
)
from trueup.journal.tables import JOURNAL_TABLES

__all__ = [
    "JOURNAL_TABLES",
    "AlreadyRepaired",
    "Anchor",
    "Binding",
    "BrokenAt",
    "Head",
    "IdTaken",
    "JournalEntry",
    "JournalLine",
    "JournalUnusable",
    "KeyTaken",
    "NoJournal",
    "RepairRow",
    "Sound",
    "append",
    "applied_since",
    "binding",
    "content_of",
    "current_revision",
    "database_identity",
    "entries",
    "head_of",
    "insert_repair",
    "install",
    "masked",
    "next_episode",
    "read_installed_revision",
    "repair_by_id",
    "repair_by_key",
    "says",
    "verify",
]
