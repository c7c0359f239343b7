"""What a PostgreSQL database reports of itself: its tables, and this role's rights to them."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg

from trueup.model.key_equality import INTEGER, TEXT, UUID, KeyEquality
from trueup.model.source import ForeignKey, SourceColumn, SourceTable, spelled_table

_HEADER = 4
"""What Postgres adds to the modifier of a type."""

_COLUMNS = """
WITH RECURSIVE base (oid, type, modifier) AS (
    SELECT oid, oid, -1 FROM pg_type
    UNION ALL
    SELECT base.oid, t.typbasetype, t.typtypmod
    FROM base JOIN pg_type AS t ON t.oid = base.type WHERE t.typtype = 'd')
SELECT c.oid, n.nspname, c.relname, pg_table_is_visible(c.oid), c.reltuples,
       a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
       c.relkind IN ('v', 'm', 'f'),
       ARRAY(SELECT e.enumlabel::text FROM pg_enum AS e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder),
       t.typname, format_type(t.oid, NULL), t.typtype, greatest(a.atttypmod, base.modifier),
       quote_ident(s.nspname) || '.' || quote_ident(l.collname), l.collisdeterministic
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN base ON base.oid = a.atttypid
JOIN pg_type AS t ON t.oid = base.type AND t.typtype <> 'd'
LEFT JOIN pg_collation AS l ON l.oid = a.attcollation AND l.collname <> 'default'
LEFT JOIN pg_namespace AS s ON s.oid = l.collnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
  AND has_schema_privilege(n.oid, 'USAGE')
  AND has_column_privilege(c.oid, a.attnum, 'SELECT')
ORDER BY n.nspname, c.relname, a.attnum
"""

_UNIQUE = """
SELECT i.indrelid, array_agg(a.attname::text)
FROM pg_index AS i
CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS key (attnum, position)
JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = key.attnum
WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
  AND key.position <= i.indnkeyatts
  AND NOT EXISTS (
      SELECT FROM pg_inherits AS h JOIN pg_class AS p ON p.oid = h.inhparent
      WHERE h.inhparent = i.indrelid AND p.relkind = 'r')
GROUP BY i.indexrelid, i.indrelid
HAVING bool_and(a.attnotnull)
"""

_KEYS = """
SELECT k.conrelid, k.contype = 'p', k.confrelid,
       (SELECT array_agg(a.attname::text ORDER BY p.place)
        FROM unnest(k.conkey) WITH ORDINALITY AS p (attnum, place)
        JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = p.attnum),
       (SELECT array_agg(a.attname::text ORDER BY p.place)
        FROM unnest(k.confkey) WITH ORDINALITY AS p (attnum, place)
        JOIN pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = p.attnum)
FROM pg_constraint AS k
WHERE k.contype IN ('p', 'f')
"""

_INDEXED = """
SELECT i.indrelid, a.attname
FROM pg_index AS i
JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
WHERE i.indisvalid AND i.indpred IS NULL
"""

_WRITABLE = """
SELECT right_to, count(*), (array_agg(name ORDER BY name))[1:3]
FROM (
    SELECT right_to, CASE WHEN pg_table_is_visible(c.oid) THEN c.relname ELSE n.nspname || '.' || c.relname END AS name
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    CROSS JOIN unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) WITH ORDINALITY AS r (right_to, position)
    WHERE c.relkind IN ('r', 'p', 'f')
      AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
      AND CASE WHEN right_to IN ('INSERT', 'UPDATE') THEN has_any_column_privilege(c.oid, right_to)
               ELSE has_table_privilege(c.oid, right_to) END
) AS held
GROUP BY right_to
ORDER BY right_to
"""


def read_tables(connection: psycopg.Connection) -> tuple[SourceTable, ...]:
    """The readable tables in name order. A parent of inherited tables has no unique columns: its index leaves the
    children out.
    """
    unique: dict[int, set[frozenset[str]]] = {}
    for table, names in connection.execute(_UNIQUE):
        unique.setdefault(table, set()).add(frozenset(names))
    columns: dict[int, list[SourceColumn]] = {}
    heads: dict[int, tuple[str, str, bool, float, bool]] = {}
    for table, schema, name, visible, rows, column, kind, nullable, is_view, labels, *compared in connection.execute(
        _COLUMNS
    ):
        heads[table] = (schema, name, visible, rows, is_view)
        described = SourceColumn(
            name=column, type=kind.lower(), nullable=nullable, equality=_equality(*compared), labels=tuple(labels)
        )
        columns.setdefault(table, []).append(described)
    names = {table: spelled_table(head[1], None if head[2] else head[0]) for table, head in heads.items()}
    primary, foreign = _declared_keys(connection, names)
    indexed: dict[int, set[str]] = {}
    for table, column in connection.execute(_INDEXED):
        indexed.setdefault(table, set()).add(column)
    tables = [
        SourceTable(
            name=name,
            schema=None if visible else schema,
            columns=tuple(columns[table]),
            unique=frozenset(unique.get(table, ())),
            primary_key=primary.get(table, ()),
            foreign_keys=tuple(foreign.get(table, ())),
            indexed=frozenset(indexed.get(table, ())),
            is_view=is_view,
            rows=int(rows) if rows >= 0 else None,
        )
        for table, (schema, name, visible, rows, is_view) in heads.items()
    ]
    return tuple(sorted(tables, key=lambda table: table.qualified_name))


def _declared_keys(
    connection: psycopg.Connection, names: Mapping[int, str]
) -> tuple[dict[int, tuple[str, ...]], dict[int, list[ForeignKey]]]:
    """Each table's primary key, and its references of one column to tables that may be read."""
    primary: dict[int, tuple[str, ...]] = {}
    foreign: dict[int, list[ForeignKey]] = {}
    for table, is_primary, referred_table, own, referred in connection.execute(_KEYS):
        if is_primary:
            primary[table] = tuple(own)
        elif len(own) == 1 and referred_table in names:
            key = ForeignKey(column=own[0], table=names[referred_table], referred=referred[0])
            foreign.setdefault(table, []).append(key)
    return primary, foreign


def _equality(
    base: str, qualified: str, kind: str, modifier: int, collation: str | None, is_deterministic: object
) -> KeyEquality | None:
    """How a column of this base type compares; ``collation`` is None where it is the database's own.

    ``citext`` compares in lower case of its collation. A deterministic collation orders text and leaves its equality to
    the bytes; another one may take any two texts for one.
    """
    folds = collation is not None and not is_deterministic
    if base == "citext":
        collated = f" COLLATE {collation}" if collation else ""
        return KeyEquality(name=f"citext{collated}", by_text=False, term=f"(CAST({{}} AS {qualified}){collated})")
    if base in ("text", "varchar", "name"):
        term = f"(CAST({{}} AS text) COLLATE {collation})"
        return KeyEquality(name=f"text COLLATE {collation}", by_text=False, term=term) if folds else TEXT
    if base == "bpchar":  # read without its trailing blanks, which it does not compare either
        return None if folds else KeyEquality(name="bpchar", by_text=True)
    if base in ("int2", "int4", "int8") or (base == "numeric" and _has_no_fraction(modifier)):
        return INTEGER
    if base == "uuid":
        return UUID
    return KeyEquality(name=qualified, by_text=True) if kind == "e" else None


def _has_no_fraction(modifier: int) -> bool:
    """Whether a numeric column keeps no digit after the point (the low half of its modifier, less 4)."""
    return modifier >= _HEADER and (modifier - _HEADER) & 0x7FF == 0


def has_table(connection: psycopg.Connection, name: str) -> bool:
    """Whether a table of this name is in any schema, readable or not."""
    cursor = connection.execute("SELECT FROM pg_class WHERE relname = %s AND relkind IN ('r', 'p')", [name])
    return cursor.fetchone() is not None


def read_write_privileges(connection: psycopg.Connection) -> list[str]:
    """One sentence for each thing beyond reading that the role may do."""
    role = connection.execute("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    if role and role[1]:
        return [f'The role "{role[0]}" is a superuser and may do anything; audit with a role that has only SELECT.']
    sentences = []
    for right, count, names in connection.execute(_WRITABLE):
        shown = ", ".join(names) + (", …" if count > len(names) else "")
        tables = "table" if count == 1 else "tables"
        name = role[0] if role else ""
        sentences.append(f'The role "{name}" may {right} on {count} {tables} ({shown}); an audit needs only SELECT.')
    return sentences
