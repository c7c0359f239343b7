"""Any receiver of your own: a POST of JSON, signed by the rules of Standard Webhooks (https://www.standardwebhooks.com).

    [alerts.channels.pipeline]
    kind = "webhook"
    url = "https://ops.example.com/hooks/trueup"
    secret = "${TRUEUP_WEBHOOK_SECRET}"          # whsec_ and 24 to 64 bytes in base64
    # previous_secret = "${OLD_WEBHOOK_SECRET}"  # while receivers change over: signed with both

The headers are ``webhook-id``, which is the same in every attempt, ``webhook-timestamp``, the moment of the attempt,
and ``webhook-signature``. Verify them with any of the Standard Webhooks libraries before reading the body. An answer
of 2xx within ten seconds means that the alert was received.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from trueup.channels.delivery import hand_over
from trueup.channels.kind import Opening
from trueup.channels.wording import cleaned, json_bytes, pretty
from trueup.model.alert import Alert, document_of
from trueup.model.options import option
from trueup.outgoing.dialing import Reach
from trueup.outgoing.hosts import Endpoint

SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix is public
SECRET_BYTES = range(24, 65)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of a webhook channel."""

    url: str = option("The address to POST to. Its path and query are treated as secrets and never shown.", secret=True)
    secret: str = option("The shared secret: whsec_ and 24 to 64 random bytes in base64.", secret=True)
    previous_secret: str | None = option(
        "The secret before this one, while receivers change over: then there are two signatures.",
        default=None,
        secret=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChannel:
    """Signs and posts an alert."""

    name: str
    endpoint: Endpoint
    reach: Reach
    clock: Callable[[], datetime]
    keys: tuple[bytes, ...] = field(repr=False)

    def send(self, alert: Alert) -> None:
        """POST the alert. Raises ``DeliveryFailed``."""
        body = json_bytes(payload(cleaned(alert)))
        timestamp = int(self.clock().replace(tzinfo=UTC).timestamp())
        headers = {
            "webhook-id": alert.message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": " ".join(signature(key, alert.message_id, timestamp, body) for key in self.keys),
        }
        hand_over(self.name, self.endpoint, self.reach, headers=headers, body=body)


def payload(alert: Alert) -> dict[str, object]:
    """The body: ``type``, ``timestamp`` and ``data``, as the specification proposes."""
    return {"type": f"trueup.alert.{alert.kind}", "timestamp": f"{alert.at.isoformat()}Z", "data": document_of(alert)}


def signature(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """The symmetric signature, version 1: HMAC-SHA256 over id, seconds and body."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode("ascii")


def show(alert: Alert) -> str:
    """Return what is sent for the alert, as the manual shows it."""
    return pretty(payload(cleaned(alert)))


def open_channel(options: Options, opening: Opening) -> WebhookChannel:
    """Open the channel. Raises ``ConfigurationError`` for an address or a secret that cannot be right."""
    keys = [_key(options.secret, "secret", opening)]
    if options.previous_secret is not None:
        keys.append(_key(options.previous_secret, "previous_secret", opening))
    return WebhookChannel(
        name=opening.name,
        endpoint=opening.endpoint("url", options.url),
        reach=opening.reach,
        clock=opening.clock,
        keys=tuple(keys),
    )


def _key(secret: str, name: str, opening: Opening) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(SECRET_PREFIX) or len(key) not in SECRET_BYTES:
        raise opening.complaint(
            name, f'must be "{SECRET_PREFIX}" and {SECRET_BYTES[0]} to {SECRET_BYTES[-1]} random bytes in base64'
        )
    return key
