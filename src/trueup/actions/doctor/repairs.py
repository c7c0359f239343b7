"""Whether repairs could be written: the journal exists and is of this database, and the role has narrow rights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from trueup import journal
from trueup.actions.doctor.diagnostic import Health, Symptom
from trueup.actions.doctor.privileges.required_privileges import JOURNAL_RIGHTS, replaceable, written
from trueup.actions.doctor.wall import held_rights, unheld, ways_around
from trueup.model.errors import ConfigurationError
from trueup.model.repair_offer import refusal_of_places
from trueup.model.source import RelationMapping, places_of
from trueup.sources.select import table_name
from trueup.targets import open_target
from trueup.targets.serialization import (
    HELD_SECONDS,
    EntryTable,
    Serialization,
    Unserialized,
    entry_table_of,
)
from trueup.targets.target import Target, TargetUnavailable

if TYPE_CHECKING:
    from trueup.config import Config

_GRANTS = "`trueup doctor --print-grants` prints a narrow one"

_WAYS = {
    Serialization.FOREIGN_KEY: "the foreign key from the ledger to the account",
    Serialization.TABLE_LOCK: f"a lock of the ledger's table, for {HELD_SECONDS * 1000:.0f} ms at most",
    Serialization.ENTRY_LOCKS: "locks of the account's entries, through their index",
    Serialization.FILE_LOCK: "the lock of the file, which has one writer at a time",
}


_MYSQL_TRIGGER_RIGHT = """
SELECT count(*) FROM (
    SELECT grantee, privilege_type FROM information_schema.user_privileges
    UNION ALL
    SELECT grantee, privilege_type FROM information_schema.schema_privileges WHERE database() LIKE table_schema
) AS held
WHERE privilege_type = 'TRIGGER' AND replace(grantee, '''', '') = current_user()
"""
_MYSQL_RIGHTS = """
SELECT DISTINCT privilege_type FROM (
    SELECT grantee, privilege_type FROM information_schema.user_privileges
    UNION ALL
    SELECT grantee, privilege_type FROM information_schema.schema_privileges WHERE database() LIKE table_schema
    UNION ALL
    SELECT grantee, privilege_type FROM information_schema.table_privileges
    WHERE table_schema = database() AND table_name = 'trueup_journal'
    UNION ALL
    SELECT grantee, privilege_type FROM information_schema.column_privileges
    WHERE table_schema = database() AND table_name = 'trueup_journal'
) AS held
WHERE privilege_type IN ('UPDATE', 'DELETE', 'DROP')
  AND replace(grantee, '''', '') = current_user()
ORDER BY 1
"""


def examine_repairs(config: Config, mappings: Mapping[str, RelationMapping]) -> Iterator[Symptom]:
    """Look at everything a repair needs besides the mapping; ``mappings`` are fitted to the live schema."""
    if config.repair_url is None:
        yield _seen(Health.FINE, "off: database.repair_url is not set, so nothing is ever changed")
        return
    try:
        target = open_target(config.repair_url)
        with target.reading() as connection:
            yield from _journal(target, connection)
            yield from _places(mappings)
            yield from _obstacle(target, connection, mappings)
            yield from _role(config, target, connection)
            yield from _guards(connection, mappings)
            yield from _serialization(config, target, connection, mappings)
            yield from _triggers(target, connection, mappings)
    except ConfigurationError as error:
        yield _seen(Health.WRONG, str(error))
    except TargetUnavailable as error:
        yield _seen(Health.UNREACHABLE, str(error))
    except DBAPIError as error:
        yield _seen(
            Health.WRONG,
            f"{target.place} does not let the repair role look: {target.describe_error(error)}; {_GRANTS}",
        )


def _journal(target: Target, connection: Connection) -> Iterator[Symptom]:
    revision, wanted = journal.read_installed_revision(connection), journal.current_revision()
    if revision is None:
        yield _seen(
            Health.WRONG, f"the journal is not installed in {target.place}; `trueup init --install URL` makes it"
        )
        return
    if revision != wanted:
        says = f"the journal in {target.place} is of revision {revision}, and this trueup needs {wanted}"
        yield _seen(Health.WRONG, f"{says}; run `trueup init --install URL`, or use the other version of trueup")
        return
    bound, here = journal.binding(connection), journal.database_identity(connection)
    if bound is None or bound.database_identity != here:
        there = bound.database_identity if bound else "none"
        says = f"the journal in {target.place} belongs to another database ({there}), and this is {here}"
        yield _seen(
            Health.WRONG,
            f"{says}; if this database should be repaired from now on, run `trueup init --install --rebind`",
        )
        return
    head = journal.head_of(connection)
    entries = f"{head.seq} entries" if head else "without its head row"
    health = Health.FINE if head else Health.WRONG
    yield _seen(health, f"the journal in {target.place} is of this database: revision {revision}, {entries}")


def _places(mappings: Mapping[str, RelationMapping]) -> Iterator[Symptom]:
    refusal = refusal_of_places(mappings)
    if refusal is not None:
        yield _seen(Health.WARNING, f"every repair is refused: {refusal}")


def _obstacle(target: Target, connection: Connection, mappings: Mapping[str, RelationMapping]) -> Iterator[Symptom]:
    tables = {each.table for each in written(mappings)} | set(journal.JOURNAL_TABLES)
    obstacle = target.obstacle(connection, tables)
    if obstacle is not None:
        yield _seen(Health.WRONG, obstacle)


def _role(config: Config, target: Target, connection: Connection) -> Iterator[Symptom]:
    if connection.dialect.name == "sqlite":
        yield _seen(Health.FINE, "SQLite has no roles: every user who may write the file may change its journal")
        return
    if config.repair_url == config.database_url:
        yield _seen(Health.WARNING, f"audits run as the role that repairs; {_GRANTS} for each")
    if journal.read_installed_revision(connection) is None:
        return
    if connection.dialect.name == "postgresql":
        held = held_rights(connection)
    else:
        held = [str(right) for (right,) in connection.execute(text(_MYSQL_RIGHTS))]
    if held:
        says = f"the role of {target.place} may change its own journal ({', '.join(held)})"
        yield _seen(Health.WARNING, f"{says}; {_GRANTS}")


def _guards(connection: Connection, mappings: Mapping[str, RelationMapping]) -> Iterator[Symptom]:
    if connection.dialect.name != "postgresql":
        return
    for says, is_refused in unheld(connection, mappings):
        yield _seen(Health.WRONG if is_refused else Health.WARNING, says)
    for says in ways_around(connection, mappings):
        yield _seen(Health.WARNING, says)


def _serialization(
    config: Config, target: Target, connection: Connection, mappings: Mapping[str, RelationMapping]
) -> Iterator[Symptom]:
    """How the application's uncommitted entries are taken into account when a balance is written."""
    if not any(each.ours == "credits" for each in replaceable(mappings)):
        return
    for place in places_of(mappings["account"]):
        entries = entry_table_of({**mappings, "account": place})
        if entries is not None:
            yield from _serialization_of(config, target, connection, entries)


def _serialization_of(config: Config, target: Target, connection: Connection, entries: EntryTable) -> Iterator[Symptom]:
    try:
        answer = target.find_serialization(connection, entries, "")
    except DBAPIError as error:
        answer = Unserialized(
            reason=f"{entries.table} does not show how its entries could be locked: {target.describe_error(error)}"
        )
    if isinstance(answer, Serialization):
        yield _seen(
            Health.FINE, f"what protects a balance from uncommitted entries while it is written: {_WAYS[answer]}"
        )
    elif config.repairs.balance_without_serialization:
        says = "a balance is written although an uncommitted entry could be overlooked"
        yield _seen(Health.WARNING, f"{says} (repairs.balance_without_serialization): {answer.reason}")
    else:
        yield _seen(Health.WARNING, f"no balance can be repaired: {answer.reason}")


def _triggers(target: Target, connection: Connection, mappings: Mapping[str, RelationMapping]) -> Iterator[Symptom]:
    """The application's triggers and rules on every table that a repair writes, trueup's own tables included."""
    written_tables = {each.table for each in written(mappings)} | {table for table, _, _ in JOURNAL_RIGHTS}
    names = {table_name(table, target.quote): table for table in sorted(written_tables)}
    own = [trigger for trigger in target.triggers(connection, names) if not trigger.name.startswith("trueup_")]
    for kind, health in (("trigger", Health.FINE), ("rule", Health.WARNING)):
        listed = [f"{trigger.name} on {names[trigger.table]}" for trigger in own if trigger.kind == kind]
        if listed:
            says = f"the application's {kind}s run inside every repair there: {', '.join(listed)}"
            yield _seen(health, f"{says}; a repair counts what they write, see [repairs.expected_writes]")
    if connection.dialect.name in ("mysql", "mariadb") and not own and not _sees_triggers(connection):
        says = "the repair role has no TRIGGER right, so triggers on the tables that repairs write cannot be named"
        yield _seen(Health.FINE, f"{says}; a repair still counts what they write")


def _sees_triggers(connection: Connection) -> bool:
    """Whether MySQL shows triggers to this role: only to one that may make them."""
    return bool(connection.execute(text(_MYSQL_TRIGGER_RIGHT)).scalar_one())


def _seen(health: Health, says: str) -> Symptom:
    return Symptom(health=health, about="repairs", says=says.rstrip("."))
