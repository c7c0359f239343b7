"""The message that an alert sends: one value about the set of open findings that alert. Every channel renders it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from trueup.model.money import Impact, credits_text
from trueup.model.severity import Severity

DOCUMENT_VERSION = 1


class AlertKind(StrEnum):
    """Why this message is sent."""

    OPENED = "opened"
    CHANGED = "changed"
    RESOLVED = "resolved"
    HEARTBEAT = "heartbeat"
    TEST = "test"


class ItemChange(StrEnum):
    """How a finding compares with the message before."""

    NEW = "new"
    WORSE = "worse"
    SAME = "same"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertItem:
    """One finding of the set. ``message`` may hold text that the app's users wrote."""

    issue_id: str
    severity: Severity
    title: str
    message: str
    change: ItemChange


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One message. It holds everything that a channel shows, so sending it twice sends the same message twice.

    ``fingerprint`` identifies the set of findings (32 hex digits). ``dedup_key`` is the same for every message about
    one trouble, its resolution included; a pager groups by it. ``severity`` is the worst of the set. ``summary`` are
    lines for people. ``counts`` are all open findings by severity; ``items`` may be only the most urgent of them.
    ``money_at_risk`` is in minor units by currency. ``at`` is naive UTC. ``links`` are web addresses by their label.
    ``run_id`` is missing where the message is about no run (a missing audit, a test).
    """

    kind: AlertKind
    fingerprint: str
    dedup_key: str
    environment: str
    severity: Severity
    title: str
    at: datetime
    summary: tuple[str, ...] = ()
    counts: Mapping[Severity, int] = field(default_factory=dict)
    money_at_risk: Mapping[str, int] = field(default_factory=dict)
    credits_at_risk: Decimal = Decimal(0)
    items: tuple[AlertItem, ...] = ()
    run_id: str | None = None
    links: Mapping[str, str] = field(default_factory=dict)

    @property
    def at_risk(self) -> Impact:
        """The money and the credits at risk, as one value."""
        return Impact(money=self.money_at_risk, credits=self.credits_at_risk)

    @property
    def message_id(self) -> str:
        """The identity of this message: a receiver recognizes it when it comes twice. Every attempt has the same."""
        text = json.dumps(document_of(self), sort_keys=True, separators=(",", ":"))
        return "msg_" + hashlib.sha256(f"trueup-alert-1\0{text}".encode()).hexdigest()[:32]


def document_of(alert: Alert) -> dict[str, Any]:
    """The alert as a JSON object, with the API's names. ``alert_of`` reads it back."""
    return {
        "schemaVersion": DOCUMENT_VERSION,
        "kind": alert.kind.value,
        "environment": alert.environment,
        "severity": alert.severity.value,
        "title": alert.title,
        "summary": list(alert.summary),
        "counts": {severity.value: count for severity, count in alert.counts.items()},
        "moneyAtRisk": dict(alert.money_at_risk),
        "creditsAtRisk": credits_text(alert.credits_at_risk),
        "items": [_item_document(item) for item in alert.items],
        "runId": alert.run_id,
        "at": f"{alert.at.isoformat()}Z",
        "fingerprint": alert.fingerprint,
        "dedupKey": alert.dedup_key,
        "links": dict(alert.links),
    }


def alert_of(document: Mapping[str, Any]) -> Alert:
    """Read the alert that ``document_of`` wrote. Raises ``KeyError`` or ``ValueError`` for anything else."""
    return Alert(
        kind=AlertKind(document["kind"]),
        fingerprint=document["fingerprint"],
        dedup_key=document["dedupKey"],
        environment=document["environment"],
        severity=Severity(document["severity"]),
        title=document["title"],
        at=datetime.fromisoformat(document["at"].removesuffix("Z")),
        summary=tuple(document["summary"]),
        counts={Severity(word): count for word, count in document["counts"].items()},
        money_at_risk=dict(document["moneyAtRisk"]),
        credits_at_risk=Decimal(document["creditsAtRisk"]),
        items=tuple(_item_of(item) for item in document["items"]),
        run_id=document["runId"],
        links=dict(document["links"]),
    )


def _item_document(item: AlertItem) -> dict[str, str]:
    return {
        "issueId": item.issue_id,
        "severity": item.severity.value,
        "title": item.title,
        "message": item.message,
        "change": item.change.value,
    }


def _item_of(document: Mapping[str, str]) -> AlertItem:
    return AlertItem(
        issue_id=document["issueId"],
        severity=Severity(document["severity"]),
        title=document["title"],
        message=document["message"],
        change=ItemChange(document["change"]),
    )
