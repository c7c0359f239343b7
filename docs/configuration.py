"""Make ``docs/configuration.md`` from the shape of the file: every key, what it takes, its default and its meaning."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from docs.promises import promises_of
from docs.rows import table, value_text
from trueup.config import STORE_FILE
from trueup.config.declared_keys import Section
from trueup.config.document import Document, StoreSection
from trueup.disk import whole_file
from trueup.model.columns import Column, ColumnKind
from trueup.model.relations import MAPPED, STRIPE, Relation, columns_of, relation_name

FILE = Path(__file__).parent / "configuration.md"
MADE = "<!-- Made by `python -m docs.generate` from config/document.py. Edit the keys there, then run it again. -->"

INTRODUCTION = """\
# Configuration

The config is one file: `trueup.toml` in the current folder, or the one that `--config` or the variable `TRUEUP_CONFIG`
names. `trueup init` writes it from your schema, and the [README](../README.md) shows a complete one. A key, table or
column that does not exist is an error that names it, says where it is, and suggests the nearest known one; `trueup
doctor` checks the whole file.

**Secrets stay outside.** `${NAME}`, anywhere in a value, is replaced by that environment variable; a value
`file:/run/secrets/x` is replaced by that file's content. Both work in `database.url`, `database.repair_url`,
`store.url`, `stripe.api_key`, `stripe.url`, `server.jwt.jwks_url`, `server.oidc.client_secret` and every option of a
channel or a probe.

**Relative paths** start at the folder where the command runs; those of `file:` start at the config's folder, and the
default store is `trueup.db` there too.

| variable | is |
| --- | --- |
| `TRUEUP_CONFIG` | the config file |
| `DATABASE_URL` | the database of a `trueup init` without a URL |
| `TMPDIR` | the folder in which the snapshot of a running audit lives |
| `SSL_CERT_FILE` | certificate authorities for channels and keys, instead of the machine's own |
"""

_BEFORE_THE_FIRST_TABLE = ("## Before the first table", "")
_FIRST = ("database", "relations", "plans", "prices")
"""The tables that every config has; the others follow in the code's order."""

_NAMED = {
    "above_money": ("CURRENCY",),
    "channels": ("NAME", "OPTION"),
    "columns": ("COLUMN",),
    "fields": ("FIELD",),
    "credit_value": ("CURRENCY",),
    "credits_per": ("CURRENCY",),
    "metadata": ("KEY",),
    "people": ("NAME",),
    "price": ("CURRENCY",),
    "probes": ("NAME", "OPTION"),
    "roles": ("ROLE",),
    "severity": ("CHECK",),
    "shadow": ("CHECK",),
    "tables": ("TABLE", "COLUMN"),
    "values": ("COLUMN", "WORD"),
    "wallets": ("WALLET",),
}
"""What the file's author names, by key."""

_TABLES_NAMED = {"expected_writes": ("WRITTEN", "TABLE")}
"""What the file's author names of a table that is within others, where that is not one ``NAME``."""

_NO_VALUE = object()
_PROBES = (_NO_VALUE, "?", "")
_PLAIN = {
    bool: "true or false",
    str: "text",
    date: "a day without quotes, such as 2025-03-01",
}
_HOLDS = {
    ColumnKind.TEXT: "text",
    ColumnKind.ID: "a whole number or text",
    ColumnKind.CREDITS: "an exact number",
    ColumnKind.INTEGER: "a whole number",
    ColumnKind.BOOLEAN: "yes or no",
    ColumnKind.TIME: "a moment, UTC",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a table of the file, as the page shows it."""

    name: str
    takes: str
    usual: str
    means: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of the file: its name as TOML writes it, what it is for, and its keys."""

    name: str
    says: str
    keys: tuple[Key, ...]


def page() -> str:
    """The whole page, in Markdown."""
    lines = [MADE, "", *INTRODUCTION.splitlines()]
    for found in tables():
        lines += ["", f"## `{found.name}`", "", found.says, ""] if found.name else ["", *_BEFORE_THE_FIRST_TABLE]
        lines += table(
            ("key", "takes", "default", "meaning"),
            ((f"`{key.name}`", key.takes, key.usual, key.means) for key in found.keys),
        )
        if found.name == "[relations.NAME]":
            lines += _relations()
    return "\n".join(lines).rstrip() + "\n"


def tables(model: type[BaseModel] = Document, *, path: str = "", is_list: bool = False) -> Iterator[Table]:
    """The tables of the file, each before those inside it."""
    hints = typing.get_type_hints(model, include_extras=True)
    inner = {name: found for name, hint in hints.items() if (found := _section(hint)) is not None}
    keys = tuple(_key(model, name, hints[name]) for name in model.model_fields if name not in inner)
    name = f"[[{path}]]" if is_list else f"[{path}]" if path else ""
    yield Table(name=name, says=_says(model), keys=keys)
    for field in sorted(inner, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST)):
        section, shape = inner[field]
        named = _TABLES_NAMED.get(field, ("NAME",)) if shape is dict else ()
        below = ".".join(part for part in (path, model.model_fields[field].alias or field, *named) if part)
        yield from tables(section, path=below, is_list=shape is list)


def _section(hint: Any) -> tuple[type[Section], type | None] | None:
    """The table that a key holds, and whether it holds a list or a dictionary of them; None for a key with a value."""
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if isinstance(hint, type) and issubclass(hint, Section):
        return hint, None
    if origin is Annotated:
        return _section(inside[0])
    if origin is types.UnionType:
        return next((found for part in inside if (found := _section(part)) is not None), None)
    if origin in (list, dict) and (found := _section(inside[-1])) is not None:
        return found[0], origin
    return None


def _says(model: type[BaseModel]) -> str:
    """What a table's class says of it, without its name in front."""
    text = inspect.cleandoc(model.__doc__ or "").replace("``", "`").replace("\n", " ")
    says = text.partition(": ")[2] or text
    return says[:1].upper() + says[1:]


def _key(model: type[BaseModel], name: str, hint: Any) -> Key:
    depth, inside = 0, hint
    while typing.get_origin(inside) is dict or _optional(inside) is not inside:
        depth += typing.get_origin(inside) is dict
        inside = typing.get_args(inside)[-1] if typing.get_origin(inside) is dict else _optional(inside)
    written = model.model_fields[name].alias or name
    return Key(
        name=".".join([written, *(_NAMED[name] if depth else ())]),
        takes=takes(inside),
        usual="" if depth else _usual(model, model.model_fields[name]),
        means=_meanings(model)[name].replace("``", "`"),
    )


def _optional(hint: Any) -> Any:
    """The hint without its None."""
    if typing.get_origin(hint) is types.UnionType:
        parts = [part for part in typing.get_args(hint) if part is not types.NoneType]
        return parts[0] if len(parts) == 1 else hint
    return hint


def _meanings(model: type[BaseModel]) -> Mapping[str, str]:
    """What is written below each key."""
    sections = [parent for parent in reversed(model.__mro__) if issubclass(parent, Section)]
    declared = [section.declared_by for section in sections if "declared_by" in vars(section)]
    own = [section for section in sections if "declared_by" not in vars(section)]
    return {name: text for source in (*filter(None, declared), *own) for name, text in promises_of(source).items()}


def _usual(model: type[BaseModel], field: FieldInfo) -> str:
    if model is StoreSection:
        return f"`sqlite:///{STORE_FILE}` beside the file"
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    match value:
        case None | [] | {}:
            return ""
        case bool():
            return "true" if value else "false"
        case list():
            return ", ".join(f"`{part}`" for part in value)
        case int():
            return f"{value:,}"
        case StrEnum():
            return f"`{value}`"
        case _:
            return value_text(value)


def takes(hint: Any) -> str:
    """What a key takes, in the words with which the program itself refuses anything else."""
    if typing.get_origin(hint) is list:
        return f"a list of {takes(typing.get_args(hint)[0])}"
    if hint in _PLAIN:
        return _PLAIN[hint]
    said = next((text for probe in _PROBES if (text := _refusal(hint, probe)).startswith(("must be ", "is not "))), "")
    if found := re.fullmatch(r"is not an? [\w ]+; known are (.*)", said):
        return f"one of {found[1]}"
    if said:
        also = ", not negative" if _refusal(hint, Decimal(-1)) == "must not be negative" else ""
        return re.sub(r"\d{5,}", lambda number: f"{int(number[0]):,}", said.removeprefix("must be ")) + also
    return _of_what_it_is_made(hint)


def _of_what_it_is_made(hint: Any) -> str:
    """The words for a type that only refuses what is empty."""
    (inside, *_) = typing.get_args(hint)
    if typing.get_origin(inside) is list:
        return f"{takes(typing.get_args(inside)[0])}, or a list of it"
    return takes(inside)


def _refusal(hint: Any, probe: object) -> str:
    """The words with which our own validator refuses this value; empty where it does not."""
    try:
        TypeAdapter(hint, config=ConfigDict(strict=True)).validate_python(probe)
    except ValidationError as error:
        (first, *_) = error.errors()
        return first["msg"] if first["type"] == "refused" else ""
    return ""


def _relations() -> Iterator[str]:
    yield from ("", "The relations and their columns; those of Stripe's where a `database` supplies them:")
    for relation in (*MAPPED, *STRIPE):
        yield from ("", f"### `[relations.{relation_name(relation)}.columns]`", "", _relation_says(relation), "")
        rows = ((f"`{column.name}`", _holds(column), _unmapped(column)) for column in columns_of(relation))
        yield from table(("column", "holds", "where it is not mapped"), rows)


def _relation_says(relation: Relation) -> str:
    return inspect.cleandoc(relation.__doc__ or "").replace("``", "`").replace("\n", " ")


def _holds(column: Column) -> str:
    words = ", ".join(f"`{word}`" for word in column.words)
    return (f"one of {words}" if words else _HOLDS[column.kind]) + (", or nothing" if column.nullable else "")


def _unmapped(column: Column) -> str:
    if column.is_key:
        return "must be mapped: it names the row"
    if not column.has_neutral:
        return "checks that read it are skipped"
    return f"means `{column.neutral}`" if column.words else f"means {value_text(column.neutral)}"


if __name__ == "__main__":
    with whole_file(FILE) as file:
        file.write(page())
