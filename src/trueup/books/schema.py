"""The tables of a books file.

One table per relation, with every column of the relation whether mapped or not, and ``unreadable``: what could not be
read of that row. ``trueup_copy`` says what each relation holds and from where, one row per relation, so that a later
refresh can replace one relation's rows and its line here in one transaction. ``trueup_books`` names the file's format.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from trueup.books.credit_scale import CreditScale
from trueup.books.reading import table_type
from trueup.model.columns import ColumnKind
from trueup.model.relations import RELATIONS, Relation, columns_of, relation_name

FORMAT = 4

META = """
CREATE TABLE trueup_books (format INTEGER NOT NULL, trueup_version VARCHAR NOT NULL, environment VARCHAR NOT NULL,
                           as_of TIMESTAMP);
CREATE TABLE trueup_copy (relation VARCHAR PRIMARY KEY, source_table VARCHAR NOT NULL, columns VARCHAR[] NOT NULL,
                          rows BIGINT NOT NULL, unreadable_rows BIGINT NOT NULL, problem VARCHAR);
"""

UNREADABLE = "unreadable"

_RECORDED = ("trueup_copy", "copied_relation", "unreadable_row")
"""What is recorded of each relation while it is read."""


def create_table(
    relation: Relation,
    types: Mapping[str, str] | None = None,
    *,
    temporary: bool = False,
    scale: CreditScale,
) -> str:
    """The DDL of a relation's table. ``types`` are the incoming types of mapped columns, which ids keep."""
    incoming = types or {}
    kind = "TEMP TABLE" if temporary else "TABLE"
    lines = [f"{c.name} {table_type(c, incoming.get(c.name, 'BIGINT'), scale=scale)}" for c in columns_of(relation)]
    return f"CREATE OR REPLACE {kind} {relation_name(relation)} ({', '.join(lines)}, {UNREADABLE} VARCHAR)"


def all_tables(scale: CreditScale) -> str:
    """The DDL of an empty books file."""
    return META + ";\n".join(create_table(relation, scale=scale) for relation in RELATIONS)


def empty_tables(kept: Collection[str], scale: CreditScale) -> str:
    """The DDL that empties a books file of all but the relations ``kept`` and what was recorded while reading them."""
    names = ", ".join(f"'{name}'" for name in sorted(kept)) or "NULL"
    deletions = [f"DELETE FROM {table} WHERE relation NOT IN ({names})" for table in _RECORDED]
    anew = [relation for relation in RELATIONS if relation_name(relation) not in {*kept, *_RECORDED}]
    return ";\n".join(
        [*deletions, "DELETE FROM trueup_books", *(create_table(relation, scale=scale) for relation in anew)]
    )


def own_words(relation: Relation) -> dict[str, tuple[str, ...]]:
    """The columns of fixed words whose unknown words are findings, with our words. An unknown role is a user."""
    return {c.name: c.words for c in columns_of(relation) if c.kind is ColumnKind.WORD and c.name != "role"}
