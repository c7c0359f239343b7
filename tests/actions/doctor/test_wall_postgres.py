"""The wall in Postgres, newest and oldest: whatever the repair role sends, each change has its own true journal row."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from psycopg import errors
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from tests.support.databases import OWNER, PostgresServer
from tests.support.journals import line
from tests.support.narrow import Narrow, narrow_postgres, rights, run_psql
from tests.support.repairable import REASON, demo_app
from trueup import journal
from trueup.actions.doctor.diagnostic import Health
from trueup.actions.doctor.preflight import examine_setup
from trueup.actions.doctor.privileges import grants
from trueup.actions.repair import repair
from trueup.journal.lookup import lock_head
from trueup.model.repair import Applied, Refused
from trueup.targets import open_target

LEDGER_ROW = (
    "INSERT INTO credit_transactions (user_id, type, amount, balance_after, posted, created_at, reason) "
    "VALUES ('user_1', 'balance_sync', 0, 7, true, now(), 'because')"
)
LEDGER_SAID = {"user_id": "user_1", "type": "balance_sync", "amount": "0", "balance_after": "7"}


@pytest.fixture(scope="module", params=["postgres_server", "postgres15_server"])
def server(request: pytest.FixtureRequest) -> PostgresServer:
    """The newest Postgres, and the oldest that is supported."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, PostgresServer)
    return found


@pytest.fixture(scope="module")
def narrow(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Narrow:
    """A demo company with both roles."""
    return narrow_postgres(server, demo_app(server.create_database(), tmp_path_factory.mktemp("wall")))


@contextlib.contextmanager
def repairing(narrow: Narrow) -> Iterator[Connection]:
    with open_target(narrow.repair_url).transaction() as connection:
        yield connection


def database_of(narrow: Narrow) -> str:
    return narrow.repair_url.partition("?")[0].rpartition("/")[2]


def someone(narrow: Narrow) -> tuple[str, int]:
    (row,) = narrow.owner.rows("SELECT id, credits FROM users WHERE credits > 10 ORDER BY id LIMIT 1")
    return str(row[0]), int(str(row[1]))


def cell_line(key: str, old: int, new: int) -> journal.JournalLine:
    cell = {"table": "users", "key": key, "column": "credits"}
    return line(1, before={**cell, "value": str(old)}, after={**cell, "value": str(new)})


def append(connection: Connection, record: journal.JournalLine) -> None:
    journal.append(connection, record, code_version="1", database_identity="here")


def commits(connection: Connection) -> bool:
    """Whether the triggers let the transaction commit; nothing else may stop it."""
    try:
        connection.commit()
    except DBAPIError as error:
        if not isinstance(error.orig, errors.CheckViolation) or "without its row in the journal" not in str(error.orig):
            raise
        return False
    return True


# The journal's own row


def test_the_repair_role_cannot_name_what_the_server_says(narrow: Narrow) -> None:
    for column, value in (("seq", "9"), ("hash", "'x'"), ("prev_hash", "'x'"), ("at", "'x'"), ("db_role", "'me'")):
        with repairing(narrow) as connection, pytest.raises(DBAPIError) as raised:
            connection.execute(text(f"INSERT INTO trueup_journal ({column}, actor) VALUES ({value}, 'x')"))
        assert isinstance(raised.value.orig, errors.InsufficientPrivilege), column


def test_what_a_role_with_every_right_to_the_journal_forges_is_overwritten(
    server: PostgresServer, narrow: Narrow
) -> None:
    """The rights of an older trueup: the trigger alone must do."""
    database, role = database_of(narrow), narrow.repair_role
    run_psql(server, database, f'GRANT INSERT ON trueup_journal TO "{role}"')
    key, old = someone(narrow)
    before = narrow.owner.journal_is_sound()
    forged = (
        'INSERT INTO trueup_journal (seq, prev_hash, hash, at, actor, action, target, "before", "after", reason, '
        "code_version, database_identity, db_role, transaction_id) VALUES ({seq}, '{hash}', '{hash}', '2020', 'boss', "
        "'x', 'x', '{{}}', '{{}}', 'x', '1', 'x', 'boss', '1')"
    )
    with repairing(narrow) as connection:
        for seq, hash_sent in ((1, "f" * 64), (before + 1, "0" * 64), (10**9, "x"), (-5, "")):
            connection.execute(text(forged.format(seq=seq, hash=hash_sent)))
        connection.execute(text(f"UPDATE users SET credits = {old + 5} WHERE id = '{key}'"))
        assert not commits(connection)  # a forged row of other values covers nothing
    with repairing(narrow) as connection:
        connection.execute(text(forged.format(seq=1, hash="f" * 64)))
        connection.commit()
    assert narrow.owner.journal_is_sound() == before + 1
    ((wrote,),) = narrow.owner.rows(f"SELECT db_role FROM trueup_journal WHERE seq = {before + 1}")
    assert wrote == role
    assert someone(narrow) == (key, old)
    run_psql(server, database, grants(narrow.owner.config, audit_role=narrow.audit_role, repair_role=role))


def test_a_key_twice_is_refused_before_anything_reads_it(narrow: Narrow) -> None:
    key, old = someone(narrow)
    said = '{"column":"credits","key":"KEY","table":"users","value":"1","value":"VALUE"}'.replace("KEY", key)
    sent = {"b": said.replace("VALUE", str(old)), "a": said.replace("VALUE", str(old + 5))}
    with repairing(narrow) as connection:
        connection.execute(text(f"UPDATE users SET credits = {old + 5} WHERE id = '{key}'"))
        with pytest.raises(DBAPIError, match="must be canonical JSON"):
            connection.execute(
                text(
                    'INSERT INTO trueup_journal (actor, action, target, "before", "after", reason, code_version, '
                    "database_identity) VALUES ('x', 'x', 'x', :b, :a, 'x', '1', 'x')"
                ),
                sent,
            )


MUST_NOT = (
    "UPDATE trueup_journal_head SET seq = 0",
    "UPDATE trueup_journal_head SET hash = 'x'",
    "SELECT seq FROM trueup_journal_head FOR UPDATE",
    "INSERT INTO trueup_journal_consumed VALUES (1, 'trueup_guard_credits')",
    "DELETE FROM trueup_journal_consumed",
    "SELECT * FROM trueup_journal_consumed",
    "SELECT trueup_journal_canonical('{}', 1)",
    "DROP TRIGGER trueup_journal_write ON trueup_journal",
    "ALTER TABLE trueup_journal DISABLE TRIGGER trueup_journal_write",
    "ALTER FUNCTION trueup_journal_write() RESET ALL",
    "CREATE OR REPLACE FUNCTION trueup_journal_write() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
)


@pytest.mark.parametrize("statement", MUST_NOT)
def test_the_repair_role_has_no_right_to_the_head_or_to_what_was_consumed(narrow: Narrow, statement: str) -> None:
    with repairing(narrow) as connection, pytest.raises(DBAPIError) as raised:
        connection.execute(text(statement))
    assert isinstance(raised.value.orig, errors.InsufficientPrivilege)


def test_a_function_that_waits_for_the_head_is_all_that_it_has(narrow: Narrow) -> None:
    with repairing(narrow) as holding, repairing(narrow) as waiting:
        lock_head(holding)
        waiting.execute(text("SET LOCAL lock_timeout = '100ms'"))
        with pytest.raises(DBAPIError, match="lock timeout"):
            lock_head(waiting)


def test_a_head_of_another_hash_takes_no_entry(narrow: Narrow) -> None:
    ((right,),) = narrow.owner.rows("SELECT hash FROM trueup_journal_head")
    narrow.owner.execute("UPDATE trueup_journal_head SET hash = 'x'")
    try:
        with (
            repairing(narrow) as connection,
            pytest.raises(journal.JournalUnusable, match="head row was not written by trueup"),
        ):
            append(connection, line(1))
    finally:
        narrow.owner.execute(f"UPDATE trueup_journal_head SET hash = '{right}'")


# One row, one change


def test_one_journal_row_covers_one_change_of_a_value(narrow: Narrow) -> None:
    key, old = someone(narrow)
    there, back = (
        f"UPDATE users SET credits = {old + 5} WHERE id = '{key}'",
        f"UPDATE users SET credits = {old} WHERE id = '{key}'",
    )
    for rows, fine in ((1, False), (2, True)):
        with repairing(narrow) as connection:
            for statement in (there, back, there):
                connection.execute(text(statement))
            for _ in range(rows):
                append(connection, cell_line(key, old, old + 5))
            append(connection, cell_line(key, old + 5, old))
            assert commits(connection) is fine, rows
    narrow.owner.execute(back)
    narrow.owner.journal_is_sound()


def test_one_journal_row_covers_one_row_of_the_ledger(narrow: Narrow) -> None:
    said = line(1, after={"appended": {"table": "credit_transactions", "values": LEDGER_SAID}})
    for rows, entries in ((50, 1), (2, 1), (3, 2)):
        with repairing(narrow) as connection:
            for _ in range(rows):
                connection.execute(text(LEDGER_ROW))
            for _ in range(entries):
                append(connection, said)
            assert not commits(connection), (rows, entries)
    with repairing(narrow) as connection:
        for _ in range(2):
            connection.execute(text(LEDGER_ROW))
            append(connection, said)
        assert commits(connection)


def test_a_row_covers_one_change_also_when_the_triggers_are_asked_early(narrow: Narrow) -> None:
    """A repair asks them before its last look; what is changed after that needs a row of its own."""
    said = line(1, after={"appended": {"table": "credit_transactions", "values": LEDGER_SAID}})
    with repairing(narrow) as connection:
        connection.execute(text(LEDGER_ROW))
        append(connection, said)
        connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        with pytest.raises(DBAPIError, match="without its row in the journal"), connection.begin_nested():
            connection.execute(text(LEDGER_ROW))
        assert commits(connection)


def test_what_a_savepoint_took_back_is_covered_again(narrow: Narrow) -> None:
    said = line(1, after={"appended": {"table": "credit_transactions", "values": LEDGER_SAID}})
    with repairing(narrow) as connection:
        append(connection, said)
        connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        for _ in range(3):
            savepoint = connection.begin_nested()
            connection.execute(text(LEDGER_ROW))
            savepoint.rollback()
        connection.execute(text(LEDGER_ROW))
        assert commits(connection)


@pytest.mark.slow
def test_a_whole_repair_consumes_its_one_row_once_for_each_trigger(server: PostgresServer, tmp_path: Path) -> None:
    narrow = narrow_postgres(server, demo_app(server.create_database(), tmp_path))
    app = narrow.app
    issue = next(f.id for f in app.repairable("credit-balance"))
    result = repair(issue, reason=REASON, actor="test", config=app.config, catalogue=app.checks, now=app.now)
    assert isinstance(result, Applied), result
    used = narrow.owner.rows("SELECT seq, guard FROM trueup_journal_consumed ORDER BY guard")
    assert used == [(1, "trueup_guard_credits"), (1, "trueup_guard_ledger_entry")]
    assert app.journal_is_sound() == 1


def test_the_refusal_says_what_to_do(server: PostgresServer, narrow: Narrow) -> None:
    """A function of the application that runs with its owner's rights is held as well."""
    narrow.owner.execute(
        "CREATE FUNCTION grant_all() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'UPDATE users SET credits = 1'"
    )
    try:
        with repairing(narrow) as connection:
            connection.execute(text("SELECT grant_all()"))
            with pytest.raises(DBAPIError) as raised:
                connection.commit()
    finally:
        narrow.owner.execute("DROP FUNCTION grant_all()")
    assert isinstance(raised.value.orig, errors.CheckViolation)
    hint = raised.value.orig.diag.message_hint or ""
    assert "let the application do it as another role" in hint
    assert narrow.repair_role in hint


# Spellings that the column takes for the same

TYPES = {
    "text COLLATE no_case": (
        "CREATE COLLATION no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
    ),
    "citext": "CREATE EXTENSION citext",
}


@pytest.mark.parametrize("kind", TYPES)
def test_another_spelling_is_another_value_whatever_the_column_says(
    postgres15_server: PostgresServer, tmp_path: Path, kind: str
) -> None:
    """On Debian's Postgres: the wheel's has neither ICU nor extensions."""
    narrow = with_children(
        postgres15_server,
        tmp_path,
        TYPES[kind],
        f"ALTER TABLE users ALTER COLUMN id TYPE {kind}, ALTER COLUMN plan TYPE {kind}",
        "UPDATE users SET plan = 'FREE'",
    )
    ((key,),) = narrow.owner.rows("SELECT id FROM users ORDER BY id LIMIT 1")
    cell = {"table": "users", "key": str(key), "column": "plan"}
    shouted = {**cell, "key": str(key).upper()}
    for before, after in (
        (None, None),
        ({**shouted, "value": "FREE"}, {**shouted, "value": "free"}),
        ({**cell, "value": "free"}, {**cell, "value": "free"}),
        ({**cell, "value": "FREE"}, {**cell, "value": "FREE"}),
        ({**cell, "value": "FREE"}, {**cell, "value": "free"}),
    ):
        with repairing(narrow) as connection:
            connection.execute(text(f"UPDATE users SET plan = 'free' WHERE id = '{key}'"))
            if before is not None:
                append(connection, line(1, before=before, after=after))
            is_right = after is not None and (before, after) == (cell | {"value": "FREE"}, cell | {"value": "free"})
            assert commits(connection) is is_right, (before, after)


# Children and partitions


def with_children(server: PostgresServer, folder: Path, *statements: str) -> Narrow:
    """A demo company whose tables were changed before the grants were printed."""
    app = demo_app(server.create_database(), folder)
    for statement in statements:
        app.execute(statement)
    return narrow_postgres(server, app)


CHILD = "CREATE TABLE vip_users () INHERITS (users)"
CHILD_ROW = "INSERT INTO vip_users SELECT * FROM users WHERE credits > 10 ORDER BY id LIMIT 1"


def test_an_inherits_child_is_guarded_as_its_parent_is(server: PostgresServer, tmp_path: Path) -> None:
    narrow = with_children(
        server,
        tmp_path,
        CHILD,
        "CREATE TABLE first_users () INHERITS (vip_users)",
        CHILD_ROW,
        CHILD_ROW.replace("vip_users", "first_users"),
        "UPDATE ONLY vip_users SET id = 'vip'",
        "UPDATE ONLY first_users SET id = 'first'",
    )
    for key in ("vip", "first"):
        ((old,),) = narrow.owner.rows(f"SELECT credits FROM users WHERE id = '{key}'")
        change = f"UPDATE users SET credits = 77000 WHERE id = '{key}'"
        with repairing(narrow) as connection:
            connection.execute(text(change))
            assert not commits(connection)
        with repairing(narrow) as connection:
            connection.execute(text(change))
            append(connection, cell_line(key, int(str(old)), 77_000))
            assert commits(connection)


@pytest.mark.slow
def test_a_later_child_stops_doctor_and_repairs_until_the_grants_are_printed_again(
    server: PostgresServer, tmp_path: Path
) -> None:
    narrow = narrow_postgres(server, demo_app(server.create_database(), tmp_path))
    app = narrow.app
    issue = next(f.id for f in app.repairable("credit-balance"))
    narrow.owner.execute(CHILD)
    seen = [s for s in examine_setup(app.config, app.checks, now=app.now) if s.health is Health.WRONG]
    assert [s.about for s in seen] == ["repairs"]
    assert "vip_users" in seen[0].says
    result = repair(issue, reason=REASON, actor="test", config=app.config, catalogue=app.checks, now=app.now)
    assert isinstance(result, Refused)
    assert "vip_users" in result.reason
    assert "--print-grants" in result.reason
    run_psql(
        server,
        database_of(narrow),
        grants(narrow.owner.config, audit_role=narrow.audit_role, repair_role=narrow.repair_role),
    )
    result = repair(issue, reason=REASON, actor="test", config=app.config, catalogue=app.checks, now=app.now)
    assert isinstance(result, Applied), result


def partitioned(key: str) -> Sequence[str]:
    """The users in a table with partitions by this column, as a large application has them."""
    return (
        "ALTER TABLE users RENAME TO old_users",
        f"CREATE TABLE users (LIKE old_users INCLUDING DEFAULTS) PARTITION BY HASH ({key})",
        "CREATE TABLE users_0 PARTITION OF users FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
        "CREATE TABLE users_1 PARTITION OF users FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
        "INSERT INTO users SELECT * FROM old_users",
        "DROP TABLE old_users CASCADE",
    )


@pytest.mark.slow
def test_partitions_are_guarded_also_when_they_come_later(server: PostgresServer, tmp_path: Path) -> None:
    narrow = with_children(server, tmp_path, *partitioned("id"))
    narrow.owner.execute("ALTER TABLE users DETACH PARTITION users_1")
    narrow.owner.execute("CREATE TABLE users_2 PARTITION OF users FOR VALUES WITH (MODULUS 4, REMAINDER 1)")
    narrow.owner.execute("CREATE TABLE users_3 PARTITION OF users FOR VALUES WITH (MODULUS 4, REMAINDER 3)")
    narrow.owner.execute("INSERT INTO users SELECT * FROM users_1")
    for table in ("users_0", "users_2", "users_3"):
        ((key, old),) = narrow.owner.rows(f"SELECT id, credits FROM {table} ORDER BY id LIMIT 1")
        with repairing(narrow) as connection:
            connection.execute(text(f"UPDATE users SET credits = {old} + 5 WHERE id = '{key}'"))
            assert not commits(connection)
        with repairing(narrow) as connection:
            connection.execute(text(f"UPDATE users SET credits = {old} + 5 WHERE id = '{key}'"))
            append(connection, cell_line(str(key), int(str(old)), int(str(old)) + 5))
            assert commits(connection)
    app = narrow.app
    assert [
        s
        for s in examine_setup(app.config, app.checks, now=app.now)
        if s.about == "repairs" and s.health is not Health.FINE
    ] == []


@pytest.mark.slow
@pytest.mark.parametrize("key", ["plan", "(upper(plan))"])
def test_a_column_that_partitions_are_made_by_gets_no_right(server: PostgresServer, tmp_path: Path, key: str) -> None:
    """A change that moves the row is a DELETE and an INSERT, and runs no UPDATE trigger, whatever else it changes."""
    narrow = with_children(server, tmp_path, *partitioned(key))
    assert "users is partitioned by plan" in narrow.script
    with repairing(narrow) as connection, pytest.raises(DBAPIError) as raised:
        connection.execute(text("UPDATE users SET plan = 'TEAM', credits = 10000"))
    assert isinstance(raised.value.orig, errors.InsufficientPrivilege)
    app = narrow.app
    wrong = [s.says for s in examine_setup(app.config, app.checks, now=app.now) if s.health is Health.WRONG]
    assert any("users is partitioned by plan" in says for says in wrong)
    held = {right[:2] for right in rights(server, narrow.repair_url, narrow.repair_role) if right[2] == "UPDATE"}
    assert ("users", "plan") not in held


def test_a_foreign_child_gets_no_right(server: PostgresServer, tmp_path: Path) -> None:
    app = demo_app(server.create_database(), tmp_path)
    database = app.config.database_url.partition("?")[0].rpartition("/")[2]
    far = "CREATE FOREIGN DATA WRAPPER far; CREATE SERVER far FOREIGN DATA WRAPPER far"
    run_psql(server, database, f"{far}; GRANT USAGE ON FOREIGN SERVER far TO {OWNER};")
    app.execute("CREATE FOREIGN TABLE far_users () INHERITS (users) SERVER far")
    script = grants(app.config)
    assert "users has rows in the foreign table public.far_users" in script
    assert "GRANT UPDATE" not in script
    target = open_target(app.config.database_url)
    with target.transaction() as connection:
        obstacle = target.obstacle(connection, {"public.users"})
    assert obstacle is not None
    assert "far_users is a foreign table" in obstacle


# What the doctor says


AROUND = {
    "gift(text)": ("sql", "UPDATE users SET email = 'x' WHERE id = $1", "may write users"),
    "reads(text)": ("sql", "SELECT count(*) FROM users", None),
    "writes_elsewhere(text)": ("sql", "DELETE FROM members", None),
    "runs(text)": ("plpgsql", "BEGIN EXECUTE $1; END", "builds its statements"),
    "logs(text)": (
        "plpgsql",
        "BEGIN INSERT INTO credit_transactions (user_id) VALUES ($1); END",
        "may write credit_tr",
    ),
}


def test_the_doctor_lists_the_functions_that_go_around_the_grants(server: PostgresServer, narrow: Narrow) -> None:
    for name, (language, body, _) in AROUND.items():
        narrow.owner.execute(
            f"CREATE FUNCTION {name} RETURNS void LANGUAGE {language} SECURITY DEFINER AS $f$ {body} $f$"
        )
    narrow.owner.execute("CREATE PROCEDURE closed() LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM users'")
    narrow.owner.execute("REVOKE EXECUTE ON PROCEDURE closed() FROM PUBLIC")
    narrow.owner.execute("CREATE FUNCTION mine() RETURNS void LANGUAGE sql AS 'UPDATE users SET email = NULL'")
    app = narrow.app
    try:
        seen = [s for s in examine_setup(app.config, app.checks, now=app.now) if "may call" in s.says]
    finally:
        narrow.owner.execute(f"DROP ROUTINE {', '.join(AROUND)}, closed(), mine()")
    assert {s.health for s in seen} == {Health.WARNING}
    for name, (_, _, says) in AROUND.items():
        about = [s.says for s in seen if f"may call {name}," in s.says]
        assert bool(about) is (says is not None), name
        assert says is None or says in about[0]
    assert len(seen) == sum(says is not None for _, _, says in AROUND.values())


@pytest.mark.slow
def test_the_doctor_names_the_rights_and_the_triggers_of_an_older_trueup(
    server: PostgresServer, narrow: Narrow
) -> None:
    database, role = database_of(narrow), narrow.repair_role
    ((definition,),) = narrow.owner.rows("SELECT pg_get_functiondef('trueup_guard_plan'::regproc)")
    older = str(definition).replace("trueup_journal_consumed", "trueup_journal")
    run_psql(server, database, f'GRANT UPDATE (seq, hash) ON trueup_journal_head TO "{role}"; {older};')
    app = narrow.app
    seen = [s for s in examine_setup(app.config, app.checks, now=app.now) if s.about == "repairs"]
    said = " / ".join(s.says for s in seen if s.health is Health.WARNING)
    assert "may change its own journal (UPDATE on trueup_journal_head)" in said
    assert "an older trueup's triggers are on users.plan" in said
    run_psql(server, database, grants(narrow.owner.config, audit_role=narrow.audit_role, repair_role=role))
    seen = [s for s in examine_setup(app.config, app.checks, now=app.now) if s.about == "repairs"]
    assert {s.health for s in seen} == {Health.FINE}
