"""The journal: what trueup did, newest first, by actor or by account, and whether its chain holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from trueup.actions.journal import (
    JournalUnusable,
    NoJournal,
    check_journal,
    exported_lines,
    journal_url,
    newest_page,
)
from trueup.actions.repair import UNDOABLE
from trueup.web.access import Permission, Principal, page_requires
from trueup.web.console.query import ActorQuery, BeforeQuery, Download, DownloadQuery, SubjectQuery, VerifyQuery
from trueup.web.console.rendering import render
from trueup.web.logs import logger
from trueup.web.services import Services, services

router = APIRouter(include_in_schema=False)

ENTRIES_ON_A_PAGE = 50


@router.get("/journal")
def show_journal(
    who: Annotated[Principal, page_requires(Permission.JOURNAL_READ)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
    before: BeforeQuery = None,
    actor: ActorQuery = None,
    subject: SubjectQuery = None,
    verify: VerifyQuery = None,
    download: DownloadQuery = None,
) -> Response:
    """Render a page of the journal; with ``verify`` also whether all of it is sound."""
    url = journal_url(at_hand.config)
    try:
        page = newest_page(url, limit=ENTRIES_ON_A_PAGE, before=before, actor=actor, subject=subject)
        verdict = check_journal(url) if verify else None
    except NoJournal:
        return render(request, "journal_none.html", title="Journal", at_hand=at_hand, who=who, is_missing=True)
    except JournalUnusable as error:
        logger().warning("cannot read the journal", reason=str(error))
        return render(request, "journal_none.html", title="Journal", at_hand=at_hand, who=who, is_missing=False)
    if download == Download.JSON:
        return _exported(url)
    return render(
        request,
        "journal.html",
        title="Journal",
        at_hand=at_hand,
        who=who,
        page=page,
        verdict=verdict,
        before=before,
        undoable=UNDOABLE,
        chosen={"actor": actor, "account": subject},
    )


def _exported(url: str) -> StreamingResponse:
    def lines() -> Iterator[str]:
        for line in exported_lines(url):
            yield f"{line}\n"

    headers = {"Content-Disposition": 'attachment; filename="journal.jsonl"'}
    return StreamingResponse(lines(), media_type="application/jsonl", headers=headers)
