"""The two roles' rights as SQL for Postgres, and the triggers that hold every repair to its journal row."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from trueup.actions.doctor.privileges.postgres_facts import CatalogueTable, PostgresFacts
from trueup.actions.doctor.privileges.postgres_guards import guardable, guards
from trueup.actions.doctor.privileges.postgres_lock import lock_function
from trueup.actions.doctor.privileges.postgres_names import beside, listed, literal, named
from trueup.actions.doctor.privileges.required_privileges import (
    JOURNAL_READS,
    POSTGRES_JOURNAL_RIGHTS,
    Roles,
    Wanted,
    comment,
)
from trueup.journal.tables import WAIT_FUNCTION
from trueup.sources.select import quoted

_LOCK_SECONDS = 5


def statements(wanted: Wanted, facts: PostgresFacts, roles: Roles, *, place: str) -> Iterator[str]:
    """The script, line by line."""
    wanted = guardable(wanted, facts)
    yield from _opening(place, [*wanted.doubts, *facts.doubts])
    yield from _roles(roles, facts)
    yield from _both(wanted, facts, roles)
    if facts.journal is None:
        yield ""
        yield comment("The journal is not installed here: run `trueup init --install`, then print this again for the")
        yield comment("repair role's rights.")
    else:
        yield from _repair(wanted, facts, facts.journal, roles)
        yield from lock_function(wanted, facts, facts.journal, roles)
        yield from guards(wanted, facts, facts.journal, roles)
    yield ""
    yield "COMMIT;"


def _opening(place: str, doubts: Collection[str]) -> Iterator[str]:
    yield comment(f"The rights of trueup's two roles in {place}.")
    yield comment("Read it, then run it as a superuser, or as the owner of these tables who may also create roles:")
    yield comment("    psql -v ON_ERROR_STOP=1 -f grants.sql DATABASE")
    yield comment(
        "Running it again leaves exactly these rights. A trigger is replaced under a short lock on its table."
    )
    if doubts:
        yield "--"
        yield comment("Look at this first:")
        for doubt in doubts:
            yield comment(f"  * {doubt}.")
    yield ""
    yield "BEGIN;"
    yield f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s';"


def _roles(roles: Roles, facts: PostgresFacts) -> Iterator[str]:
    yield ""
    yield comment("A new role cannot log in until you give it a password:")
    for role in (roles.audit, roles.repair):
        yield comment(f"""    ALTER ROLE {quoted(role)} LOGIN PASSWORD '…';""")
    for role in (roles.audit, roles.repair):
        name = literal(quoted(role))
        yield f"DO $$ BEGIN IF to_regrole({name}) IS NULL THEN CREATE ROLE {quoted(role)} NOLOGIN; END IF; END $$;"
    for role, schema, name, is_sequence in facts.held:
        kind = "SEQUENCE " if is_sequence else ""
        yield f"REVOKE ALL ON {kind}{quoted(schema)}.{quoted(name)} FROM {quoted(role)};"


def _both(wanted: Wanted, facts: PostgresFacts, roles: Roles) -> Iterator[str]:
    both = f"{quoted(roles.audit)}, {quoted(roles.repair)}"
    journal = [facts.journal] if facts.journal else []
    yield ""
    yield comment("Both read only what the mapping reads, and the journal.")
    yield f"GRANT CONNECT ON DATABASE {quoted(facts.database)} TO {both};"
    for schema in sorted({place.schema for place in [*facts.places.values(), *journal]}):
        yield f"GRANT USAGE ON SCHEMA {quoted(schema)} TO {both};"
    yield comment("xmin says which rows changed, for audits that keep their books.")
    for table, columns in sorted(wanted.selects.items()):
        yield f"GRANT SELECT ({listed(columns)}) ON {named(facts.places[table])} TO {both};"
        if facts.places[table].ordinary:
            yield f"GRANT SELECT (xmin) ON {named(facts.places[table])} TO {quoted(roles.audit)};"
    if facts.journal:
        for table in JOURNAL_READS:
            yield f"GRANT SELECT ON {beside(facts.journal, table)} TO {both};"


def _repair(wanted: Wanted, facts: PostgresFacts, journal: CatalogueTable, roles: Roles) -> Iterator[str]:
    role = quoted(roles.repair)
    yield ""
    yield comment("Repairs replace only these columns,")
    for table in sorted({each.table for each in wanted.updates}):
        yield f"GRANT UPDATE ({listed(wanted.updated(table))}) ON {named(facts.places[table])} TO {role};"
    yield comment("add the audit rows,")
    for table, inserted in sorted(wanted.inserted().items()):
        yield f"GRANT INSERT ({listed(inserted)}) ON {named(facts.places[table])} TO {role};"
        for schema, sequence in facts.places[table].sequences:
            yield f"GRANT USAGE ON SEQUENCE {quoted(schema)}.{quoted(sequence)} TO {role};"
    yield comment(
        "and record in the journal what was done. The server writes the rest of an entry, and moves the head."
    )
    for table, right, columns in POSTGRES_JOURNAL_RIGHTS:
        yield f"GRANT {right} ({listed(columns)}) ON {beside(journal, table)} TO {role};"
    yield f"GRANT EXECUTE ON FUNCTION {beside(journal, WAIT_FUNCTION)}() TO {role};"
