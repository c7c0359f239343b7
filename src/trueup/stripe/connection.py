"""Asking Stripe, through its SDK: one GET at a time, tried again while that can help."""

from __future__ import annotations

import itertools
import logging
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import stripe

from trueup.model.finding import printable
from trueup.model.redact import redact
from trueup.stripe.failures import CursorDied, KeyRefused, NoSuchObject, NotPermitted, NotRead, Passing
from trueup.stripe.key import Key
from trueup.stripe.rate_limiter import RateLimiter, RetryPolicy
from trueup.stripe.transport import Transport

API_VERSION = "2026-10-28.endive"
"""The one shape that is asked for, whatever the account's default is."""

JSON = Mapping[str, Any]
_PERMISSION = re.compile(r"'(rak_\w+)'")
_ACCOUNT = re.compile(r"acct_[A-Za-z0-9]+")
_REQUEST = re.compile(r"req_[A-Za-z0-9]{1,60}")
_SHOWN = 200
_TOO_MANY, _NOT_FOUND = 429, 404
_LONGEST_ASKED_SECONDS = 3600.0


class StripeConnection:
    """One key's way to Stripe. ``requests`` counts what was sent; ``named_account`` is whom a refusal named."""

    def __init__(
        self, *, client: stripe.StripeClient, transport: Transport, rate_limiter: RateLimiter, retry_policy: RetryPolicy
    ) -> None:
        self._client = client
        self._transport = transport
        self._rate_limiter = rate_limiter
        self._retry_policy = retry_policy
        self.requests = 0
        self.named_account: str | None = None
        self.request_id: str | None = None
        """Stripe's own id of the question that was answered last."""

    @property
    def stripe_time(self) -> float | None:
        """What Stripe's own clock said last, in Unix seconds; None before it said anything."""
        return self._transport.stripe_time

    def get(self, path: str, parameters: Mapping[str, object], *, accept: Callable[[JSON], None]) -> JSON:
        """The answer to a GET. ``accept`` looks at it and raises ``Passing`` for one that cannot be right.

        Raises ``NotRead`` when no right answer comes, before the deadline or at all.
        """
        for attempt in itertools.count(1):
            self._rate_limiter.wait()
            try:
                answer = self._ask(path, parameters)
                accept(answer)
            except Passing as failure:
                if attempt >= self._retry_policy.attempts:
                    raise NotRead(f"{failure}, {attempt} times in a row") from None
                self._rate_limiter.hold(max(failure.wait_seconds or 0.0, self._retry_policy.wait_seconds(attempt)))
            else:
                return answer
        raise AssertionError  # pragma: no cover - counting does not end

    def _ask(self, path: str, parameters: Mapping[str, object]) -> JSON:
        self.requests += 1
        try:
            answer = self._client.raw_request("get", path, **parameters)
        except stripe.StripeError as error:
            self.request_id = _read_request_id(error.headers or {})
            raise self._translate_error(error) from None
        self.request_id = _read_request_id(answer.headers)
        if not isinstance(answer.data, dict):
            raise Passing("Stripe answered with something that is no object")
        return answer.data

    def _translate_error(self, error: stripe.StripeError) -> Exception:
        """Which of our failures an error of the SDK is."""
        message = _read_message(error)
        match error:
            case stripe.RateLimitError():
                return Passing("Stripe asked us to slow down (429)", wait_seconds=_read_retry_after(error))
            case stripe.AuthenticationError():
                return KeyRefused(f"Stripe refuses the key: {message}")
            case stripe.PermissionError():
                self.named_account = _search_text(_ACCOUNT, message) or self.named_account
                permission = _search_text(_PERMISSION, message.replace('"', "'"))
                needs = f"it lacks the permission {permission}" if permission else message
                return NotPermitted(f"the key may not read it: {needs}", permission=permission)
            case stripe.InvalidRequestError() if error.code == "resource_missing":
                if error.param == "starting_after":
                    return CursorDied("the object that a page was to begin after has left the list")
                return NoSuchObject(message)
            case stripe.InvalidRequestError() if error.http_status == _NOT_FOUND:
                return NotRead(f"Stripe does not know the address: {message}")
            case stripe.InvalidRequestError():
                return NotRead(f"Stripe refuses the question: {message}")
            case stripe.APIConnectionError():
                says = f"the connection to Stripe failed: {message}"
                return Passing(says) if error.should_retry else NotRead(says)
        return _translate_server_error(error)


def _read_request_id(headers: Mapping[str, str]) -> str | None:
    request_id = headers.get("Request-Id")
    return request_id if request_id is not None and _REQUEST.fullmatch(request_id) else None


def _translate_server_error(error: stripe.StripeError) -> Exception:
    status = error.http_status
    headers = error.headers or {}
    if str(headers.get("Stripe-Should-Retry", "")).lower() == "false":
        return NotRead(f"Stripe failed ({status}) and asks not to be asked again")
    if status is None or status < 300:  # noqa: PLR2004 - what HTTP calls a success
        return Passing("Stripe answered with something that is no JSON")
    return Passing(f"Stripe failed ({status})", wait_seconds=_read_retry_after(error))


def _read_retry_after(error: stripe.StripeError) -> float | None:
    try:
        return min(max(0.0, float((error.headers or {}).get("Retry-After", ""))), _LONGEST_ASKED_SECONDS)
    except ValueError:
        return None


def _read_message(error: stripe.StripeError) -> str:
    message = error.user_message if isinstance(error.user_message, str) else str(error)
    return redact(printable(" ".join(message.split())))[:_SHOWN]


def _search_text(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return (match[1] if pattern.groups else match[0]) if match else None


class _Silence(logging.Filter):
    """Keeps the SDK's lines about this thread's requests, which hold customers' ids, out of an application's log."""

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()

    def filter(self, record: logging.LogRecord) -> bool:
        """Let pass what other threads do."""
        return record.thread != self._thread


@contextmanager
def connected(
    *, key: Key, api_base: str, rate_limiter: RateLimiter, retry_policy: RetryPolicy, proxy_from_environment: bool
) -> Iterator[StripeConnection]:
    """A connection with this key."""
    # The SDK knows this switch for the whole process alone. It would write a file and send what machine this is.
    stripe.enable_telemetry = False
    transport = Transport(left_seconds=lambda: rate_limiter.left_seconds, proxy_from_environment=proxy_from_environment)
    silence = _Silence()
    logger = logging.getLogger("stripe")
    logger.addFilter(silence)
    try:
        client = stripe.StripeClient(
            key.text,
            stripe_version=API_VERSION,
            base_addresses={"api": api_base},
            max_network_retries=0,
            http_client=transport,
        )
        yield StripeConnection(client=client, transport=transport, rate_limiter=rate_limiter, retry_policy=retry_policy)
    finally:
        logger.removeFilter(silence)
        transport.close()
