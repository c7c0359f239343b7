"""What is sold, as relations: what one unit of each price gives, as ``[prices]`` says it.

A price is named by Stripe's id of it, by its lookup key, or by the id of its product; where several of them are named,
the first in this order counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import get_args

from trueup.model.columns import key


@dataclass(frozen=True, slots=True, kw_only=True)
class SoldPrice:
    """What one unit of a price sells beside its plan.

    Where ``sells_nothing``, the price is known and owes nothing that the app keeps. ``lifetime_after`` is the number
    of instalments after which it is paid for good; a ``lifetime`` price is after one. ``credits_from`` is where the
    payment says how many credits it buys: ``metadata.`` and the name of a key.
    """

    price_name: str = key()
    seats: int | None = None
    included_seats: int | None = None
    lifetime: bool = False
    lifetime_after: int | None = None
    sells_nothing: bool = False
    credits_from: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceCredits:
    """How many credits one unit of a price owes from the day ``since`` (UTC) on; before all other days where NULL.

    A recurring price owes them for each of its own periods, another price once.
    """

    price_name: str = key()
    since: date | None = None
    credits: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRate:
    """How many credits one of Stripe's minor units of a currency buys, where customers type in an amount of money."""

    price_name: str = key()
    currency: str = key()
    credits: Decimal = Decimal(0)


PriceRow = SoldPrice | PriceCredits | PriceRate
PRICE_LIST: tuple[type[PriceRow], ...] = get_args(PriceRow)
"""Relations that ``[prices]`` of the config supplies."""
