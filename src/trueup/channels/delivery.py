"""Send an alert to a receiver by HTTP, and decide from its answer whether to try again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from trueup.model.errors import DeliveryFailed, OutgoingFailed
from trueup.model.finding import printable
from trueup.outgoing import HttpResponse, exchange
from trueup.outgoing.dialing import Reach
from trueup.outgoing.hosts import Endpoint

# Request timeout, too early, too many requests (RFC 9110, 8470, 6585): the same request may succeed a little later.
_NOT_NOW = frozenset({408, 425, 429})
_REDIRECTS = range(300, 400)
_SERVER_ERRORS = range(500, 600)


def hand_over(
    name: str,
    endpoint: Endpoint,
    reach: Reach,
    *,
    headers: Mapping[str, str],
    body: bytes,
    word: Callable[[HttpResponse], str] = lambda _: "",
) -> None:
    """POST ``body`` for the channel ``name``. ``word`` reads the receiver's reason for a refusal.

    Raises ``DeliveryFailed``: permanent for an answer of 3xx and 4xx, except those that mean "not now".
    """
    try:
        answer = exchange("POST", endpoint, reach, headers={"Content-Type": "application/json", **headers}, body=body)
    except OutgoingFailed as error:
        raise failed_delivery(name, str(error), permanent=False) from None
    if answer.accepted:
        return
    detail = f" ({printable(answered)})" if (answered := word(answer)) else ""
    raise failed_delivery(
        name,
        f"{answer.place} answered {answer.status}{detail}{_mend(answer.status)}.",
        permanent=not _may_pass(answer.status),
        retry_after_seconds=answer.retry_after_seconds,
    )


def failed_delivery(
    name: str, reason: str, *, permanent: bool, retry_after_seconds: float | None = None
) -> DeliveryFailed:
    """The error of a channel; ``reason`` is the rest of its sentence, and holds no secret."""
    message = f'The channel "{printable(name)}" did not get the alert: {reason}'
    return DeliveryFailed(message, permanent=permanent, retry_after_seconds=retry_after_seconds)


def _may_pass(status: int) -> bool:
    return status in _NOT_NOW or status in _SERVER_ERRORS


def _mend(status: int) -> str:
    if status in _REDIRECTS:
        return ", a redirect, which is not followed; write the final address"
    return "; trueup tries again" if _may_pass(status) else "; check the channel's address and keys"
