"""What Slack's readers see is our message: no mention, no link and no formatting that a user of the app wrote."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given

from tests.support.alerts import alert, alert_item, hostile_alerts, hostile_text, settings
from tests.support.identity import Authority
from tests.support.receivers import HTTPSink, answer
from trueup.channels import open_channel
from trueup.channels.slack import escaped, payload
from trueup.channels.wording import cleaned
from trueup.model.alert import Alert, AlertKind, ItemChange
from trueup.model.errors import DeliveryFailed
from trueup.model.severity import Severity

# https://docs.slack.dev/reference/block-kit/blocks
LIMITS = {"header": 150, "section": 3000, "field": 2000, "mrkdwn": 3000, "blocks": 50, "fields": 10, "elements": 10}
MARKUP = re.compile(r"<[^>]*>")
ENTITY = re.compile(r"&(?!amp;|lt;|gt;)")


def text_objects(message: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every text of the blocks with the limit that it has to keep."""
    for block in message["blocks"]:
        if "text" in block:
            yield block["type"], block["text"]
        yield from (("field", field) for field in block.get("fields", ()))
        yield from (("mrkdwn", element) for element in block.get("elements", ()))


def shown(message: dict[str, Any]) -> list[str]:
    """The texts as a reader sees them."""
    return [html.unescape(text["text"]) for _, text in text_objects(message)]


def test_a_message_says_what_where_and_how_bad() -> None:
    texts = shown(payload(alert()))
    assert texts[:2] == [
        "[production] 3 findings to act on",
        "Stop billing-related deploys until repaired or explained.",
    ]
    assert "Open findings\n1 critical, 2 error" in texts
    assert "At risk\n129.00 USD, 1500.5 credits" in texts
    assert (
        "critical, new: A balance differs from its ledger (credit-balance:user_1)\n"
        "user_1 shows 120 credits where the ledger says 100."
    ) in texts
    assert texts[-1] == "… and 1 more"


def test_a_long_list_is_cut_and_the_rest_is_counted() -> None:
    items = tuple(alert_item(number) for number in range(30))
    gone = alert_item(31, change=ItemChange.RESOLVED)
    texts = shown(payload(alert(items=(*items, gone), counts={Severity.ERROR: 500})))
    assert sum("credit-balance:" in text for text in texts) == 20
    assert texts[-1] == "… and 481 more"  # 480 open ones, and the resolved one that was not shown either


def test_a_link_of_ours_is_a_link() -> None:
    message = payload(cleaned(alert(links={"Console": "https://trueup.example/run?a=1&b=|", "bad": "javascript:x"})))
    [element] = message["blocks"][-1]["elements"]  # type: ignore[index]
    assert element == {
        "type": "mrkdwn",
        "text": "<https://trueup.example/run?a=1&amp;b=%7C|Console>",
        "verbatim": True,
    }


@given(hostile_alerts())
def test_nothing_that_users_wrote_is_more_than_letters(told: Alert) -> None:
    message = json.loads(json.dumps(payload(cleaned(told))))
    assert (message["parse"], message["link_names"], message["mrkdwn"]) == ("none", False, False)
    assert len(message["blocks"]) <= LIMITS["blocks"]
    assert not MARKUP.search(message["text"])
    assert not ENTITY.search(message["text"])
    for block in message["blocks"]:
        assert len(block.get("fields", ())) <= LIMITS["fields"]
        assert len(block.get("elements", ())) <= LIMITS["elements"]
    for place, text in text_objects(message):
        assert 1 <= len(text["text"]) <= LIMITS[place]
        assert not ENTITY.search(text["text"])
        assert text["text"].replace("\n", "").isprintable()
        if text["type"] == "mrkdwn":
            assert text["verbatim"] is True
            assert re.fullmatch(r"<https://console\.example/[^<>|\s]*\|[^<>]*>", text["text"])
        else:
            assert text["type"] == "plain_text"
            assert not MARKUP.search(text["text"])


@given(hostile_text())
def test_escaped_text_reads_as_it_was_or_as_its_beginning(text: str) -> None:
    for limit in (10, 150, 3000):
        kept = escaped(text, limit)
        assert len(kept) <= limit
        assert not set(kept) & set("<>")
        read = kept.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        assert read == text or (read.endswith("…") and text.startswith(read[:-1]))


def test_slack_says_in_one_word_what_is_wrong(sink: HTTPSink, authority: Authority) -> None:
    channel = open_channel(settings("slack", url=sink.url), private_hosts=("127.0.0.1",), trust=authority.trust())
    channel.send(alert(kind=AlertKind.RESOLVED))
    assert json.loads(sink.received[0].body) == payload(alert(kind=AlertKind.RESOLVED))
    sink.reply(answer(404, b"no_service"), answer(400, b"invalid_blocks\x1b[31m"))
    with pytest.raises(DeliveryFailed, match=r"answered 404 \(no_service\); check the channel's address and keys\."):
        channel.send(alert())
    with pytest.raises(DeliveryFailed, match="answered 400; check"):
        channel.send(alert())
