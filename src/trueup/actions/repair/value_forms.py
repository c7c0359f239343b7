"""How a column's values are written, learned from those it holds, and whether two are the same."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

_NUMBER = re.compile(r"(?P<sign>[+-]?)(?P<whole>[0-9]+)(?:\.(?P<fraction>[0-9]+))?")


def same_value(written: object, stored: object) -> bool:
    """Whether the database gives back what was written.

    A number is the same in any type and with any zeros after its point, unless it is text; a moment in any zone, and
    text without the blanks that ``CHAR(n)`` appends.
    """
    match written, stored:
        case (None, _) | (_, None):
            return written is stored
        case str(), str():
            return written.rstrip(" ") == stored.rstrip(" ")
        case (datetime(), _) | (_, datetime()):
            return _moment(written) == _moment(stored) is not None
        case (bytes(), _) | (_, bytes()):
            return _bits(written) == _bits(stored)
        case (int() | float() | Decimal(), int() | float() | Decimal()):
            return _exact(written) == _exact(stored)
        case _:
            return str(written) == str(stored)


def _exact(value: object) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(int(value) if isinstance(value, bool) else str(value))


def _bits(value: object) -> object:
    """MySQL's ``BIT`` comes as bytes and takes a number."""
    match value:
        case bytes():
            return int.from_bytes(value)
        case int():
            return int(value)
        case _:
            return value


def _moment(value: object) -> datetime | None:
    match value:
        case datetime():
            return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        case date():
            return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - naive UTC
        case str():
            try:
                return _moment(datetime.fromisoformat(value))
            except ValueError:
                return None
        case _:
            return None


def number_like(value: Decimal, neighbours: Collection[str]) -> str | None:
    """``value`` the way these numbers are written as text: as many digits after the point, and a plus sign or none.

    The first neighbour decides where they do not agree. None where they have no form that could be written again, or
    none that holds ``value``.

    >>> number_like(Decimal("95.000000000"), ["145", "7"]), number_like(Decimal(95), ["145.00"])
    ('95', '95.00')
    >>> number_like(Decimal("9.5"), ["145", "0.5"]), number_like(Decimal(7), ["+145", "-2"])
    ('9.5', '+7')
    >>> number_like(Decimal("9.5"), ["145"]), number_like(Decimal(7), ["1,200"]), number_like(Decimal(7), ["007"])
    (None, None, None)
    """
    forms = [_NUMBER.fullmatch(text.strip()) for text in neighbours]
    known = [form for form in forms if form is not None]
    if len(known) != len(forms) or any(len(form["whole"]) > 1 and form["whole"].startswith("0") for form in known):
        return None
    plain = value.normalize()
    needed = max(0, -int(plain.as_tuple().exponent))
    places = {len(form["fraction"] or "") for form in known}
    fewest = {len((form["fraction"] or "").rstrip("0")) for form in known}
    are_shortest = len(places) > 1 and places == fewest
    digits = needed if are_shortest or not known else len(known[0]["fraction"] or "")
    if needed > digits:
        return None
    positive = [form["sign"] for form in known if form["sign"] != "-" and form.group().strip("+0.")]
    sign = "+" if value > 0 and positive and positive[0] == "+" else ""
    return f"{sign}{_fixed(plain, digits)}"


def _fixed(value: Decimal, digits: int) -> str:
    try:
        return f"{value.quantize(Decimal(1).scaleb(-digits)):f}"
    except InvalidOperation:
        return f"{value:f}"
