"""How an alert is worded, the same in every channel. All its text passes the redactor here, before the channel."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from trueup.model.alert import Alert, AlertItem, ItemChange
from trueup.model.finding import printable
from trueup.model.redact import redact
from trueup.model.severity import Severity

CUT = "…"


def legible(text: str) -> str:
    """``text`` without secrets, on one line, and unable to move a cursor or change the reading direction."""
    return printable(redact(text))


def cleaned(alert: Alert) -> Alert:
    """The same alert with every text ``legible``, and only those links that lead to the web."""
    return dataclasses.replace(
        alert,
        environment=legible(alert.environment),
        dedup_key=legible(alert.dedup_key),
        title=legible(alert.title),
        summary=tuple(legible(line) for line in alert.summary),
        money_at_risk={legible(currency): amount for currency, amount in alert.money_at_risk.items()},
        items=tuple(_clean_item(item) for item in alert.items),
        run_id=legible(alert.run_id) if alert.run_id else None,
        links={legible(label): url for label, url in alert.links.items() if _leads_to_the_web(url)},
    )


def shorten(text: str, limit: int) -> str:
    """``text``, cut to ``limit`` characters with a mark where it was cut.

    >>> shortened("credit-balance", 7)
    'credit…'
    """
    return text if len(text) <= limit else text[: limit - len(CUT)] + CUT


def headline(alert: Alert) -> str:
    """The environment and the title, in one line."""
    return f"[{alert.environment}] {alert.title}"


def facts(alert: Alert) -> Iterator[tuple[str, str]]:
    """The facts besides the findings: label and value."""
    yield "Severity", alert.severity.value
    if any(alert.counts.values()):
        yield "Open findings", _counts(alert.counts)
    if alert.at_risk:
        yield "At risk", alert.at_risk.text()
    yield "As of", moment(alert.at)
    if alert.run_id:
        yield "Run", alert.run_id


def item_lines(item: AlertItem) -> tuple[str, str]:
    """One finding in two lines: its title and its message."""
    return f"{item.severity}, {item.change}: {item.title} ({item.issue_id})", item.message


def unlisted(alert: Alert, shown: Sequence[AlertItem]) -> int:
    """How many findings are not shown: of the alert's own items, and of the open ones it counts."""
    still_open = sum(item.change is not ItemChange.RESOLVED for item in alert.items)
    return len(alert.items) - len(shown) + max(sum(alert.counts.values()) - still_open, 0)


def more_line(count: int) -> str:
    """The line that says how many more findings there are."""
    return f"{CUT} and {count:,} more"


def moment(at: datetime) -> str:
    """A moment for people.

    >>> moment(datetime(2026, 3, 1, 12, 0, 59))
    '2026-03-01 12:00 UTC'
    """
    return f"{at:%Y-%m-%d %H:%M} UTC"


def json_bytes(document: Mapping[str, object]) -> bytes:
    """JSON in ASCII, which nothing can misread wherever it is shown."""
    return json.dumps(document, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")


def _clean_item(item: AlertItem) -> AlertItem:
    return dataclasses.replace(
        item, issue_id=legible(item.issue_id), title=legible(item.title), message=legible(item.message)
    )


def _leads_to_the_web(url: str) -> bool:
    return url.startswith(("https://", "http://")) and url.isascii() and url.isprintable() and " " not in url


def _counts(counts: Mapping[Severity, int]) -> str:
    ordered = sorted(counts.items(), key=lambda entry: -entry[0].rank)
    return ", ".join(f"{count:,} {severity}" for severity, count in ordered if count)


def pretty(document: Mapping[str, object]) -> str:
    """Return the document as JSON that people read."""
    return json.dumps(document, indent=2, ensure_ascii=False)
