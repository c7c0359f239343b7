"""What one line of a payment or an invoice owes, in credits, and by which rule."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedLine:
    """A line of what was paid. ``price_name`` is the config's name of its price, and ``rule`` what that says is owed.

    ``rule`` is None, and the credits are, where the config says nothing. ``known_by`` is how the price is known.
    """

    line_id: str
    price_id: str | None
    price_name: str | None
    plan: str | None
    quantity: int
    amount: int
    currency: str
    is_proration: bool
    periods: int
    rule: str | None
    known_by: str
    fewest_credits: Decimal | None
    most_credits: Decimal | None
