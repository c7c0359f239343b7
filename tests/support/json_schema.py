"""As much of JSON Schema as our own schema uses. A keyword that this does not know fails, so that none goes unasked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_KNOWN = {
    *("$ref", "$schema", "$defs", "title", "description", "type", "properties", "required", "additionalProperties"),
    *("items", "enum", "const", "anyOf", "pattern", "minimum", "maximum"),
}


def violations(value: Any, schema: dict[str, Any], root: dict[str, Any], path: str = "$") -> Iterator[str]:
    """Where ``value`` breaks ``schema``, and how."""
    assert schema.keys() <= _KNOWN, schema.keys() - _KNOWN
    if "$ref" in schema:
        yield from violations(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, path)
        return
    if "anyOf" in schema and all(list(violations(value, option, root, path)) for option in schema["anyOf"]):
        yield f"{path}: {value!r} fits no option"
    if ("enum" in schema and value not in schema["enum"]) or ("const" in schema and value != schema["const"]):
        yield f"{path}: {value!r} is not a known word"
    if "type" in schema and not _is(value, schema["type"]):
        yield f"{path}: {value!r} is not {schema['type']}"
        return
    yield from _scalar(value, schema, path)
    if isinstance(value, dict):
        yield from _members(value, schema, root, path)
    if isinstance(value, list) and "items" in schema:
        for number, item in enumerate(value):
            yield from violations(item, schema["items"], root, f"{path}[{number}]")


def _is(value: Any, names: str | list[str]) -> bool:
    wanted = [names] if isinstance(names, str) else names
    if isinstance(value, bool):
        return "boolean" in wanted
    return any(isinstance(value, _TYPES[name]) for name in wanted)


def _scalar(value: Any, schema: dict[str, Any], path: str) -> Iterator[str]:
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{path}: {value!r} does not match"
    if isinstance(value, (int, float)) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{path}: {value!r} is out of range"


def _members(value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any], path: str) -> Iterator[str]:
    yield from (f"{path}: {name} is missing" for name in schema.get("required", ()) if name not in value)
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    for name, member in value.items():
        if name in properties:
            yield from violations(member, properties[name], root, f"{path}.{name}")
        elif others is False:
            yield f"{path}: {name} is unknown"
        elif isinstance(others, dict):
            yield from violations(member, others, root, f"{path}.{name}")
