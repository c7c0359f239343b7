"""How the console writes single values: moments, money, credits, names of evidence."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from trueup.formats.wording import counted, instant, snake
from trueup.model.money import Impact, credits_text, money_text

_STEPS = (("second", 60), ("minute", 60), ("hour", 24), ("day", 30), ("month", 12))
_JUST_NOW_SECONDS = 5

ABSENT = "\u2013"
"""What is shown where there is no value: a dash."""


def moment_of(value: datetime | str) -> datetime:
    """A moment as naive UTC, from itself or from the text of a document."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value


def absolute(value: datetime | str) -> str:
    """A moment in full.

    >>> absolute("2026-11-30T08:00:05.123456Z")
    '2026-11-30 08:00:05 UTC'
    """
    return f"{moment_of(value):%Y-%m-%d %H:%M:%S} UTC"


def relative(moment: datetime, now: datetime) -> str:
    """How long ago, or in how long.

    >>> relative(datetime(2026, 1, 1), datetime(2026, 1, 1, 3)), relative(datetime(2026, 1, 3), datetime(2026, 1, 1))
    ('3 hours ago', 'in 2 days')
    """
    seconds = (now - moment).total_seconds()
    number, unit = abs(seconds), "year"
    if number < _JUST_NOW_SECONDS:
        return "just now"
    for name, size in _STEPS:
        if number < size:
            unit = name
            break
        number /= size
    words = counted(int(number), unit)
    return f"{words} ago" if seconds > 0 else f"in {words}"


@pass_context
def ago(context: Context, value: datetime | str | None) -> str | Markup:
    """A moment relative to now, with its UTC in full where a reader points at it; a dash where there is none."""
    if value is None:
        return ABSENT
    moment = moment_of(value)
    words = relative(moment, context["now"])
    return Markup('<time datetime="{}" title="{}">{}</time>').format(instant(moment), absolute(moment), words)


def at(value: datetime | str | None) -> str | Markup:
    """A moment by the minute, for tables in which moments are compared."""
    if value is None:
        return ABSENT
    moment = moment_of(value)
    text = f"{moment:%Y-%m-%d %H:%M}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(instant(moment), absolute(moment), text)


def day(value: date | None) -> str:
    """A day, or that there is none."""
    return "no end" if value is None else value.isoformat()


def number(value: float | str | Decimal | None) -> str:
    """A count or an amount of credits, its thousands apart; a dash where it is not known.

    >>> number(12345), number("-1234.50"), number("n/a")
    ('12,345', '-1,234.5', 'n/a')
    """
    if value is None:
        return ABSENT
    if isinstance(value, int):
        return f"{value:,}"
    try:
        whole, point, part = credits_text(Decimal(str(value))).partition(".")
    except InvalidOperation:
        return str(value)
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    return f"{sign}{int(digits):,}{point}{part}"


def signed_number(value: Decimal | str | None) -> str:
    """An amount of credits that moves, with its sign; empty where none does."""
    if value is None:
        return ""
    text = number(value)
    return text if text.startswith("-") or text == "0" else f"+{text}"


def risk(impact: Mapping[str, Any]) -> list[str]:
    """What is at risk, a line for each currency and one for credits."""
    lines = [money_text(int(amount), code) for code, amount in sorted(impact.get("money", {}).items()) if amount]
    amount = Decimal(impact.get("credits", "0"))
    return [*lines, f"{number(amount)} credits"] if amount else lines


def impact_of(impact: Impact) -> list[str]:
    """The same of the value itself."""
    return risk({"money": dict(impact.money), "credits": credits_text(impact.credits)})


def spaced(name: str) -> str:
    """A name of evidence or an id of a check as words.

    >>> spaced("lastBalanceAfter"), spaced("balance_sync"), spaced("sync-credit-balance")
    ('last balance after', 'balance sync', 'sync credit balance')
    """
    return re.sub("[_-]", " ", snake(name))


def path_part(text: str) -> str:
    """Text as a part of an address: an id of the customer's can hold any character.

    >>> path_part("a/b?c#d e")
    'a/b%3Fc%23d%20e'
    """
    return quote(text, safe="/:@!$'()*,;=~")


FILTERS = {
    "ago": ago,
    "at": at,
    "counted": counted,
    "day": day,
    "from_json": json.loads,
    "impact": impact_of,
    "money": money_text,
    "number": number,
    "part": path_part,
    "risk": risk,
    "signed": signed_number,
    "spaced": spaced,
}
