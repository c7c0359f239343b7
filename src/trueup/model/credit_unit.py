"""What one credit is, where the app counts money: ``microdollars`` are shown as dollars."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from trueup.model.money import minor_units

_PARTS = {"": 0, "centi": 2, "milli": 3, "micro": 6, "nano": 9}
_NAMED = {
    "dollars": ("usd", 0),
    "dollar": ("usd", 0),
    "cents": ("usd", 2),
    "cent": ("usd", 2),
    "euros": ("eur", 0),
    "euro": ("eur", 0),
    "eurocents": ("eur", 2),
    "pounds": ("gbp", 0),
    "pence": ("gbp", 2),
}
_UNIT = re.compile(r"(centi|milli|micro|nano|)[ _-]?([a-z]{3}|dollars?|cents?|euros?|eurocents|pounds|pence)")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditUnit:
    """A part of a currency: ``10 ** digits`` of it make one whole of the currency."""

    name: str
    currency: str
    digits: int

    def text(self, amount: Decimal) -> str:
        """The amount as money, with as many digits as it needs, and at least those that the currency has.

        >>> read_unit("microdollars").text(Decimal(500000)), read_unit("microdollars").text(Decimal(-1370))
        ('0.50 USD', '-0.00137 USD')
        """
        money = amount.scaleb(-self.digits).normalize()
        least = len(str(minor_units(self.currency))) - 1
        shown = max(least, -int(money.as_tuple().exponent))
        return f"{money:,.{shown}f} {self.currency.upper()}"

    @property
    def minor_units_each(self) -> Decimal:
        """How many of Stripe's minor units one credit is worth."""
        return Decimal(minor_units(self.currency)).scaleb(-self.digits)


def read_unit(text: str) -> CreditUnit | None:
    """The unit of this name, a currency's code or an English word, with a part before it; None where it is neither.

    >>> read_unit("microdollars"), read_unit("milli-eur").digits, read_unit("credits")
    (CreditUnit(name='microdollars', currency='usd', digits=6), 3, None)
    """
    match = _UNIT.fullmatch(text.strip().lower())
    if match is None:
        return None
    part, word = match.groups()
    currency, digits = _NAMED.get(word, (word, 0))
    return CreditUnit(name=text.strip(), currency=currency, digits=_PARTS[part] + digits)
