"""How a relation of Stripe's is declared: each of its columns, and the places in an object that it is read at.

A place is the names of fields with points between them, ``parent.subscription_details.subscription``. At its end,
``:id`` says that an object may be named there, or expanded, and that its id is read. At its beginning, ``^`` says that
it is a place in the object that a part is in, and ``prices!`` one in the price that the part names. The step
``$account`` is the metadata key that names an app's account.

Of the places of a column, each on a line, the first that holds something counts. ``since`` and ``until`` name the
versions of the API that have it there, where not all have. SQL names places in braces, and by ``{value}`` what those of
its own column hold.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field

from trueup.model.relations import columns_of, relation_named

ACCOUNT_STEP = "$account"
ID_OF = ":id"
MODE = "$mode"
"""In SQL: the mode that is read, as text."""
OTHER_APPLICATION = "$other_application"
"""In SQL: whether the metadata say that the object belongs to another app."""


@dataclass(frozen=True, slots=True)
class VersionedPath:
    """A place, and the first and the last version of the API that have it."""

    at: str
    since: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A column and its places, and the SQL of its value."""

    column: str
    places: tuple[VersionedPath, ...]
    sql: str = "{value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartOf:
    """Rows are made of the elements of a list inside an object.

    ``kind`` are objects that are such elements by themselves, and name the object they are in by their ``parent``.
    Where neither the list nor they are whole, the relation is unknown, and so are those that it ``spoils``. Where no
    object shows the list at all, as the API leaves some out, nothing supplies the relation.
    """

    list: str
    kind: str | None = None
    parent: str = ""
    spoils: tuple[str, ...] = ()
    unknown_alone: bool = False
    """Whether an object whose list is cut is unknown alone. It has no parts then, and those of the others are whole."""
    needless: str = ""
    """SQL that says of an object that it needs no list."""
    instead: Mapping[str, str] = field(default_factory=dict)
    """SQL by place: the one element of an object that has another form; its ``id`` is NULL where it has none."""
    is_never_empty: bool = False
    """Whether Stripe makes no such object without an element, so that one without any was not read whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A relation, and the kind of object that it is made of.

    A column without a line is read at the place of its own name. ``sql`` says by column what a place cannot.
    """

    relation: str
    kind: str
    columns: str
    sql: Mapping[str, str] = field(default_factory=dict)
    part_of: PartOf | None = None
    where: str = ""
    """SQL that says which of the elements of a list are rows."""
    keeps: tuple[str, ...] = ()
    """What the SQL reads besides: of lists that are not a relation with ``[]`` after each list."""
    names_price: bool = False
    """Whether the column ``price_id`` names the price in which ``prices!`` looks."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that name a row."""
        return tuple(column.name for column in columns_of(relation_named(self.relation)) if column.is_key)

    def list_fields(self) -> tuple[Field, ...]:
        """Return a field for each column of the relation, in the order of the columns."""
        declared = _parse_columns(self.columns)
        return tuple(
            _make_field(column.name, declared.get(column.name), self.sql.get(column.name))
            for column in columns_of(relation_named(self.relation))
        )


def _make_field(column: str, places: tuple[VersionedPath, ...] | None, sql: str | None) -> Field:
    implied = VersionedPath("created" if column == "created_at" else column)
    usual = f"coalesce({{value}}, {MODE})" if column == "livemode" else "{value}"
    return Field(column=column, places=(implied,) if places is None else places, sql=sql or usual)


@functools.cache
def _parse_columns(text: str) -> Mapping[str, tuple[VersionedPath, ...]]:
    """Return the places of each column. A line that begins with a space is one more of the column before it."""
    places: dict[str, tuple[VersionedPath, ...]] = {}
    column = ""
    for line in filter(None, text.splitlines()):
        words = line.split()
        if not line.startswith(" "):
            column = words.pop(0)
            places[column] = ()
        if words:
            versions = dict(zip(words[1::2], words[2::2], strict=True))
            places[column] += (VersionedPath(words[0], **versions),)
    return places
