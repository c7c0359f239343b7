"""Learn how a column's values are written from those it holds, and compare two values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Context, Decimal

_EXACT = Context(prec=100)
"""More digits than any column keeps."""

_DATE_LENGTH = len("2026-03-01")
_MICROSECOND_DIGITS = 6
_OFFSET = re.compile(r"(Z|[+-]\d\d:?\d\d|[+-]\d\d)$")
_SECONDS = re.compile(r"\d\d:\d\d:\d\d")
_FRACTION = re.compile(r":\d\d\.(\d+)")
_NUMBER = re.compile(r"(?P<sign>[+-]?)(?P<whole>[0-9]+)(?:\.(?P<fraction>[0-9]+))?")


def same_value(written: object, stored: object) -> bool:
    """Whether the database returned what was written.

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


def number_like(value: Decimal, neighbours: Sequence[str]) -> str | None:
    """``value`` in the form of these numbers in text: as many digits after the point, and a plus sign or none.

    The first neighbour decides where they differ. None where it has no form that could be written again, or none
    that holds ``value``.

    >>> number_like(Decimal("95.000000000"), ["145", "7"]), number_like(Decimal(95), ["145.00"])
    ('95', '95.00')
    >>> number_like(Decimal("9.5"), ["145", "0.5"]), number_like(Decimal(7), ["+145", "-2"])
    ('9.5', '+7')
    >>> number_like(Decimal("9.5"), ["145"]), number_like(Decimal(7), ["1,200"]), number_like(Decimal(7), ["7", "007"])
    (None, None, None)
    """
    forms = [_NUMBER.fullmatch(text.strip()) for text in neighbours]
    known = [form for form in forms if form is not None]
    is_padded = any(len(form["whole"]) > 1 and form["whole"].startswith("0") for form in known)
    if is_padded or (forms and forms[0] is None):
        return None
    exact = shortest(value)
    needed = max(0, -int(exact.as_tuple().exponent))
    places = {len(form["fraction"] or "") for form in known}
    fewest = {len((form["fraction"] or "").rstrip("0")) for form in known}
    are_shortest = len(places) > 1 and places == fewest
    digits = needed if are_shortest or not known else len(known[0]["fraction"] or "")
    if needed > digits:
        return None
    signs = [form["sign"] for form in known if form["sign"] != "-" and form.group().strip("+0.")]
    return f"{'+' if value > 0 and signs and signs[0] else ''}{fixed(exact, digits)}"


def shortest(value: Decimal) -> Decimal:
    """The number without zeros at its end, however long it is."""
    return _EXACT.normalize(value)


def fixed(value: Decimal, digits: int) -> str:
    """The number with so many digits after its point."""
    return f"{_EXACT.quantize(value, Decimal(1).scaleb(-digits)):f}"


def in_case_of(word: str, sample: str) -> str:
    """The word in capitals, with one capital, or without, like ``sample``.

    >>> in_case_of("false", "TRUE"), in_case_of("no", "Yes"), in_case_of("f", "t")
    ('FALSE', 'No', 'f')
    """
    if sample.isupper():
        return word.upper()
    return word.title() if sample.istitle() else word


def moment_like(value: datetime, neighbours: Sequence[str]) -> str:
    """``value`` (naive UTC) in the form of these moments: separator, offset, and as many digits of a second.

    >>> moment = datetime(2026, 3, 1, 12, 0, 5, 123456)
    >>> moment_like(moment, ["2026-01-01T00:00:00.000Z"]), moment_like(moment, ["2026-01-01 00:00:00"])
    ('2026-03-01T12:00:05.123Z', '2026-03-01 12:00:05')
    >>> moment_like(moment, ["2026-01-01"]), moment_like(moment, ["2026-01-01 00:00", "2026-01-02 10:30"])
    ('2026-03-01', '2026-03-01 12:00')
    """
    sample = neighbours[0]
    clock = sample[_DATE_LENGTH:]
    if not clock:
        return value.date().isoformat()
    offset = _OFFSET.search(clock)
    mark = "" if offset is None else "Z" if offset.group() == "Z" else "+00:00"
    separator = "T" if "T" in sample else " "
    if not _SECONDS.search(clock):
        return f"{value.isoformat(sep=separator, timespec='minutes')}{mark}"
    lengths = {len(match[1]) if (match := _FRACTION.search(text)) else 0 for text in neighbours}
    if len(lengths) > 1:  # as Python writes them, without a fraction where it is zero
        return f"{value.isoformat(sep=separator)}{mark}"
    (digits,) = lengths
    whole = value.replace(microsecond=0).isoformat(sep=separator)
    fraction = f".{f'{value.microsecond:06}'.ljust(digits, '0')[:digits]}" if digits else ""
    return f"{whole}{fraction}{mark}"


def cut_to(value: datetime, second_digits: int | None) -> datetime:
    """The moment with no more digits of a second than are kept: cut where a server would round, so never later."""
    if second_digits is None or second_digits >= _MICROSECOND_DIGITS:
        return value
    unit = 10 ** (_MICROSECOND_DIGITS - second_digits)
    return value.replace(microsecond=value.microsecond // unit * unit)
