"""Both sides of one finding on one line of time: what the app's rows say happened, and what Stripe's objects say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from trueup.model.dashboard import dashboard_link
from trueup.model.money import credits_text, money_text


class Side(StrEnum):
    """Who says so."""

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
    """What the app itself wrote beside it."""
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
    """The newest of both sides, oldest first. ``earlier`` is how many lines of a side stand before the first shown.

    ``unknown`` are sentences about what is not here because nobody could look: it is not absent.
    """

    lines: tuple[TimelineLine, ...] = ()
    earlier_app: int = 0
    earlier_stripe: int = 0
    unknown: tuple[str, ...] = ()


def link_of(object_id: str, *, livemode: bool | None, account: str | None) -> str | None:
    """Where Stripe's dashboard shows it, if it is an object of Stripe's whose mode is known."""
    return None if livemode is None else dashboard_link(object_id, livemode=livemode, account=account)
