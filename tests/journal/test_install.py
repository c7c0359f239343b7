"""The tables in the app's database: made once, by whoever comes, and bound to where they are."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, UniqueConstraint, inspect, text

from tests.support.databases import MariaDBServer, PostgresServer
from tests.support.journals import installed, line
from trueup import journal
from trueup.journal.tables import METADATA, VERSION_TABLE
from trueup.migrations import UnknownRevision
from trueup.targets import open_target
from trueup.targets.target import Target


def test_a_database_without_a_journal_says_so(place: str) -> None:
    with open_target(place).reading() as connection:
        assert journal.read_installed_revision(connection) is None


def test_installing_again_does_nothing(place: str) -> None:
    target = open_target(place)
    done = []
    for _ in range(3):
        with target.transaction() as connection:
            done.append(journal.install(connection))
            connection.commit()
    assert done == [True, False, False]
    with target.reading() as connection:
        assert journal.read_installed_revision(connection) == journal.current_revision()
        bound = journal.binding(connection)
        assert bound is not None
        assert bound.database_identity == journal.database_identity(connection)


def test_the_scripts_make_the_tables_that_the_code_knows(target: Target) -> None:
    with target.reading() as connection:
        for table in METADATA.sorted_tables:
            assert _shape(connection, table.name) == {
                "columns": {column.name: bool(column.nullable) for column in table.c},
                "indexes": {index.name for index in table.indexes},
                "unique": {
                    tuple(column.name for column in constraint.columns)
                    for constraint in table.constraints
                    if isinstance(constraint, UniqueConstraint)
                },
            }


def _shape(connection: Connection, table: str) -> dict[str, Any]:
    inspector = inspect(connection)
    unique = {tuple(found["column_names"]) for found in inspector.get_unique_constraints(table)}
    names = {index["name"] for index in inspector.get_indexes(table) if not index["unique"]}
    columns = {column["name"]: bool(column["nullable"]) for column in inspector.get_columns(table)}
    if connection.dialect.name == "postgresql" and columns.pop("transaction_id", None) is not None:
        names.discard("trueup_journal_transaction")
    return {"columns": columns, "indexes": names, "unique": unique}


def test_any_number_may_install_at_once(place: str) -> None:
    def install(_: int) -> bool:
        target = open_target(place)
        with target.transaction() as connection:
            done = journal.install(connection)
            connection.commit()
            return done

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(install, range(4))) == [False, False, False, True]


def test_what_was_interrupted_after_any_statement_is_completed(mariadb_server: MariaDBServer, mariadb_url: str) -> None:
    """MariaDB commits each CREATE by itself, so a server that stops leaves the first of them."""
    target = installed(mariadb_url)
    with target.reading() as connection:
        tables = [VERSION_TABLE, *(table.name for table in METADATA.sorted_tables)]
        whole = {name: connection.execute(text(f"SHOW CREATE TABLE {name}")).all()[0][1] for name in tables}
    statements = [*tables, "index trueup_journal_repair", "index trueup_repair_at", "head", "version", "binding"]
    for missing in statements:
        with mariadb_server.admin(mariadb_url.rpartition("/")[2]) as admin:
            cursor = admin.cursor()
            cursor.execute(f"DELETE FROM {VERSION_TABLE}")
            match missing:
                case "index trueup_journal_repair":
                    cursor.execute("DROP INDEX trueup_journal_repair ON trueup_journal")
                case "index trueup_repair_at":
                    cursor.execute("DROP INDEX trueup_repair_at ON trueup_repair")
                case "head":
                    cursor.execute("DELETE FROM trueup_journal_head")
                case "binding":
                    cursor.execute("DELETE FROM trueup_binding")
                case "version":
                    pass
                case table:
                    cursor.execute(f"DROP TABLE {table}")
        installed(mariadb_url)
        with target.reading() as connection:
            again = {name: connection.execute(text(f"SHOW CREATE TABLE {name}")).all()[0][1] for name in tables}
            assert again == whole, missing
            assert journal.head_of(connection) == journal.Head(seq=0, hash="0" * 64)
            assert journal.binding(connection) is not None


def test_completing_leaves_the_entries_alone(target: Target) -> None:
    with target.transaction() as connection:
        journal.append(connection, line(1), code_version="1", database_identity="here")
        connection.execute(text(f"DELETE FROM {VERSION_TABLE}"))
        connection.commit()
    with target.transaction() as connection:
        journal.install(connection)
        connection.commit()
    with target.reading() as connection:
        found = journal.verify(journal.entries(connection), head=journal.head_of(connection))
    assert isinstance(found, journal.Sound)
    assert found.count == 1


def test_a_journal_of_a_newer_trueup_is_left_alone(target: Target) -> None:
    with target.transaction() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
        connection.commit()
    with target.transaction() as connection, pytest.raises(UnknownRevision):
        journal.install(connection)


def test_a_copied_file_is_another_database(sqlite_url: str, tmp_path: Path) -> None:
    installed(sqlite_url)
    shutil.copy(sqlite_url.removeprefix("sqlite:///"), tmp_path / "copy.db")
    (tmp_path / "link.db").symlink_to(tmp_path / "app.db")
    assert _is_at_home(sqlite_url)
    assert _is_at_home(f"sqlite:///{tmp_path / 'link.db'}")
    assert not _is_at_home(f"sqlite:///{tmp_path / 'copy.db'}")


def test_a_restored_copy_is_another_database_until_it_is_bound(
    postgres_server: PostgresServer, postgres_url: str, mariadb_server: MariaDBServer, mariadb_url: str
) -> None:
    for here, there in (
        (postgres_url, postgres_server.create_database()),
        (mariadb_url, mariadb_server.create_database()),
    ):
        source, copy = installed(here), installed(there)
        with source.reading() as connection:
            bound = journal.binding(connection)
        assert bound is not None
        with copy.transaction() as connection:  # as a restored dump leaves it
            connection.execute(text("UPDATE trueup_binding SET database_identity = :i"), {"i": bound.database_identity})
            connection.commit()
        assert not _is_at_home(there)
        installed(there)
        assert not _is_at_home(there)
        with copy.transaction() as connection:
            assert journal.install(connection, rebind=True, actor="somebody")
            connection.commit()
        assert _is_at_home(there)
        with copy.reading() as connection:
            (entry,) = journal.entries(connection)
        assert (entry.action, entry.actor) == ("rebind", "somebody")
        assert entry.before == {"database_identity": bound.database_identity}


def _is_at_home(place: str) -> bool:
    with open_target(place).reading() as connection:
        bound = journal.binding(connection)
        return bound is not None and bound.database_identity == journal.database_identity(connection)


def test_an_ordinary_role_can_tell_which_postgres_it_is_on(postgres_server: PostgresServer, postgres_url: str) -> None:
    with open_target(postgres_url).reading() as connection:
        identity = journal.database_identity(connection)
        assert connection.execute(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")).scalar() is False
    assert not identity.startswith("postgresql:0/")
    with open_target(postgres_server.create_database()).reading() as connection:
        assert journal.database_identity(connection) != identity
