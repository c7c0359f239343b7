"""Deferred constraint triggers: they refuse every change of the repair role that has no journal row.

Their functions run with the rights of the journal's owner, because they must see the journal whatever the session may
read; so the search path is fixed and every name of trueup's is qualified. A loop compares values only where the names
agree, because a value of another column may not be a number. Each row of the journal covers one change: the trigger
records which rows it has used, in a table that no other program may write.

The ``WHEN`` of a trigger decides whose changes it checks. Postgres evaluates it at once and not at COMMIT, so the
application's own changes are never queued. It looks at the role that logged in, for what a function of another owner
does on the role's behalf, and at the role whose rights are in use, for members and SET ROLE. A superuser counts as a
member of everything. The role may be dropped: ``to_regrole`` is NULL then, and so is the rest.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from trueup.actions.doctor.privileges.postgres_facts import CatalogueTable, PostgresFacts
from trueup.actions.doctor.privileges.postgres_names import beside, literal, named
from trueup.actions.doctor.privileges.postgres_tree import unguardable
from trueup.actions.doctor.privileges.required_privileges import Appendable, Replaceable, Roles, Wanted, comment
from trueup.journal.tables import CONSUMED
from trueup.model.source import spelled_table
from trueup.sources.select import quoted

_NUMBERS = frozenset({"smallint", "integer", "bigint", "numeric", "real", "double precision", "money"})


def guards(wanted: Wanted, facts: PostgresFacts, journal: CatalogueTable, roles: Roles) -> Iterator[str]:
    """The functions and triggers, line by line."""
    yield ""
    yield comment(f"What {roles.repair} changes or adds must be in the journal when it commits: same transaction,")
    yield comment("same row, same values. The application's own changes need no journal row.")
    for each in wanted.written():
        place = facts.places[each.table]
        if place.ordinary:
            yield from _guard(each, place, journal, roles)
        else:
            yield comment(f"{each.table} is not an ordinary table and can have no such trigger: it is unguarded.")


def guardable(wanted: Wanted, facts: PostgresFacts) -> Wanted:
    """Keep what triggers can check; the rest becomes a doubt, and gets no right."""
    refusals = {
        each: refusal
        for each in wanted.written()
        if (refusal := unguardable(each, facts.places[each.table].tree)) is not None
    }
    return dataclasses.replace(
        wanted,
        updates=[each for each in wanted.updates if each not in refusals],
        inserts=[each for each in wanted.inserts if each not in refusals],
        doubts=[*wanted.doubts, *(f"{reason}: repairs get no right to write there" for reason in refusals.values())],
    )


def guard_name(each: Replaceable | Appendable) -> str:
    """The name of a trigger and of its function."""
    return f"trueup_guard_{each.ours}"


def _guard(
    each: Replaceable | Appendable, place: CatalogueTable, journal: CatalogueTable, roles: Roles
) -> Iterator[str]:
    function, trigger = beside(journal, guard_name(each)), quoted(guard_name(each))
    match each:
        case Replaceable():
            column = quoted(each.column)
            event, changed = "UPDATE", f"{_differ(column, place.types[each.column])} AND "
            yield _replaced(function, each, place, journal, roles)
        case Appendable():
            event, changed = "INSERT", ""
            yield _appended(function, each, place, journal, roles)
    yield f"ALTER FUNCTION {function}() OWNER TO {quoted(journal.owner)};"
    yield f"REVOKE ALL ON FUNCTION {function}() FROM PUBLIC;"
    for table in (named(place), *(f"{quoted(schema)}.{quoted(name)}" for schema, name in place.tree.children)):
        yield f"DROP TRIGGER IF EXISTS {trigger} ON {table};"
        yield f"CREATE CONSTRAINT TRIGGER {trigger} AFTER {event} ON {table}"
        yield "    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
        yield f"    WHEN ({changed}(session_user = {literal(roles.repair)} OR ("
        yield "        current_setting('is_superuser') = 'off'"
        yield f"        AND pg_has_role(current_user, to_regrole({literal(quoted(roles.repair))})::oid, 'USAGE'))))"
        yield f"    EXECUTE FUNCTION {function}();"


def _replaced(function: str, each: Replaceable, place: CatalogueTable, journal: CatalogueTable, roles: Roles) -> str:
    column = quoted(each.column)
    return _REPLACED.format(
        function=function,
        journal=beside(journal, journal.name),
        tables=_spellings(each.table, place),
        column=literal(each.column),
        key_is=_same("line_before ->> 'key'", f"OLD.{quoted(each.key)}", place.types[each.key]),
        old_is=_same("line_before ->> 'value'", f"OLD.{column}", place.types[each.column]),
        new_is=_same("line_after ->> 'value'", f"NEW.{column}", place.types[each.column]),
        spelling=literal(f"{each.table}.{each.column}"),
        consumed=beside(journal, CONSUMED),
        guard=literal(guard_name(each)),
        mend=literal(_MEND.format(role=roles.repair)),
    )


def _appended(function: str, each: Appendable, place: CatalogueTable, journal: CatalogueTable, roles: Roles) -> str:
    tests = []
    for column in sorted(each.facts):
        same = _same(f"appended ->> {literal(column)}", f"NEW.{quoted(column)}", place.types[column])
        # What was not written has the column's default, which cannot be known here; without a default, it is NULL.
        tests.append(f"(NOT appended ? {literal(column)} OR {same})" if column in place.supplied else same)
    return _APPENDED.format(
        function=function,
        journal=beside(journal, journal.name),
        tables=_spellings(each.table, place),
        same="\n                AND ".join(tests) or "true",
        spelling=literal(each.table),
        consumed=beside(journal, CONSUMED),
        guard=literal(guard_name(each)),
        mend=literal(_MEND.format(role=roles.repair)),
    )


_MEND = (
    "What {role} changes here must be in the journal, each change with a row of its own in the same transaction. If a "
    "function or a trigger of the application did this while {role} called it, let the application do it as another "
    "role; if it should be part of a repair, write it as the repair plans it."
)

_REPLACED = """CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $guard$
DECLARE
    line record;
    line_before jsonb;
    line_after jsonb;
BEGIN
    FOR line IN
        SELECT j.seq, j."before", j."after" FROM {journal} AS j
        WHERE j.transaction_id = pg_current_xact_id()::text ORDER BY j.seq
    LOOP
        line_before := line."before"::jsonb;
        line_after := line."after"::jsonb;
        IF line_before ->> 'table' IN ({tables}) AND line_before ->> 'column' = {column}
            AND line_before -> 'table' = line_after -> 'table' AND line_before -> 'column' = line_after -> 'column'
            AND line_before -> 'key' = line_after -> 'key' AND line_before ? 'value' AND line_after ? 'value'
        THEN
            IF {key_is}
                AND {old_is}
                AND {new_is}
            THEN
                INSERT INTO {consumed} (seq, guard) VALUES (line.seq, {guard}) ON CONFLICT DO NOTHING;
                IF FOUND THEN
                    RETURN NULL;
                END IF;
            END IF;
        END IF;
    END LOOP;
    RAISE EXCEPTION 'trueup: % was changed without its row in the journal', {spelling}
        USING ERRCODE = 'check_violation', HINT = {mend};
END
$guard$;"""

_APPENDED = """CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $guard$
DECLARE
    line record;
    appended jsonb;
BEGIN
    FOR line IN
        SELECT j.seq, j."after" FROM {journal} AS j
        WHERE j.transaction_id = pg_current_xact_id()::text ORDER BY j.seq
    LOOP
        appended := line."after"::jsonb -> 'appended';
        IF appended ->> 'table' IN ({tables}) THEN
            appended := appended -> 'values';
            IF {same}
            THEN
                INSERT INTO {consumed} (seq, guard) VALUES (line.seq, {guard}) ON CONFLICT DO NOTHING;
                IF FOUND THEN
                    RETURN NULL;
                END IF;
            END IF;
        END IF;
    END LOOP;
    RAISE EXCEPTION 'trueup: % got a row without its row in the journal', {spelling}
        USING ERRCODE = 'check_violation', HINT = {mend};
END
$guard$;"""


def _spellings(table: str, place: CatalogueTable) -> str:
    """The names that the journal may use for the table: another role's search path may not see its bare name."""
    return ", ".join(literal(spelling) for spelling in sorted(_all_spellings(table, place)))


def _all_spellings(table: str, place: CatalogueTable) -> set[str]:
    return {table, place.name, spelled_table(place.name), spelled_table(place.name, place.schema)}


def _same(written: str, column: str, kind: str) -> str:
    """Whether the journal's text is this column's value.

    Numbers are compared as numbers, padded text without its padding, and any other text byte by byte, even where its
    collation or its type (citext) compares it differently.
    """
    cast = _cast(kind)
    exact = ' COLLATE "C"' if cast == "text" else ""
    return f"({written})::{cast}{exact} IS NOT DISTINCT FROM {column}::{cast}{exact}"


def _differ(column: str, kind: str) -> str:
    """Whether a change changed this column. Another spelling that the column compares as equal is a change as well."""
    exact = '::text COLLATE "C"' if _cast(kind) == "text" else ""
    return f"OLD.{column}{exact} IS DISTINCT FROM NEW.{column}{exact}"


def _cast(kind: str) -> str:
    return "numeric" if kind in _NUMBERS else {"boolean": "boolean", "character": "bpchar"}.get(kind, "text")
