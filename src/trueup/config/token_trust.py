"""What ``[server.jwt]`` may believe: no weak signature, no key that came in plain text."""

from __future__ import annotations

from trueup.model.errors import ConfigurationError, nearest
from trueup.model.finding import printable
from trueup.model.settings import JwtSettings

ALGORITHMS = ("RS256", "ES256", "EdDSA")
"""Signatures by a key that we do not have. Nothing else is ever believed, whatever the config says."""


def refuse_weak(settings: JwtSettings, *, place: str) -> None:
    """Raises ``ConfigurationError`` for what must not be believed: weak algorithms, keys in plain text, no roles."""
    for name in settings.algorithms:
        if name not in ALGORITHMS:
            known = nearest(name, ALGORITHMS) or f"; known are {', '.join(ALGORITHMS)}"
            raise ConfigurationError(f'server.jwt.algorithms in {place} holds "{printable(name)}"{known}.')
    if not settings.jwks_url.startswith("https://"):
        raise ConfigurationError(f"server.jwt.jwks_url in {place} must begin with https://: keys are believed.")
    if not settings.algorithms or not any(settings.roles.values()):
        raise ConfigurationError(f"[server.jwt] in {place} accepts no token: name algorithms, and the words of roles.")
