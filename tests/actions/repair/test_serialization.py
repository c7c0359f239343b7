"""A balance is written only where the application has no uncommitted entry for the account.

The application of these tests appends an entry first and brings the account's balance along last, as many do.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.support.databases import OWNER, MariaDBServer, PostgresServer
from tests.support.narrow import Narrow, narrow_mariadb, narrow_postgres, run_psql
from tests.support.one_ledger import INDEX, KEY, NOW, OPENING, OneLedger, add, append, one_ledger
from tests.support.repairable import REASON, App
from trueup.actions.doctor.preflight import Health, examine_setup
from trueup.actions.doctor.privileges import grants
from trueup.actions.repair import open_repair_session, repair
from trueup.model.repair import Applied, Failed, Previewed, Refused
from trueup.targets import open_target
from trueup.targets.serialization import Serialization
from trueup.targets.target import LOCK_TIMEOUT_SECONDS

GRANTED = 50
APPENDED_ONLY = "ALTER TABLE credit_transactions DROP COLUMN posted"
"""No entry is posted later, so the narrow role needs no lock of the table where there is a key."""

TRIGGERS = "SELECT tgname FROM pg_trigger WHERE tgrelid = 'credit_transactions'::regclass"
OTHER = "ALTER TABLE credit_transactions ADD COLUMN other varchar(40)"
PARTED = (
    "ALTER TABLE credit_transactions RENAME TO old",
    "CREATE TABLE credit_transactions (LIKE old INCLUDING DEFAULTS INCLUDING IDENTITY) PARTITION BY LIST (type)",
    "CREATE TABLE grants PARTITION OF credit_transactions FOR VALUES IN ('promotional_grant')",
    "CREATE TABLE others PARTITION OF credit_transactions DEFAULT",
    "INSERT INTO credit_transactions OVERRIDING SYSTEM VALUE SELECT * FROM old",
    "DROP TABLE old",
    "SELECT setval(pg_get_serial_sequence('credit_transactions', 'id'), 1000)",  # ids go on after those that are there
)
POSTGRES: Mapping[str, tuple[tuple[str, ...], Serialization]] = {
    "no key": ((), Serialization.TABLE_LOCK),
    "a key": ((KEY,), Serialization.FOREIGN_KEY),
    "a deferred key": ((f"{KEY} DEFERRABLE INITIALLY DEFERRED",), Serialization.TABLE_LOCK),
    "a key that may be deferred": ((f"{KEY} DEFERRABLE INITIALLY IMMEDIATE",), Serialization.TABLE_LOCK),
    "a key that is not enforced": ((f"{KEY} NOT ENFORCED",), Serialization.TABLE_LOCK),
    "a key that was never validated": ((f"{KEY} NOT VALID",), Serialization.FOREIGN_KEY),
    "a key to another column": (
        (
            "ALTER TABLE users ADD COLUMN other varchar(40) UNIQUE",
            "UPDATE users SET other = id",
            KEY.replace("users (id)", "users (other)"),
        ),
        Serialization.TABLE_LOCK,
    ),
    "a key of another column": ((OTHER, KEY.replace("(user_id)", "(other)")), Serialization.TABLE_LOCK),
    "children without the key": (
        (
            KEY,
            "CREATE TABLE more_transactions () INHERITS (credit_transactions)",
            "ALTER TABLE more_transactions ALTER COLUMN id SET DEFAULT 1000",
        ),
        Serialization.TABLE_LOCK,
    ),
    "partitions": (PARTED, Serialization.TABLE_LOCK),
    "partitions and a key": ((*PARTED, KEY), Serialization.FOREIGN_KEY),
}
INTO = {"children without the key": "more_transactions", "partitions": "grants", "partitions and a key": "grants"}
"""Where the application writes to, where that is not the table itself."""


def serialized_by(here: OneLedger) -> object:
    """What the journal says of the last balance that was written."""
    quote = "`" if here.app.config.database_url.startswith("mysql") else '"'
    ((before,),) = here.app.rows(f"SELECT {quote}before{quote} FROM trueup_journal ORDER BY seq DESC LIMIT 1")
    return json.loads(str(before))["serialized_by"]


def assert_nothing_is_written_in_between(
    here: OneLedger, way: Serialization, *, table: str = "credit_transactions"
) -> None:
    """An entry that is not committed keeps the repair away; once it is, the repair counts it."""
    assert isinstance(here.synced("b"), Applied)
    with here.writing() as connection:
        append(connection, GRANTED, table=table)
        started = time.monotonic()
        result = here.sync()
        assert isinstance(result, Failed), result
        assert result.busy
        assert "in use" in result.reason or "database is locked" in result.reason
        assert time.monotonic() - started < LOCK_TIMEOUT_SECONDS * 3
        add(connection, GRANTED)
        connection.commit()
    result = here.synced()
    assert isinstance(result, Applied), result
    assert here.state() == (OPENING + GRANTED, OPENING + GRANTED)
    assert serialized_by(here) == way.value


@pytest.mark.sampled(2)
@pytest.mark.parametrize("case", POSTGRES)
def test_an_uncommitted_entry_keeps_a_balance_from_being_written_on_postgres(
    postgres_url: str, tmp_path: Path, case: str
) -> None:
    statements, way = POSTGRES[case]
    with one_ledger(postgres_url, tmp_path, *statements) as here:
        assert_nothing_is_written_in_between(here, way, table=INTO.get(case, "credit_transactions"))


@pytest.mark.slow
@pytest.mark.parametrize("switched", ["DISABLE", "ENABLE REPLICA"])
def test_a_key_whose_triggers_are_switched_off_serializes_nothing(
    postgres_url: str, postgres_server: PostgresServer, tmp_path: Path, switched: str
) -> None:
    """Only a superuser may do that, and some bulk loads do."""
    database = postgres_url.partition("?")[0].rpartition("/")[2]
    with one_ledger(postgres_url, tmp_path, KEY) as here:
        for (trigger,) in here.app.rows(TRIGGERS):
            sql = f'ALTER TABLE credit_transactions {switched} TRIGGER "{trigger}"'
            run_psql(postgres_server, database, sql)
        assert_nothing_is_written_in_between(here, Serialization.TABLE_LOCK)


@pytest.mark.slow
@pytest.mark.parametrize("statements", [(), (KEY,)], ids=["no key", "a key"])
def test_an_uncommitted_entry_keeps_a_balance_from_being_written_on_mariadb(
    mariadb_url: str, tmp_path: Path, statements: tuple[str, ...]
) -> None:
    with one_ledger(mariadb_url, tmp_path, *statements) as here:
        assert_nothing_is_written_in_between(here, Serialization.ENTRY_LOCKS)


@pytest.mark.slow
def test_an_uncommitted_entry_keeps_a_balance_from_being_written_on_sqlite(sqlite_url: str, tmp_path: Path) -> None:
    with one_ledger(sqlite_url, tmp_path) as here:
        assert_nothing_is_written_in_between(here, Serialization.FILE_LOCK)


POST = "UPDATE credit_transactions SET posted = true WHERE user_id = 'a' AND sequence = 2"
PENDING = (
    "INSERT INTO credit_transactions (user_id, sequence, type, amount, balance_after, posted, created_at, actor) "
    f"VALUES ('a', 2, 'promotional_grant', {GRANTED}, {OPENING + GRANTED}, false, '2026-02-02 00:00:00', 'app')"
)


@pytest.mark.slow
@pytest.mark.parametrize("keys", [(), (KEY,)], ids=["no key", "a key, which looks at no update"])
@pytest.mark.parametrize("database", ["postgres_url", "mariadb_url"])
def test_an_entry_that_is_being_posted_keeps_a_balance_from_being_written(
    request: pytest.FixtureRequest, database: str, tmp_path: Path, keys: tuple[str, ...]
) -> None:
    with one_ledger(request.getfixturevalue(database), tmp_path, *keys, PENDING) as here:
        with here.writing() as connection:
            connection.exec_driver_sql(POST)
            result = here.sync()
            assert isinstance(result, Failed), result
            assert result.busy
            add(connection, GRANTED)
            connection.commit()
        assert isinstance(here.synced(), Applied)
        assert here.state() == (OPENING + GRANTED, OPENING + GRANTED)


@pytest.mark.parametrize("database", ["postgres_url", "mariadb_url"])
def test_another_customers_uncommitted_entry_is_no_obstacle_where_only_the_accounts_are_locked(
    request: pytest.FixtureRequest, database: str, tmp_path: Path
) -> None:
    """On MariaDB they are neighbours in the index, and still only the gap between them is shared."""
    with one_ledger(request.getfixturevalue(database), tmp_path, KEY) as here, here.writing() as connection:
        append(connection, GRANTED, account="c")
        assert isinstance(here.synced("a"), Applied)


VIEW = ("ALTER TABLE credit_transactions RENAME TO entries", "CREATE VIEW credit_transactions AS SELECT * FROM entries")
NUMBERED_VIEW = (
    *VIEW,
    "CREATE SEQUENCE numbers START 1000",
    "ALTER VIEW credit_transactions ALTER COLUMN id SET DEFAULT nextval('numbers')",
)


def test_a_view_is_refused_and_the_sentence_says_what_to_do(postgres_url: str, tmp_path: Path) -> None:
    with one_ledger(postgres_url, tmp_path, *NUMBERED_VIEW) as here:
        result = here.sync()
        assert isinstance(result, Refused), result
        assert "credit_transactions is a view, which cannot be locked; map the table itself" in result.reason
        assert "repairs.balance_without_serialization = true" in result.reason


@pytest.mark.parametrize(
    ("statements", "says"),
    [
        (("DROP INDEX entries_of ON credit_transactions",), "add an index on user_id"),
        (VIEW, "credit_transactions is a view, and its tables cannot be known; map the table itself"),
    ],
    ids=["no index", "a view"],
)
def test_without_an_index_on_the_account_mariadb_would_lock_everything_and_is_refused(
    mariadb_url: str, tmp_path: Path, statements: tuple[str, ...], says: str
) -> None:
    with one_ledger(mariadb_url, tmp_path, *statements) as here:
        result = here.sync()
        assert isinstance(result, Refused), result
        assert says in result.reason


def test_an_index_that_cannot_be_used_for_the_accounts_keys_is_none(mariadb_url: str, tmp_path: Path) -> None:
    """Compared as numbers, no entry is found through an index of texts."""
    statements = ("DROP INDEX entries_of ON credit_transactions", f"{INDEX.replace('user_id', 'type, user_id')}")
    with one_ledger(mariadb_url, tmp_path, *statements) as here:
        assert isinstance(here.sync(), Refused)


@pytest.mark.slow
def test_the_config_may_do_without_and_the_journal_says_so(mariadb_url: str, tmp_path: Path) -> None:
    with one_ledger(mariadb_url, tmp_path, "DROP INDEX entries_of ON credit_transactions") as here:
        repairs = dataclasses.replace(here.session.config.repairs, balance_without_serialization=True)
        here.session.config = dataclasses.replace(here.session.config, repairs=repairs)
        assert isinstance(here.synced(), Applied)
        assert serialized_by(here) == "none: repairs.balance_without_serialization"


# The two narrow roles


def narrowed(owned: OneLedger, narrow: Narrow) -> OneLedger:
    """The same, repaired by the narrow role."""
    return OneLedger(app=owned.app, session=open_repair_session(narrow.app.config, narrow.app.checks))


def says_of_balances(app: App) -> tuple[Health, str]:
    """What the doctor says about writing a balance."""
    (symptom,) = [s for s in examine_setup(app.config, app.checks, now=app.now) if "balance" in s.says]
    return symptom.health, symptom.says


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("statements", "way", "says"),
    [
        ((), Serialization.TABLE_LOCK, "250 ms at most"),
        ((KEY,), Serialization.FOREIGN_KEY, "250 ms at most"),
        ((KEY, APPENDED_ONLY), Serialization.FOREIGN_KEY, "the foreign key"),
    ],
    ids=["no key", "a key, and entries that can be posted later", "a key"],
)
def test_the_narrow_role_has_what_it_needs_on_postgres(
    postgres_url: str,
    postgres_server: PostgresServer,
    tmp_path: Path,
    statements: tuple[str, ...],
    way: Serialization,
    says: str,
) -> None:
    with one_ledger(postgres_url, tmp_path, *statements) as owned:
        narrow = narrow_postgres(postgres_server, owned.app)
        assert ("LOCK TABLE" in narrow.script) is (APPENDED_ONLY not in statements)
        here = narrowed(owned, narrow)
        health, text = says_of_balances(narrow.app)
        assert (health, says in text) == (Health.FINE, True), text
        assert_nothing_is_written_in_between(here, way)


def test_the_narrow_role_may_lock_the_ledger_and_nothing_else(
    postgres_url: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    with one_ledger(postgres_url, tmp_path) as owned:
        narrow = narrow_postgres(postgres_server, owned.app)
        assert owned.app.rows(
            "SELECT pg_get_userbyid(proowner), prosecdef, proconfig FROM pg_proc WHERE proname = 'trueup_lock_ledger'"
        ) == [(OWNER, True, ["search_path=pg_catalog, pg_temp"])]
        for url, may in ((narrow.repair_url, True), (narrow.audit_url, False)):
            with open_target(url).transaction() as connection:
                for sql in (
                    "LOCK TABLE credit_transactions IN SHARE ROW EXCLUSIVE MODE",
                    "LOCK TABLE users IN SHARE MODE",
                ):
                    with pytest.raises(DBAPIError, match="permission denied"), connection.begin_nested():
                        connection.execute(text(sql))
                if may:
                    connection.execute(text("SELECT trueup_lock_ledger()"))
                else:
                    with pytest.raises(DBAPIError, match="permission denied"):
                        connection.execute(text("SELECT trueup_lock_ledger()"))


MENDS = {
    "no function": "DROP FUNCTION trueup_lock_ledger()",
    "no right to it": 'REVOKE ALL ON FUNCTION trueup_lock_ledger() FROM "{role}"',
    "another function": (
        "CREATE OR REPLACE FUNCTION trueup_lock_ledger() RETURNS void LANGUAGE plpgsql SECURITY DEFINER "
        "AS 'BEGIN LOCK TABLE users IN SHARE MODE; END'"
    ),
    "a function with the caller's rights": "ALTER FUNCTION trueup_lock_ledger() SECURITY INVOKER",
}


@pytest.mark.slow
@pytest.mark.parametrize("change", MENDS)
def test_without_the_function_a_balance_is_refused_and_the_printed_rights_mend_it(
    postgres_url: str, postgres_server: PostgresServer, tmp_path: Path, change: str
) -> None:
    database = postgres_url.partition("?")[0].rpartition("/")[2]
    with one_ledger(postgres_url, tmp_path) as owned:
        narrow = narrow_postgres(postgres_server, owned.app)
        owned.app.execute(MENDS[change].format(role=narrow.repair_role))
        here = narrowed(owned, narrow)
        result = here.sync()
        assert isinstance(result, Refused), result
        assert "`trueup doctor --print-grants`" in result.reason
        health, says = says_of_balances(narrow.app)
        assert health is Health.WARNING
        assert says.startswith("no balance can be repaired: ")
        run_psql(postgres_server, database, narrow.script)
        assert isinstance(here.synced(), Applied)


def test_the_function_goes_when_a_foreign_key_comes(
    postgres_url: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    database = postgres_url.partition("?")[0].rpartition("/")[2]
    with one_ledger(postgres_url, tmp_path, APPENDED_ONLY) as owned:
        narrow = narrow_postgres(postgres_server, owned.app)
        owned.app.execute(KEY)
        again = grants(owned.app.config, audit_role=narrow.audit_role, repair_role=narrow.repair_role)
        run_psql(postgres_server, database, again)
        assert owned.app.rows("SELECT 1 FROM pg_proc WHERE proname = 'trueup_lock_ledger'") == []
        assert isinstance(narrowed(owned, narrow).synced(), Applied)


@pytest.mark.slow
def test_the_narrow_user_has_what_it_needs_on_mariadb(
    mariadb_url: str, mariadb_server: MariaDBServer, tmp_path: Path
) -> None:
    with one_ledger(mariadb_url, tmp_path, KEY) as owned:
        narrow = narrow_mariadb(mariadb_server, owned.app)
        health, says = says_of_balances(narrow.app)
        assert (health, "locks of the account's entries" in says) == (Health.FINE, True), says
        assert_nothing_is_written_in_between(narrowed(owned, narrow), Serialization.ENTRY_LOCKS)


def test_the_doctor_says_that_the_config_does_without(mariadb_url: str, tmp_path: Path) -> None:
    with one_ledger(mariadb_url, tmp_path, "DROP INDEX entries_of ON credit_transactions") as here:
        health, says = says_of_balances(here.app)
        assert (health, says.startswith("no balance can be repaired: no index")) == (Health.WARNING, True), says
        repairs = dataclasses.replace(here.app.config.repairs, balance_without_serialization=True)
        app = dataclasses.replace(here.app, config=dataclasses.replace(here.app.config, repairs=repairs))
        health, says = says_of_balances(app)
        assert (health, "could be overlooked (repairs.balance_without" in says) == (Health.WARNING, True), says


@pytest.mark.slow
def test_a_dry_run_takes_no_lock_that_a_customer_would_wait_for(postgres_url: str, tmp_path: Path) -> None:
    with one_ledger(postgres_url, tmp_path) as here, here.writing() as connection:
        append(connection, GRANTED, account="c")
        assert isinstance(here.sync("a"), Failed)
        result = repair(
            "credit-balance:a",
            reason=REASON,
            actor="test",
            config=here.session.config,
            catalogue=here.session.catalogue,
            now=NOW,
            session=here.session,
            dry_run=True,
        )
        assert isinstance(result, Previewed), result
