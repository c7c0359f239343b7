"""What ``[server.jwt]`` may accept: no weak signature, no keys from an unencrypted address."""

from __future__ import annotations

from trueup.model.errors import ConfigurationError, nearest
from trueup.model.finding import printable
from trueup.model.settings import JwtSettings

ALGORITHMS = ("RS256", "ES256", "EdDSA")
"""The accepted signature algorithms, all with a key that only the issuer has. The config cannot add others."""


def refuse_weak(settings: JwtSettings, *, place: str) -> None:
    """Raises ``ConfigurationError`` for settings that are not safe: weak algorithms, unencrypted keys, no roles."""
    for name in settings.algorithms:
        if name not in ALGORITHMS:
            known = nearest(name, ALGORITHMS) or f"; known are {', '.join(ALGORITHMS)}"
            raise ConfigurationError(f'server.jwt.algorithms in {place} holds "{printable(name)}"{known}.')
    if not settings.jwks_url.startswith("https://"):
        raise ConfigurationError(
            f"server.jwt.jwks_url in {place} must begin with https://, because its keys are trusted."
        )
    if not settings.algorithms or not any(settings.roles.values()):
        raise ConfigurationError(
            f"[server.jwt] in {place} would accept no token: name algorithms, and the words for roles."
        )
