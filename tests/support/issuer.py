"""An issuer of JSON Web Tokens: its keys, the key set it publishes, and tokens that are right until a test bends them.

It stands where a company's identity provider stands and leaves out everything but the keys.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from tests.support.api import NOW
from trueup.model.errors import OutgoingFailed
from trueup.model.settings import JwtSettings

SETTINGS = JwtSettings(
    issuer="https://id.example.com/",
    audience="trueup",
    jwks_url="https://id.example.com/keys",
    algorithms=("RS256", "ES256", "EdDSA"),
    role_claim="roles",
    roles={"viewer": ("billing-read",), "admin": ("billing-admin",), "super_admin": ("root",)},
)


def seconds(moment: datetime) -> int:
    """A naive UTC moment as tokens count."""
    return int(moment.replace(tzinfo=UTC).timestamp())


def claims(**changed: Any) -> dict[str, Any]:
    """Claims that hold at noon of the tests' day; a change to None leaves that claim out."""
    right = {
        "iss": SETTINGS.issuer,
        "aud": SETTINGS.audience,
        "sub": "ada",
        "iat": seconds(NOW) - 60,
        "nbf": seconds(NOW) - 60,
        "exp": seconds(NOW) + 300,
        "roles": ["billing-admin"],
    }
    return {name: value for name, value in {**right, **changed}.items() if value is not None}


def encoded(part: object) -> str:
    """A part of a token."""
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass(slots=True, kw_only=True)
class Issuer:
    """``asked`` counts how often its keys were fetched; ``down`` makes it unreachable; ``published`` is its key set."""

    rsa: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "rsa-1"}))
    elliptic: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "ec-1"}))
    edwards: OKPKey = field(default_factory=lambda: OKPKey.generate_key("Ed25519", {"kid": "ed-1"}))
    published: object = None
    asked: int = 0
    down: bool = False

    def fetch(self) -> object:
        """What its address answers."""
        self.asked += 1
        if self.down:
            raise OutgoingFailed("id.example.com did not answer.")
        return self.published if self.published is not None else self.key_set()

    def key_set(self, *more: Mapping[str, object]) -> dict[str, object]:
        """The public keys."""
        own = [key.as_dict(private=False) for key in (self.rsa, self.elliptic, self.edwards)]
        return {"keys": [*own, *more]}

    def token(
        self,
        body: object = None,
        *,
        header: Mapping[str, object] | None = None,
        key: Any = None,
        algorithm: str = "RS256",
    ) -> str:
        """A signed token. A header value of None leaves it out; the signature is always the key's own."""
        key = key or {"RS256": self.rsa, "ES256": self.elliptic, "EdDSA": self.edwards}[algorithm]
        written = {"alg": algorithm, "typ": "JWT", "kid": key.kid, **(header or {})}
        head = encoded({name: value for name, value in written.items() if value is not None})
        signed = f"{head}.{encoded(claims() if body is None else body)}"
        model = jws.JWSRegistry.algorithms[algorithm]
        return f"{signed}.{encoded(model.sign(signed.encode(), key))}"
