"""Parse TOML text, but only if it is not nested deeper than any config needs.

The library keeps every prefix of a dotted key, so that one key of 200 kB takes gigabytes: the depth is checked first.
"""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal

LEVELS_LIMIT = 32
"""How many tables and lists may be nested. The deepest config has six levels."""

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?(?:"""|\Z)'
    r"|'{3}.*?(?:'{3}|\Z)"
    r'|"(?:\\.|[^"\\\n])*"?'
    r"|'[^'\n]*'?"
    r"|\#[^\n]*"
    r"|[\[{\]}.=,\n]",
    re.DOTALL,
)
"""A mark of structure, or a whole string or comment. Every quote matches: searching for its end could take for ever."""


_BRACKETS = {"[": 1, "{": 1, "]": -1, "}": -1}
_MARKS = {*_BRACKETS, ".", "=", ",", "\n"}


class TooDeep(Exception):
    """The text is nested deeper than ``LEVELS_LIMIT``; the message says where."""


def parse_toml(text: str) -> dict[str, object]:
    """Return what the text says, numbers with a point as ``Decimal``.

    Raises ``TooDeep``, ``tomllib.TOMLDecodeError``, and ``ValueError`` or ``ArithmeticError`` for a number that is too
    long to read.
    """
    _refuse_deep_text(text)
    try:
        content = tomllib.loads(text, parse_float=Decimal)
    except RecursionError:
        raise TooDeep(_limit()) from None
    _refuse_deep_tables(content)
    return content


def _refuse_deep_text(text: str) -> None:
    """Refuse brackets inside brackets, and keys of many parts, before the parser meets them."""
    brackets = 0
    points = 0
    for match in _TOKEN.finditer(text):
        mark = match.group()
        if mark not in _MARKS:  # a string or a comment
            continue
        brackets += _BRACKETS.get(mark, 0)
        points = points + 1 if mark == "." else 0
        if max(brackets, points) >= LEVELS_LIMIT:
            line = text.count("\n", 0, match.start()) + 1
            raise TooDeep(f"see line {line}; {_limit()}")


def _refuse_deep_tables(content: object) -> None:
    """Refuse depth that only several headers and keys together make."""
    level = [content]
    for _ in range(LEVELS_LIMIT + 1):
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return
    raise TooDeep(_limit())


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _limit() -> str:
    return f"at most {LEVELS_LIMIT} levels are read"
