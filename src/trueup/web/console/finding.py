"""One finding: what is wrong, why it matters, what both sides say, what happened, and what may be done."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from trueup.actions.journal import JournalUnusable, journal_url, newest_page
from trueup.actions.repair import UNDOABLE
from trueup.model.dashboard import dashboard_link
from trueup.web.access import Permission, Principal, form_requires, page_requires, strict_form
from trueup.web.console.both_sides import add_repairs, stripe_books
from trueup.web.console.query import EntryQuery
from trueup.web.console.rendering import lead_to, render
from trueup.web.console.wording import path_part
from trueup.web.problems import Problem
from trueup.web.routes.answers.problems import NO_SUCH_ISSUE
from trueup.web.routes.explaining import in_full
from trueup.web.routes.finding_notes import add_note, list_notes
from trueup.web.routes.lookups import find_check_of_issue, find_finding
from trueup.web.routes.parameters import IssueIdPath
from trueup.web.routes.request_bodies import NoteBody
from trueup.web.services import Services, services

if TYPE_CHECKING:
    from trueup.journal import JournalEntry
    from trueup.model.check import Check
    from trueup.store import StoredFinding

router = APIRouter(include_in_schema=False)

_STRIPE_NAME = re.compile(
    "stripe|invoice|payment|charge|refund|dispute|checkout|price|customer|subscription|seats?paid|delivered|livemode"
    "|endpoint|currency|paid|event",
    re.IGNORECASE,
)
_STRIPE_ID = re.compile("(?:cus|sub|si|in|inpay|pi|ch|re|du|dp|cs|price|prod|evt|we)_[A-Za-z0-9_]+")
_LEDGER_NAME = re.compile("ledger|entry|entries|grant|credited|balance|local|app", re.IGNORECASE)


def is_of_stripe(name: str, value: object) -> bool:
    """Whether a value of the evidence is what Stripe says, by its name or by the form of its id.

    >>> is_of_stripe("invoiceId", "in_1"), is_of_stripe("lastBalanceAfter", "5"), is_of_stripe("localPrice", None)
    (True, False, False)
    """
    if isinstance(value, str) and _STRIPE_ID.fullmatch(value):
        return True
    return bool(_STRIPE_NAME.search(name)) and not _LEDGER_NAME.search(name)


def sides_of(evidence: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The evidence of the app's side and of Stripe's, each in the check's order."""
    stripe = {name: value for name, value in evidence.items() if is_of_stripe(name, value)}
    return {name: value for name, value in evidence.items() if name not in stripe}, stripe


@router.get("/findings/{issue_id:path}")
def show_finding(
    who: Annotated[Principal, page_requires(Permission.FINDING_READ)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
    issue_id: IssueIdPath,
    entry: EntryQuery = None,
) -> HTMLResponse:
    """Render one finding: as the last run reported it, and what the database says of it now."""
    check = find_check_of_issue(at_hand, issue_id)
    stored = find_finding(at_hand, issue_id)
    if stored is None:
        raise Problem(404, NO_SUCH_ISSUE)
    full = _in_full(at_hand, check, stored, who)
    shown = full["current"] or full["finding"]
    app, stripe = sides_of(shown["evidence"]) if shown else ({}, {})
    return render(
        request,
        "finding.html",
        title=full["title"],
        at_hand=at_hand,
        who=who,
        full=full,
        shown=shown,
        severity=stored.severity.value,
        app=app,
        stripe=stripe,
        links=_links(at_hand, stripe),
        account=_account_of(full),
        undoable=UNDOABLE,
        stripe_side=at_hand.stripe_side.state,
        notes=list_notes(who, at_hand, issue_id).model_dump(mode="json")["notes"],
        repaired=_repaired(at_hand, stored.issue_id, entry) if who.may(Permission.JOURNAL_READ) else None,
    )


def _in_full(at_hand: Services, check: Check, stored: StoredFinding, who: Principal) -> dict[str, Any]:
    """The finding as the API's JSON has it, with Stripe's side and our own repairs for those who read evidence."""
    if not who.may(Permission.EVIDENCE_READ):
        return in_full(at_hand, check, stored, masked=True).model_dump(mode="json", by_alias=True)
    with stripe_books(at_hand) as stripe:
        full = in_full(at_hand, check, stored, masked=False, stripe=stripe).model_dump(mode="json", by_alias=True)
    if full["timeline"] is not None:
        full["timeline"] = add_repairs(full["timeline"], full["timeline"]["accountId"], at_hand=at_hand, who=who)
    return full


@router.post("/notes")
def keep_note(
    who: Annotated[Principal, form_requires(Permission.NOTE_WRITE)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
    order: Annotated[NoteBody, strict_form(NoteBody)],
) -> Response:
    """Keep a note, and lead back to the finding."""
    add_note(who, at_hand, order)
    return lead_to(request, f"/findings/{path_part(order.issue_id)}")


def _links(at_hand: Services, evidence: Mapping[str, Any]) -> dict[str, str]:
    """The pages of Stripe's dashboard about the objects that the evidence names, in the mode that is audited."""
    livemode, account = at_hand.config.policy.livemode, at_hand.config.stripe.account
    ids = (value for value in evidence.values() if isinstance(value, str) and _STRIPE_ID.fullmatch(value))
    pages = ((value, dashboard_link(value, livemode=livemode, account=account)) for value in ids)
    return {value: link for value, link in pages if link is not None}


def _repaired(at_hand: Services, issue_id: str, entry: int | None) -> JournalEntry | None:
    """The entry of the journal that the address names, where it is a repair of this finding."""
    if entry is None:
        return None
    try:
        page = newest_page(journal_url(at_hand.config), before=entry + 1, limit=1)
    except JournalUnusable:
        return None
    return next((line for line in page.entries if line.seq == entry and line.target == issue_id), None)


def _account_of(full: Mapping[str, Any]) -> str | None:
    """The account that the finding is about, where its evidence or the database says so."""
    if full["timeline"] is not None:
        account: str | None = full["timeline"]["accountId"]
        return account
    evidence = (full["finding"] or {}).get("evidence", {})
    named = evidence.get("accountId")
    return named if isinstance(named, str) else None
