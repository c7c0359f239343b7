"""What every JSON document is made of: objects that are declared once, and the JSON Schema that comes out of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TextIO

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trueup.formats.wording import Json


class DocumentPart(BaseModel):
    """One JSON object of a document: its names are camelCase, every field is there, and there are no others.

    A field with a default is one that early documents of this schema version lack.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        validate_by_name=True,
        hide_input_in_errors=True,
        json_schema_serialization_defaults_required=True,
    )


def as_json(part: DocumentPart) -> dict[str, Json]:
    """Return the object as a JSON value."""
    written: dict[str, Json] = part.model_dump(mode="json", by_alias=True)
    return written


def dump(value: object) -> str:
    """Return the value as JSON text in ASCII."""
    return json.dumps(value, allow_nan=False)


def write_list(out: TextIO, name: str, items: Iterable[object]) -> None:
    """Write a member that is a list, each of its items on a line."""
    out.write(f"  {dump(name)}: [")
    separator = "\n    "
    for item in items:
        out.write(separator + dump(item))
        separator = ",\n    "
    out.write("]" if separator == "\n    " else "\n  ]")


def schema_of(document: type[DocumentPart], *, title: str) -> dict[str, Any]:
    """Return the JSON Schema of the document."""
    schema: dict[str, Any] = _without_names_of_python(document.model_json_schema(mode="serialization"))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title} | schema


def _without_names_of_python(schema: Any) -> Any:
    """Return the schema without what pydantic adds for Python: a title from each name, and defaults."""
    match schema:
        case list():
            return [_without_names_of_python(part) for part in schema]
        case dict():
            kept = {name: part for name, part in schema.items() if name not in {"title", "default"}}
            return {
                name: {key: _without_names_of_python(value) for key, value in part.items()}
                if name in {"properties", "$defs"}
                else _without_names_of_python(part)
                for name, part in kept.items()
            }
        case _:
            return schema
