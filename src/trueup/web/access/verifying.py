"""The interface of credentials: whom a credential claims to be, and whether that is proven."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from trueup.web.access.principal import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Not proven. ``reason`` is for the log; the caller does not see it."""

    reason: str


class Verifier(Protocol):
    """Verifies one kind of credential. Its methods may block, and are called from any thread."""

    def accepts(self, credential: str) -> bool:
        """Whether the credential has the form of this kind."""

    def claimed_name(self, credential: str) -> str | None:
        """The identity that it claims, unproven: failed attempts are counted by it."""

    def verify(self, credential: str) -> Principal | Rejected:
        """The identity that it proves. Raises ``TrueupError`` when that cannot be decided now."""
