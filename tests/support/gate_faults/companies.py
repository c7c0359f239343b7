"""Faults of a living company that the gate audits: its database, config, matrix, lock, probe and store."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from tests.support.gate_faults.documents import BLOCKED, KINDS, UNKNOWN, USAGE
from tests.support.gating import now
from tests.support.tiny_company import PLANS, PROBE, change_plans, replace, run_sql, spoil

Spoil = Callable[[Path], object]
Rows = dict[str, tuple[Spoil, int]]
FUTURE = f"{now() + timedelta(days=400):%Y-%m-%d %H:%M:%S}"
WHERE = '[relations.{}]\nwhere = "{}"\n[stripe]'


def sql(*statements: str) -> Spoil:
    return lambda folder: run_sql(folder, *statements)


def edit(old: str, new: str, file: str = "trueup.toml") -> Spoil:
    return lambda folder: replace(folder, old, new, file)


def content(name: str, text: str | bytes) -> Spoil:
    return lambda folder: (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)


def cut(name: str) -> Spoil:
    return lambda folder: (folder / name).write_bytes(
        (folder / name).read_bytes()[: (folder / name).stat().st_size // 2]
    )


def gone(name: str) -> Spoil:
    return lambda folder: (folder / name).unlink()


def other_kinds(what: str, name: str, code: int) -> Rows:
    def kind(make: Callable[[Path], object]) -> Spoil:
        def spoiled(folder: Path) -> None:
            (folder / name).unlink(missing_ok=True)
            make(folder / name)

        return spoiled

    return {f"{what} is {words}": (kind(make), code) for words, make in KINDS.items()}


def plans(**changes: object) -> Spoil:
    return content("plans.json", json.dumps({**PLANS, **changes}))


def exports(**plans_of: object) -> Spoil:
    return lambda folder: change_plans(folder, lambda found: found["features"]["exports"].update(plans_of))


def seats(**plans_of: object) -> Spoil:
    return lambda folder: change_plans(folder, lambda found: found["limits"]["seats"].update(plans_of))


def query(rows: str, value: str = "value") -> Spoil:
    """The probe is a query over a table of the app's database with these rows."""

    def fault(folder: Path) -> None:
        run_sql(folder, "CREATE TABLE entitlements (feature, plan, value)")
        run_sql(folder, f"INSERT INTO entitlements VALUES {rows}")
        replace(folder, PROBE, f'[gates.probes.query]\nkind = "query"\ntable = "entitlements"\nvalue = "{value}"\n')

    return fault


def answers(free: str = "0", pro: str = "1") -> str:
    cells = [f"('exports','FREE',{free})", f"('exports','PRO',{pro})", "('exports','TEAM',1)"]
    return ", ".join([*cells, *(f"('seats','{plan}',{n})" for plan, n in (("FREE", 1), ("PRO", 5), ("TEAM", 50)))])


def code(body: str, name: str = "access:may_use") -> Spoil:
    """The probe is a function of the app's with this body."""

    def fault(folder: Path) -> None:
        (folder / "access.py").write_text(f"def may_use(plan, feature):\n    {body}\n")
        probe = f'[gates.probes.app]\nkind = "callable"\ncallable = "{name}"\ntimeout_seconds = 3\n'
        replace(folder, PROBE, probe)

    return fault


RIGHT = "return {'FREE': 1, 'PRO': 5, 'TEAM': 50}[plan] if feature == 'seats' else plan != 'FREE'"

DATABASES: Rows = {
    "the database is gone": (gone("app.db"), USAGE),
    "the database is no database": (content("app.db", b"not a database" * 999), USAGE),
    "the database has no byte": (content("app.db", b""), UNKNOWN),
    "the database breaks off": (cut("app.db"), UNKNOWN),
    "all tables are empty": (
        sql("DELETE FROM users", "DELETE FROM credit_transactions", "DELETE FROM stripe_webhook_events"),
        UNKNOWN,
    ),
    "the users are empty": (sql("DELETE FROM users"), UNKNOWN),
    "the ledger is empty": (sql("DELETE FROM credit_transactions", "UPDATE users SET credits = 0"), UNKNOWN),
    "no user meets the condition": (edit("[stripe]", WHERE.format("account", "id = 'nobody'")), UNKNOWN),
    "no entry meets the condition": (edit("[stripe]", WHERE.format("ledger_entry", "1 = 0")), UNKNOWN),
    "every user is of the future": (sql(f"UPDATE users SET created_at = '{FUTURE}'"), UNKNOWN),
    "every entry is of the future": (sql(f"UPDATE credit_transactions SET created_at = '{FUTURE}'"), UNKNOWN),
    "the users' table is gone": (sql("DROP TABLE users"), UNKNOWN),
    "the ledger's table is gone": (sql("DROP TABLE credit_transactions"), UNKNOWN),
    "the webhooks' table is gone": (sql("DROP TABLE stripe_webhook_events"), UNKNOWN),
    "a column is gone": (sql("ALTER TABLE users DROP COLUMN credits"), UNKNOWN),
    "the users' key is gone": (sql("ALTER TABLE users RENAME COLUMN id TO uid"), UNKNOWN),
    "a balance was changed by hand": (spoil, BLOCKED),
    "an entry was taken out": (
        sql(
            "INSERT INTO credit_transactions (user_id, sequence, type, amount, balance_after, posted, created_at) "
            "VALUES ('user_1', 3, 'usage', -4, 5, 1, datetime('now', '-100 days'))",
            "UPDATE users SET credits = 5 WHERE id = 'user_1'",
        ),
        BLOCKED,
    ),
    "an entry is of nobody": (sql("UPDATE credit_transactions SET user_id = 'x' WHERE user_id = 'user_1'"), BLOCKED),
    "somebody got everything": (sql("UPDATE users SET unlimited_credits = 1 WHERE id = 'user_2'"), BLOCKED),
    "somebody pays nothing": (sql("UPDATE users SET plan = 'PRO' WHERE id = 'user_2'"), BLOCKED),
    "a plan is no plan": (sql("UPDATE users SET plan = 'GOLD' WHERE id = 'user_2'"), BLOCKED),
    "an amount cannot be read": (sql("UPDATE credit_transactions SET amount = 'x' WHERE user_id = 'user_1'"), BLOCKED),
    "an event has no record": (
        sql("UPDATE credit_transactions SET stripe_event_id = 'evt_9' WHERE user_id = 'user_1'"),
        BLOCKED,
    ),
    **other_kinds("the database", "app.db", USAGE),
}
CONFIGS: Rows = {
    "the database's address is of no kind": (edit("sqlite:///app.db", "oracle://app"), USAGE),
    "the database's address is nothing": (edit("sqlite:///app.db", ""), USAGE),
    "the database's secret is not there": (edit("sqlite:///app.db", "${NOT_THERE}"), USAGE),
    "the database's file of a secret is not there": (edit("sqlite:///app.db", "file:/nothing/here"), USAGE),
    "the condition is no SQL": (edit("[stripe]", WHERE.format("account", "id = = 1")), USAGE),
    "the condition ends the statement": (edit("[stripe]", WHERE.format("account", "1 = 1; DROP TABLE users")), USAGE),
    "the table is another": (edit("[stripe]", "[relations.account]\ntable = 'customers'\n[stripe]"), USAGE),
    "the column is another": (edit("[stripe]", "[relations.account.columns]\nplan = 'tier'\n[stripe]"), USAGE),
    "the expression is no SQL": (edit("[stripe]", "[relations.account.columns]\nplan = 'upper('\n[stripe]"), USAGE),
    "Stripe is on and has no key": (edit("enabled = false", "enabled = true"), UNKNOWN),
    "Stripe's key is none": (edit("enabled = false", 'api_key = "abc"'), USAGE),
    "the store's address is of no kind": (edit("sqlite:///store.db", "redis://x"), USAGE),
    "the store is no database": (content("store.db", b"not a store" * 999), UNKNOWN),
    "the store's folder is not there": (edit("sqlite:///store.db", "sqlite:///none/store.db"), UNKNOWN),
}
MATRICES: Rows = {
    "the matrix is gone": (gone("gates.toml"), USAGE),
    "the matrix is empty": (content("gates.toml", ""), USAGE),
    "the matrix breaks off": (cut("gates.toml"), USAGE),
    "the matrix is binary": (content("gates.toml", b"\xff\xfe\x00"), USAGE),
    "the matrix has a feature of no shape": (content("gates.toml", "[features]\nexports = 7\n"), USAGE),
    "the matrix has a plan that is none": (edit('min_plan = "PRO"', 'min_plan = "GOLD"', "gates.toml"), USAGE),
    "the matrix has a limit that is none": (edit("FREE = 1", "FREE = -1", "gates.toml"), USAGE),
    "the matrix has a limit that is a text": (edit("FREE = 1", 'FREE = "1"', "gates.toml"), USAGE),
    "the matrix has a feature twice": (
        edit("[limits]", 'exports = { min_plan = "PRO" }\n[limits]', "gates.toml"),
        USAGE,
    ),
    "the matrix has a feature that nobody answers": (
        edit("[limits]", 'sso = { min_plan = "TEAM" }\n[limits]', "gates.toml"),
        BLOCKED,
    ),
    "the matrix forbids what a plan gets": (edit('min_plan = "PRO"', 'min_plan = "TEAM"', "gates.toml"), BLOCKED),
    "the matrix demands what a plan lacks": (edit('min_plan = "PRO"', 'min_plan = "FREE"', "gates.toml"), BLOCKED),
    "the lock is empty": (content("gates.lock", ""), USAGE),
    "the lock is nonsense": (content("gates.lock", "[[cell]]\nx = 1\n"), USAGE),
    "the lock is binary": (content("gates.lock", b"\xff\xfe\x00"), USAGE),
    "there is no probe": (edit(PROBE, ""), UNKNOWN),
    "the probe is of no kind": (edit('kind = "file"', 'kind = "oracle"'), USAGE),
    "the probe's option does not exist": (edit('path = "plans.json"', 'path = "plans.json"\nage = 3'), USAGE),
    "the probe is asked of nothing": (edit('path = "plans.json"', 'path = "plans.json"\nfeatures = []'), USAGE),
    **other_kinds("the matrix", "gates.toml", USAGE),
    **other_kinds("the lock", "gates.lock", USAGE),
}
PROBE_FILES: Rows = {
    "the probe's file is gone": (gone("plans.json"), UNKNOWN),
    "the probe's file is empty": (content("plans.json", ""), UNKNOWN),
    "the probe's file breaks off": (cut("plans.json"), UNKNOWN),
    "the probe's file names nothing": (content("plans.json", "{}"), UNKNOWN),
    "the probe's file is a list": (content("plans.json", "[]"), UNKNOWN),
    "the probe's file is in UTF-16": (content("plans.json", json.dumps(PLANS).encode("utf-16")), UNKNOWN),
    "the probe's file is too large": (content("plans.json", json.dumps(PLANS) + " " * (5 * 2**20)), UNKNOWN),
    "the probe's file holds more": (plans(roles={}), UNKNOWN),
    "the probe's file has no moment": (
        edit('path = "plans.json"', 'path = "plans.json"\nmax_age_hours = 1'),
        UNKNOWN,
    ),
    "the probe's moment is none": (plans(generatedAt="now"), UNKNOWN),
    "the probe's file holds a plan twice": (
        edit('"FREE": false', '"FREE": true, "FREE": false', "plans.json"),
        UNKNOWN,
    ),
    "the probe's file holds no number": (edit('"PRO": 5', '"PRO": NaN', "plans.json"), UNKNOWN),
    "a feature is a text": (exports(FREE="false"), UNKNOWN),
    "a feature is a number": (exports(FREE=0), UNKNOWN),
    "a feature is nothing": (exports(FREE=None), UNKNOWN),
    "a feature is a list": (exports(FREE=[]), UNKNOWN),
    "a limit is a text": (seats(PRO="5"), UNKNOWN),
    "a limit is a fraction": (seats(PRO=5.5), UNKNOWN),
    "a limit is a whole fraction": (seats(PRO=5.0), UNKNOWN),
    "a limit is negative": (seats(PRO=-5), UNKNOWN),
    "a limit is beyond all limits": (seats(PRO=10**40), UNKNOWN),
    "a limit is true": (seats(PRO=True), UNKNOWN),
    "a plan's answer is missing": (
        lambda folder: change_plans(folder, lambda found: found["features"]["exports"].pop("PRO")),
        UNKNOWN,
    ),
    "a plan gets what it must not": (exports(FREE=True), BLOCKED),
    "a plan lacks what it must have": (exports(PRO=False), BLOCKED),
    "a limit is higher": (seats(FREE=100), BLOCKED),
    "a feature is in no matrix": (
        lambda folder: change_plans(folder, lambda found: found["features"].update(backdoor={"FREE": True})),
        BLOCKED,
    ),
    **other_kinds("the probe's file", "plans.json", UNKNOWN),
}
PROBES: Rows = {
    "the query returns words": (query(answers(free="'false'", pro="'true'")), UNKNOWN),
    "the query returns yes and no": (query(answers(free="'no'", pro="'yes'")), UNKNOWN),
    "the query returns on and off": (query(answers(free="'off'", pro="'on'")), UNKNOWN),
    "the query returns NULL": (query(answers(free="NULL")), UNKNOWN),
    "the query returns a two": (query(answers(pro="2")), UNKNOWN),
    "the query returns a plan twice": (query(f"{answers()}, ('exports','FREE',0)"), UNKNOWN),
    "the query returns a name that is none": (query(f"{answers()}, ('a:b','FREE',0)"), UNKNOWN),
    "the query's table is not there": (
        edit(PROBE, '[gates.probes.query]\nkind = "query"\ntable = "nothing"\n'),
        UNKNOWN,
    ),
    "the query's column is not there": (query(answers(), value="worth"), UNKNOWN),
    "the query lets a plan have too much": (query(answers(free="1")), BLOCKED),
    "the function raises": (code("raise RuntimeError('down')"), UNKNOWN),
    "the function returns nothing": (code("return None"), UNKNOWN),
    "the function returns a text": (code("return 'true'"), UNKNOWN),
    "the function returns a number for a feature": (
        code("return 1 if feature == 'exports' else {'FREE': 1, 'PRO': 5, 'TEAM': 50}[plan]"),
        UNKNOWN,
    ),
    "the function ends the process": (code("import os; os._exit(0)"), UNKNOWN),
    "the function never ends": (code("import time; time.sleep(60)"), UNKNOWN),
    "the function is not there": (code(RIGHT, name="access:may"), UNKNOWN),
    "the function's module is not there": (code(RIGHT, name="entry:may_use"), UNKNOWN),
    "the function writes an answer by itself": (
        code("import os, sys; os.write(int(sys.argv[1]), b'{}\\\\n{\"end\": true}\\\\n'); os._exit(0)"),
        UNKNOWN,
    ),
    "the function lets a plan have too much": (code(f"plan = 'TEAM'; {RIGHT}"), BLOCKED),
}
ROWS: Rows = {**DATABASES, **CONFIGS, **MATRICES, **PROBE_FILES, **PROBES}
