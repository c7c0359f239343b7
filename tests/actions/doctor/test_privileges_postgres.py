"""The printed rights on Postgres: everything that trueup does works with them, and nothing else does."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from tests.support.databases import OWNER, PostgresServer
from tests.support.journals import line
from tests.support.narrow import Narrow, guardrail_of, narrow_postgres, rights, run_psql
from tests.support.repairable import REASON, demo_app
from trueup import journal
from trueup.actions.audit.guardrails.copying import READ
from trueup.actions.doctor.preflight import Health, examine_setup
from trueup.actions.doctor.privileges import grants
from trueup.actions.journal.reading import check_journal
from trueup.actions.repair import repair
from trueup.journal import JOURNAL_TABLES, Sound
from trueup.model.repair import Applied
from trueup.sources import open_source
from trueup.targets import open_target

DENIED = errors.InsufficientPrivilege


@pytest.fixture(scope="module", params=["postgres_server", "postgres15_server"])
def server(request: pytest.FixtureRequest) -> PostgresServer:
    """The newest Postgres, and the oldest that is supported."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, PostgresServer)
    return found


@pytest.fixture(scope="module")
def narrow(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Narrow:
    """A demo company with a secret column, and both roles."""
    app = demo_app(server.create_database(), tmp_path_factory.mktemp("narrow"))
    app.execute("ALTER TABLE users ADD COLUMN password_hash text DEFAULT 'hunter2'")
    app.execute("CREATE TABLE api_keys (id int, secret text)")
    app.execute(
        "CREATE FUNCTION give(who text, much bigint) RETURNS void LANGUAGE sql SECURITY DEFINER "
        "AS 'UPDATE users SET credits = credits + much WHERE id = who'"
    )
    return narrow_postgres(server, app)


@contextlib.contextmanager
def repairing(narrow: Narrow) -> Iterator[Connection]:
    with open_target(narrow.repair_url).transaction() as connection:
        yield connection


def refused(connection: Connection, sql: str) -> type[Exception]:
    """Why the server does not do this; the transaction goes on."""
    with pytest.raises(DBAPIError) as raised, connection.begin_nested():
        connection.execute(text(sql))
    return type(raised.value.orig or raised.value)


def user_with(narrow: Narrow, condition: str = "credits > 10") -> tuple[str, int, str]:
    row = narrow.owner.rows(f"SELECT id, credits, plan FROM users WHERE {condition} ORDER BY id LIMIT 1")[0]
    return str(row[0]), int(str(row[1])), str(row[2])


def journalled(connection: Connection, key: str, column: str, old: object, new: object, **other: object) -> None:
    """The journal row of a change, as a repair writes it."""
    cell = {"table": "users", "key": key, "column": column}
    before, after = {**cell, "value": str(old)}, {**cell, "value": str(new)}
    record = line(1, before=before, after=after, **other)
    journal.append(connection, record, code_version="1", database_identity="here")


# What must work


def test_running_the_script_again_leaves_exactly_the_same_rights(server: PostgresServer, narrow: Narrow) -> None:
    url = narrow.owner.config.database_url
    database = url.partition("?")[0].rpartition("/")[2]
    roles = (narrow.audit_role, narrow.repair_role)
    before = [rights(server, url, role) for role in roles]
    run_psql(server, database, f'GRANT SELECT, DELETE ON api_keys TO "{narrow.repair_role}"')
    again = grants(narrow.owner.config, audit_role=roles[0], repair_role=roles[1])
    assert "api_keys" in again
    assert run_psql(server, database, again) == ""
    assert [rights(server, url, role) for role in roles] == before


@pytest.mark.slow
def test_the_audit_role_sees_what_the_owner_sees_and_only_reads(narrow: Narrow) -> None:
    as_owner = sorted(finding.id for finding in narrow.owner.report().findings())
    assert sorted(finding.id for finding in narrow.app.report().findings()) == as_owner
    assert list(open_source(narrow.audit_url).privileges()) == []
    assert isinstance(check_journal(narrow.audit_url), Sound)


@pytest.mark.slow
def test_every_kind_of_repair_works_as_the_repair_role(server: PostgresServer, tmp_path: Path) -> None:
    narrow = narrow_postgres(server, demo_app(server.create_database(), tmp_path))
    app = narrow.app
    chosen = {finding.check: finding.id for finding in app.repairable()}
    assert len(chosen) == 4
    for issue in chosen.values():
        result = repair(issue, reason=REASON, actor="test", config=app.config, catalogue=app.checks, now=app.now)
        assert isinstance(result, Applied), result
    left = {finding.id for finding in app.report().findings()}
    assert not left & set(chosen.values())
    assert app.journal_is_sound() == 4
    assert isinstance(check_journal(narrow.repair_url), Sound)
    assert guardrail_of(app.report(), "audited-repairs") == ("allowed", ())
    narrow.owner.execute("DELETE FROM credit_transactions WHERE reason LIKE 'trueup: balance synced%'")
    assert guardrail_of(app.report(), "audited-repairs")[0] == "blocked"
    for right in ("trueup_journal", "trueup_repair", "trueup_journal_head"):
        narrow.owner.execute(f'REVOKE SELECT ON {right} FROM "{narrow.audit_role}"')
        status, reasons = guardrail_of(app.report(), "audited-repairs")
        assert status == "unknown"
        assert "grant SELECT on the journal's tables" in reasons[0]


@pytest.mark.slow
def test_what_the_audited_repairs_guardrail_reads_is_all_that_is_needed(server: PostgresServer, tmp_path: Path) -> None:
    narrow = narrow_postgres(server, demo_app(server.create_database(), tmp_path))
    for table, columns in READ.items():
        narrow.owner.execute(f'REVOKE SELECT ON {table} FROM "{narrow.audit_role}"')
        narrow.owner.execute(f'GRANT SELECT ({", ".join(columns)}) ON {table} TO "{narrow.audit_role}"')
    assert guardrail_of(narrow.app.report(), "audited-repairs") == ("allowed", ())


@pytest.mark.slow
def test_the_audit_role_knows_that_there_is_no_journal(server: PostgresServer, tmp_path: Path) -> None:
    app = demo_app(server.create_database(), tmp_path)
    for table in JOURNAL_TABLES:
        app.execute(f"DROP TABLE {table}")
    narrow = narrow_postgres(server, app)
    assert guardrail_of(narrow.app.report(), "audited-repairs") == ("allowed", ())


def test_the_doctor_has_nothing_to_mend(narrow: Narrow) -> None:
    seen = [
        s
        for s in examine_setup(narrow.app.config, narrow.app.checks, now=narrow.app.now)
        if s.about in {"privileges", "repairs"}
    ]
    (around,) = (s.says for s in seen if s.health is not Health.FINE)  # give() is there for these tests
    assert "REVOKE EXECUTE ON ROUTINE give(text,bigint) FROM PUBLIC" in around
    assert {s.about for s in seen} == {"privileges", "repairs"}


def test_the_owner_may_run_the_script_when_it_may_create_roles(server: PostgresServer, tmp_path: Path) -> None:
    app = demo_app(server.create_database(), tmp_path)
    database = app.config.database_url.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        admin.execute(f"ALTER ROLE {OWNER} CREATEROLE".encode())
        try:
            script = grants(app.config, audit_role="own_audit", repair_role="own_repair")
            run_psql(server, database, script, user=OWNER)
        finally:
            admin.execute(f"ALTER ROLE {OWNER} NOCREATEROLE".encode())
    app.execute("UPDATE users SET credits = credits + 1")  # the owner made the role, and is not bound by its triggers


# What must not


AUDIT_MUST_NOT = (
    "SELECT password_hash FROM users",
    "SELECT * FROM users",
    "SELECT users FROM users",
    "TABLE users",
    "SELECT secret FROM api_keys",
    "SELECT rolpassword FROM pg_authid",
    "SELECT count(*) FROM users WHERE password_hash LIKE 'h%'",
    "SELECT id FROM users ORDER BY password_hash",
    "SELECT id FROM users FOR UPDATE",
    "SELECT id FROM users FOR SHARE",
    "LOCK TABLE users IN EXCLUSIVE MODE",
    "UPDATE users SET credits = 0",
    "DELETE FROM users",
    "TRUNCATE users",
    "INSERT INTO users (id) VALUES ('x')",
    "INSERT INTO credit_transactions (user_id, amount) VALUES ('x', 1)",
    "INSERT INTO trueup_journal (seq) VALUES (99)",
    "UPDATE trueup_journal_head SET seq = 0",
    "UPDATE trueup_binding SET database_identity = 'x'",
    "DELETE FROM trueup_repair",
    "COPY users TO STDOUT",
    "CREATE TABLE mine (id int)",
    "CREATE INDEX mine ON users (credits)",
    "CREATE VIEW mine AS SELECT password_hash FROM users",
    "GRANT SELECT ON users TO PUBLIC",
)

REPAIR_MUST_NOT = (
    "SELECT password_hash FROM users",
    "SELECT * FROM users",
    "SELECT users FROM users",
    "SELECT secret FROM api_keys",
    "UPDATE users SET password_hash = 'x'",
    "UPDATE users SET role = 'admin'",
    "UPDATE users SET stripe_customer_id = NULL",
    "UPDATE users SET id = 'other'",
    "UPDATE users SET credits = 1, email = 'x'",
    "UPDATE users SET credits = length(password_hash)",
    "UPDATE users SET credits = 1 WHERE password_hash = 'x'",
    "UPDATE users SET credits = 1 RETURNING password_hash",
    "INSERT INTO users (id, credits) VALUES ('x', 1)",
    "INSERT INTO users (id) VALUES ('x') ON CONFLICT (id) DO UPDATE SET credits = 9",
    "DELETE FROM users",
    "TRUNCATE users",
    "UPDATE credit_transactions SET amount = 0",
    "DELETE FROM credit_transactions",
    "TRUNCATE credit_transactions",
    "UPDATE plan_changes SET to_plan = 'x'",
    "DELETE FROM stripe_webhook_events",
    "UPDATE stripe_webhook_events SET status = 'processed'",
    "UPDATE members SET billable = false",
    "UPDATE trueup_journal SET reason = 'x'",
    "UPDATE trueup_journal SET hash = 'x'",
    "DELETE FROM trueup_journal",
    "TRUNCATE trueup_journal",
    "INSERT INTO trueup_journal (seq, transaction_id) VALUES (99, '1')",
    "UPDATE trueup_journal SET transaction_id = '1'",
    "COPY trueup_journal (seq, transaction_id) FROM STDIN",
    "UPDATE trueup_journal_head SET id = 2",
    "DELETE FROM trueup_journal_head",
    "INSERT INTO trueup_journal_head (id, seq, hash) VALUES (2, 0, 'x')",
    "UPDATE trueup_repair SET status = 'stale'",
    "DELETE FROM trueup_repair",
    "UPDATE trueup_binding SET database_identity = 'x'",
    "DELETE FROM trueup_schema_version",
    "ALTER TABLE users DISABLE TRIGGER ALL",
    "ALTER TABLE users DISABLE TRIGGER trueup_guard_credits",
    "DROP TRIGGER trueup_guard_credits ON users",
    "DROP FUNCTION trueup_guard_credits() CASCADE",
    "ALTER FUNCTION trueup_guard_credits() OWNER TO CURRENT_USER",
    "CREATE OR REPLACE FUNCTION trueup_guard_credits() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "ALTER TABLE trueup_journal ALTER COLUMN transaction_id DROP DEFAULT",
    "SET session_replication_role = replica",
    "SET LOCAL session_replication_role = replica",
    f"SET ROLE {OWNER}",
    "SET ROLE postgres",
    f"SET SESSION AUTHORIZATION {OWNER}",
    f"GRANT {OWNER} TO CURRENT_USER",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "ALTER ROLE CURRENT_USER BYPASSRLS",
    "CREATE ROLE friend",
    "CREATE TABLE trueup_journal2 (id int)",
    "CREATE SCHEMA mine",
    "COPY users (credits) TO PROGRAM 'cat'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT set_config('session_replication_role', 'replica', false)",
    "SELECT pg_reload_conf()",
)  # fmt: skip


def test_the_audit_role_may_do_nothing_else(narrow: Narrow) -> None:
    with open_target(narrow.audit_url).transaction() as connection:
        for statement in AUDIT_MUST_NOT:
            assert refused(connection, statement) is DENIED, statement


def test_the_repair_role_may_do_nothing_else(narrow: Narrow) -> None:
    with repairing(narrow) as connection:
        for statement in REPAIR_MUST_NOT:
            error = refused(connection, statement)
            assert error is DENIED, (statement, error)


def test_the_script_holds_no_password_and_leaves_no_way_in(server: PostgresServer, tmp_path: Path) -> None:
    app = demo_app(server.create_database(), tmp_path)
    script = grants(app.config, audit_role="locked_audit", repair_role="locked_repair")
    database = app.config.database_url.partition("?")[0].rpartition("/")[2]
    run_psql(server, database, script)
    assert "hunter" not in script
    assert "s3cret" not in script
    with psycopg.connect(server.admin_url) as admin:
        found = admin.execute("SELECT rolcanlogin, rolpassword FROM pg_authid WHERE rolname LIKE 'locked%'").fetchall()
    assert found == [(False, None), (False, None)]


# What the trigger holds


def _commits(connection: Connection) -> bool:
    """Whether the triggers let the transaction commit; nothing else may stop it."""
    try:
        connection.commit()
    except DBAPIError as error:
        if not isinstance(error.orig, errors.CheckViolation) or "without its row in the journal" not in str(error.orig):
            raise
        return False
    return True


def test_a_change_with_its_journal_row_commits(narrow: Narrow) -> None:
    key, old, plan = user_with(narrow)
    with repairing(narrow) as connection:
        connection.execute(text(f"UPDATE users SET credits = {old + 1} WHERE id = '{key}'"))
        connection.execute(text(f"UPDATE users SET plan = 'FREE ' WHERE id = '{key}'"))
        journalled(connection, key, "credits", f"{old}.00", old + 1)  # as many digits as anybody likes
        journalled(connection, key, "plan", plan, "FREE ")
        assert _commits(connection)
    with repairing(narrow) as connection:
        journalled(connection, key, "credits", old + 1, old)
        journalled(connection, key, "plan", "FREE ", plan)
        connection.execute(text(f"UPDATE users SET credits = {old}, plan = '{plan}' WHERE id = '{key}'"))
        assert _commits(connection)
    assert narrow.app.journal_is_sound() >= 4


CHANGES: Sequence[str] = (
    "UPDATE users SET credits = credits + 1 WHERE id = :key",
    "UPDATE users SET credits = 0 WHERE id = :key",
    "UPDATE users SET credits = NULL WHERE id = :key",
    "UPDATE users SET credits = credits + 1",
    "UPDATE users SET plan = CASE plan WHEN 'TEAM' THEN 'PRO' ELSE 'TEAM' END WHERE id = :key",
    "UPDATE users SET unlimited_credits = NOT unlimited_credits WHERE id = :key",
    "SET CONSTRAINTS ALL DEFERRED; UPDATE users SET credits = credits + 1 WHERE id = :key",
    "SET search_path = pg_temp, public; UPDATE public.users SET credits = credits + 1 WHERE id = :key",
    "SELECT give(:key, 1000)",
    "MERGE INTO users USING (SELECT 1) AS s ON id = :key WHEN MATCHED THEN UPDATE SET credits = 77",
    'CREATE TEMP TABLE trueup_journal AS SELECT "before" FROM public.trueup_journal; UPDATE users SET credits = 7',
)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_without_a_journal_row_does_not_commit(narrow: Narrow, change: str) -> None:
    key, *before = user_with(narrow)
    with repairing(narrow) as connection:
        for statement in change.split("; "):
            connection.execute(text(statement), {"key": key} if ":key" in statement else {})
        assert not _commits(connection)
    assert list(user_with(narrow, f"id = '{key}'"))[1:] == before


def test_a_journal_row_of_anything_else_does_not_do(narrow: Narrow) -> None:
    key, old, _ = user_with(narrow)
    other, *_ = user_with(narrow, f"id > '{key}'")
    cell: dict[str, object] = {"table": "users", "key": key, "column": "credits"}
    was, now = {**cell, "value": str(old)}, {**cell, "value": str(old + 5)}
    wrong: Sequence[tuple[dict[str, object], dict[str, object]]] = (
        ({**was, "key": other}, {**now, "key": other}),
        ({**was, "key": other}, now),
        (was, {**now, "key": other}),
        ({**was, "table": "accounts"}, {**now, "table": "accounts"}),
        ({**was, "column": "plan"}, {**now, "column": "plan"}),
        (was, {**now, "value": str(old + 6)}),
        (was, {**now, "value": str(old)}),
        ({**was, "value": str(old - 1)}, now),
        ({**was, "value": None}, now),
        (now, was),
        (was, {}),
        ({}, now),
        (cell, now),
        (was, dict(cell)),
    )
    for before, after in wrong:
        with repairing(narrow) as connection:
            connection.execute(text(f"UPDATE users SET credits = {old + 5} WHERE id = '{key}'"))
            record = line(1, before=before, after=after)
            journal.append(connection, record, code_version="1", database_identity="here")
            assert not _commits(connection), (before, after)
    assert user_with(narrow, f"id = '{key}'")[1] == old


def test_a_value_that_is_no_number_is_refused_as_such(narrow: Narrow) -> None:
    key, old, _ = user_with(narrow)
    with repairing(narrow) as connection:
        connection.execute(text(f"UPDATE users SET credits = {old + 5} WHERE id = '{key}'"))
        journalled(connection, key, "credits", "many", old + 5)
        with pytest.raises(DBAPIError, match="invalid input syntax for type numeric"):
            connection.commit()


def test_a_journal_row_of_another_transaction_does_not_do(narrow: Narrow) -> None:
    key, old, _ = user_with(narrow)
    with repairing(narrow) as connection:
        journalled(connection, key, "credits", old, old + 5)
        assert _commits(connection)
    with repairing(narrow) as connection:
        connection.execute(text(f"UPDATE users SET credits = {old + 5} WHERE id = '{key}'"))
        assert not _commits(connection)


def test_each_step_needs_its_row_not_only_the_sum_of_them(narrow: Narrow) -> None:
    key, old, _ = user_with(narrow)
    with repairing(narrow) as connection:
        for step in (10**6, old + 5):
            connection.execute(text(f"UPDATE users SET credits = {step} WHERE id = '{key}'"))
        journalled(connection, key, "credits", old, old + 5)
        assert not _commits(connection)


def test_a_row_that_a_savepoint_took_back_does_not_do_and_one_that_it_kept_does(narrow: Narrow) -> None:
    key, old, _ = user_with(narrow)
    for kept in (False, True):
        with repairing(narrow) as connection:
            connection.execute(text(f"UPDATE users SET credits = {old + 5} WHERE id = '{key}'"))
            savepoint = connection.begin_nested()
            journalled(connection, key, "credits", old, old + 5)
            if kept:
                savepoint.commit()
            else:
                savepoint.rollback()
            assert _commits(connection) is kept
    narrow.owner.execute(f"UPDATE users SET credits = {old} WHERE id = '{key}'")


def test_checking_at_once_is_refused_at_once(narrow: Narrow) -> None:
    key, old, _ = user_with(narrow)
    with repairing(narrow) as connection:
        connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        with pytest.raises(DBAPIError, match="without its row"):
            connection.execute(text(f"UPDATE users SET credits = {old + 5} WHERE id = '{key}'"))


ROWS: Mapping[str, tuple[str, dict[str, object]]] = {
    # what is added, and what the journal must say of it
    "credit_transactions": (
        (
            "INSERT INTO credit_transactions (user_id, type, amount, balance_after, posted, created_at, reason) "
            "VALUES ('user_1', 'balance_sync', 0, 7, true, now(), 'because')"
        ),
        {"user_id": "user_1", "type": "balance_sync", "amount": "0", "balance_after": "7.0"},
    ),
    "plan_changes": (
        "INSERT INTO plan_changes (user_id, from_plan, to_plan, changed_at) VALUES ('user_1', 'PRO', 'FREE', now())",
        {"user_id": "user_1", "from_plan": "PRO", "to_plan": "FREE"},
    ),
    "stripe_webhook_events": (
        (
            "INSERT INTO stripe_webhook_events (event_id, type, status, received_at, livemode) "
            "VALUES ('evt_new', 'invoice.paid', 'processed', now(), true)"
        ),
        {"event_id": "evt_new", "type": "invoice.paid", "status": "processed", "livemode": "true"},
    ),
}


@pytest.mark.parametrize("table", ROWS)
def test_an_audit_row_commits_with_its_journal_row_and_not_without(narrow: Narrow, table: str) -> None:
    insert, values = ROWS[table]
    wrong: list[dict[str, object]] = [{}, {"appended": None}, {"appended": {"table": table}}]
    wrong += [{"appended": {"table": "users", "values": values}}]
    wrong += [{"appended": {"table": table, "values": {**values, name: "77" if value in {"0", "7.0"} else "false"}}}
              for name, value in values.items()]  # fmt: skip
    wrong += [{"appended": {"table": table, "values": {n: v for n, v in values.items() if n != left_out}}}
              for left_out in values]  # fmt: skip
    right: dict[str, object] = {"appended": {"table": table, "values": {**values, "created_at": "whenever"}}}
    for after in (None, *wrong, right):
        with repairing(narrow) as connection:
            connection.execute(text(insert))
            if after is not None:
                journal.append(connection, line(1, after=after), code_version="1", database_identity="here")
            assert _commits(connection) is (after is right), after


def test_a_ledger_row_may_not_name_what_the_journal_does_not(narrow: Narrow) -> None:
    insert, values = ROWS["credit_transactions"]
    named = insert.replace("reason)", "reason, stripe_invoice_id)").replace("'because')", "'because', 'in_1')")
    with repairing(narrow) as connection:
        connection.execute(text(named))
        record = line(1, after={"appended": {"table": "credit_transactions", "values": values}})
        journal.append(connection, record, code_version="1", database_identity="here")
        assert not _commits(connection)


def test_a_member_of_the_repair_role_is_held_too(server: PostgresServer, narrow: Narrow) -> None:
    key, old, _ = user_with(narrow)
    member = f"member_of_{narrow.repair_role}"[:60]
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        admin.execute(
            f'CREATE ROLE "{member}" LOGIN PASSWORD \'m\'; GRANT "{narrow.repair_role}" TO "{member}"'.encode()
        )
    database = narrow.repair_url.partition("?")[0].rpartition("/")[2]
    for opening in ("SELECT 1", f'SET ROLE "{narrow.repair_role}"'):
        with open_target(server.url(database, user=member, password="m")).transaction() as connection:
            connection.execute(text(opening))
            connection.execute(text(f"UPDATE users SET credits = {old + 5} WHERE id = '{key}'"))
            assert not _commits(connection)


def test_the_application_and_the_superuser_are_not_held(server: PostgresServer, narrow: Narrow) -> None:
    key, old, _ = user_with(narrow)
    narrow.owner.execute(f"UPDATE users SET credits = {old + 5} WHERE id = '{key}'")
    narrow.owner.execute(f"SELECT give('{key}', -2)")
    database = narrow.repair_url.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(server.url(database, user="postgres", password="unused")) as admin:
        admin.execute(f"UPDATE users SET credits = {old} WHERE id = '{key}'".encode())
    assert user_with(narrow, f"id = '{key}'")[1] == old


def test_the_application_goes_on_when_the_repair_role_is_dropped(server: PostgresServer, tmp_path: Path) -> None:
    narrow = narrow_postgres(server, demo_app(server.create_database(), tmp_path))
    database = narrow.repair_url.partition("?")[0].rpartition("/")[2]
    run_psql(server, database, f'DROP OWNED BY "{narrow.repair_role}"; DROP ROLE "{narrow.repair_role}";')
    narrow.owner.execute("UPDATE users SET credits = credits + 1")
