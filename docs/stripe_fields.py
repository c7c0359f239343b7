"""``docs/stripe-fields.md``: what is read of each of Stripe's objects, made from the declaration that reads it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from docs.marks import MADE
from docs.rows import table
from trueup.checks import catalogue
from trueup.engines.requirements import reads_of_check
from trueup.model.relations import columns_of, relation_named
from trueup.stripe.connection import API_VERSION
from trueup.stripe.listings import LISTINGS, Listing
from trueup.stripe.shapes import SHAPES
from trueup.stripe.shapes.declaration import ID_OF, Field, Shape, VersionedPath
from trueup.stripe.shapes.sql import find_places, part_table, write_value

FILE = Path(__file__).parent / "stripe-fields.md"

_INTRODUCTION = f"""
Every place in Stripe's objects that trueup reads, from every supplier: the API (asked in version {API_VERSION}),
a sync tool's tables or exported files. Nothing else of an object is kept: no name, no address, no card.

Of several places the first that holds something counts. *id of* means that the object there may be expanded, and only
its id is read. `metadata.$account` is the metadata key of `stripe.account_metadata_key`.
"""


def page() -> str:
    """The whole page, in Markdown."""
    readers = _find_readers()
    lines = [MADE, "", "# What is read of Stripe's objects", "", *_INTRODUCTION.strip().splitlines(), ""]
    for shape in SHAPES:
        listing = next(listing for listing in LISTINGS if listing.kind == shape.kind)
        lines += [f"## {shape.relation}", "", _describe_source(shape, listing), ""]
        lines += [*table(("column", "type", "place", "checks that use it"), _rows(shape, readers)), ""]
    return "\n".join(lines).rstrip() + "\n"


def _find_readers() -> Mapping[tuple[str, str], list[str]]:
    readers = defaultdict(list)
    for check in catalogue():
        for need in sorted(reads_of_check(check)):
            readers[need].append(f"`{check.id}`")
    return readers


def _describe_source(shape: Shape, listing: Listing) -> str:
    permissions = [listing.permission, *filter(None, [listing.gate_permission])]
    of = f"`{listing.path}`, a row for each object"
    if shape.part_of is not None:
        of = f"`{listing.path}`, a row for each of an object's `{shape.part_of.list}`"
    return f"From {of}. A restricted key needs {' and '.join(f'`{name}`' for name in permissions)}."


def _rows(shape: Shape, readers: Mapping[tuple[str, str], list[str]]) -> Iterator[tuple[str, ...]]:
    columns = columns_of(relation_named(shape.relation))
    for column, field in zip(columns, shape.list_fields(), strict=True):
        yield (
            f"`{column.name}`",
            str(column.kind),
            "<br>".join(_list_places(shape, field)),
            ", ".join(readers[shape.relation, column.name]) or "none",
        )


def _list_places(shape: Shape, field: Field) -> list[str]:
    declared = [place.at for place in field.places]
    others = [place for place in find_places(write_value(field)) if place not in declared]
    if "SELECT" in field.sql:  # of parts, by their own names
        parts = next(part for part in SHAPES if part.kind == shape.kind and part_table(part) in field.sql)
        others = [
            f"{parts.part_of.list}.data[].{place}" for place in parts.keeps if place in field.sql and parts.part_of
        ]
    places = [*field.places, *map(VersionedPath, dict.fromkeys(others))]
    return [_describe_place(shape, place) for place in places] or ["`metadata`, by `stripe.metadata`"]


def _describe_place(shape: Shape, place: VersionedPath) -> str:
    path, of = place.at.removesuffix(ID_OF), ""
    if path.startswith("^"):
        path, of = path[1:], f"its {shape.kind.removesuffix('s').replace('_', ' ')}'s "
    elif "!" in path:
        path, of = path.partition("!")[2], "its price's "
    versions = [f"since {place.since}"] if place.since else []
    versions += [f"until {place.until}"] if place.until else []
    text = f"{'id of ' if place.at.endswith(ID_OF) else ''}{of}`{path}`"
    return f"{text} ({', '.join(versions)})" if versions else text
