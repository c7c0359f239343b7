"""Any JSON, in any place of an object: what a field holds that nobody thought of."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

Path = tuple[str | int, ...]

HOSTILE: tuple[str, ...] = (
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1.5",
    "-0.0",
    "1e308",
    "1e999",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "253402300800",
    "-99999999999999",
    "9" * 400,
    '""',
    '" "',
    '"\\u0000"',
    '"a\\u0000b"',
    '"\\u202e\\u2028\\n\\t"',
    '"\\ud83d\\ude00 \\u00e9"',
    '"\'; DROP TABLE stripe_customer; --"',
    '"%s {} $1 ?"',
    '"true"',
    '"17"',
    '"2026-01-01"',
    f'"{"x" * 70_000}"',
    "[]",
    "{}",
    "[null]",
    "[[[[[[[[1]]]]]]]]",
    '{"data": null}',
    '{"data": [1, null, "a", [], {}]}',
    '{"data": [{"id": 7}], "has_more": false}',
    '{"object": "list", "data": [{}], "has_more": true}',
    '{"id": {"id": {"id": 1}}}',
    '{"id": null}',
    '{"id": "twice", "id": "twice_again"}',
    '{"": 1, "a.b": 2, "$": 3, "\\"": 4}',
)
"""Texts of JSON that readers trip over; each is sound JSON of not too many levels."""

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), _TEXT)
JSON_TEXT: st.SearchStrategy[str] = st.one_of(
    st.sampled_from(HOSTILE),
    st.recursive(
        _SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
        max_leaves=8,
    ).map(json.dumps),
)
"""Sound JSON as text: half of it hostile."""


def list_places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Return the path of each value inside this one."""
    members: list[tuple[str | int, Any]] = []
    if isinstance(value, Mapping):
        members = list(value.items())
    elif isinstance(value, list):
        members = list(enumerate(value))
    for name, inner in members:
        yield (*path, name)
        yield from list_places(inner, (*path, name))


def put(item: Mapping[str, Any], changes: Sequence[tuple[Path, str]]) -> str:
    """Return the object as a line of JSON, with these texts in these places; a later change may undo an earlier one."""
    whole = copy.deepcopy(dict(item))
    texts: dict[str, str] = {}
    for number, (path, text) in enumerate(changes):
        mark = f"<place {number}>"
        if _set(whole, path, mark):
            texts[json.dumps(mark)] = text
    line = json.dumps(whole)
    for mark, text in texts.items():
        line = line.replace(mark, text)
    return line


def _set(whole: Any, path: Path, value: object) -> bool:
    """Set the value at a path, where there still is such a place."""
    for step in path[:-1]:
        if isinstance(whole, str):
            return False
        whole = whole[step]
    if isinstance(whole, str):
        return False
    whole[path[-1]] = value
    return True
