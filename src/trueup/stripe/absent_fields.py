"""The declared fields that no object has: a sign of another version of the API, or of a word spelled otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from trueup.stripe.shapes.declaration import ID_OF, Shape
from trueup.stripe.shapes.fields import JSON, AccountFilter, within
from trueup.stripe.shapes.sql import point_to, shapes_of

LOOKED_AT = 1000
"""As many objects of a kind tell what those of a company have."""


def find_absent_columns(kind: str, objects: Sequence[JSON], account_filter: AccountFilter) -> Iterator[tuple[str, str]]:
    """Return each column, as ``relation.column``, that none of these objects has a field for, and its first place.

    A field that is there and empty is a field. Whether it was deleted only a deleted object says.
    """
    for shape in shapes_of(kind):
        items = objects if shape.part_of is None else list(_list_parts(objects, shape))
        for field in shape.list_fields():
            places = [place.at for place in field.places if not place.at.startswith(("^", "prices!"))]
            paths = [point_to(place.removesuffix(ID_OF), account_filter) for place in places if place != "deleted"]
            if items and paths and not any(_has(item, path) for item in items for path in paths):
                yield f"{shape.relation}.{field.column}", ".".join(paths[0])


def _list_parts(objects: Sequence[JSON], shape: Shape) -> Iterator[JSON]:
    for item in objects:
        parts = within(item, shape.part_of.list, "data") if shape.part_of else None
        yield from (part for part in (parts if isinstance(parts, list) else ()) if isinstance(part, Mapping))


def _has(value: object, path: Sequence[str]) -> bool:
    """Return whether the field is there; also where what should hold it is empty, or only named."""
    for step in path:
        if not isinstance(value, Mapping):
            return True
        if step not in value:
            return False
        value = value[step]
    return True
