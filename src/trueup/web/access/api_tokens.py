"""API tokens: looked up at every request, so that a revoked token is refused at once."""

from __future__ import annotations

from dataclasses import dataclass

from trueup.actions.tokens import TokenRefused, authenticate_token, claimed_token_id
from trueup.web.access.principal import Principal
from trueup.web.access.verifying import Rejected
from trueup.web.services import Services

_PREFIX = "trueup_"


@dataclass(frozen=True, slots=True)
class ApiTokens:
    """Verifies ``trueup_…`` tokens against the store."""

    services: Services

    def accepts(self, credential: str) -> bool:
        """Whether it has the prefix of these tokens."""
        return credential.startswith(_PREFIX)

    def claimed_name(self, credential: str) -> str | None:
        """The token's id; None for one that is mistyped."""
        token_id = claimed_token_id(credential)
        return f"token:{token_id}" if token_id else None

    def verify(self, credential: str) -> Principal | Rejected:
        """The token's holder. Raises ``StoreUnavailable``."""
        token = authenticate_token(credential, store=self.services.store, now=self.services.clock())
        if isinstance(token, TokenRefused):
            return Rejected(reason=token.reason)
        return Principal(actor=f"token:{token.token_id}", role=token.role, proven_at=token.created_at)
