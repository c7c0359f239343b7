"""API tokens: looked up at every request, so that a revoked one is worthless at once."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from trueup.model.errors import StoreUnavailable
from trueup.store.tokens import parse_token
from trueup.web.access.principal import Principal
from trueup.web.access.verifying import Rejected
from trueup.web.services import Services

_PREFIX = "trueup_"


@dataclass(frozen=True, slots=True)
class ApiTokens:
    """Judges ``trueup_…`` tokens by the store."""

    services: Services

    def accepts(self, credential: str) -> bool:
        """By its prefix."""
        return credential.startswith(_PREFIX)

    def claimed_name(self, credential: str) -> str | None:
        """The token's id; None for one that is mistyped."""
        presented = parse_token(credential)
        return f"token:{presented.token_id}" if presented else None

    def verify(self, credential: str) -> Principal | Rejected:
        """The token's holder. Raises ``StoreUnavailable``."""
        presented = parse_token(credential)
        if presented is None:
            return Rejected(reason="the token is mistyped")
        store, now = self.services.store, self.services.clock()
        stored = store.tokens.find(presented.token_id)
        if stored is None or not stored.matches(presented.secret):
            return Rejected(reason=f"token {presented.token_id} is unknown or its secret is wrong")
        if not stored.valid(now):
            return Rejected(reason=f"token {presented.token_id} is expired or revoked")
        # When it was last used is worth knowing, and not worth failing for.
        with contextlib.suppress(StoreUnavailable):
            store.tokens.touch(stored, now=now)
        return Principal(actor=f"token:{presented.token_id}", role=stored.role)
