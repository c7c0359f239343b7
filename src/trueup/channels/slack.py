"""Slack, through an incoming webhook of an app of your own (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks).

    [alerts.channels.billing]
    kind = "slack"
    url = "${SLACK_WEBHOOK_URL}"    # the whole address is a secret: it lets anyone post

Slack shows at most twenty findings, the most urgent first. Text that users of the app wrote is sent as plain text, in
which ``<!channel>``, ``@here``, links and formatting are only letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from trueup.channels.delivery import hand_over
from trueup.channels.kind import Opening
from trueup.channels.wording import CUT, cleaned, facts, headline, item_lines, json_bytes, more_line, pretty, unlisted
from trueup.model.alert import Alert
from trueup.model.options import option
from trueup.outgoing import HttpResponse
from trueup.outgoing.dialing import Reach
from trueup.outgoing.hosts import Endpoint

# https://docs.slack.dev/reference/block-kit/blocks: characters of a header, of a section's text and of one field.
HEADER_LENGTH = 150
TEXT_LENGTH = 3000
FIELD_LENGTH = 2000
MOST_ITEMS = 20
MOST_LINKS = 5

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_WORD = re.compile(r"[a-z][a-z_]{0,59}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of a Slack channel."""

    url: str = option("The address of the incoming webhook. Its whole path is a secret.", secret=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackChannel:
    """Posts blocks."""

    name: str
    endpoint: Endpoint
    reach: Reach

    def send(self, alert: Alert) -> None:
        """Post the alert. Raises ``DeliveryFailed``."""
        body = json_bytes(payload(cleaned(alert)))
        hand_over(self.name, self.endpoint, self.reach, headers={}, body=body, word=_word)


def payload(alert: Alert) -> dict[str, object]:
    """The message. ``text`` is what a notification shows; Slack is asked to create no mentions and links from it."""
    return {
        "text": escaped(headline(alert), TEXT_LENGTH),
        "blocks": list(_blocks(alert)),
        "mrkdwn": False,
        "parse": "none",
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def escaped(text: str, limit: int) -> str:
    """``text`` with Slack's three control characters as entities, cut to ``limit`` characters, no entity in two.

    >>> escaped("<!channel> & co", 99), escaped("a<b", 4)
    ('&lt;!channel&gt; &amp; co', 'a…')
    """
    parts = [_ENTITIES.get(character, character) for character in text]
    if sum(map(len, parts)) <= limit:
        return "".join(parts)
    kept, length = [], len(CUT)
    for part in parts:
        length += len(part)
        if length > limit:
            break
        kept.append(part)
    return "".join(kept) + CUT


def show(alert: Alert) -> str:
    """Return what is sent for the alert, as the manual shows it."""
    return pretty(payload(cleaned(alert)))


def open_channel(options: Options, opening: Opening) -> SlackChannel:
    """Open the channel. Raises ``ConfigurationError`` for an address that cannot be right."""
    return SlackChannel(name=opening.name, endpoint=opening.endpoint("url", options.url), reach=opening.reach)


def _blocks(alert: Alert) -> Iterator[dict[str, object]]:
    shown = alert.items[:MOST_ITEMS]
    yield {"type": "header", "text": _plain(headline(alert), HEADER_LENGTH)}
    if alert.summary:
        yield _section("\n".join(alert.summary))
    yield {"type": "section", "fields": [_plain(f"{label}\n{value}", FIELD_LENGTH) for label, value in facts(alert)]}
    for item in shown:
        yield _section("\n".join(item_lines(item)))
    if more := unlisted(alert, shown):
        yield _section(more_line(more))
    if alert.links:
        links = [_link(label, url) for label, url in list(alert.links.items())[:MOST_LINKS]]
        yield {"type": "context", "elements": [{"type": "mrkdwn", "text": link, "verbatim": True} for link in links]}


def _section(text: str) -> dict[str, object]:
    return {"type": "section", "text": _plain(text, TEXT_LENGTH)}


def _plain(text: str, limit: int) -> dict[str, object]:
    return {"type": "plain_text", "text": escaped(text, limit) or " ", "emoji": False}


def _link(label: str, url: str) -> str:
    """A link that trueup adds, in Slack's markup; "|" would end the address."""
    return f"<{escaped(url, FIELD_LENGTH).replace('|', '%7C')}|{escaped(label, HEADER_LENGTH)}>"


def _word(answer: HttpResponse) -> str:
    """The reason for a refusal, which Slack gives as one word, such as ``no_service``."""
    text = answer.body.decode("ascii", "replace").strip()
    return text if _WORD.fullmatch(text) else ""
