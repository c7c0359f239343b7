"""Money in minor units with its currency; credits as exact decimals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

CREDIT_DECIMALS = 9
"""Digits kept after the point of a credit amount, unless the config says how many or the rows need more."""

MOST_CREDIT_DECIMALS = 18
"""A value with more digits after the point cannot be read exactly and is an unreadable row."""


def credit_limit(decimals: int) -> Decimal:
    """Return the amount from which on all are unreadable: below it, sums of a billion entries fit into 38 digits."""
    return Decimal(10) ** (29 - decimals)


CREDIT_LIMIT = credit_limit(CREDIT_DECIMALS)

# ISO 4217 minor units where they are not two (https://docs.stripe.com/currencies#zero-decimal, #three-decimal).
_DECIMALS = {
    **dict.fromkeys(
        ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"), 0
    ),
    **dict.fromkeys(("bhd", "jod", "kwd", "omr", "tnd"), 3),
}


def credits_text(amount: Decimal) -> str:
    """An amount as every output shows it: plain digits, no exponent, no trailing zeros.

    >>> credits_text(Decimal("1E+3")), credits_text(Decimal("0.500")), credits_text(Decimal("-0"))
    ('1000', '0.5', '0')
    """
    if not amount:
        return "0"
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def minor_units(currency: str) -> int:
    """How many of Stripe's minor units make one unit of the currency.

    >>> minor_units("usd"), minor_units("jpy"), minor_units("kwd")
    (100, 1, 1000)
    """
    return int(10 ** _DECIMALS.get(currency.lower(), 2))


def money_text(amount: int, currency: str) -> str:
    """An amount of money for people.

    >>> money_text(12900, "usd"), money_text(-5, "usd"), money_text(500, "jpy")
    ('129.00 USD', '-0.05 USD', '500 JPY')
    """
    decimals = _DECIMALS.get(currency.lower(), 2)
    sign = "-" if amount < 0 else ""
    whole, part = divmod(abs(amount), 10**decimals)
    return f"{sign}{whole:,}{f'.{part:0{decimals}d}' if decimals else ''} {currency.upper()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What a finding puts at risk: money per currency in minor units, and credits. Never negative."""

    money: Mapping[str, int] = field(default_factory=dict)
    credits: Decimal = Decimal(0)
    unit: str = field(default="credits", compare=False)
    """What people call the credits."""

    def __add__(self, other: Impact) -> Impact:
        """Both risks together, currency by currency."""
        currencies = sorted(self.money.keys() | other.money.keys())
        total = {code: self.money.get(code, 0) + other.money.get(code, 0) for code in currencies}
        return Impact(money=total, credits=self.credits + other.credits, unit=self.unit)

    def __bool__(self) -> bool:
        """Whether anything is at risk."""
        return bool(self.credits) or any(self.money.values())

    def valued(self, minor_units_per_credit: Mapping[str, Decimal], unit: str = "credits") -> Impact:
        """The same risk with its credits also priced, where the policy says what a credit is worth."""
        if not self.credits or self.money:
            return replace(self, unit=unit)
        return Impact(
            money={code: int(self.credits * price) for code, price in sorted(minor_units_per_credit.items())},
            credits=self.credits,
            unit=unit,
        )

    def text(self) -> str:
        """The risk for people: money first, then credits; empty when nothing is at risk."""
        parts = [money_text(amount, code) for code, amount in sorted(self.money.items()) if amount]
        if self.credits:
            parts.append(f"{credits_text(self.credits)} {self.unit}")
        return ", ".join(parts)
