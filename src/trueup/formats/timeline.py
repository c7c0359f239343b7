"""A timeline in JSON, the same in an explanation and in the API's finding: ``explanation.schema.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.formats.wording import Json, exact, instant
from trueup.model.money import credits_text

if TYPE_CHECKING:
    from decimal import Decimal

    from trueup.model.timeline import Timeline, TimelineLine


def timeline_document(timeline: Timeline) -> dict[str, Json]:
    """Both sides, oldest first. Amounts are minor units with their currency, or credits as text."""
    unknown: list[Json] = [exact(sentence) for sentence in timeline.unknown]
    lines: list[Json] = [timeline_line(line) for line in timeline.lines]
    return {
        "earlierApp": timeline.earlier_app,
        "earlierStripe": timeline.earlier_stripe,
        "lines": lines,
        "unknown": unknown,
    }


def timeline_line(line: TimelineLine) -> dict[str, Json]:
    """One thing that happened."""
    return {
        "at": None if line.at is None else instant(line.at),
        "side": line.side.value.lower(),
        "what": exact(line.what),
        "relation": line.relation,
        "id": exact(line.id),
        "named": line.named,
        "money": line.money,
        "currency": None if line.currency is None else exact(line.currency),
        "credits": _credits(line.credits),
        "balanceAfter": _credits(line.balance_after),
        "note": None if line.note is None else exact(line.note),
        "link": line.link,
    }


def _credits(amount: Decimal | None) -> str | None:
    return None if amount is None else credits_text(amount)
