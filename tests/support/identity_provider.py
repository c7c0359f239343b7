"""An identity provider on loopback, over TLS: discovery, the authorization endpoint, the token endpoint, keys.

It follows the code flow with PKCE as OpenID Connect and RFC 7636 have it: a code is used once, by the client that it
was issued to, with the verifier of its challenge. It leaves out: the person's own sign-in page and consent (``person``
is signed in), refresh tokens, userinfo, sign-out, dynamic registration, and every flow but the code flow.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import secrets
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.support.issuer import Issuer, seconds

CLIENT, SECRET = "trueup", "a secret: with/odd characters"


@dataclass(slots=True)
class IdentityProvider:
    """The provider and the person who is signed in at it. ``change`` bends the claims of the next ID tokens."""

    clock: Callable[[], datetime]
    issuer: str = ""
    tokens: Issuer = field(default_factory=Issuer)
    person: str = "ada"
    roles: list[str] = field(default_factory=lambda: ["billing-admin"])
    change: dict[str, Any] = field(default_factory=dict)
    document: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    is_down: bool = False
    asked: list[str] = field(default_factory=list)

    def describe(self) -> dict[str, Any]:
        """The discovery document."""
        known = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }
        return {**known, **self.document}

    def authorize(self, address: str) -> str:
        """What a browser that opens the authorization endpoint is led back to."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state'], 'iss': self.issuer})}"

    def exchange(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """What the token endpoint answers."""
        if self.is_down:
            return 502, {}
        name, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        expected = base64.urlsafe_b64encode(challenge).decode().rstrip("=")
        if (name, parse_qs(f"s={secret}")["s"]) != (CLIENT, [SECRET]) or asked is None:
            return 401, {"error": "invalid_client"}
        if asked["code_challenge"] != expected or asked["redirect_uri"] != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        now = self.clock()
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": self.person,
            "iat": seconds(now),
            "exp": seconds(now) + 300,
            "nonce": asked["nonce"],
            "roles": self.roles,
        }
        changed = {**claims, **self.change}
        token = self.tokens.token({name: value for name, value in changed.items() if value is not None})
        return 200, {"id_token": token, "access_token": "x", "token_type": "Bearer"}


@contextlib.contextmanager
def identity_provider(trust: ssl.SSLContext, clock: Callable[[], datetime]) -> Iterator[IdentityProvider]:
    """A running provider, whose certificate ``trust`` is."""
    provider = IdentityProvider(clock=clock)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.asked.append(self.path)
            keys = provider.tokens.fetch() if self.path == "/keys" else provider.describe()
            self._answer(200, keys)

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._answer(*provider.exchange(form, self.headers.get("Authorization", "")))

        def _answer(self, status: int, document: object) -> None:
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = trust.wrap_socket(server.socket, server_side=True)
        provider.issuer = f"https://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
