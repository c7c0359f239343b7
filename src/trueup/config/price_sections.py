"""``[plans]`` and ``[prices]``: what is sold, in the words of the file."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field

from trueup.config.declared_keys import Section
from trueup.config.field_types import (
    LARGEST_COUNT,
    NOTHING,
    Count,
    Currency,
    IntervalWord,
    Money,
    NotNegative,
    Rank,
    Text,
    as_date,
    one_of,
    whole,
)


def _as_section(value: object) -> object:
    return {"id": value} if isinstance(value, str) else value


class PriceSection(Section):
    """One of ``prices``: a Stripe price id or lookup key, with its own interval where that differs from the plan's."""

    id: Text
    """The price's id, or its lookup key."""
    interval: IntervalWord | None = None
    """How often this price bills, where it is not the plan's ``interval``."""


class PlanSection(Section):
    """``[plans.NAME]``: what you sell. ``values.plan`` maps your words for plans to these names."""

    rank: Rank | None = None
    """0 for the free plan, higher for more. It must be given, here or by the preset."""
    paid: bool | None = None
    """Whether customers pay for it. Default: yes when ``rank`` is above 0."""
    prices: list[Annotated[PriceSection, BeforeValidator(_as_section)]] | None = None
    """The Stripe prices that mean this plan."""
    interval: IntervalWord | None = None
    """How often its prices bill; the default is every ``month``."""
    credits_per_period: NotNegative | None = None
    """How many credits one ``interval`` of the plan grants. A yearly price of a monthly plan grants twelve times that.
    """
    price: dict[Currency, Money] | None = None
    """What one period costs, in minor units of one currency. It only prices findings."""


class CreditsSinceSection(Section):
    """One of ``history``: how many credits one unit of the price owes from a day on."""

    since: Annotated[date, BeforeValidator(as_date)]
    """The first day (UTC) on which the number holds."""
    credits: NotNegative
    """Credits for one unit."""


class SoldPriceSection(Section):
    """``[prices.NAME]``: what one unit of a price sells. NAME is Stripe's id of the price, its lookup key, or the id of
    its product. Of several that are named, the price's id goes before its lookup key, and that before the product.
    """

    plan: Text | None = None
    """The plan that it means. The same as naming the price in ``prices`` of the plan."""
    credits: NotNegative | None = None
    """Credits for one unit: for each period of a recurring price, once for another. Default: what the plan owes."""
    history: list[CreditsSinceSection] = Field(default_factory=list)
    """From which day another number of credits holds: ``[{ since = 2026-03-01, credits = 500 }]``. Before the first of
    these days ``credits`` holds. What was granted before a change was right then."""
    credits_per: dict[Currency, NotNegative] = Field(default_factory=dict)
    """For amounts that customers type in: credits for one unit of the currency, as in ``{ usd = "100" }``."""
    credits_from: Text | None = None
    """For payments that say themselves how many credits they buy: ``"metadata.credits"`` of the payment, its checkout
    or its invoice."""
    seats: Count | None = None
    """How many seats one unit pays for: 0 where a quantity of it is not a number of members."""
    included_seats: Count | None = None
    """How many members one unit includes without further payment."""
    lifetime: bool = False
    """Whether paying it once pays for the plan for good."""
    lifetime_after: Annotated[int, BeforeValidator(whole(1, LARGEST_COUNT))] | None = None
    """The number of instalments after which the plan is paid for good."""
    sells: Annotated[str, BeforeValidator(one_of((NOTHING,), "a word for what a price sells"))] | None = None
    """``nothing``: the price is known, and sells nothing that the app keeps."""
