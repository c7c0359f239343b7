"""The signing keys of the tokens' issuer: fetched, cached for a while, and never trusted for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from trueup.model.errors import OutgoingFailed, TrueupError
from trueup.web.logs import logger

FRESH_SECONDS = 600.0
"""Keys of this age are used without asking again."""

KEPT_SECONDS = 3600.0
"""Keys of this age are used when the issuer does not answer; older ones are not used at all."""

PAUSE_SECONDS = 60.0
"""The least time between two requests to the issuer: made-up key ids cannot cause more of them."""

_RSA_MODULUS_LENGTH = 342
"""2048 bits in base64url. Shorter keys can be factored."""
_MOST_KEYS = 100

PublicKey = RSAKey | ECKey | OKPKey


class KeysUnavailable(TrueupError):
    """The issuer's keys cannot be fetched, and the known ones are too old to be trusted."""


@dataclass(slots=True, kw_only=True)
class IssuerKeys:
    """The signing keys at one address. Safe to use from any thread.

    ``fetch`` gives the JSON Web Key Set and raises ``OutgoingFailed``; ``clock`` counts seconds and never goes back.
    """

    fetch: Callable[[], object]
    clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _keys: Mapping[tuple[str, str], PublicKey] = field(default_factory=dict, repr=False)
    _fetched: float | None = None
    _asked: float | None = None

    def key(self, kid: str, algorithm: str) -> PublicKey | None:
        """The key of this id for this algorithm; None when the issuer has none. Raises ``KeysUnavailable``."""
        if (cached := self._keys.get((kid, algorithm))) is not None and self._age() < FRESH_SECONDS:
            return cached
        # A caller does not wait for another's request, or made-up key ids could block every thread; only the first one
        # waits.
        if self._lock.acquire(blocking=self._fetched is None):
            try:
                self._ask_again(kid, algorithm)
            finally:
                self._lock.release()
        elif cached is None:
            raise KeysUnavailable("The issuer is being asked for its keys; try again in a moment.")
        if self._age() >= KEPT_SECONDS:
            raise KeysUnavailable(
                "The keys of server.jwt.jwks_url cannot be fetched; is the issuer reachable from here?"
            )
        return self._keys.get((kid, algorithm))

    def _ask_again(self, kid: str, algorithm: str) -> None:
        now = self.clock()
        needless = (kid, algorithm) in self._keys and self._age() < FRESH_SECONDS
        if needless or (self._asked is not None and now - self._asked < PAUSE_SECONDS):
            return
        self._asked = now
        try:
            self._keys = usable_keys(self.fetch())
            self._fetched = now
        except OutgoingFailed as error:
            logger().warning("the issuer's keys cannot be fetched", reason=str(error))

    def _age(self) -> float:
        return self.clock() - self._fetched if self._fetched is not None else float("inf")


def usable_keys(document: object) -> Mapping[tuple[str, str], PublicKey]:
    """The public signing keys of a JSON Web Key Set, by id and algorithm; its other entries are ignored.

    Raises ``OutgoingFailed`` when it is not such a set.
    """
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list) or len(listed) > _MOST_KEYS:
        raise OutgoingFailed("The answer is not a JSON Web Key Set.")
    keys: dict[tuple[str, str], PublicKey] = {}
    for written in listed:
        if isinstance(written, dict) and isinstance(kid := written.get("kid"), str) and kid:
            key = _usable(written)
            if key is not None:
                keys.setdefault((kid, key[0]), key[1])
    return keys


def _usable(written: dict[str, Any]) -> tuple[str, PublicKey] | None:
    """One key and the one algorithm it is for. A secret or private key that was published is never trusted."""
    if written.get("use", "sig") != "sig" or "d" in written:
        return None
    algorithm = {"RSA": "RS256", "EC": "ES256", "OKP": "EdDSA"}.get(str(written.get("kty")))
    if algorithm is None or written.get("crv") != {"ES256": "P-256", "EdDSA": "Ed25519"}.get(algorithm):
        return None
    if algorithm == "RS256" and len(str(written.get("n"))) < _RSA_MODULUS_LENGTH:
        return None
    try:
        key = _imported(algorithm, written)
        key.check_alg(algorithm)
        key.check_key_op("verify")
    except (JoseError, ValueError, TypeError):
        return None
    return algorithm, key


def _imported(algorithm: str, written: dict[str, Any]) -> PublicKey:
    match algorithm:
        case "RS256":
            return RSAKey.import_key(written)
        case "ES256":
            return ECKey.import_key(written)
        case _:
            return OKPKey.import_key(written)
