"""Read Postgres' own catalogue about the tables that the roles get rights to. Any role may read it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from trueup.actions.doctor.privileges.postgres_tree import Tree, tree_below
from trueup.actions.doctor.privileges.required_privileges import Roles, Wanted
from trueup.journal.tables import JOURNAL
from trueup.sources.select import table_name
from trueup.targets.postgres_serialization import has_immediate_key

if TYPE_CHECKING:
    from sqlalchemy import Connection

_TABLE = """
SELECT c.oid, n.nspname, c.relname, c.relkind::text, c.relrowsecurity, pg_get_userbyid(c.relowner),
       coalesce((SELECT array_agg(t.tgname::text ORDER BY t.tgname) FROM pg_trigger AS t
                 WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgname NOT LIKE 'trueup\\_%'), '{}')
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass(:table_name)
"""

_TYPES = """
SELECT a.attname, CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END::regtype::text,
       a.atthasdef OR a.attidentity <> ''
FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
WHERE a.attrelid = :oid AND a.attnum > 0 AND NOT a.attisdropped
"""

_SEQUENCES = """
SELECT n.nspname, s.relname
FROM pg_attrdef AS d
JOIN pg_depend AS p ON p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid AND p.refclassid = 'pg_class'::regclass
JOIN pg_class AS s ON s.oid = p.refobjid AND s.relkind = 'S'
JOIN pg_namespace AS n ON n.oid = s.relnamespace
WHERE d.adrelid = :oid
ORDER BY 1, 2
"""

_UNKNOWN_SEQUENCES = """
SELECT a.attname
FROM pg_attrdef AS d
JOIN pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
WHERE d.adrelid = :oid AND pg_get_expr(d.adbin, d.adrelid) LIKE '%nextval(%'
  AND NOT EXISTS (
      SELECT FROM pg_depend AS p JOIN pg_class AS s ON s.oid = p.refobjid AND s.relkind = 'S'
      WHERE p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid AND p.refclassid = 'pg_class'::regclass)
ORDER BY 1
"""

_HELD = """
SELECT DISTINCT pg_get_userbyid(h.grantee), n.nspname, c.relname, c.relkind = 'S'
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
    SELECT e.grantee FROM aclexplode(c.relacl) AS e
    UNION ALL
    SELECT e.grantee FROM pg_attribute AS a CROSS JOIN LATERAL aclexplode(a.attacl) AS e WHERE a.attrelid = c.oid
) AS h
WHERE pg_get_userbyid(h.grantee) IN (:audit, :repair) AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  AND pg_get_userbyid(c.relowner) <> pg_get_userbyid(h.grantee)
ORDER BY 1, 2, 3
"""

_EVERYBODYS = """
SELECT DISTINCT n.nspname || '.' || c.relname
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
    SELECT e.grantee FROM aclexplode(c.relacl) AS e
    UNION ALL
    SELECT e.grantee FROM pg_attribute AS a CROSS JOIN LATERAL aclexplode(a.attacl) AS e WHERE a.attrelid = c.oid
) AS h
WHERE h.grantee = 0 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
ORDER BY 1
"""

_ROLE = """
SELECT r.rolname, r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolreplication,
       coalesce((SELECT array_agg(pg_get_userbyid(m.roleid)::text)
                 FROM pg_auth_members AS m WHERE m.member = r.oid), '{}'),
       coalesce((SELECT array_agg(c.relname::text) FROM pg_class AS c
                 WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')), '{}')
FROM pg_roles AS r WHERE r.rolname IN (:audit, :repair)
ORDER BY 1
"""

_MOST_NAMED = 5
_ORDINARY = frozenset({"r", "p"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueTable:
    """A table as the catalogue knows it.

    ``supplied`` are the columns that the database fills when they are left out; ``sequences`` number the rows and need
    a right of their own.
    """

    table: str
    schema: str
    name: str
    owner: str
    ordinary: bool
    types: Mapping[str, str]
    supplied: frozenset[str]
    sequences: Sequence[tuple[str, str]]
    tree: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresFacts:
    """The facts that the statements are made from.

    ``held`` is where the roles have rights now: role, schema, name, and whether that is a sequence.
    ``has_immediate_key``: a foreign key makes every new ledger entry hold its account's key at once, and no such key is
    deferred.
    """

    database: str
    places: Mapping[str, CatalogueTable]
    journal: CatalogueTable | None
    held: Sequence[tuple[str, str, str, bool]]
    doubts: Sequence[str]
    has_immediate_key: bool


def facts(connection: Connection, wanted: Wanted, roles: Roles) -> PostgresFacts:
    """The facts about the tables that the roles want rights to."""
    tables, inserted = wanted.selects, wanted.inserted()
    doubts: list[str] = []
    places = {table: place for table in sorted(tables) if (place := _place(connection, table, doubts)) is not None}
    doubts += _unknown_sequences(connection, inserted)
    doubts += _everybodys(connection)
    doubts += _strong_roles(connection, roles)
    held = connection.execute(text(_HELD), {"audit": roles.audit, "repair": roles.repair}).all()
    return PostgresFacts(
        database=str(connection.execute(text("SELECT current_database()")).scalar_one()),
        places=places,
        journal=_place(connection, JOURNAL.name, []),
        held=[(str(role), str(schema), str(name), bool(sequence)) for role, schema, name, sequence in held],
        doubts=doubts,
        has_immediate_key=wanted.entries is not None
        and wanted.entries.grows_only
        and has_immediate_key(connection, wanted.entries),
    )


def _place(connection: Connection, table: str, doubts: list[str]) -> CatalogueTable | None:
    row = _row(connection, table)
    if row is None:
        return None
    oid, schema, name, kind, row_security, owner, triggers = row
    if row_security:
        doubts.append(f"{table} has row security: give both roles a policy that shows them every row, or BYPASSRLS")
    if triggers:
        shown = ", ".join(triggers)
        doubts.append(f"{table} has triggers ({shown}): the repair role needs the rights that they need")
    types = connection.execute(text(_TYPES), {"oid": oid}).all()
    sequences = connection.execute(text(_SEQUENCES), {"oid": oid}).all()
    return CatalogueTable(
        table=table,
        schema=schema,
        name=name,
        owner=owner,
        ordinary=kind in _ORDINARY,
        types={str(column): str(kind) for column, kind, _ in types},
        supplied=frozenset(str(column) for column, _, is_supplied in types if is_supplied),
        sequences=[(str(place), str(sequence)) for place, sequence in sequences],
        tree=tree_below(connection, oid),
    )


def _row(connection: Connection, table: str) -> tuple[Any, ...] | None:
    row = connection.execute(text(_TABLE), {"table_name": table_name(table)}).one_or_none()
    return None if row is None else tuple(row)


def _unknown_sequences(connection: Connection, inserted: Collection[str]) -> Iterator[str]:
    for table in sorted(inserted):
        row = _row(connection, table)
        for (column,) in connection.execute(text(_UNKNOWN_SEQUENCES), {"oid": row[0] if row else None}):
            yield f"{table}.{column} is numbered by a sequence that could not be determined: grant USAGE on it by hand"


def _everybodys(connection: Connection) -> Iterator[str]:
    tables = [str(table) for (table,) in connection.execute(text(_EVERYBODYS))]
    if tables:
        shown = ", ".join(tables[:_MOST_NAMED]) + (", …" if len(tables) > _MOST_NAMED else "")
        yield f"PUBLIC, and so every role, has rights to {shown}: these roles keep them until you revoke them there"


def _strong_roles(connection: Connection, roles: Roles) -> Iterator[str]:
    rows = connection.execute(text(_ROLE), {"audit": roles.audit, "repair": roles.repair})
    for name, strong, member_of, owns in rows:
        if strong:
            yield f"{name} exists already and has attributes (SUPERUSER, BYPASSRLS, CREATEROLE) that no grant limits"
        if member_of:
            yield f"{name} is a member of {', '.join(member_of)} and has its rights too: revoke the membership"
        if owns:
            shown = ", ".join(owns[:_MOST_NAMED])
            yield f"{name} owns {shown}, and an owner may do anything: give them to another role"
