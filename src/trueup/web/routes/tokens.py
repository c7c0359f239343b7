"""API tokens: list, make, revoke. Their secrets are shown once and stored nowhere."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from trueup.actions import tokens
from trueup.web.access import Permission, Principal, requires
from trueup.web.problems import Problem
from trueup.web.routes.answers.administration import TokenMade, Tokens
from trueup.web.routes.answers.problems import problems
from trueup.web.routes.parameters import TokenIdPath
from trueup.web.routes.request_bodies import TokenBody
from trueup.web.services import Services, services
from trueup.web.strict import strict_json

router = APIRouter(prefix="/api/v1/tokens", tags=["tokens"])

NO_SUCH_TOKEN = "There is no such token."  # noqa: S105 - a sentence


@router.get("")
def list_tokens(
    _who: Annotated[Principal, requires(Permission.TOKEN_MANAGE)],
    at_hand: Annotated[Services, Depends(services)],
) -> Tokens:
    """Every token, newest first; revoked and expired ones stay as a record."""
    return Tokens.model_validate(tokens.tokens_document(tokens.list_tokens(at_hand.store), now=at_hand.clock()))


@router.post("", status_code=201)
def make_token(
    who: Annotated[Principal, requires(Permission.TOKEN_MANAGE)],
    at_hand: Annotated[Services, Depends(services)],
    order: Annotated[TokenBody, strict_json(TokenBody)],
) -> TokenMade:
    """Make a token. Its secret is shown only in this answer."""
    now = at_hand.clock()
    new = tokens.create_token(
        at_hand.store,
        name=order.name,
        role=order.role,
        lifetime_days=order.lifetime_days,
        created_by=who.actor,
        now=now,
    )
    return TokenMade.model_validate({"secret": new.text, "token": tokens.token_document(new.stored, now=now)})


@router.delete("/{token_id}", status_code=204, response_class=Response, responses=problems({404: NO_SUCH_TOKEN}))
def revoke_token(
    who: Annotated[Principal, requires(Permission.TOKEN_MANAGE)],
    at_hand: Annotated[Services, Depends(services)],
    token_id: TokenIdPath,
) -> None:
    """Revoke a token from this moment on."""
    try:
        tokens.revoke_token(at_hand.store, token_id, revoked_by=who.actor, now=at_hand.clock())
    except tokens.UnknownToken:
        raise Problem(404, NO_SUCH_TOKEN) from None
