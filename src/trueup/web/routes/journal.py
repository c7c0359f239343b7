"""The journal: a page of it, and whether it is whole."""

from __future__ import annotations

import dataclasses
from typing import Annotated

from fastapi import APIRouter, Depends

from trueup.actions.journal import NoJournal, Sound, check_journal, journal_page, journal_url
from trueup.web.access import Permission, Principal, requires
from trueup.web.problems import Problem
from trueup.web.routes.answers.administration import JournalEntry, JournalPage, JournalVerdict
from trueup.web.routes.answers.problems import problems
from trueup.web.routes.parameters import Cursor, Limit
from trueup.web.services import Services, services

router = APIRouter(prefix="/api/v1/journal", tags=["journal"])

LIST = "journal"
ENTRIES_AT_ONCE = 100
NO_JOURNAL = "There is no journal in the audited database; `trueup init --install` makes it."


@router.get("", responses=problems({404: NO_JOURNAL}))
def list_journal(
    _who: Annotated[Principal, requires(Permission.JOURNAL_READ)],
    at_hand: Annotated[Services, Depends(services)],
    limit: Limit = ENTRIES_AT_ONCE,
    cursor: Cursor = None,
) -> JournalPage:
    """The journal's entries, oldest first. Entries that are appended meanwhile come last."""
    since = int(at_hand.cursors.read(cursor, of=LIST)["since"]) if cursor is not None else 0
    try:
        page = journal_page(journal_url(at_hand.config), since=since, limit=limit)
    except NoJournal:
        raise Problem(404, NO_JOURNAL) from None
    following = at_hand.cursors.written(of=LIST, since=page.entries[-1].seq) if page.more else None
    return JournalPage(
        entries=[JournalEntry(**dataclasses.asdict(entry)) for entry in page.entries],
        last_seq=page.head.seq if page.head else None,
        next_cursor=following,
    )


@router.get("/verify", responses=problems({404: NO_JOURNAL}))
def verify_journal(
    _who: Annotated[Principal, requires(Permission.JOURNAL_READ)],
    at_hand: Annotated[Services, Depends(services)],
) -> JournalVerdict:
    """Read the whole journal and say whether its chain holds, or where it breaks."""
    try:
        verdict = check_journal(journal_url(at_hand.config))
    except NoJournal:
        raise Problem(404, NO_JOURNAL) from None
    if isinstance(verdict, Sound):
        return JournalVerdict(verdict="sound", count=verdict.count, seq=verdict.seq, hash=verdict.hash, reason=None)
    return JournalVerdict(verdict="broken", count=None, seq=verdict.seq, hash=None, reason=verdict.reason)
