"""The two users' rights as SQL for MySQL and MariaDB."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from trueup.actions.doctor.privileges.required_privileges import JOURNAL_READS, JOURNAL_RIGHTS, Roles, Wanted, comment
from trueup.model.source import schema_and_table
from trueup.sources.select import quoted


def statements(wanted: Wanted, roles: Roles, *, place: str, database: str, has_journal: bool) -> Iterator[str]:
    """The script, line by line."""
    yield from _opening(place, wanted.doubts)
    yield from _users(roles)
    for user in (roles.audit, roles.repair):
        yield from _reading(wanted, user, database, has_journal=has_journal)
    if has_journal:
        yield from _repair(wanted, roles, database)
    else:
        yield comment("The journal is not installed here: run `trueup init --install`, then print this again for the")
        yield comment("repair user's rights.")


def _opening(place: str, doubts: Collection[str]) -> Iterator[str]:
    yield comment(f"The rights of trueup's two users in {place}.")
    yield comment("Read it, then run it as a user who may create users and grant these rights:")
    yield comment("    mariadb DATABASE < grants.sql      or      mysql DATABASE < grants.sql")
    yield comment("Running it again leaves exactly these rights. Write your hosts for % where you know them.")
    yield comment(
        "A trigger cannot wait for COMMIT here as it can on Postgres: a person with the repair user's password"
    )
    yield comment(
        "can change a balance without a journal row, and the next audit reports it as credit-balance. Every user"
    )
    yield comment(
        "who may read a row may also lock it (SELECT ... FOR UPDATE), so keep the audit user's password as well."
    )
    if doubts:
        yield "--"
        yield comment("Look at this first:")
        for doubt in doubts:
            yield comment(f"  * {doubt}.")


def _users(roles: Roles) -> Iterator[str]:
    yield ""
    yield comment("A new user cannot log in until you give it a password:")
    for user in (roles.audit, roles.repair):
        yield comment(f"    ALTER USER {_user(user)} IDENTIFIED BY '…' ACCOUNT UNLOCK;")
    for user in (roles.audit, roles.repair):
        yield f"CREATE USER IF NOT EXISTS {_user(user)} ACCOUNT LOCK;"
        yield f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM {_user(user)};"


def _reading(wanted: Wanted, user: str, database: str, *, has_journal: bool) -> Iterator[str]:
    yield ""
    yield comment(f"{user} reads only what the mapping reads, and the journal.")
    for table, columns in sorted(wanted.selects.items()):
        yield f"GRANT SELECT ({_list(columns)}) ON {_name(table, database)} TO {_user(user)};"
    if has_journal:
        for table in JOURNAL_READS:
            yield f"GRANT SELECT ON {_name(table, database)} TO {_user(user)};"


def _repair(wanted: Wanted, roles: Roles, database: str) -> Iterator[str]:
    user = _user(roles.repair)
    yield ""
    yield comment("Repairs replace only these columns,")
    for table in sorted({each.table for each in wanted.updates}):
        yield f"GRANT UPDATE ({_list(wanted.updated(table))}) ON {_name(table, database)} TO {user};"
    yield comment("add the audit rows,")
    for table, inserted in sorted(wanted.inserted().items()):
        yield f"GRANT INSERT ({_list(inserted)}) ON {_name(table, database)} TO {user};"
    yield comment("and write the journal, whose entries never change.")
    for table, right, columns in JOURNAL_RIGHTS:
        yield f"GRANT {right} ({_list(columns)}) ON {_name(table, database)} TO {user};"


def _user(name: str) -> str:
    return f"'{name}'@'%'"


def _name(table: str, database: str) -> str:
    schema, name = schema_and_table(table)
    return f"{quoted(schema or database, '`')}.{quoted(name, '`')}"


def _list(columns: Collection[str]) -> str:
    return ", ".join(quoted(column, "`") for column in sorted(columns))
