"""An application whose triggers and rules write along: applied exactly as planned, or refused with nothing changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.support.repairable import App
from tests.support.tiny_app import ACCOUNT, OTHER, WRONG, kind_of, repaired, tiny_app
from trueup.actions.doctor.preflight import Health, examine_setup
from trueup.actions.repair import preview
from trueup.model.repair import Applied, PlannedRepair, Previewed, Refused

DATABASES = ("sqlite", "postgres", "mariadb")
TABLES = ("users", "credit_transactions", "trueup_journal", "trueup_journal_head", "history")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hostile:
    """What an application does on its own when a repair writes. ``says`` is in the reason for which it is refused."""

    name: str
    on: str
    sql: Sequence[str]
    says: str


def row_trigger(name: str, when: str, body: str, *, on: str, condition: str = "") -> Sequence[str]:
    """A trigger for each row whose body is one statement."""
    guard = f"WHEN {condition} " if condition else ""
    match on:
        case "postgres":
            returns = "NEW" if when.startswith("BEFORE") else "NULL"
            return (
                (
                    f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
                    f"$body$ BEGIN {body}; RETURN {returns}; END $body$"
                ),
                f"CREATE TRIGGER {name} {when} FOR EACH ROW EXECUTE FUNCTION {name}()",
            )
        case "sqlite":
            return (f"CREATE TRIGGER {name} {when} FOR EACH ROW {guard}BEGIN {body}; END",)
        case _:
            return (f"CREATE TRIGGER {name} {when} FOR EACH ROW BEGIN {body}; END",)


def everywhere(name: str, when: str, body: str, says: str) -> list[Hostile]:
    return [Hostile(name=name, on=on, sql=row_trigger("hostile", when, body, on=on), says=says) for on in DATABASES]


REST = f"id = '{OTHER}'"
LAST = "id = (SELECT * FROM (SELECT max(id) FROM credit_transactions) AS newest)"
HOSTILE = [
    *everywhere(
        "another account's balance, when the audit row is added",
        "AFTER INSERT ON credit_transactions",
        f"UPDATE users SET credits = credits + 1 WHERE {REST}",
        "the plan was not written exactly",
    ),
    *everywhere(
        "this account's balance again, when the audit row is added",
        "AFTER INSERT ON credit_transactions",
        f"UPDATE users SET credits = 145 WHERE id = '{ACCOUNT}'",
        "Tried and rolled back",
    ),
    *everywhere(
        "a row of history",
        "AFTER UPDATE ON users",
        "INSERT INTO history (what) VALUES (NEW.id)",
        "the plan was not written exactly",
    ),
    *everywhere(
        "history is emptied by the journal",
        "AFTER INSERT ON trueup_journal",
        "DELETE FROM history",
        "the plan was not written exactly",
    ),
    *everywhere(
        "the audit row is rewritten when the journal is appended",
        "AFTER INSERT ON trueup_journal",
        f"UPDATE credit_transactions SET reason = 'none of your business' WHERE {LAST}",
        "credit_transactions.reason of the added row was written as",
    ),
    *everywhere(
        "the audit row is deleted when the journal is appended",
        "AFTER INSERT ON trueup_journal",
        f"DELETE FROM credit_transactions WHERE {LAST}",
        "the row added to credit_transactions is not there",
    ),
    *everywhere(
        "the balance goes back when the journal is appended",
        "AFTER INSERT ON trueup_journal",
        f"UPDATE users SET credits = 145 WHERE id = '{ACCOUNT}'",
        "users.credits of user_1 was written as 95 and is 145",
    ),
    *everywhere(
        "the repair row is rewritten when the journal is appended",
        "AFTER INSERT ON trueup_journal",
        "UPDATE trueup_repair SET actor = 'nobody'",
        "the row in trueup_repair is not what was written",
    ),
    *(
        Hostile(
            name="the journal's head goes back",
            on=on,
            sql=row_trigger("hostile", "AFTER UPDATE ON trueup_journal_head", "DELETE FROM trueup_journal", on=on),
            says=says,
        )
        for on, says in (
            ("sqlite", "the journal row is missing"),
            ("postgres", "The database refused it"),  # there the journal's own trigger moves the head
            ("mariadb", "the journal row is missing"),
        )
    ),
    *(
        Hostile(
            name="the audit row is rewritten before it is added",
            on=on,
            sql=row_trigger(
                "hostile",
                "BEFORE INSERT ON credit_transactions",
                "SET NEW.reason = 'mine'" if on == "mariadb" else "NEW.reason := 'mine'",
                on=on,
            ),
            says="credit_transactions.reason of the added row was written as",
        )
        for on in ("postgres", "mariadb")
    ),
    *(
        Hostile(
            name="another column of the same row",
            on=on,
            sql=row_trigger(
                "hostile",
                "BEFORE UPDATE ON users",
                "SET NEW.active = 0" if on == "mariadb" else "NEW.active := FALSE",
                on=on,
            ),
            says="users.active was changed as well",
        )
        for on in ("postgres", "mariadb")
    ),
    *(
        Hostile(
            name=f"{table} is swallowed by a BEFORE trigger",
            on="postgres",
            sql=(
                "CREATE FUNCTION hostile() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN RETURN NULL; END $body$",
                f"CREATE TRIGGER hostile BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION hostile()",
            ),
            says=says,
        )
        for table, says in (
            ("trueup_journal", "The database accepted the journal's entry but did not keep it"),
            ("trueup_repair", "the row in trueup_repair is missing"),
            ("credit_transactions", "the audit row cannot be read back"),
        )
    ),
    *(
        Hostile(
            name=f"{table} is swallowed by a rule",
            on="postgres",
            sql=(f"CREATE RULE hostile AS ON INSERT TO {table} DO INSTEAD NOTHING",),
            says=says,
        )
        for table, says in (
            ("trueup_journal", "The database refused it: cannot perform INSERT RETURNING"),
            ("trueup_repair", "the row in trueup_repair is missing"),
            ("credit_transactions", "the audit row cannot be read back"),
        )
    ),
    *(
        Hostile(
            name=f"{table} is swallowed by RAISE(IGNORE)",
            on="sqlite",
            sql=(f"CREATE TRIGGER hostile BEFORE INSERT ON {table} BEGIN SELECT RAISE(IGNORE); END",),
            says=says,
        )
        for table, says in (
            ("trueup_journal", "the journal row is missing"),
            ("trueup_repair", "the row in trueup_repair is missing"),
            ("credit_transactions", "the audit row cannot be read back"),
        )
    ),
    Hostile(
        name="a rule writes history",
        on="postgres",
        sql=("CREATE RULE hostile AS ON UPDATE TO users DO ALSO INSERT INTO history (what) VALUES (NEW.id)",),
        says="history: 1 insert where the plan has no row (there: rule hostile on users)",
    ),
    *(
        Hostile(
            name=f"deferred until COMMIT: {body}",
            on="postgres",
            sql=(
                (
                    "CREATE FUNCTION hostile() RETURNS trigger LANGUAGE plpgsql AS "
                    f"$body$ BEGIN {body}; RETURN NULL; END $body$"
                ),
                (
                    "CREATE CONSTRAINT TRIGGER hostile AFTER INSERT ON credit_transactions "
                    "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hostile()"
                ),
            ),
            says=says,
        )
        for body, says in (
            (f"UPDATE users SET credits = 145 WHERE id = '{ACCOUNT}'", "users.credits of user_1 was written as 95"),
            (f"UPDATE users SET credits = 0 WHERE {REST}", "users: 2 updates where the plan has 1 update"),
            ("DELETE FROM credit_transactions WHERE id = NEW.id", "the row added to credit_transactions is not there"),
            ("DELETE FROM trueup_journal", "the journal row is missing"),
            ("TRUNCATE history", "history was locked, emptied, altered or dropped"),
            ("RAISE EXCEPTION 'not today'", "The database refused it: not today"),
        )
    ),
]


def rows_of(app: App) -> dict[str, Sequence[tuple[object, ...]]]:
    """Everything that a repair, or a trigger, may write, besides the record that somebody tried."""
    rows: dict[str, Sequence[tuple[object, ...]]] = {
        table: sorted(app.rows(f"SELECT * FROM {table}"), key=repr) for table in TABLES
    }
    rows["applied"] = app.rows("SELECT * FROM trueup_repair WHERE status = 'applied'")
    return rows


def made(request: pytest.FixtureRequest, on: str, folder: Path, *, settings: str = "") -> App:
    app = tiny_app(request.getfixturevalue(f"{on}_url"), folder, settings=settings)
    app.execute("CREATE TABLE history (what VARCHAR(100))")
    app.execute("INSERT INTO history (what) VALUES ('before')")
    return app


def run(app: App, statements: Sequence[str]) -> None:
    for statement in statements:
        app.execute(statement.replace(":=", "\\:="))


@pytest.mark.sampled(8)
@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: f"{hostile.on}: {hostile.name}")
def test_what_an_application_writes_along_is_refused_and_nothing_is_changed(
    request: pytest.FixtureRequest, tmp_path: Path, hostile: Hostile
) -> None:
    app = made(request, hostile.on, tmp_path)
    run(app, hostile.sql)
    before = rows_of(app)
    result = repaired(app)
    assert isinstance(result, Refused), result
    assert hostile.says in result.reason
    assert rows_of(app) == before
    assert [finding.id for finding in app.report().findings()] == [WRONG]


@pytest.mark.parametrize("on", DATABASES)
def test_without_triggers_it_is_applied(request: pytest.FixtureRequest, tmp_path: Path, on: str) -> None:
    app = made(request, on, tmp_path)
    result = repaired(app)
    assert isinstance(result, Applied), result
    assert app.rows("SELECT credits FROM users ORDER BY id") == [(95,), (7,)]
    assert app.journal_is_sound() == 1


HISTORY = ("AFTER UPDATE ON users", "INSERT INTO history (what) VALUES (NEW.id)")


@pytest.mark.parametrize("on", DATABASES)
@pytest.mark.parametrize("written", ["users", "users.credits"])
def test_what_is_declared_belongs_to_the_plan(
    request: pytest.FixtureRequest, tmp_path: Path, on: str, written: str
) -> None:
    settings = f'[repairs.expected_writes."{written}"]\nhistory = {{ inserts = 1 }}'
    app = made(request, on, tmp_path, settings=settings)
    run(app, row_trigger("keeps_history", *HISTORY, on=on))
    plan = preview(WRONG, config=app.config, catalogue=app.checks, now=app.now)
    assert isinstance(plan, PlannedRepair)
    assert {table: counts.text for table, counts in plan.expected_writes.items()} == {"history": "1 insert"}
    assert repaired(app, dry_run=True) == Previewed(plan=plan)
    result = repaired(app)
    assert isinstance(result, Applied), result
    assert result.plan_hash == plan.plan_hash
    assert app.rows("SELECT what FROM history ORDER BY what") == [("before",), (ACCOUNT,)]
    ((after,),) = (
        app.rows("SELECT after FROM trueup_journal")
        if on != "mariadb"
        else app.rows("SELECT `after` FROM trueup_journal")
    )
    assert '"expected_writes":{"history":"1 insert"}' in str(after)


@pytest.mark.parametrize("on", DATABASES)
def test_what_is_declared_and_does_not_happen_is_refused(
    request: pytest.FixtureRequest, tmp_path: Path, on: str
) -> None:
    app = made(request, on, tmp_path, settings="[repairs.expected_writes.users]\nhistory = { inserts = 1 }")
    before = rows_of(app)
    result = repaired(app)
    assert isinstance(result, Refused), result
    assert rows_of(app) == before


def test_a_declared_write_is_in_the_plan_hash(tmp_path: Path, sqlite_url: str) -> None:
    app = tiny_app(sqlite_url, tmp_path)
    without = preview(WRONG, config=app.config, catalogue=app.checks, now=app.now)
    (tmp_path / "other").mkdir()
    other = tiny_app(
        f"sqlite:///{_empty(tmp_path / 'other.db')}",
        tmp_path / "other",
        settings="[repairs.expected_writes.users]\nhistory = { inserts = 1 }",
    )
    declared = preview(WRONG, config=other.config, catalogue=other.checks, now=other.now)
    assert isinstance(without, PlannedRepair)
    assert isinstance(declared, PlannedRepair)
    assert without.change == declared.change
    assert without.plan_hash != declared.plan_hash


def _empty(path: Path) -> Path:
    path.touch()
    return path


@pytest.mark.parametrize("on", DATABASES)
def test_a_trigger_that_only_stamps_the_row_is_no_obstacle(
    request: pytest.FixtureRequest, tmp_path: Path, on: str
) -> None:
    """Columns that are not mapped are the application's own business, such as when the row was changed."""
    kind = kind_of(request.getfixturevalue(f"{on}_url"))
    app = tiny_app(request.getfixturevalue(f"{on}_url"), tmp_path, types={"extra": ", version INT DEFAULT 1"})
    if kind == "sqlite":
        settings = None  # there, a trigger that stamps is an UPDATE of its own, and has to be declared
    else:
        body = "SET NEW.version = NEW.version + 1" if kind == "mysql" else "NEW.version := NEW.version + 1"
        run(app, row_trigger("stamps", "BEFORE UPDATE ON users", body, on=on))
        settings = 2
    result = repaired(app)
    assert isinstance(result, Applied), result
    assert app.rows(f"SELECT version FROM users WHERE id = '{ACCOUNT}'") == [(settings or 1,)]


def test_postgres_must_count(tmp_path: Path, postgres_url: str, request: pytest.FixtureRequest) -> None:
    app = tiny_app(postgres_url, tmp_path)
    server = request.getfixturevalue("postgres_server")
    name = urlsplit(postgres_url).path.removeprefix("/")
    with psycopg.connect(server.admin_url, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" SET track_counts = off'.encode())
    result = repaired(app)
    assert isinstance(result, Refused)
    assert "set track_counts = on" in result.reason


@pytest.mark.parametrize("on", DATABASES)
def test_the_doctor_names_the_triggers_and_rules_of_what_repairs_write(
    request: pytest.FixtureRequest, tmp_path: Path, on: str
) -> None:
    app = made(request, on, tmp_path)
    run(app, row_trigger("keeps_history", *HISTORY, on=on))
    if on == "postgres":
        run(app, ["CREATE RULE swallows AS ON INSERT TO trueup_repair DO INSTEAD NOTHING"])
    symptoms = [s for s in examine_setup(app.config, app.checks, now=app.now) if s.about == "repairs"]
    assert [
        s.health for s in symptoms if "triggers run inside every repair there: keeps_history on users" in s.says
    ] == [Health.FINE]
    rules = [s.health for s in symptoms if "rules run inside every repair there: swallows on trueup_repair" in s.says]
    assert rules == ([Health.WARNING] if on == "postgres" else [])
