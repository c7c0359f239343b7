"""The SQL that is made of the shapes: from objects to tables of their places, and from those to relations."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from trueup.model.columns import Column, ColumnKind
from trueup.model.relations import columns_of, relation_named
from trueup.stripe.shapes import SHAPES
from trueup.stripe.shapes.declaration import ACCOUNT_STEP, ID_OF, MODE, OTHER_APPLICATION, Field, PartOf, Shape
from trueup.stripe.shapes.fields import AccountFilter

SCHEDULES, PRICES = "subscription_schedules", "prices"
_OWN_WORDS = {"checkout_sessions": "checkout.session", "invoice_lines": "line_item"}
_PLACE = re.compile(r"\{([\w.^!:$]+)\}")
_OF_EVERY_OBJECT = ("id", "object", "livemode", "deleted")
"""The places by which every object is judged: what it is, its mode, and whether it still counts."""
_TYPES = {ColumnKind.INTEGER: "BIGINT", ColumnKind.TIME: "BIGINT", ColumnKind.BOOLEAN: "BOOLEAN"}


def shapes_of(kind: str) -> tuple[Shape, ...]:
    """Return the relations that are made of this kind of object."""
    return tuple(shape for shape in SHAPES if shape.kind == kind)


def object_of(kind: str) -> str:
    """Return what an object of this kind says that it is."""
    return _OWN_WORDS.get(kind, kind.removesuffix("s"))


def shape_named(relation: str) -> Shape:
    """Return the shape of this relation."""
    return next(shape for shape in SHAPES if shape.relation == relation)


def part_shapes() -> Mapping[str, tuple[Shape, PartOf]]:
    """Return the relations of parts, by the kind of the objects that are such parts by themselves."""
    return {shape.part_of.kind: (shape, shape.part_of) for shape in SHAPES if shape.part_of and shape.part_of.kind}


def part_table(shape: Shape) -> str:
    """Return the name of the table that holds the parts which a relation is made of."""
    return f"{shape.relation}_part"


def find_places(sql: str) -> list[str]:
    """Return the places that the SQL names, in their order."""
    return _PLACE.findall(sql)


def write_value(field: Field) -> str:
    """Return the SQL of the column's value, in which places are still in braces."""
    values = [f"{{{place.at}}}" for place in field.places]
    value = values[0] if len(values) == 1 else f"coalesce({', '.join(values)})" if values else "NULL"
    return field.sql.replace("{value}", value)


def list_places(shape: Shape, account_filter: AccountFilter) -> list[str]:
    """Return every place that the shape reads, as its SQL names them: ``^`` before those of a parent."""
    sql = _expand(" ".join([*map(write_value, shape.list_fields()), shape.where]), account_filter)
    kept = [place for place in shape.keeps if "[" not in place and "{" not in place]
    return list(dict.fromkeys([*(place for place in find_places(sql) if "!" not in place), *kept]))


def list_places_of_kind(kind: str, account_filter: AccountFilter) -> list[str]:
    """Return the places that are read of an object of this kind, those that its parts ask it for among them."""
    places = list(_OF_EVERY_OBJECT)
    if kind == SCHEDULES:
        of_subscription = list_places(shape_named("stripe_subscription"), account_filter)
        places += ["subscription:id", *(p.removeprefix("schedule.") for p in of_subscription if "schedule." in p)]
    elif kind in part_shapes():
        shape, part_of = part_shapes()[kind]
        own = [place for place in list_places(shape, account_filter) if not place.startswith("^")]
        places += [f"{part_of.parent}{ID_OF}", *own]
    for shape in shapes_of(kind):
        named = list_places(shape, account_filter)
        if shape.part_of is None:
            places += named
            continue
        texts = (shape.part_of.needless, *shape.part_of.instead.values())
        places += [f"{shape.part_of.list}.data", f"{shape.part_of.list}.has_more"]
        places += [place[1:] for place in named if place.startswith("^")]
        places += [place for text in texts for place in find_places(text)]
    if kind == PRICES:
        sql = " ".join(write_value(field) for shape in SHAPES for field in shape.list_fields())
        places += [place.partition("!")[2] for place in find_places(sql) if "!" in place]
    if kind == "subscriptions":
        places.append("schedule")
    return list(dict.fromkeys(places))


def point_to(place: str, account_filter: AccountFilter) -> list[str]:
    """Return the steps to a place: the names of fields."""
    keys = {ACCOUNT_STEP: account_filter.account_metadata_key}
    keys |= {f"${number}": key for number, key in enumerate(account_filter.metadata)}
    return [keys.get(step, step) for step in place.split(".")]


class Extraction:
    """The values at places of a JSON text, taken out of it in one go."""

    def __init__(self, places: Sequence[str], account_filter: AccountFilter) -> None:
        self.places = places
        self._filter = account_filter
        paths = [path for place in places for path in (place.removesuffix(ID_OF), place.replace(ID_OF, ".id"))]
        pointers = dict.fromkeys(self._pointer(path) for path in paths)
        self._numbers = {pointer: number for number, pointer in enumerate(pointers, start=1)}

    def take_from(self, text: str) -> str:
        """Return SQL of a list of all the values; NULL where the text is not JSON."""
        return f"TRY(json_extract_string({text}, [{', '.join(map(quote_text, self._numbers))}]))"

    def list_columns(self, values: str) -> list[str]:
        """Return SQL of a column for each place, out of the list of values."""
        return [f"{self.read(place, values)} AS {quote_name(place)}" for place in self.places]

    def read(self, place: str, values: str) -> str:
        """Return SQL of the value at the place. Of an object where a reference may be, only the id counts."""
        path = place.removesuffix(ID_OF)
        plain = f"{values}[{self._numbers[self._pointer(path)]}]"
        if path == place:
            return plain
        expanded = f"{values}[{self._numbers[self._pointer(f'{path}.id')]}]"
        return f"coalesce({expanded}, CASE WHEN NOT starts_with({plain}, '{{') THEN {plain} END)"

    def _pointer(self, path: str) -> str:
        return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in point_to(path, self._filter))


def select_relation(shape: Shape, account_filter: AccountFilter) -> str:
    """Return the query that makes the relation: every column as text, in their order."""
    values = {field.column: fill(write_value(field), account_filter) for field in shape.list_fields()}
    columns = ", ".join(f"CAST({value} AS VARCHAR) AS {quote_name(column)}" for column, value in values.items())
    query = f"SELECT {columns} FROM {shape.kind if shape.part_of is None else part_table(shape)} AS own"
    if shape.names_price:
        query += f" LEFT JOIN prices AS price_named ON price_named.id = {values['price_id']}"
    return f"{query} WHERE {fill(shape.where, account_filter)}" if shape.where else query


def fill(sql: str, account_filter: AccountFilter) -> str:
    """Return the SQL with the columns of the table ``own`` where it names places."""
    return _PLACE.sub(lambda match: _name_column(match[1]), _expand(sql, account_filter))


def _name_column(place: str) -> str:
    table, mark, path = place.partition("!")
    return f"price_named.{quote_name(path)}" if mark and table == PRICES else f"own.{quote_name(place)}"


def _expand(sql: str, account_filter: AccountFilter) -> str:
    """Return the SQL with what the config says in it."""
    metadata = [
        f"{{metadata.${number}}} IS DISTINCT FROM {quote_text(value)}"
        for number, value in enumerate(account_filter.metadata.values())
    ]
    sql = sql.replace(OTHER_APPLICATION, " OR ".join(metadata) or "FALSE")
    return sql.replace(MODE, "'true'" if account_filter.livemode else "'false'")


def list_numbers(shape: Shape) -> tuple[Column, ...]:
    """Return the columns that hold numbers, moments and truth."""
    return tuple(column for column in columns_of(relation_named(shape.relation)) if column.kind in _TYPES)


def test_plain(column: Column) -> str:
    """Return SQL that is true where every value of the column is written as its type writes it."""
    if column.kind is ColumnKind.BOOLEAN:
        return f"coalesce(bool_and({quote_name(column.name)} IN ('true', 'false')), TRUE)"
    text = f"CAST(TRY_CAST({quote_name(column.name)} AS BIGINT) AS VARCHAR)"
    return f"coalesce(bool_and({text} IS NOT DISTINCT FROM {quote_name(column.name)}), TRUE)"


def select_typed(shape: Shape, plain: Collection[str], rows: str, left_out: Collection[str]) -> str:
    """Return the query that reads the relation's rows, those columns that are ``plain`` as their own type."""
    values = [
        f"CAST({quote_name(column.name)} AS {_TYPES[column.kind]}) AS {quote_name(column.name)}"
        if column.name in plain
        else quote_name(column.name)
        for column in columns_of(relation_named(shape.relation))
        if column.name not in left_out
    ]
    return f"SELECT {', '.join(values)} FROM {rows}"


def quote_name(name: str) -> str:
    """Return the name as SQL wants it."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """Return the text as SQL wants it."""
    return "'" + text.replace("'", "''") + "'"
