"""Both sides of one finding in order of time: what the app's rows record, and what Stripe's objects record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from trueup.model.dashboard import dashboard_link
from trueup.model.money import credits_text, money_text


class Side(StrEnum):
    """Which side records it."""

    APP = "app"
    STRIPE = "Stripe"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineLine:
    """One thing that happened. ``what`` is a short phrase; ``named`` marks what the finding itself is about.

    ``amount`` is money in minor units with its ``currency``, or credits. ``link`` leads to Stripe's dashboard.
    """

    at: datetime | None
    side: Side
    what: str
    id: str
    relation: str
    named: bool = False
    money: int | None = None
    currency: str | None = None
    credits: Decimal | None = None
    balance_after: Decimal | None = None
    note: str | None = None
    """The app's own note on it."""
    link: str | None = None

    @property
    def amount_text(self) -> str:
        """The amount for people; empty where there is none."""
        if self.money is not None and self.currency is not None:
            return money_text(self.money, self.currency)
        if self.credits is not None:
            return f"{'+' if self.credits > 0 else ''}{credits_text(self.credits)} credits"
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The newest lines of both sides, oldest first. ``earlier`` counts the lines of a side before the first one shown.

    ``unknown`` are sentences about what could not be looked at: it is missing here, but it may exist.
    """

    lines: tuple[TimelineLine, ...] = ()
    earlier_app: int = 0
    earlier_stripe: int = 0
    unknown: tuple[str, ...] = ()


def link_of(object_id: str, *, livemode: bool | None, account: str | None) -> str | None:
    """The link to Stripe's dashboard, if this is an object of Stripe whose mode is known."""
    return None if livemode is None else dashboard_link(object_id, livemode=livemode, account=account)
