"""The text of one of Stripe's objects, as others keep it, and what makes it worth nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any

LEVELS_LIMIT = 100
"""How deep an object may be nested. Stripe's own have ten levels."""

_TOO_DEEP = f"it is nested deeper than {LEVELS_LIMIT} levels"
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def parse_object(text: str) -> Any:
    """Return the JSON in this text. Raises ``ValueError``, in our words, for what is damaged or too deep."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"it breaks off or is damaged at column {error.colno}") from None
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    except ValueError:
        raise ValueError("it holds a number that is too long") from None
    if text.count("[") + text.count("{") > LEVELS_LIMIT:
        _refuse_deep(value)
    if "\\u" in text and _SURROGATE.search(text):
        _refuse_half_characters(value)
    return value


def _refuse_deep(value: Any) -> None:
    """Refuse what later steps could only write by calling themselves too often."""
    level = [value]
    for _ in range(LEVELS_LIMIT):
        level = [part for whole in level for part in _parts_of(whole)]
        if not level:
            return
    raise ValueError(_TOO_DEEP)


def _parts_of(value: Any) -> Collection[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _refuse_half_characters(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("it holds half of a character, which is not text") from None
