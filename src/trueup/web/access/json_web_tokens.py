"""JSON Web Tokens of one issuer. This module checks what the library does not: type, key, header, claims."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry

from trueup.model.access import Role
from trueup.model.finding import printable
from trueup.model.settings import JwtSettings
from trueup.web.access.issuer_keys import IssuerKeys
from trueup.web.access.principal import Principal
from trueup.web.access.verifying import Rejected
from trueup.web.problems import Problem
from trueup.web.strict import Json, parsed

SKEW_SECONDS = 30
"""How far the issuer's clock may differ from this machine's."""

_LONGEST = 8192
_PARTS = 3
_NAME_LENGTH = 200
_LATEST = 2**33
"""A moment in seconds that is far enough away, and that every machine can hold."""


class _Registry(JWSRegistry):
    """The library's registry.

    It ignores headers that it does not know, as RFC 7515 requires, and does not warn that RFC 9864 has a new name for
    EdDSA: tokens carry the old one.
    """

    def get_alg(self, name: str) -> Any:
        """The algorithm of this name. Raises ``UnsupportedAlgorithmError``."""
        if name not in (self.allowed or ()):
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonWebTokens:
    """Verifies tokens of the issuer in ``settings``. ``clock`` is now, naive UTC.

    ``needs_type`` is False for ID tokens: their header need not say that they are tokens.
    """

    settings: JwtSettings
    keys: IssuerKeys
    clock: Callable[[], datetime]
    needs_type: bool = True
    actor_prefix: str = "jwt:"

    def accepts(self, credential: str) -> bool:
        """Whether it has the three parts of such a token."""
        return credential.count(".") == _PARTS - 1

    def claimed_name(self, credential: str) -> str | None:
        """The subject that the token claims, before anything is proven."""
        claims = _read(credential.split(".")[1]) if len(credential) <= _LONGEST else None
        subject = claims.get("sub") if isinstance(claims, dict) else None
        return f"jwt:{subject}" if isinstance(subject, str) else None

    def verify(self, credential: str) -> Principal | Rejected:
        """The token's subject, with the highest of its roles. Raises ``KeysUnavailable``."""
        claims = self.verified_claims(credential)
        return claims if isinstance(claims, Rejected) else self.principal(claims)

    def verified_claims(self, credential: str) -> Mapping[str, Any] | Rejected:
        """The claims of a token that the issuer signed for us and that holds now. Raises ``KeysUnavailable``."""
        header = _read(credential.partition(".")[0]) if len(credential) <= _LONGEST else None
        if not isinstance(header, dict):
            return Rejected(reason="the token has no header that can be read")
        if (fault := self._header_fault(header)) is not None:
            return Rejected(reason=fault)
        algorithm, kid = str(header["alg"]), str(header["kid"])
        key = self.keys.key(kid, algorithm)
        if key is None:
            return Rejected(reason="the token's key is not one of the issuer's")
        registry = _Registry(algorithms=[algorithm], strict_check_header=False)
        try:
            claims = jwt.decode(credential, key, registry=registry).claims
            self._expected().validate(claims)
        except JoseError as error:
            return Rejected(reason=f"the token does not hold: {error.error}")
        except (ValueError, TypeError, RecursionError):
            return Rejected(reason="the token cannot be read")
        return claims

    def _header_fault(self, header: Mapping[str, Json]) -> str | None:
        kid, kind = header.get("kid"), header.get("typ")
        if header.get("alg") not in self.settings.algorithms:
            return "the token's algorithm is not allowed"
        if not isinstance(kid, str) or not kid or len(kid) > _NAME_LENGTH:
            return "the token does not name its key"
        if kind is None and not self.needs_type:
            kind = self.settings.type
        if not isinstance(kind, str) or _type(kind) != _type(self.settings.type):
            return "the token is of another type"
        if "crit" in header or "b64" in header:
            return "the token asks for an extension"
        return None

    def _expected(self) -> JWTClaimsRegistry:
        return JWTClaimsRegistry(
            now=int(self.clock().replace(tzinfo=UTC).timestamp()),
            leeway=SKEW_SECONDS,
            iss={"essential": True, "value": self.settings.issuer},
            aud={"essential": True, "value": self.settings.audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    def principal(self, claims: Mapping[str, Any]) -> Principal | Rejected:
        """The subject of verified claims, with the highest of its roles."""
        subject, given = claims["sub"], claims.get(self.settings.role_claim)
        if len(subject) > _NAME_LENGTH or printable(subject) != subject:
            return Rejected(reason="the token's subject is not a name that the journal could hold")
        listed = given if isinstance(given, list) else [given]
        words = {word for word in listed if isinstance(word, str)}
        held = [role for role in Role if words & set(self.settings.roles.get(role.value, ()))]
        if not held:
            return Rejected(reason="the token's subject has no role here")
        return Principal(actor=f"{self.actor_prefix}{subject}", role=held[-1], proven_at=_proven_at(claims))


def _proven_at(claims: Mapping[str, Any]) -> datetime | None:
    """When the subject signed in at the issuer, or when the token was issued; None where it says neither."""
    for name in ("auth_time", "iat"):
        moment = claims.get(name)
        if isinstance(moment, int) and not isinstance(moment, bool) and 0 <= moment < _LATEST:
            return datetime.fromtimestamp(moment, UTC).replace(tzinfo=None)
    return None


def _read(part: str) -> Json:
    """A part of a token; None when it is not base64url of strict JSON."""
    if not part.isascii() or "=" in part:
        return None
    try:
        return parsed(base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, Problem):
        return None


def _type(name: str) -> str:
    """A media type as RFC 7515 compares it: without case, and without the optional prefix."""
    return name.lower().removeprefix("application/")
