"""How a credential is judged: who it claims to be, and whether that is proven."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from trueup.web.access.principal import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Not proven. ``reason`` is for the log; the caller is told nothing."""

    reason: str


class Verifier(Protocol):
    """Judges one kind of credential. Its methods may wait, and are called from any thread."""

    def accepts(self, credential: str) -> bool:
        """Whether it is of this kind, by its looks."""

    def claimed_name(self, credential: str) -> str | None:
        """Who it says it is, unproven: failed attempts are counted by it."""

    def verify(self, credential: str) -> Principal | Rejected:
        """Who it proves to be. Raises ``TrueupError`` when that cannot be found out now."""
