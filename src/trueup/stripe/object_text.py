"""The text of one of Stripe's objects, as others keep it, and what makes it worth nothing."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from trueup.model.finding import printable
from trueup.stripe.shapes.fields import JSON

LEVELS_LIMIT = 100
"""How deep an object may be nested. Stripe's own have ten levels."""

_TOO_DEEP = f"it is nested deeper than {LEVELS_LIMIT} levels"
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def refuse_text(text: str | None, *, kind: str, is_read: bool) -> None:
    """Refuse what is not an object of this kind. ``is_read`` says that the engine read it.

    Raises ``ValueError``, in our words, which says why.
    """
    item = None if text is None else parse_object(text)
    if not isinstance(item, dict) or not isinstance(item.get("id"), str) or not item["id"]:
        raise ValueError("it is not an object with an id")
    kind_in_item = item.get("object")
    if kind_in_item is not None and kind_in_item != kind:
        raise ValueError(f"{printable(item['id'])[:80]} is of kind {printable(str(kind_in_item))[:40]}")
    if not is_read:
        raise ValueError("it is not JSON as Stripe writes it")


def parse_objects(texts: Iterable[str | None]) -> Iterator[JSON]:
    """Return the objects among these texts."""
    for text in texts:
        with contextlib.suppress(ValueError):
            item = None if text is None else parse_object(text)
            if isinstance(item, dict):
                yield item


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
