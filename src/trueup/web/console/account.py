"""One account: why it has its credits, what both sides record, its findings, and what its plan gives."""

from __future__ import annotations

import contextlib
import io
import json
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from trueup.actions.runs import findings_about, newest_run
from trueup.actions.statement import AccountHistory, NotOneAccount, history_of_account
from trueup.formats.statement import StatementFormat, write_statement
from trueup.formats.statement.page import StatementPage
from trueup.formats.timeline import timeline_document
from trueup.model.errors import ConfigurationError
from trueup.model.timeline import Side
from trueup.web.access import Permission, Principal, page_requires
from trueup.web.console.both_sides import add_repairs, stripe_books
from trueup.web.console.query import OrEmpty, TextQuery
from trueup.web.console.rendering import lead_to, render
from trueup.web.console.wording import path_part
from trueup.web.routes.parameters import AccountPath
from trueup.web.routes.query_types import Word
from trueup.web.services import Services, services

if TYPE_CHECKING:
    from trueup.books.file import Books
    from trueup.store import StoredFinding

router = APIRouter(include_in_schema=False)

LINES_OF_EACH_SIDE = 100
FINDINGS_SHOWN = 50
LINES_ASKED = 250
"""Of how many of the newest lines of a ledger findings are looked for."""
_MEDIA_TYPES = {
    StatementFormat.JSON: "application/json",
    StatementFormat.CSV: "text/csv; charset=utf-8",
    StatementFormat.TEXT: "text/plain; charset=utf-8",
}
_WIDTH = 100

StatementQuery = Annotated[str | None, OrEmpty(Word(tuple(_MEDIA_TYPES))), Query(alias="format")]
ReaderQuery = Annotated[str | None, OrEmpty(Word(("customer",))), Query(alias="for")]


@router.get("/accounts")
def search_account(
    who: Annotated[Principal, page_requires(Permission.EVIDENCE_READ)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
    text: TextQuery = None,
) -> Response:
    """Lead to the account that a text names; or say that it names none, or several."""
    named = text.strip() if text else ""
    several: tuple[str, ...] = ()
    if named:
        try:
            history = _history(at_hand, named, length=1)
        except NotOneAccount as refused:
            several = refused.accounts
        else:
            return lead_to(request, f"/accounts/{path_part(history.statement.account_id)}")
    findings = _findings(at_hand, named) if named else ()
    return render(
        request,
        "accounts.html",
        title="Find an account",
        at_hand=at_hand,
        who=who,
        named=named,
        several=several,
        findings=findings,
    )


@router.get("/accounts/{account:path}")
def show_account(
    who: Annotated[Principal, page_requires(Permission.EVIDENCE_READ)],
    at_hand: Annotated[Services, Depends(services)],
    request: Request,
    account: AccountPath,
    download: StatementQuery = None,
    reader: ReaderQuery = None,
) -> Response:
    """Render an account with its statement, or only the statement: for its customer, or as a file."""
    shows_both_sides = reader is None and download is None
    try:
        with stripe_books(at_hand) if shows_both_sides else contextlib.nullcontext() as stripe:
            history = _history(at_hand, account, length=LINES_OF_EACH_SIDE, stripe=stripe)
    except NotOneAccount as refused:
        return render(
            request,
            "accounts.html",
            title="No such account",
            at_hand=at_hand,
            who=who,
            status=404,
            named=account,
            several=refused.accounts,
            findings=_findings(at_hand, account),
        )
    except ConfigurationError as refused:
        reason = str(refused)
        return render(
            request, "account_none.html", title="No statement", at_hand=at_hand, who=who, named=account, reason=reason
        )
    page = StatementPage(statement=history.statement, for_customer=reader is not None)
    if download is not None:
        return _file(page, StatementFormat(download))
    if page.for_customer:
        return render(request, "statement.html", title=page.title, at_hand=at_hand, who=who, page=page, account=account)
    account_id = history.statement.account_id
    timeline = timeline_document(history.timeline).model_dump(mode="json", by_alias=True)
    return render(
        request,
        "account.html",
        title=f"Account {account_id}",
        at_hand=at_hand,
        who=who,
        page=page,
        statement=history.statement,
        timeline=add_repairs(timeline, account_id, at_hand=at_hand, who=who),
        stripe_side=at_hand.stripe_side.state,
        findings=_findings(at_hand, account_id, history),
        gates=_gates(at_hand, history.statement.plan),
    )


def _history(at_hand: Services, named: str, *, length: int, stripe: Books | None = None) -> AccountHistory:
    return history_of_account(
        named,
        config=at_hand.config,
        catalogue=at_hand.catalogue,
        now=at_hand.clock(),
        length=length,
        session=at_hand.repair_sessions.reading(at_hand.config),
        stripe=stripe,
    )


def _findings(at_hand: Services, named: str, history: AccountHistory | None = None) -> tuple[StoredFinding, ...]:
    """The findings of what is named, and of an account's newest entries and objects at Stripe."""
    subjects, entries = [named], []
    if history is not None:
        newest = history.statement.lines[-LINES_ASKED:]
        subjects += [line.id for line in history.timeline.lines if line.side is Side.STRIPE]
        subjects += [stripe_id for line in newest for stripe_id in line.stripe_ids]
        entries = [line.entry_id for line in newest]
    return findings_about(
        subjects,
        entries=entries,
        store=at_hand.store,
        catalogue=at_hand.catalogue,
        environment=at_hand.config.environment,
        limit=FINDINGS_SHOWN,
    )


def _gates(at_hand: Services, plan: str | None) -> list[dict[str, Any]]:
    """The plan gates of this plan, as the newest run has them."""
    run = newest_run(at_hand.store, at_hand.config)
    gates = json.loads(run.head)["planGates"] if run is not None and plan is not None else []
    return [gate for gate in gates if gate["plan"] == plan]


def _file(page: StatementPage, form: StatementFormat) -> Response:
    out = io.StringIO()
    write_statement(page, out, form, width=_WIDTH)
    headers = {"Content-Disposition": f'attachment; filename="statement.{form}"'}
    return Response(out.getvalue(), media_type=_MEDIA_TYPES[form], headers=headers)
