"""Limit failed sign-ins: after too many from one address or for one name, no more are checked for a while.

The counts are kept in this process: with several replicas an attacker has so many attempts at each of them. The secrets
are 256 random bits or signatures, so the limit protects the store and the log, not a weak secret. A name's limit is
above an address's, so that no single address can lock a name out.
"""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import math
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from trueup.web.logs import logger
from trueup.web.notes import notes
from trueup.web.problems import Problem

if TYPE_CHECKING:
    from limits.storage import Storage
    from starlette.requests import Request

PER_ADDRESS = RateLimitItemPerMinute(20)
PER_NAME = RateLimitItemPerMinute(60)
RETRY_SECONDS = 5

_IPV6_NETWORK_BITS = 64


class Attempts:
    """The failed attempts of the last minute. Safe to use from any thread.

    ``storage`` must wrap its exceptions. When it fails, reads are let through and writes are not.
    """

    def __init__(self, storage: Storage | None = None) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(storage or MemoryStorage(wrap_exceptions=True))

    def refuse_after_many(self, *, address: str, name: str | None, writing: bool) -> None:
        """Raises ``Problem`` 429 when this address or this name has failed too often, even with a right credential."""
        with _closing_on_failure(writing=writing):
            for limit, key in _keys(address, name):
                if not self._limiter.test(limit, key):
                    reset = self._limiter.get_window_stats(limit, key).reset_time
                    seconds = max(1, math.ceil(reset - time.time()))
                    raise Problem(
                        429, "Too many failed attempts; try again later.", headers={"Retry-After": str(seconds)}
                    )

    def note_failure(self, *, address: str, name: str | None, writing: bool) -> None:
        """Count one failed attempt."""
        with _closing_on_failure(writing=writing):
            for limit, key in _keys(address, name):
                self._limiter.hit(limit, key)


def log_refusal(request: Request, reason: str) -> None:
    """Put a refused try on record. The caller does not see the reason."""
    address = request.client.host if request.client else "unknown"
    logger().warning("refused", requestId=notes(request).request_id, address=address, reason=reason)


def _keys(address: str, name: str | None) -> Iterator[tuple[RateLimitItemPerMinute, str]]:
    yield PER_ADDRESS, f"address:{_network(address)}"
    if name is not None:
        yield PER_NAME, f"name:{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()}"


def _network(address: str) -> str:
    """The address; for IPv6, the network that one customer gets as a whole."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:  # noqa: PLR2004 - the protocol's version
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), _IPV6_NETWORK_BITS), strict=False))


@contextlib.contextmanager
def _closing_on_failure(*, writing: bool) -> Iterator[None]:
    try:
        yield
    except StorageError as error:
        logger().warning("the limiter failed", reason=str(error))
        if writing:
            headers = {"Retry-After": str(RETRY_SECONDS)}
            raise Problem(503, "Changes cannot be accepted now; try again later.", headers=headers) from None
