"""Whether Postgres itself refuses repairs without a journal row: the triggers, the role's rights, and ways around."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import text

from trueup.actions.doctor.privileges.postgres_guards import guard_name
from trueup.actions.doctor.privileges.postgres_tree import tree_below, unguardable
from trueup.actions.doctor.privileges.required_privileges import Appendable, Replaceable, written
from trueup.journal.tables import CONSUMED
from trueup.model.source import schema_and_table
from trueup.sources.select import table_name

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from trueup.model.source import RelationMapping

_GUARD = """
SELECT c.oid, (
    SELECT p.prosrc LIKE '%' || :consumed || '%'
    FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid
    WHERE t.tgrelid = c.oid AND t.tgname = :name AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A'))
FROM pg_class AS c WHERE c.oid = to_regclass(:table)
"""

_RIGHTS = """
SELECT r || CASE WHEN t = 'trueup_journal' THEN '' ELSE ' on ' || t END
FROM unnest(ARRAY['trueup_journal', 'trueup_journal_head', 'trueup_journal_consumed'])
    WITH ORDINALITY AS ours (t, place)
CROSS JOIN unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) WITH ORDINALITY AS rights (r, nth)
WHERE (t, r) <> ('trueup_journal', 'INSERT')
  AND CASE WHEN r IN ('INSERT', 'UPDATE') THEN has_any_column_privilege(to_regclass(t)::oid, r)
           ELSE has_table_privilege(to_regclass(t)::oid, r) END
ORDER BY place, nth
"""

_FUNCTIONS = """
SELECT p.oid::regprocedure::text AS name, l.lanname::text AS language, pg_get_functiondef(p.oid) AS source
FROM pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace
JOIN pg_language AS l ON l.oid = p.prolang
WHERE p.prosecdef AND p.prokind IN ('f', 'p', 'w')
  AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND NOT (p.proname LIKE 'trueup\\_%' AND p.proowner = (SELECT relowner FROM pg_class
                                                        WHERE oid = to_regclass('trueup_journal')))
  AND pg_get_userbyid(p.proowner) <> current_user
  AND has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE')
ORDER BY 1
"""

_READABLE = frozenset({"sql", "plpgsql"})
_WRITES = re.compile(r"\b(insert|update|delete|merge|truncate|copy)\b", re.IGNORECASE)
_MAKES_UP = re.compile(r"\bexecute\b(?!\s+(function|procedure)\b)", re.IGNORECASE)

Written = Sequence[Replaceable | Appendable]


def unheld(connection: Connection, mappings: Mapping[str, RelationMapping]) -> Iterator[tuple[str, bool]]:
    """What prevents the triggers from checking repairs, and whether repairs are refused for it."""
    missing, older = [], []
    for each in written(mappings):
        asked = {"table": table_name(each.table), "name": guard_name(each), "consumed": CONSUMED}
        row = connection.execute(text(_GUARD), asked).one_or_none()
        reason = unguardable(each, tree_below(connection, row[0])) if row else None
        if reason is not None:
            yield f"{reason}; map a table that has none, or leave its repairs to a person", True
        elif row is None or row[1] is None:
            missing.append(_said(each))
        elif not row[1]:
            older.append(_said(each))
    if missing:
        yield (
            f"no trigger checks the repair role's changes against the journal on {', '.join(missing)}; {_PRINTED}",
            False,
        )
    if older:
        yield f"an older trueup's triggers are on {', '.join(older)}; {_PRINTED}", False


_PRINTED = "`trueup doctor --print-grants` prints it"


def held_rights(connection: Connection) -> list[str]:
    """The rights by which this role could change the journal itself, or the record of which entries were used."""
    return [str(right) for (right,) in connection.execute(text(_RIGHTS))]


def ways_around(connection: Connection, mappings: Mapping[str, RelationMapping]) -> Iterator[str]:
    """The functions that this role may call, that run with another's rights, and that may write the guarded tables.

    Only their source is read: what a function does by calling another one is not seen.
    """
    tables = {schema_and_table(each.table)[1] for each in written(mappings)}
    for function in connection.execute(text(_FUNCTIONS)):
        does = _does(function, tables)
        if does is not None:
            yield (
                f"the repair role may call {function.name}, which runs with its owner's rights and {does}; what "
                "repairs write is checked against the journal there too, other columns are not: "
                f"REVOKE EXECUTE ON ROUTINE {function.name} FROM PUBLIC, or from this role"
            )


def _does(function: Row[tuple[str, str, str]], tables: Collection[str]) -> str | None:
    """What is known to be wrong with a function, or cannot be known about it."""
    if function.language not in _READABLE:
        return f"is written in {function.language}, so what it writes cannot be known"
    named = sorted(table for table in tables if re.search(rf"\b{re.escape(table)}\b", function.source, re.IGNORECASE))
    if named and _WRITES.search(function.source):
        return f"may write {', '.join(named)}"
    if _MAKES_UP.search(function.source):
        return "builds its statements as it runs, so what it writes cannot be known"
    return None


def _said(each: Replaceable | Appendable) -> str:
    return f"{each.table}.{each.column}" if isinstance(each, Replaceable) else each.table
