"""Sign-in at an identity provider: OpenID Connect's code flow with PKCE, discovery, state and nonce.

A person's roles are in one claim of the ID token, so they are as new as the sign-in.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import quote, urlencode, urlsplit

from trueup.actions.sign_in import SESSION_HOURS
from trueup.model.errors import OutgoingFailed
from trueup.model.settings import JwtSettings, OidcSettings
from trueup.web.access.issuer_keys import IssuerKeys
from trueup.web.access.json_web_tokens import SKEW_SECONDS, JsonWebTokens
from trueup.web.access.principal import Principal
from trueup.web.access.verifying import Rejected

ATTEMPT_SECONDS = 600
"""How long a person may take at the provider."""

DISCOVERY_SECONDS = 600.0
_LONGEST_COOKIE = 3500


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInAttempt:
    """What the browser keeps, signed, while its person is at the provider."""

    state: str
    nonce: str
    verifier: str
    next_path: str
    begun: int
    fresh: bool = False
    """Whether the provider was asked to have the person sign in anew, whatever session they have there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """Where the provider is asked, as it says itself."""

    authorization_endpoint: str
    token_endpoint: str
    keys: IssuerKeys
    takes_secret_in_header: bool


class PostForm(Protocol):
    """Posts a form and returns the status and the body. Raises ``OutgoingFailed``."""

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]: ...


@dataclass(slots=True, kw_only=True)
class OidcProvider:
    """One identity provider. Safe to use from any thread. ``fetch`` gets a JSON document, ``post`` sends a form.

    ``redirect_url`` is where the provider leads people back to; ``clock`` is now, naive UTC.
    """

    settings: OidcSettings
    redirect_url: str
    fetch: Callable[[str], object]
    post: PostForm
    clock: Callable[[], datetime]
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _discovery: Discovery | None = None
    _discovered: float = 0.0

    def begin(self, next_path: str, *, fresh: bool = False) -> tuple[str, SignInAttempt]:
        """The provider's address to lead a person to, and what to remember. Raises ``OutgoingFailed``.

        With ``fresh`` the provider must ask the person again, and must say in the ID token when it did.
        """
        attempt = SignInAttempt(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            next_path=next_path,
            begun=_seconds(self.clock()),
            fresh=fresh,
        )
        endpoint = self._discovered_now().authorization_endpoint
        query = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self.redirect_url,
            "scope": " ".join(self.settings.scopes),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": _encoded(hashlib.sha256(attempt.verifier.encode()).digest()),
            "code_challenge_method": "S256",
            # Only a provider that is asked for an age must say when the person signed in (OpenID Connect Core, 2).
            "max_age": "0" if fresh else str(SESSION_HOURS * 3600),
            **({"prompt": "login"} if fresh else {}),
        }
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}", attempt

    def finish(self, code: str, attempt: SignInAttempt) -> Principal | Rejected:
        """The person behind a code. Raises ``OutgoingFailed`` and ``KeysUnavailable`` when that cannot be known now."""
        discovery = self._discovered_now()
        status, body = self._exchange(discovery, code, attempt)
        if status >= _FAILED:
            raise OutgoingFailed(f"The identity provider answered {status} for a code.")
        token = _id_token(body)
        if status != _OK or token is None:
            return Rejected(reason=f"the provider gave no ID token for the code (it answered {status})")
        tokens = JsonWebTokens(
            settings=_trust(self.settings),
            keys=discovery.keys,
            clock=self.clock,
            needs_type=False,
            actor_prefix="oidc:",
        )
        claims = tokens.verified_claims(token)
        if isinstance(claims, Rejected):
            return claims
        if not isinstance(claims.get("nonce"), str) or not hmac.compare_digest(claims["nonce"], attempt.nonce):
            return Rejected(reason="the ID token is of another sign-in: its nonce differs")
        if claims.get("azp", self.settings.client_id) != self.settings.client_id:
            return Rejected(reason="the ID token was issued to another application")
        if attempt.fresh and not _is_fresh(claims.get("auth_time"), attempt):
            return Rejected(reason="the provider does not say that it asked the person to sign in anew")
        return tokens.principal(claims)

    def _exchange(self, discovery: Discovery, code: str, attempt: SignInAttempt) -> tuple[int, bytes]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_url,
            "code_verifier": attempt.verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        secret = self.settings.client_secret
        if secret is not None and discovery.takes_secret_in_header:
            pair = f"{quote(self.settings.client_id, safe='')}:{quote(secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": self.settings.client_id, **({"client_secret": secret} if secret else {})}
        return self.post(discovery.token_endpoint, urlencode(form).encode(), headers)

    def _discovered_now(self) -> Discovery:
        """The provider's own description, at most ten minutes old."""
        with self._lock:
            if self._discovery is None or time.monotonic() - self._discovered > DISCOVERY_SECONDS:
                self._discovery = self._discover()
                self._discovered = time.monotonic()
            return self._discovery

    def _discover(self) -> Discovery:
        issuer = self.settings.issuer
        document = self.fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if not isinstance(document, dict) or document.get("issuer") != issuer:
            raise OutgoingFailed("The identity provider's description is of another issuer than server.oidc.issuer.")
        authorization, token, keys = (
            _https(document, name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
        )
        methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return Discovery(
            authorization_endpoint=authorization,
            token_endpoint=token,
            keys=IssuerKeys(fetch=lambda: self.fetch(keys)),
            takes_secret_in_header=isinstance(methods, list) and "client_secret_basic" in methods,
        )


_OK, _FAILED = 200, 500


def _is_fresh(auth_time: object, attempt: SignInAttempt) -> bool:
    """Whether the person signed in after this attempt began; the two clocks may differ a little."""
    return isinstance(auth_time, int) and auth_time >= attempt.begun - SKEW_SECONDS


def sign(attempt: SignInAttempt, key: bytes) -> str:
    """The attempt as a cookie's value, which only we can have written."""
    fields = [attempt.state, attempt.nonce, attempt.verifier, attempt.next_path, attempt.begun, attempt.fresh]
    body = _encoded(json.dumps(fields).encode())
    return f"{body}.{_encoded(hmac.digest(key, body.encode(), 'sha256'))}"


def read_signed(text: str, key: bytes, *, now: datetime) -> SignInAttempt | None:
    """The attempt in a cookie; None where we did not write it, and where it is more than ten minutes old."""
    body, _, signature = text.partition(".")
    if len(text) > _LONGEST_COOKIE or not text.isascii():
        return None
    if not hmac.compare_digest(_encoded(hmac.digest(key, body.encode(), "sha256")), signature):
        return None
    fields = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    state, nonce, verifier, next_path, begun, fresh = fields
    attempt = SignInAttempt(state=state, nonce=nonce, verifier=verifier, next_path=next_path, begun=begun, fresh=fresh)
    return attempt if 0 <= _seconds(now) - attempt.begun < ATTEMPT_SECONDS else None


def _trust(settings: OidcSettings) -> JwtSettings:
    """What an ID token of this provider must say to be believed."""
    return JwtSettings(
        issuer=settings.issuer,
        audience=settings.client_id,
        jwks_url=settings.issuer,
        algorithms=settings.algorithms,
        role_claim=settings.role_claim,
        roles=settings.roles,
    )


def _id_token(body: bytes) -> str | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    token = document.get("id_token") if isinstance(document, dict) else None
    return token if isinstance(token, str) else None


def _https(document: dict[str, Any], name: str) -> str:
    url = document.get(name)
    if not isinstance(url, str) or urlsplit(url).scheme != "https" or not url.isascii() or not url.isprintable():
        raise OutgoingFailed(f"The identity provider's description has no {name} that begins with https://.")
    return url


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _seconds(moment: datetime) -> int:
    return int(moment.replace(tzinfo=UTC).timestamp())
