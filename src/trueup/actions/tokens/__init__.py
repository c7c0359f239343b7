"""Create, list and revoke API tokens, and check the one that a caller presents."""

from trueup.actions.tokens.administration import (
    NewToken,
    UnknownToken,
    create_token,
    list_tokens,
    revoke_token,
    token_document,
    tokens_document,
)
from trueup.actions.tokens.authentication import TokenRefused, authenticate_token, claimed_token_id
from trueup.store.tokens import LONGEST_DAYS

__all__ = [
    "LONGEST_DAYS",
    "NewToken",
    "TokenRefused",
    "UnknownToken",
    "authenticate_token",
    "claimed_token_id",
    "create_token",
    "list_tokens",
    "revoke_token",
    "token_document",
    "tokens_document",
]
