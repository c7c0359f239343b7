"""The printed rights for schemas that are not the canonical one: other types, other places, other shapes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.support.databases import MariaDBServer, PostgresServer
from tests.support.journals import line
from tests.support.narrow import Narrow, narrow_mariadb, narrow_postgres
from tests.support.repairable import App, app_of
from trueup import journal
from trueup.actions.doctor.privileges import grants
from trueup.model.errors import ConfigurationError
from trueup.targets import open_target

CONFIG = """environment = "test"
[database]
url = "${{PLACE}}"
repair_url = "${{PLACE}}"
[relations.account]
table = "{users}"
where = "deleted_at IS NULL"
[relations.account.columns]
account_id = "id"
plan = "plan"
role = "CASE WHEN is_admin THEN 'admin' ELSE 'user' END"
credits = "{credits}"
unlimited_credits = "no_limit"
stripe_customer_id = "(SELECT customer FROM {cards} AS c WHERE c.user_id = {users}.id)"
[relations.ledger_entry]
table = "{ledger}"
[relations.ledger_entry.columns]
entry_id = "id"
account_id = "user_id"
kind = "kind"
amount = "amount"
balance_after = "balance"
created_at = "at"
[plans.FREE]
rank = 0
"""


def made(tmp_path: Path, place: str, tables: str, **names: str) -> App:
    """The app of these tables: a semicolon and a line break end a statement."""
    target = open_target(place)
    with target.transaction() as connection:
        for statement in tables.split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)
        connection.commit()
    spelt = {"users": "users", "credits": "credits", "cards": "cards", "ledger": "ledger"} | names
    return app_of(place, CONFIG.format(**spelt), tmp_path)


POSTGRES = """
CREATE SCHEMA app;
CREATE TYPE app.tier AS ENUM ('FREE', 'PRO');
CREATE DOMAIN app.money2 AS numeric(14, 2);
CREATE TABLE app.users (
    id uuid NOT NULL, region int NOT NULL DEFAULT 1, "Plan" app.tier, code char(10) DEFAULT 'FREE', is_admin boolean,
    "Credits" app.money2, no_limit boolean, deleted_at timestamptz, password_hash text, PRIMARY KEY (id, region)
) PARTITION BY LIST (region);
CREATE TABLE app.users_1 PARTITION OF app.users FOR VALUES IN (1);
CREATE TABLE app.users_2 PARTITION OF app.users FOR VALUES IN (2);
CREATE TABLE app.cards (user_id uuid PRIMARY KEY, customer text, number text);
CREATE SEQUENCE app.shared_numbers;
CREATE TABLE app.ledger (id bigserial PRIMARY KEY, user_id uuid, kind text, amount numeric, balance numeric,
    at timestamptz DEFAULT now(), batch bigint DEFAULT nextval('app.shared_numbers'), by_name bigint);
INSERT INTO app.users VALUES ('11111111-1111-1111-1111-111111111111', 1, 'PRO', 'PRO', false, 120, true),
    ('22222222-2222-2222-2222-222222222222', 2, 'PRO', 'PRO', false, 50.5, true);
"""
NAMES = {"users": "app.users", "credits": "Credits", "cards": "app.cards", "ledger": "app.ledger"}
FIRST, SECOND = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"


@pytest.fixture
def narrow(postgres_server: PostgresServer, tmp_path: Path) -> Narrow:
    """An app in a schema of its own, with partitions, domains, enums, uuids and shared sequences."""
    place = postgres_server.create_database()
    return narrow_postgres(postgres_server, made(tmp_path, place, POSTGRES, **NAMES))


def test_a_serial_needs_its_sequence_and_gets_it(narrow: Narrow) -> None:
    with open_target(narrow.repair_url).transaction() as connection:
        for _ in range(2):
            connection.execute(
                text("INSERT INTO app.ledger (user_id, kind, amount, balance) VALUES (:id, 'x', 0, 0)"), {"id": FIRST}
            )
        values = {"user_id": FIRST, "kind": "x", "amount": "0.0", "balance": "0"}
        record = line(1, after={"appended": {"table": "app.ledger", "values": values}})
        for _ in range(2):
            journal.append(connection, record, code_version="1", database_identity="here")
        connection.commit()
    assert "app" in narrow.script
    assert narrow.owner.rows("SELECT id, batch FROM app.ledger ORDER BY id") == [(1, 1), (2, 2)]


CHANGES: Mapping[str, tuple[str, str, str, str]] = {
    # who, which column, what is there, what shall be there: as a repair records them
    "a domain over numeric": (FIRST, "Credits", "120.00", "99.5"),
    "numeric in another partition": (SECOND, "Credits", "50.5", "50"),
    "an enum": (FIRST, "Plan", "PRO", "FREE"),
    "a boolean": (SECOND, "no_limit", "true", "false"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_change_commits_with_its_row_and_not_without(narrow: Narrow, case: str) -> None:
    key, column, old, new = CHANGES[case]
    update = text(f'UPDATE app.users SET "{column}" = :new WHERE id = :key')
    for recorded, commits in ((False, False), (True, True)):
        with open_target(narrow.repair_url).transaction() as connection:
            connection.execute(text("SET LOCAL search_path = app, public"))
            connection.execute(update, {"new": new == "true" if column == "no_limit" else new, "key": key})
            if recorded:
                cell = {"table": "app.users", "key": key, "column": column}
                record = line(1, before={**cell, "value": old}, after={**cell, "value": new})
                journal.append(connection, record, code_version="1", database_identity="here")
            if commits:
                connection.commit()
            else:
                with pytest.raises(DBAPIError, match="without its row in the journal"):
                    connection.commit()


def test_padded_text_is_compared_without_its_padding(postgres_server: PostgresServer, tmp_path: Path) -> None:
    tables = POSTGRES.replace('"Plan" app.tier', "unused app.tier").replace("code char(10)", "plan char(10)")
    narrow = narrow_postgres(postgres_server, made(tmp_path, postgres_server.create_database(), tables, **NAMES))
    with open_target(narrow.repair_url).transaction() as connection:
        connection.execute(text("UPDATE app.users SET plan = 'FREE' WHERE id = :key"), {"key": FIRST})
        cell = {"table": "app.users", "key": FIRST, "column": "plan"}
        record = line(1, before={**cell, "value": "PRO       "}, after={**cell, "value": "FREE"})
        journal.append(connection, record, code_version="1", database_identity="here")
        connection.commit()


def test_expressions_are_granted_what_they_read_and_nothing_is_written_through_them(narrow: Narrow) -> None:
    with open_target(narrow.audit_url).transaction() as connection:
        connection.execute(text("SELECT is_admin, deleted_at FROM app.users"))
        connection.execute(text("SELECT customer, user_id FROM app.cards"))
        with pytest.raises(DBAPIError, match="permission denied"):
            connection.execute(text("SELECT number FROM app.cards"))
    with open_target(narrow.repair_url).transaction() as connection, pytest.raises(DBAPIError, match="denied"):
        connection.execute(text("UPDATE app.users SET is_admin = true"))


def test_what_a_person_must_look_at_is_said(postgres_server: PostgresServer, tmp_path: Path) -> None:
    strange = """
    ALTER TABLE app.users ENABLE ROW LEVEL SECURITY;
    CREATE FUNCTION app.number() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER number_it BEFORE INSERT ON app.ledger FOR EACH ROW EXECUTE FUNCTION app.number();
    ALTER TABLE app.ledger ALTER by_name SET DEFAULT nextval('app.shared_numbers'::text);
    GRANT SELECT ON app.cards TO PUBLIC;
    """
    app = made(tmp_path, postgres_server.create_database(), POSTGRES + strange, **NAMES)
    strong = f"strong_{app.config.database_url.partition('?')[0][-12:]}"
    with psycopg.connect(postgres_server.admin_url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {strong} SUPERUSER; GRANT pg_read_all_data TO {strong}".encode())
    script = grants(app.config, repair_role=strong)
    for said in (
        "app.users has row security",
        "app.ledger has triggers (number_it)",
        "app.ledger.by_name is numbered by a sequence that could not be determined",
        "PUBLIC, and so every role, has rights to app.cards",
        f"{strong} exists already and has attributes",
        f"{strong} is a member of pg_read_all_data",
    ):
        assert said in script
    narrow_postgres(postgres_server, app)  # it runs all the same


def test_a_view_is_granted_and_its_missing_trigger_is_said(postgres_server: PostgresServer, tmp_path: Path) -> None:
    tables = POSTGRES + "CREATE VIEW app.people AS SELECT * FROM app.users;\n"
    app = made(tmp_path, postgres_server.create_database(), tables, **(NAMES | {"users": "app.people"}))
    narrow = narrow_postgres(postgres_server, app)
    assert "app.people is not an ordinary table and can have no such trigger" in narrow.script
    with open_target(narrow.repair_url).transaction() as connection:
        assert len(connection.execute(text("SELECT id, is_admin FROM app.people")).all()) == 2


def test_a_key_that_is_an_expression_leaves_nothing_to_update(postgres_server: PostgresServer, tmp_path: Path) -> None:
    config = CONFIG.replace('account_id = "id"', "account_id = \"'user_' || id\"")
    app = made(tmp_path, postgres_server.create_database(), POSTGRES, **NAMES)
    app = app_of(app.config.database_url, config.format(**NAMES), tmp_path)
    script = grants(app.config)
    assert "account.account_id is mapped to an expression: no account can be repaired" in script
    assert "GRANT UPDATE" not in script
    assert "AFTER UPDATE" not in script


def test_without_a_journal_only_the_audit_role_gets_rights(postgres_server: PostgresServer, tmp_path: Path) -> None:
    app = made(tmp_path, postgres_server.create_database(), POSTGRES, **NAMES)
    app.execute("DROP TABLE trueup_journal, trueup_journal_head, trueup_repair, trueup_binding, trueup_schema_version")
    script = grants(app.config)
    assert "run `trueup init --install`" in script
    assert "UPDATE" not in script
    assert "INSERT" not in script


MARIADB = """
CREATE TABLE users (id int unsigned PRIMARY KEY, plan varchar(10), is_admin boolean, `Credits` decimal(14, 2),
    no_limit boolean, deleted_at datetime, password_hash text);
CREATE TABLE cards (user_id int unsigned PRIMARY KEY, customer text, number text);
CREATE TABLE ledger (id bigint AUTO_INCREMENT PRIMARY KEY, user_id int unsigned, kind text, amount decimal(14, 2),
    balance decimal(14, 2), at datetime DEFAULT now());
INSERT INTO users VALUES (1, 'PRO', false, 120, true, NULL, 'x');
"""


def test_mariadb_numbers_rows_without_another_right(mariadb_server: MariaDBServer, tmp_path: Path) -> None:
    app = made(tmp_path, mariadb_server.create_database(), MARIADB, credits="Credits")
    narrow = narrow_mariadb(mariadb_server, app)
    with open_target(narrow.repair_url).transaction() as connection:
        connection.execute(text("SELECT id, `Credits` FROM users WHERE id = 1 AND deleted_at IS NULL FOR UPDATE"))
        assert connection.execute(text("UPDATE users SET `Credits` = 5 WHERE id = 1")).rowcount == 1
        connection.execute(text("INSERT INTO ledger (user_id, kind, amount, balance) VALUES (1, 'x', 0, 0)"))
        for forbidden in ("SELECT number FROM cards", "UPDATE users SET is_admin = true", "DELETE FROM ledger"):
            with pytest.raises(DBAPIError, match="denied"):
                connection.execute(text(forbidden))


def test_sqlite_knows_no_roles(tmp_path: Path, sqlite_url: str) -> None:
    app = made(tmp_path, sqlite_url, MARIADB.replace("AUTO_INCREMENT", "").replace("DEFAULT now()", ""))
    with pytest.raises(ConfigurationError, match="knows no roles"):
        grants(app.config)


@pytest.mark.parametrize("name", ["", "a b", 'a"b', "a'b", "a;b", "x" * 33, "ä", "$a"])
def test_a_role_name_that_would_need_escaping_is_refused(tmp_path: Path, sqlite_url: str, name: str) -> None:
    app = made(tmp_path, sqlite_url, MARIADB.replace("AUTO_INCREMENT", "").replace("DEFAULT now()", ""))
    with pytest.raises(ConfigurationError, match="name of a role"):
        grants(app.config, audit_role=name)
