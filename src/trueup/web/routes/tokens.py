"""API tokens: listed, made, revoked. Their secrets are shown once and stored nowhere."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from trueup.formats.wording import instant
from trueup.store import StoredToken
from trueup.web.access import Permission, Principal, requires
from trueup.web.problems import Problem
from trueup.web.routes.answers.administration import Token, TokenMade, Tokens
from trueup.web.routes.answers.problems import problems
from trueup.web.routes.answers.words import moment_or_none
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
    now = at_hand.clock()
    return Tokens(tokens=[_token(made, now) for made in at_hand.store.tokens.list()])


@router.post("", status_code=201)
def make_token(
    who: Annotated[Principal, requires(Permission.TOKEN_MANAGE)],
    at_hand: Annotated[Services, Depends(services)],
    order: Annotated[TokenBody, strict_json(TokenBody)],
) -> TokenMade:
    """Make a token. What is answered is shown this once."""
    now = at_hand.clock()
    secret, made = at_hand.store.tokens.create(
        name=order.name, role=order.role, lifetime_days=order.lifetime_days, created_by=who.actor, now=now
    )
    return TokenMade(secret=secret, token=_token(made, now))


@router.delete("/{token_id}", status_code=204, response_class=Response, responses=problems({404: NO_SUCH_TOKEN}))
def revoke_token(
    who: Annotated[Principal, requires(Permission.TOKEN_MANAGE)],
    at_hand: Annotated[Services, Depends(services)],
    token_id: TokenIdPath,
) -> None:
    """Make a token worthless from this moment on."""
    if not at_hand.store.tokens.revoke(token_id, revoked_by=who.actor, now=at_hand.clock()):
        raise Problem(404, NO_SUCH_TOKEN)


def _token(made: StoredToken, now: datetime) -> Token:
    return Token(
        id=made.token_id,
        name=made.name,
        role=made.role,
        created_by=made.created_by,
        created_at=instant(made.created_at),
        expires_at=instant(made.expires_at),
        revoked_at=moment_or_none(made.revoked_at),
        last_used_at=moment_or_none(made.last_used_at),
        valid=made.valid(now),
    )
