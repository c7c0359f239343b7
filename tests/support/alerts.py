"""Alerts as values, and text that tries to be more than text."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from trueup.model.alert import Alert, AlertItem, AlertKind, ItemChange
from trueup.model.settings import ChannelSettings
from trueup.model.severity import Severity

NOW = datetime(2026, 3, 1, 12, 0)


def alert_item(number: int = 1, **changes: Any) -> AlertItem:
    """One finding of an alert."""
    usual: dict[str, Any] = {
        "issue_id": f"credit-balance:user_{number}",
        "severity": Severity.CRITICAL,
        "title": "A balance differs from its ledger",
        "message": f"user_{number} shows 120 credits where the ledger says 100.",
        "change": ItemChange.NEW,
    }
    return AlertItem(**usual | changes)


def alert(**changes: Any) -> Alert:
    """An alert about three findings, two of which it names."""
    usual: dict[str, Any] = {
        "kind": AlertKind.OPENED,
        "fingerprint": "0f" * 16,
        "dedup_key": "trueup/production/0f0f",
        "environment": "production",
        "severity": Severity.CRITICAL,
        "title": "3 findings to act on",
        "at": NOW,
        "summary": ("Stop billing-related deploys until repaired or explained.",),
        "counts": {Severity.CRITICAL: 1, Severity.ERROR: 2},
        "money_at_risk": {"usd": 12900},
        "credits_at_risk": Decimal("1500.5"),
        "items": (alert_item(1), alert_item(2, severity=Severity.ERROR, change=ItemChange.SAME)),
        "run_id": "run-1",
    }
    return Alert(**usual | changes)


def settings(kind: str, **options: Any) -> ChannelSettings:
    """A channel called ``ops``. ``sender`` stands for the option ``from``, which Python cannot name."""
    named = {"from" if name == "sender" else name: value for name, value in options.items()}
    return ChannelSettings(name="ops", kind=kind, options=named)


PIECES = (
    *("<!channel>", "<!here|here>", "<!subteam^S1>", "<@U012AB3CD>", "<#C1|general>", "<https://evil.example|click>"),
    *(
        "@here",
        "@channel",
        "https://evil.example/x?a=b",
        "mailto:a@evil.example",
        "www.evil.example",
        "*bold*",
        "`code`",
    ),
    *("&lt;", "&amp;", "&#60;", "\r\nBcc: evil@example.com", "\n\n<script>", "\n.\r\n", "=?utf-8?q?=0D=0ABcc:_evil?="),
    *("\u202e", "\u2066", "\u200b", "\ufeff", "\x1b[31m", "\x00", "\x7f", "\x85", "\u2028", "\ud800", "\U000e0041"),
    *('"', "\\", "'", "}", "]]>", "|", "x" * 400, "ü", "漢字", "🙂"),
)
"""What users write into a name when they hope that somebody's tool reads it."""


def hostile_text() -> st.SearchStrategy[str]:
    """Text out of those pieces and of any other characters."""
    piece = st.one_of(st.sampled_from(PIECES), st.text(max_size=20))
    return st.lists(piece, max_size=8).map("".join)


def hostile_alerts() -> st.SearchStrategy[Alert]:
    """Alerts in which every text may be hostile, with many findings or none."""
    text = hostile_text()
    item = st.builds(
        AlertItem,
        issue_id=text,
        severity=st.sampled_from(Severity),
        title=text,
        message=text,
        change=st.sampled_from(ItemChange),
    )
    return st.builds(
        Alert,
        kind=st.sampled_from(AlertKind),
        fingerprint=st.just("0f" * 16),
        dedup_key=text,
        environment=text,
        severity=st.sampled_from(Severity),
        title=text,
        at=st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)),
        summary=st.lists(text, max_size=4).map(tuple),
        counts=st.dictionaries(st.sampled_from(Severity), st.integers(0, 10**6), max_size=4),
        money_at_risk=st.dictionaries(text, st.integers(0, 10**15), max_size=2),
        credits_at_risk=st.decimals(0, 10**15, places=3),
        items=st.lists(item, max_size=4).map(_many),
        run_id=st.none() | text,
        links=st.dictionaries(text, text.map(lambda tail: "https://console.example/" + tail), max_size=2),
    )


def _many(items: list[AlertItem]) -> tuple[AlertItem, ...]:
    """Four findings as they are or as sixty: a list that long is slow to generate and shows nothing more."""
    return tuple(items * (15 if len(items) == 4 else 1))
