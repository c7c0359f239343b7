"""The only way out by HTTP: encrypted, to public or listed hosts, no redirects, ten seconds in all, a short answer.

The reasons are in docs/decisions/0009-outgoing-http.md.
"""

from __future__ import annotations

import email.utils
import json
import math
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

import httpcore

from trueup import __version__
from trueup.model.errors import OutgoingFailed
from trueup.outgoing.dialing import Deadline, Reach
from trueup.outgoing.hosts import Endpoint
from trueup.outgoing.stream import Backend

ANSWER_BYTES_LIMIT = 65_536
LONGEST_RETRY_AFTER_SECONDS = 3600.0
_OK = 200
_FAMILIES_OF_SUCCESS = range(200, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """The answer. ``body`` is at most 64 KiB; ``cut`` says that there was more, which was not read.

    ``retry_after_seconds`` is how long the receiver asks to wait, one hour at most.
    """

    place: str
    status: int
    body: bytes = field(repr=False)
    cut: bool = False
    retry_after_seconds: float | None = None

    @property
    def accepted(self) -> bool:
        """Whether the receiver accepted what was sent."""
        return self.status in _FAMILIES_OF_SUCCESS


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    private_hosts: Iterable[str],
    trust: ssl.SSLContext | None = None,
) -> HttpResponse:
    """POST ``body``. Every response of the receiver is an answer, also a redirect.

    Raises ``ConfigurationError`` for an address that must not be called, ``OutgoingFailed`` without an answer.
    """
    reach = Reach.beyond(private_hosts, trust=trust)
    return exchange("POST", reach.endpoint(url, named="The address to post to"), reach, headers=headers, body=body)


def fetch_json(url: str, *, private_hosts: Iterable[str], trust: ssl.SSLContext | None = None) -> object:
    """The JSON document at ``url``: one answer of 200, whole, UTF-8, at most 64 KiB.

    Raises ``ConfigurationError`` for an address that must not be called, ``OutgoingFailed`` without such a document.
    """
    reach = Reach.beyond(private_hosts, trust=trust)
    endpoint = reach.endpoint(url, named="The address to fetch")
    answer = exchange("GET", endpoint, reach, headers={"Accept": "application/json"})
    if answer.status != _OK:
        raise OutgoingFailed(f"{answer.place} answered {answer.status} instead of a document.")
    if answer.cut:
        raise OutgoingFailed(f"{answer.place} answered with more than {ANSWER_BYTES_LIMIT} bytes.")
    try:
        return json.loads(answer.body.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise OutgoingFailed(f"{answer.place} answered with something that is not JSON.") from None


def exchange(
    method: str, endpoint: Endpoint, reach: Reach, *, headers: Mapping[str, str], body: bytes | None = None
) -> HttpResponse:
    """One request over a connection of its own. Raises ``OutgoingFailed`` when no answer came, or not in time."""
    deadline = Deadline(reach.seconds)
    try:
        with (
            httpcore.HTTPConnection(
                _url(endpoint).origin,
                ssl_context=reach.tls() if endpoint.scheme == "https" else None,
                network_backend=Backend(reach, deadline),
            ) as connection,
            connection.stream(method, _url(endpoint), headers=_headers(endpoint, headers), content=body) as response,
        ):
            return _answer(endpoint, response)
    except TimeoutError:
        raise deadline.failure(endpoint.place) from None
    except (httpcore.NetworkError, httpcore.ProtocolError):
        raise OutgoingFailed(
            f"{endpoint.place} closed the connection, or answered with something that is not HTTP."
        ) from None


def _url(endpoint: Endpoint) -> httpcore.URL:
    """The address from its parts, so that httpcore does not have to parse it again."""
    return httpcore.URL(
        scheme=endpoint.scheme.encode(),
        host=endpoint.host.encode(),
        port=endpoint.port,
        target=endpoint.target.encode(),
    )


def _headers(endpoint: Endpoint, given: Mapping[str, str]) -> list[tuple[str, str]]:
    # "identity": the bytes that arrive are counted, and a small answer cannot unpack into a large one.
    usual = {
        "Host": endpoint.authority,
        "User-Agent": f"trueup/{__version__}",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    return [*usual.items(), *given.items()]


def _answer(endpoint: Endpoint, response: httpcore.Response) -> HttpResponse:
    body = bytearray()
    for part in response.iter_stream():
        body += part
        if len(body) > ANSWER_BYTES_LIMIT:
            break
    headers = {name.lower(): value.decode("latin-1") for name, value in response.headers}
    return HttpResponse(
        place=endpoint.place,
        status=response.status,
        body=bytes(body[:ANSWER_BYTES_LIMIT]),
        cut=len(body) > ANSWER_BYTES_LIMIT,
        retry_after_seconds=_retry_after(headers.get(b"retry-after"), headers.get(b"date")),
    )


def _retry_after(asked: str | None, sent: str | None) -> float | None:
    """Seconds, or a date against the receiver's own clock (RFC 9110, section 10.2.3)."""
    if asked is None:
        return None
    try:
        seconds = float(asked) if asked.strip().isdecimal() else _seconds_between(sent, asked)
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_SECONDS) if math.isfinite(seconds) else None


def _seconds_between(sent: str | None, asked: str) -> float:
    if sent is None:
        raise ValueError
    before, after = (email.utils.parsedate_to_datetime(text).replace(tzinfo=None) for text in (sent, asked))
    return (after - before).total_seconds()


def _no_number(word: str) -> NoReturn:
    raise ValueError(word)
