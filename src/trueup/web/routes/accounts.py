"""Accounts: why one has the credits that it has."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from trueup.actions.statement import NotOneAccount, state_account
from trueup.formats.statement.json import StatementDocument, statement_document
from trueup.web.access import Permission, Principal, requires
from trueup.web.problems import Problem
from trueup.web.routes.answers.problems import problems
from trueup.web.routes.parameters import AccountPath
from trueup.web.services import Services, services

router = APIRouter(prefix="/api/v1/accounts", tags=["accounts"])

NO_SUCH_ACCOUNT = "No account has this id, address, customer or subscription, and no ledger entry names it."
SEVERAL_ACCOUNTS = "Several accounts have this address, or an entry that names this: ask for one by its id."


@router.get("/{account:path}/statement", responses=problems({404: NO_SUCH_ACCOUNT, 409: SEVERAL_ACCOUNTS}))
def read_statement(
    _who: Annotated[Principal, requires(Permission.EVIDENCE_READ)],
    at_hand: Annotated[Services, Depends(services)],
    account: AccountPath,
) -> StatementDocument:
    """Why an account has its credits, from its rows as the database has them now: lines that sum, or say where not."""
    try:
        statement = state_account(
            account,
            config=at_hand.config,
            catalogue=at_hand.catalogue,
            now=at_hand.clock(),
            session=at_hand.repair_sessions.reading(at_hand.config),
        )
    except NotOneAccount as refused:
        if refused.accounts:
            raise Problem(409, SEVERAL_ACCOUNTS) from None
        raise Problem(404, NO_SUCH_ACCOUNT) from None
    return statement_document(statement)
