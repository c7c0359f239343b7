"""Which rows of a PostgreSQL table changed since an earlier snapshot, by the transaction that wrote each row.

Every version of a row carries the number of the transaction that wrote it (``xmin``). The *horizon* of a snapshot is
the oldest transaction that was running then: whatever an older one committed, the snapshot saw. So a row whose ``xmin``
is older than the horizon is the same version that was read before, and every other one is read again. That holds only
while the numbers mean the same: not in another server, not after a restart from which a restored or rewound disk came
back, not once the numbers have gone a quarter of the way around, and not where rows came into the table without being
written, as with a partition that is attached or a table that is written anew. The mark records all of that, and
anything in it that differs means that all rows are read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from trueup.model.changes import Changes, UnknownChanges, too_many
from trueup.model.source import RelationMapping
from trueup.sources.row_alone import depends_on_row_alone
from trueup.sources.select import table_name

Ask = Callable[[str], Mapping[str, object]]
"""Runs a query of one row in the snapshot."""

_QUARTER_OF_THE_WRAP = 2**29
_NUMBERS = 2**32
_KNOWN_SERVER = re.compile(r"PostgreSQL [0-9]+(\.[0-9]+)* (\([^)]*\) )?on ")
"""Servers that speak the same protocol and store rows otherwise say so in their version."""
_OTHER_SERVERS = re.compile(r"-YB-|Greenplum|Redshift|CockroachDB", re.IGNORECASE)

# What may be asked for of every version and by every role: an error would end the snapshot. ``to_regprocedure`` finds
# nothing where a function does not exist. Foreign tables, views and other storage than heap have no such ``xmin``.
_TABLE = """
WITH RECURSIVE tree (oid) AS (
    SELECT CAST(CAST({table} AS regclass) AS oid)
    UNION
    SELECT i.inhrelid FROM pg_inherits AS i JOIN tree ON tree.oid = i.inhparent)
SELECT version() AS version,
       pg_is_in_recovery() AS is_standby,
       bool_and(c.relkind = 'p' OR (c.relkind = 'r' AND m.amname = 'heap')) AS is_heap,
       has_column_privilege(CAST({table} AS regclass), 'xmin', 'SELECT') AS may_read,
       coalesce(bool_and(c.relfilenode = coalesce(pg_relation_filenode(c.oid), 0)), false) AS is_settled,
       string_agg(c.oid || ':' || c.relfilenode, ',' ORDER BY c.oid) AS files,
       to_regprocedure('pg_current_snapshot()') IS NOT NULL
       AND coalesce(has_function_privilege(to_regprocedure('pg_control_system()'), 'EXECUTE'), false)
       AND coalesce(has_function_privilege(to_regprocedure('pg_control_checkpoint()'), 'EXECUTE'), false) AS says_who
FROM tree
JOIN pg_class AS c ON c.oid = tree.oid
LEFT JOIN pg_am AS m ON m.oid = c.relam
"""

_MARK = """
WITH RECURSIVE tree (oid) AS (
    SELECT CAST(CAST({table} AS regclass) AS oid)
    UNION
    SELECT i.inhrelid FROM pg_inherits AS i JOIN tree ON tree.oid = i.inhparent)
SELECT CAST((SELECT system_identifier FROM pg_control_system()) AS text) AS system,
       CAST((SELECT timeline_id FROM pg_control_checkpoint()) AS text) AS timeline,
       CAST(extract(epoch FROM pg_postmaster_start_time()) AS text) AS started,
       current_database() AS database,
       CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS horizon,
       CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS newest,
       concat_ws(' ', current_setting('lc_monetary'), current_setting('IntervalStyle'),
                 current_setting('bytea_output'), current_setting('xmlbinary')) AS settings,
       (SELECT md5(string_agg(concat_ws(' ', a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation,
                                        to_jsonb(a) ->> 'attgenerated', to_jsonb(a) ->> 'attmissingval',
                                        CASE WHEN to_jsonb(a) ->> 'attgenerated' <> ''
                                             THEN pg_get_expr(d.adbin, d.adrelid) END),
                              E'\\n' ORDER BY a.attrelid, a.attnum))
        FROM tree JOIN pg_attribute AS a ON a.attrelid = tree.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum) AS columns,
       (SELECT md5(string_agg(e.enumtypid || ' ' || e.enumlabel, E'\\n' ORDER BY e.enumtypid, e.oid))
        FROM pg_enum AS e) AS words
"""

_REASONS = {
    "system": "it is another server, or a restored copy",
    "timeline": "the server was promoted or restored since",
    "started": "the server was restarted since, as it is when a copy is restored",
    "database": "it is another database",
    "files": "the table was written anew since, as by TRUNCATE, VACUUM FULL, CLUSTER or a restore",
    "columns": "the table's columns changed since",
    "words": "the words of an enum changed since",
    "settings": "settings by which the server writes values changed since",
}
"""Why all rows are read, by the part of the mark that differs; the first one is said."""


def mark(mapping: RelationMapping, ask: Ask) -> str | None:
    """Return the mark of this snapshot for the relation, which was read in it; None where changes cannot be noticed."""
    facts = _facts(mapping, ask)
    return None if isinstance(facts, UnknownChanges) else _text(facts)


def changes(mapping: RelationMapping, since: str, ask: Ask) -> Changes | UnknownChanges:
    """Return the rows whose transaction the snapshot of the mark ``since`` may not have seen."""
    before = json.loads(since)
    if mapping.query is None and not mapping.parts:
        ask(f"SELECT count(*) AS rows FROM (SELECT 1 FROM {table_name(mapping.table)} LIMIT 0) AS locked")
    facts = _facts(mapping, ask)
    if isinstance(facts, UnknownChanges):
        return facts
    for name, reason in _REASONS.items():
        if facts[name] != before.get(name):
            return UnknownChanges(reason=reason)
    horizon = int(before["horizon"])
    if not 0 <= int(facts["newest"]) - horizon < _QUARTER_OF_THE_WRAP:
        return UnknownChanges(reason="more than a quarter of all transaction numbers were used since")
    young = f"age(xmin) <= age(CAST('{horizon % _NUMBERS}' AS xid))"
    meets = f"({mapping.where}\n) IS TRUE" if mapping.where else "TRUE"
    counts = ask(
        f"SELECT count(*) FILTER (WHERE {meets}) AS rows, count(*) FILTER (WHERE {meets} AND {young}) AS changed, "
        f"count(*) FILTER (WHERE NOT ({meets}) AND {young}) AS leaving FROM {table_name(mapping.table)}"
    )
    rows, changed, leaving = (int(str(counts[name])) for name in ("rows", "changed", "leaving"))
    names_leaving = leaving > 0 and too_many(rows, leaving) is None  # otherwise reading every key is the quicker way
    return too_many(rows, changed) or Changes(
        rows=rows,
        changed=changed,
        reading=replace(mapping, where=f"{meets} AND {young}"),
        leaving=replace(mapping, where=f"NOT ({meets}) AND {young}") if names_leaving else None,
        mark=_text(facts),
    )


def _facts(mapping: RelationMapping, ask: Ask) -> dict[str, str] | UnknownChanges:
    """What has to be the same for row versions to be comparable, with the snapshot's horizon.

    The table is locked as by a SELECT meanwhile, so that no one can write it anew.
    """
    if mapping.query is not None or mapping.parts:
        return UnknownChanges(reason="it is read through a query or from several tables")
    if not depends_on_row_alone(mapping, "postgres"):
        return UnknownChanges(reason="an expression of its mapping may depend on more than the row")
    table = "'" + table_name(mapping.table).replace("'", "''") + "'"
    state = ask(_TABLE.format(table=table))
    obstacle = _obstacle(state)
    if obstacle is not None:
        return UnknownChanges(reason=obstacle)
    facts = {name: str(value) for name, value in ask(_MARK.format(table=table)).items()}
    return facts | {"files": str(state["files"])}


def _obstacle(state: Mapping[str, object]) -> str | None:
    version = str(state["version"])
    if not _KNOWN_SERVER.match(version) or _OTHER_SERVERS.search(version) or not state["says_who"]:
        return "the server does not say which rows it wrote when"
    if state["is_standby"]:
        return "the server is a standby, whose snapshots are another's"
    if not state["is_heap"]:
        return "it is a view, a foreign table or stored in a way of its own"
    if not state["may_read"]:
        return "this role may not read xmin (`trueup doctor --print-grants` prints the grant)"
    return None if state["is_settled"] else "the table was written anew while it was read"


def _text(facts: Mapping[str, str]) -> str:
    return json.dumps({name: value for name, value in facts.items() if name != "newest"}, sort_keys=True)
