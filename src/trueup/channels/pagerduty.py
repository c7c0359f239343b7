"""PagerDuty, through an integration of the kind "Events API v2" (https://developer.pagerduty.com/docs/events-api-v2-overview).

    [alerts.channels.oncall]
    kind = "pagerduty"
    routing_key = "${PAGERDUTY_ROUTING_KEY}"    # the integration's key, 32 letters and digits
    # region = "eu"                             # where your account is in the European region

One trouble is one incident: later messages about it carry the same key and do not page again, and its resolution
resolves the incident. A test opens an incident and resolves it at once.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from trueup.channels.delivery import hand_over
from trueup.channels.kind import Opening
from trueup.channels.wording import (
    cleaned,
    facts,
    headline,
    item_lines,
    json_bytes,
    more_line,
    pretty,
    shorten,
    unlisted,
)
from trueup.model.alert import Alert, AlertKind
from trueup.model.options import option
from trueup.outgoing import HttpResponse
from trueup.outgoing.dialing import Reach
from trueup.outgoing.hosts import Endpoint

ENDPOINTS = {
    "us": "https://events.pagerduty.com/v2/enqueue",
    "eu": "https://events.eu.pagerduty.com/v2/enqueue",
}
SUMMARY_LENGTH = 1024
DEDUP_KEY_LENGTH = 255
SOURCE_LENGTH = 255
DETAIL_LENGTH = 1000  # PagerDuty accepts 512 KB in all; twenty findings stay far below
MOST_ITEMS = 20
MOST_LINKS = 5

_ROUTING_KEY = re.compile(r"[0-9A-Za-z]{32}")
_WORDS = re.compile(r"[a-z][a-z ]{0,59}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of a PagerDuty channel."""

    routing_key: str = option("The integration's key: 32 letters and digits.", secret=True)
    region: str = option('The region of the account: "us" or "eu".', default="us")


@dataclass(frozen=True, slots=True, kw_only=True)
class PagerDutyChannel:
    """Opens and resolves incidents."""

    name: str
    endpoint: Endpoint
    reach: Reach
    routing_key: str = field(repr=False)

    def send(self, alert: Alert) -> None:
        """Send the event. Raises ``DeliveryFailed``."""
        clean_alert = cleaned(alert)
        if alert.kind is not AlertKind.RESOLVED:
            self._send(trigger(clean_alert))
        if alert.kind in {AlertKind.RESOLVED, AlertKind.TEST}:
            self._send(resolve(clean_alert))

    def _send(self, event: Mapping[str, object]) -> None:
        body = json_bytes({"routing_key": self.routing_key, **event})
        hand_over(self.name, self.endpoint, self.reach, headers={}, body=body, word=_word)


def trigger(alert: Alert) -> dict[str, object]:
    """The event that opens an incident, or is added to the open one with the same key."""
    links = list(alert.links.items())[:MOST_LINKS]
    return {
        "event_action": "trigger",
        "dedup_key": dedup_key(alert),
        "client": "trueup",
        "links": [{"href": url, "text": shorten(label, SOURCE_LENGTH)} for label, url in links],
        "payload": {
            "summary": shorten(headline(alert), SUMMARY_LENGTH),
            "source": shorten(alert.environment, SOURCE_LENGTH) or "trueup",
            "severity": alert.severity.value,  # trueup's four words are PagerDuty's four words
            "timestamp": f"{alert.at.isoformat()}Z",
            "component": "billing",
            "class": alert.kind.value,
            "custom_details": _details(alert),
        },
    }


def resolve(alert: Alert) -> dict[str, object]:
    """The event that closes the incident."""
    return {"event_action": "resolve", "dedup_key": dedup_key(alert)}


def dedup_key(alert: Alert) -> str:
    """The alert's key, or a digest of it where it is too long."""
    if len(alert.dedup_key) <= DEDUP_KEY_LENGTH:
        return alert.dedup_key
    return hashlib.sha256(alert.dedup_key.encode("utf-8", "surrogatepass")).hexdigest()


def show(alert: Alert) -> str:
    """Return what is sent for the alert, as the manual shows it."""
    return pretty({"routing_key": "…", **trigger(cleaned(alert))})


def open_channel(options: Options, opening: Opening) -> PagerDutyChannel:
    """Open the channel. Raises ``ConfigurationError`` for a key or a region that cannot be right."""
    if not _ROUTING_KEY.fullmatch(options.routing_key):
        raise opening.complaint("routing_key", "must be an integration's key of 32 letters and digits")
    if options.region not in ENDPOINTS:
        raise opening.complaint("region", 'must be "us" or "eu"')
    return PagerDutyChannel(
        name=opening.name,
        endpoint=opening.endpoint("region", ENDPOINTS[options.region]),
        reach=opening.reach,
        routing_key=options.routing_key,
    )


def _details(alert: Alert) -> dict[str, object]:
    shown = alert.items[:MOST_ITEMS]
    more = unlisted(alert, shown)
    findings = [shorten(" ".join(item_lines(item)), DETAIL_LENGTH) for item in shown]
    return {
        "summary": [shorten(line, DETAIL_LENGTH) for line in alert.summary[:MOST_ITEMS]],
        **{label: shorten(value, DETAIL_LENGTH) for label, value in facts(alert)},
        "findings": findings + ([more_line(more)] if more else []),
    }


def _word(answer: HttpResponse) -> str:
    """The reason for a refusal (``invalid event``). The details may repeat what was sent, and are left out."""
    try:
        status = json.loads(answer.body)["status"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return ""
    return status if isinstance(status, str) and _WORDS.fullmatch(status) else ""
