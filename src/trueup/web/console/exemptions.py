"""Exemptions: who accepted what, why, until when, and what each one silences now."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import HTMLResponse

from trueup.actions import exemptions
from trueup.actions.runs import issues_of_run, newest_run
from trueup.web.access import Permission, Principal, page_requires
from trueup.web.console.query import AddedQuery
from trueup.web.console.rendering import render
from trueup.web.routes.redaction import without_addresses
from trueup.web.services import Services, services

if TYPE_CHECKING:
    from trueup.store import StoredRun

router = APIRouter(include_in_schema=False)

COUNTED = 1000
"""How many exempt findings are looked at to count what each exemption silences."""

Scope = tuple[str, str | None, str | None]


@router.get("/exemptions")
def show_exemptions(
    who: Annotated[Principal, page_requires(Permission.EXEMPTION_READ)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
    added: AddedQuery = None,
) -> HTMLResponse:
    """Render every exemption that holds or has expired."""
    listed = exemptions.list_exemptions(at_hand.config, at_hand.store, today=at_hand.clock().date())
    run = newest_run(at_hand.store, at_hand.config)
    silenced, is_cut = _silenced(at_hand, run)
    rows = [(each, silenced[each.exemption.scope]) for each in listed]
    if not who.may(Permission.EVIDENCE_READ):
        rows = [(_masked(each), count) for each, count in rows]
    return render(
        request,
        "exemptions.html",
        title="Exemptions",
        at_hand=at_hand,
        who=who,
        rows=rows,
        run=run,
        is_cut=is_cut,
        added=added if who.may(Permission.EXEMPTION_WRITE) else None,
    )


def _silenced(at_hand: Services, run: StoredRun | None) -> tuple[Counter[Scope], bool]:
    """How many findings of the run each scope silences, and whether there were too many to count."""
    if run is None:
        return Counter(), False
    page = issues_of_run(at_hand.store, run.run_id, limit=COUNTED, exempted=True)
    scopes: Counter[Scope] = Counter()
    for issue in page.issues:
        exemption = json.loads(issue.document)["exemption"]
        scopes[issue.check, exemption.get("subject"), exemption.get("plan")] += 1
    return scopes, page.after is not None


def _masked(listed: exemptions.ListedExemption) -> exemptions.ListedExemption:
    exemption = listed.exemption
    texts = without_addresses({"subject": exemption.subject, "owner": exemption.owner, "reason": exemption.reason})
    return dataclasses.replace(listed, exemption=dataclasses.replace(exemption, **texts))
