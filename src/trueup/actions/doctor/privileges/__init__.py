"""The rights that an audit and a repair need, as SQL to review and run: ``trueup doctor --print-grants``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from trueup import journal
from trueup.actions.doctor.privileges import mysql, postgres
from trueup.actions.doctor.privileges.postgres_facts import facts
from trueup.actions.doctor.privileges.reads import columns_read
from trueup.actions.doctor.privileges.required_privileges import Roles, Wanted, appended, replaceable, unwritable
from trueup.mapping.resolve import fit
from trueup.mapping.resolve_stripe import fit_stripe
from trueup.model.errors import ConfigurationError, SourceUnavailable
from trueup.model.stripe_objects import NEWEST
from trueup.sources import open_source
from trueup.targets import open_target
from trueup.targets.serialization import entry_table_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from trueup.config import Config
    from trueup.model.source import RelationMapping, SourceTable

AUDIT_ROLE = "trueup_audit"
REPAIR_ROLE = "trueup_repair"


def grants(
    config: Config, *, url: str | None = None, audit_role: str = AUDIT_ROLE, repair_role: str = REPAIR_ROLE
) -> str:
    """The script for the config's database, made from its live schema; it holds no password.

    ``url`` is the address to read the schema with, where the config's own address cannot see all of it yet. Raises
    ``ConfigurationError`` for a kind of database without rights, and ``SourceUnavailable``.
    """
    roles = Roles(audit=audit_role, repair=repair_role)
    address = url or config.database_url
    source = open_source(address, statement_timeout_seconds=config.statement_timeout_seconds)
    if source.dialect not in {"postgres", "mysql"}:
        raise ConfigurationError(f"{source.place} knows no roles: grants are printed for Postgres, MySQL and MariaDB.")
    tables = source.tables()
    mappings, notes = fit(config.relations, tables, required=config.required, dialect=source.dialect)
    reads = columns_read({**mappings, **_of_stripe(config, tables, source.dialect)}, tables, source.dialect)
    wanted = Wanted(
        selects=reads.columns,
        updates=replaceable(mappings),
        inserts=appended(mappings),
        doubts=[
            *(note.rstrip(".") for note in notes),
            *reads.doubts,
            *_of_probes(config),
            *unwritable(mappings),
            *_elsewhere(config),
        ],
        entries=entry_table_of(mappings),
    )
    target = open_target(address)
    try:
        with target.reading() as connection:
            return _script(connection, wanted, roles, place=source.place)
    except DBAPIError as error:
        raise SourceUnavailable(f"{source.place} cannot be described: {target.describe_error(error)}.") from None


def _of_probes(config: Config) -> Iterator[str]:
    """The tables that probes read, by their own SQL."""
    from trueup.probes import reads_the_database  # noqa: PLC0415 - heavy

    for probe in config.gates.probes if config.gates else ():
        if reads_the_database(probe):
            table = probe.options.get("table")
            what = f"the table {table}" if table else "what its query names"
            yield f"{probe.place} reads {what}: grant SELECT on it to the audit role by hand"


def _of_stripe(config: Config, tables: Sequence[SourceTable], dialect: str) -> dict[str, RelationMapping]:
    """The relations that are read of a sync tool's tables in the app's own database, by a name for each reading."""
    stripe_tables = config.stripe.tables
    if stripe_tables is None or stripe_tables.url not in {None, config.database_url}:
        return {}
    fitted = fit_stripe(stripe_tables, tables, dialect=dialect)
    return {**fitted.mappings, **{f"{name} {NEWEST}": mapping for name, mapping in fitted.newest.items()}}


def _elsewhere(config: Config) -> Iterator[str]:
    stripe_tables = config.stripe.tables
    if (
        stripe_tables is not None
        and not stripe_tables.are_files
        and stripe_tables.url not in {None, config.database_url}
    ):
        yield "Stripe's tables are in another database (stripe.url): grant SELECT on them there"


def _script(connection: Connection, wanted: Wanted, roles: Roles, *, place: str) -> str:
    if connection.dialect.name == "postgresql":
        postgres_facts = facts(connection, wanted, roles)
        lines = postgres.statements(wanted, postgres_facts, roles, place=place)
    else:
        database = str(connection.execute(text("SELECT database()")).scalar_one())
        has_journal = journal.read_installed_revision(connection) is not None
        lines = mysql.statements(wanted, roles, place=place, database=database, has_journal=has_journal)
    return "\n".join(lines) + "\n"
