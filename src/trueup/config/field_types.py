"""The types of the values in ``trueup.toml``, each with the message for a wrong value."""

from __future__ import annotations

import re
from datetime import date
from decimal import Context, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, TypeGuard

from pydantic import AfterValidator, BeforeValidator, PlainValidator
from pydantic_core import PydanticCustomError

from trueup.config.config_errors import suggestion
from trueup.model.credit_unit import read_unit
from trueup.model.money import CREDIT_DECIMALS, CREDIT_LIMIT, MOST_CREDIT_DECIMALS
from trueup.model.relations import Interval
from trueup.model.settings import TIMEOUT_LIMIT_SECONDS
from trueup.model.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Callable

_BASES = (("B", 1000), ("iB", 1024))

OFF = "off"
"""The word in ``[policy.severity]`` that switches a check off."""

NOTHING = "nothing"
"""What a price sells that is known and owes nothing."""

MONEY_LIMIT = 10**15
LARGEST_COUNT = 10**6
RANK_LIMIT = 1000
STALE_LIMIT_HOURS = 8760
SUPPLIERS = ("api", "database", "files")

MEMORY_LEAST_BYTES = 64 * 1024**2
"""The smallest limit: a company of five accounts is audited in 32 MiB, but not in 16."""

_UNITS = {f"{letter}{kind}": base**power for power, letter in enumerate("KMGT", 1) for kind, base in _BASES}
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,9})?", re.ASCII)
_VERSION = re.compile(r"[0-9A-Za-z_.-]{1,64}")
_CURRENCY = re.compile(r"[a-z]{3}")
_MEMORY = re.compile(r"[1-9][0-9]{0,5} ?(KB|MB|GB|TB|KiB|MiB|GiB|TiB)")
_SMALLEST = Decimal((0, (1,), -CREDIT_DECIMALS))
_PRECISION = Context(prec=60)


def wrong(problem: str) -> PydanticCustomError:
    """A validator's error with this text."""
    return PydanticCustomError("refused", "{problem}", {"problem": problem})


def _refuse_empty(text: str) -> str:
    if not text.strip():
        raise wrong("must not be empty")
    if "\0" in text:
        raise wrong("must not hold a NUL character")
    return text


def whole(low: int, high: int) -> Callable[[object], object]:
    """Return the validator of a whole number within these bounds."""

    def check(value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise wrong(f"must be a whole number from {low} to {high}")
        return value

    return check


def _exact(value: object) -> Decimal:
    try:
        number = Decimal(value) if _is_number(value) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite():
        raise wrong('must be a number, such as 10 or "1.5"')
    if number.copy_abs() >= CREDIT_LIMIT or number.quantize(_SMALLEST, context=_PRECISION) != number:
        raise wrong(f"must be below 10^20 and have at most {CREDIT_DECIMALS} digits after the point")
    return number


def _is_number(value: object) -> TypeGuard[int | str | Decimal]:
    """Only the digits 0 to 9 count: ``Decimal`` would also accept ``1_000``, and the digits of every script."""
    if isinstance(value, str):
        return _NUMBER.fullmatch(value) is not None
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _not_negative(value: Decimal) -> Decimal:
    if value < 0:
        raise wrong("must not be negative")
    return value


def one_of(words: tuple[str, ...], what: str) -> Callable[[object], object]:
    """Return the validator of one of these words."""

    def check(value: object) -> object:
        if not isinstance(value, str) or value not in words:
            raise wrong(f"is not {what}{suggestion(value if isinstance(value, str) else '', words)}")
        return value

    return check


def as_date(value: object) -> object:
    """A day, also where the file writes it in quotation marks."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise wrong("must be a day, such as 2026-03-01") from None
    return value


def as_version(value: object) -> object:
    """A table's version or snapshot, also where the file writes it as a number."""
    if isinstance(value, bool) or not isinstance(value, (int, str)) or not _VERSION.fullmatch(str(value)):
        raise wrong("must be a version's number or a snapshot's id, such as 12")
    return str(value)


def _currency(code: str) -> str:
    if not _CURRENCY.fullmatch(code.lower()):
        raise wrong('must be a three-letter currency code, such as "usd"')
    return code.lower()


def _unit(text: str) -> str:
    if read_unit(text) is None:
        raise wrong('must be a part of a currency, such as "microdollars", "cents" or "milli-eur"')
    return text


def _memory(text: str) -> str:
    if not _MEMORY.fullmatch(text):
        raise wrong('must be an amount of memory, such as "1GiB" or "512MB"')
    amount, unit = text[: -len(text.lstrip("0123456789 "))].strip(), text.lstrip("0123456789 ")
    if int(amount) * _UNITS[unit] < MEMORY_LEAST_BYTES:
        raise wrong("must be at least 64MiB: the checks cannot run with less")
    return text


def _word(value: object) -> object:
    """The app's word as text: a database may keep a code or a flag where trueup has a word."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else value


def _words(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _absent(value: object) -> object:
    """``true`` for everything, or the names of columns."""
    if isinstance(value, bool):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    raise wrong('must be true, or a list of columns such as ["role"]')


def _option(value: object) -> object:
    """One option of a channel; which type each must have is the channel's own to say."""
    if isinstance(value, str):
        return _refuse_empty(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return [_refuse_empty(item) for item in value]
    if not isinstance(value, int):
        raise wrong("must be a string, a whole number, true or false, or a list of strings")
    return value


def _probe_option(value: object) -> object:
    """One option of a probe; which type each must have is the probe's own to say."""
    if isinstance(value, dict) and all(isinstance(item, str) for item in value.values()):
        return {name: _refuse_empty(item) for name, item in value.items()}
    if isinstance(value, list) and all(type(item) is int for item in value):
        return value
    try:
        return _option(value)
    except PydanticCustomError:
        raise wrong("must be a string, a whole number, true or false, a list or a table of strings") from None


Text = Annotated[str, AfterValidator(_refuse_empty)]
ProbeOption = Annotated[str | int | bool | list[str] | list[int] | dict[str, str], PlainValidator(_probe_option)]
ChannelOption = Annotated[str | int | bool | list[str], PlainValidator(_option)]
Word = Annotated[str, BeforeValidator(_word)]
Words = Annotated[list[Word], BeforeValidator(_words)]
Subject = Annotated[str, BeforeValidator(_word), AfterValidator(_refuse_empty)]
Absent = Annotated[bool | list[str], PlainValidator(_absent)]
Columns = Annotated[list[Text], BeforeValidator(_words)]
Exact = Annotated[Decimal, BeforeValidator(_exact)]
NotNegative = Annotated[Decimal, BeforeValidator(_exact), AfterValidator(_not_negative)]
Currency = Annotated[str, AfterValidator(_currency)]
UnitText = Annotated[str, AfterValidator(_unit)]
Memory = Annotated[str, AfterValidator(_memory)]
IntervalWord = Annotated[str, BeforeValidator(one_of(tuple(Interval), "an interval"))]
SeverityWord = Annotated[str, BeforeValidator(one_of((*Severity, OFF), "a severity"))]
Seconds = Annotated[int, BeforeValidator(whole(1, TIMEOUT_LIMIT_SECONDS))]
StaleHours = Annotated[int, BeforeValidator(whole(1, STALE_LIMIT_HOURS))]
EngineWord = Annotated[str, BeforeValidator(one_of(("spark",), "an engine"))]
SupplierWord = Annotated[str, BeforeValidator(one_of(SUPPLIERS, "a supplier"))]
Money = Annotated[int, BeforeValidator(whole(0, MONEY_LIMIT))]
CreditDecimals = Annotated[int, BeforeValidator(whole(0, MOST_CREDIT_DECIMALS))]
Count = Annotated[int, BeforeValidator(whole(0, LARGEST_COUNT))]
Rank = Annotated[int, BeforeValidator(whole(0, RANK_LIMIT))]
