"""The printed rights on MariaDB: everything that trueup does works with them, and nothing else does."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from tests.support.databases import MariaDBServer
from tests.support.narrow import Narrow, guardrail_of, narrow_mariadb, run_mariadb
from tests.support.repairable import REASON, demo_app
from trueup.actions.doctor.preflight import Health, examine_setup
from trueup.actions.doctor.privileges import grants
from trueup.actions.journal.reading import check_journal
from trueup.actions.repair import repair
from trueup.journal import JOURNAL_TABLES, Sound
from trueup.model.errors import SourceUnavailable
from trueup.model.repair import Applied
from trueup.sources import open_source
from trueup.targets import open_target

DENIED = frozenset({1044, 1045, 1142, 1143, 1227, 1959})
"""Access denied to a database, a table, a column, a server-wide right, a role; never a statement it cannot read."""


@pytest.fixture(scope="module")
def narrow(mariadb_server: MariaDBServer, tmp_path_factory: pytest.TempPathFactory) -> Narrow:
    """A demo company with a secret column, and both users."""
    app = demo_app(mariadb_server.create_database(), tmp_path_factory.mktemp("narrow"))
    app.execute("ALTER TABLE users ADD COLUMN password_hash varchar(80) DEFAULT 'hunter2'")
    app.execute("CREATE TABLE api_keys (id int, secret text)")
    return narrow_mariadb(mariadb_server, app)


@contextlib.contextmanager
def as_user(url: str) -> Iterator[Connection]:
    with open_target(url).transaction() as connection:
        yield connection


def refusal(connection: Connection, sql: str) -> int:
    """The number under which the server refuses this."""
    with pytest.raises(DBAPIError) as raised:
        connection.execute(text(sql))
    assert raised.value.orig is not None
    return int(raised.value.orig.args[0])


def grants_of(server: MariaDBServer, user: str) -> set[str]:
    with contextlib.closing(server.admin()) as admin, admin.cursor() as cursor:
        cursor.execute(f"SHOW GRANTS FOR '{user}'@'%'")
        return {str(row[0]).partition(" IDENTIFIED")[0] for row in cursor.fetchall()}


def test_running_the_script_again_leaves_exactly_the_same_rights(mariadb_server: MariaDBServer, narrow: Narrow) -> None:
    database = narrow.owner.config.database_url.rpartition("/")[2]
    users = (narrow.audit_role, narrow.repair_role)
    before = [grants_of(mariadb_server, user) for user in users]
    run_mariadb(mariadb_server, database, f"GRANT DELETE ON api_keys TO '{narrow.repair_role}'@'%';")
    run_mariadb(mariadb_server, database, narrow.script)
    assert [grants_of(mariadb_server, user) for user in users] == before


@pytest.mark.slow
def test_the_audit_user_sees_what_the_owner_sees_and_only_reads(narrow: Narrow) -> None:
    as_owner = sorted(finding.id for finding in narrow.owner.report().findings())
    assert sorted(finding.id for finding in narrow.app.report().findings()) == as_owner
    assert list(open_source(narrow.audit_url).privileges()) == []
    assert isinstance(check_journal(narrow.audit_url), Sound)


@pytest.mark.slow
def test_every_kind_of_repair_works_as_the_repair_user(mariadb_server: MariaDBServer, tmp_path: Path) -> None:
    narrow = narrow_mariadb(mariadb_server, demo_app(mariadb_server.create_database(), tmp_path))
    app = narrow.app
    chosen = {finding.check: finding.id for finding in app.repairable()}
    assert len(chosen) == 4
    for issue in chosen.values():
        result = repair(issue, reason=REASON, actor="test", config=app.config, catalogue=app.checks, now=app.now)
        assert isinstance(result, Applied), result
    assert not {finding.id for finding in app.report().findings()} & set(chosen.values())
    assert narrow.owner.journal_is_sound() == 4
    assert isinstance(check_journal(narrow.repair_url), Sound)
    assert guardrail_of(app.report(), "audited-repairs") == ("allowed", ())
    narrow.owner.execute("DELETE FROM credit_transactions WHERE reason LIKE 'trueup: balance synced%'")
    assert guardrail_of(app.report(), "audited-repairs")[0] == "blocked"


@pytest.mark.slow
def test_the_audit_user_without_a_right_on_the_journal_cannot_know_whether_there_is_one(
    mariadb_server: MariaDBServer, tmp_path: Path
) -> None:
    app = demo_app(mariadb_server.create_database(), tmp_path)
    for table in JOURNAL_TABLES:
        app.execute(f"DROP TABLE {table}")
    status, reasons = guardrail_of(narrow_mariadb(mariadb_server, app).app.report(), "audited-repairs")
    assert status == "unknown"
    assert "may not see whether it exists" in reasons[0]
    assert guardrail_of(app.report(), "audited-repairs") == ("allowed", ())


def test_the_doctor_has_nothing_to_mend(narrow: Narrow) -> None:
    seen = [
        s
        for s in examine_setup(narrow.app.config, narrow.app.checks, now=narrow.app.now)
        if s.about in {"privileges", "repairs"}
    ]
    assert [s for s in seen if s.health is not Health.FINE] == []
    assert {s.about for s in seen} == {"privileges", "repairs"}


def test_the_doctor_names_a_repair_user_who_may_change_the_journal(narrow: Narrow) -> None:
    seen = [
        s for s in examine_setup(narrow.owner.config, narrow.app.checks, now=narrow.app.now) if s.about == "repairs"
    ]
    assert any("may change its own journal (DELETE, DROP, UPDATE)" in symptom.says for symptom in seen)


AUDIT_MUST_NOT = (
    "SELECT password_hash FROM users",
    "SELECT * FROM users",
    "SELECT secret FROM api_keys",
    "SELECT count(*) FROM users WHERE password_hash LIKE 'h%'",
    "SELECT id FROM users ORDER BY password_hash",
    "SELECT authentication_string FROM mysql.user",
    "LOCK TABLES users WRITE",
    "UPDATE users SET credits = 0",
    "DELETE FROM users",
    "TRUNCATE users",
    "INSERT INTO users (id) VALUES ('x')",
    "INSERT INTO credit_transactions (user_id, amount) VALUES ('x', 1)",
    "INSERT INTO trueup_journal (seq) VALUES (99)",
    "UPDATE trueup_journal_head SET seq = 0",
    "UPDATE trueup_binding SET database_identity = 'x'",
    "DELETE FROM trueup_repair",
    "CREATE TABLE mine (id int)",
    "CREATE VIEW mine AS SELECT id FROM users",
    "ALTER TABLE users DROP COLUMN password_hash",
    "DROP TABLE users",
    "SELECT 1 INTO OUTFILE '/tmp/trueup-must-not'",
    "SHOW CREATE TABLE users",
)

REPAIR_MUST_NOT = (
    "SELECT password_hash FROM users",
    "SELECT * FROM users",
    "SELECT secret FROM api_keys",
    "UPDATE users SET password_hash = 'x'",
    "UPDATE users SET role = 'admin'",
    "UPDATE users SET id = 'other'",
    "UPDATE users SET credits = 1, email = 'x'",
    "UPDATE users SET credits = length(password_hash)",
    "UPDATE users SET credits = 1 WHERE password_hash = 'x'",
    "INSERT INTO users (id, credits) VALUES ('x', 1)",
    "REPLACE INTO users (id, credits) VALUES ('x', 1)",
    "INSERT INTO users (id) VALUES ('x') ON DUPLICATE KEY UPDATE credits = 9",
    "DELETE FROM users",
    "TRUNCATE users",
    "UPDATE credit_transactions SET amount = 0",
    "DELETE FROM credit_transactions",
    "REPLACE INTO credit_transactions (id, user_id) VALUES (1, 'x')",
    "UPDATE plan_changes SET to_plan = 'x'",
    "DELETE FROM stripe_webhook_events",
    "UPDATE stripe_webhook_events SET status = 'processed'",
    "UPDATE trueup_journal SET reason = 'x'",
    "UPDATE trueup_journal SET hash = 'x'",
    "DELETE FROM trueup_journal",
    "TRUNCATE trueup_journal",
    "REPLACE INTO trueup_journal (seq) VALUES (1)",
    "INSERT INTO trueup_journal (seq) VALUES (1) ON DUPLICATE KEY UPDATE reason = 'x'",
    "UPDATE trueup_journal_head SET id = 2",
    "DELETE FROM trueup_journal_head",
    "INSERT INTO trueup_journal_head (id, seq, hash) VALUES (2, 0, 'x')",
    "UPDATE trueup_repair SET status = 'stale'",
    "DELETE FROM trueup_repair",
    "UPDATE trueup_binding SET database_identity = 'x'",
    "DELETE FROM trueup_schema_version",
    "ALTER TABLE trueup_journal DROP COLUMN hash",
    "DROP TABLE trueup_journal",
    "RENAME TABLE trueup_journal TO gone",
    "CREATE TRIGGER mine BEFORE INSERT ON trueup_journal FOR EACH ROW SET NEW.reason = 'x'",
    "CREATE TABLE mine (id int)",
    "LOCK TABLES users WRITE",
    "SET GLOBAL general_log = 1",
    "SET PASSWORD FOR root@localhost = PASSWORD('x')",
    "CREATE USER friend",
    "GRANT ALL ON *.* TO CURRENT_USER",
    "SET ROLE app_owner",
    "LOAD DATA INFILE '/etc/passwd' INTO TABLE credit_transactions (reason)",
    "SELECT 1 INTO OUTFILE '/tmp/trueup-must-not'",
)


def test_the_audit_user_may_do_nothing_else(narrow: Narrow) -> None:
    with as_user(narrow.audit_url) as connection:
        for statement in AUDIT_MUST_NOT:
            assert refusal(connection, statement) in DENIED, statement


def test_the_repair_user_may_do_nothing_else(narrow: Narrow) -> None:
    with as_user(narrow.repair_url) as connection:
        for statement in REPAIR_MUST_NOT:
            assert refusal(connection, statement) in DENIED, statement


def test_reading_is_enough_to_lock_a_row_here(narrow: Narrow) -> None:
    """Unlike on Postgres: so a password of the audit user's must be kept, too."""
    with as_user(narrow.audit_url) as connection:
        assert connection.execute(text("SELECT id FROM users LIMIT 1 FOR UPDATE")).all()


def test_the_script_holds_no_password_and_leaves_no_way_in(mariadb_server: MariaDBServer, tmp_path: Path) -> None:
    app = demo_app(mariadb_server.create_database(), tmp_path)
    database = app.config.database_url.rpartition("/")[2]
    script = grants(app.config, audit_role="locked_audit", repair_role="locked_repair")
    run_mariadb(mariadb_server, database, script)
    assert "s3cret" not in script
    for user in ("locked_audit", "locked_repair"):
        with pytest.raises(SourceUnavailable, match="locked"):
            open_source(f"mysql://{user}:@127.0.0.1:{mariadb_server.port}/{database}").tables()
