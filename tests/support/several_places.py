"""An application whose relations are in several tables: users and organisations, payments and usage."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import sqlalchemy

from trueup.actions.audit.run_audit import audit
from trueup.checks import catalogue
from trueup.config import Config, load_config
from trueup.model.report import Report
from trueup.model.source import Silent
from trueup.targets import open_target

NOW = datetime(2026, 3, 1, 12)

TABLES = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY, mail VARCHAR(80), tier VARCHAR(20), balance NUMERIC(12, 2) NOT NULL)",
    """CREATE TABLE organisations (id INTEGER PRIMARY KEY, kind VARCHAR(20), customer VARCHAR(40),
    credit NUMERIC(12, 2) NOT NULL, unlimited INTEGER NOT NULL DEFAULT 0)""",
    """CREATE TABLE payments (id INTEGER PRIMARY KEY, user_id INTEGER, organisation_id INTEGER,
    amount NUMERIC(12, 2) NOT NULL, intent VARCHAR(40), paid_at TIMESTAMP)""",
    """CREATE TABLE consumption (id INTEGER PRIMARY KEY, user_id INTEGER, organisation_id INTEGER,
    cost NUMERIC(12, 2) NOT NULL, used_at TIMESTAMP)""",
)
ROWS = (
    "INSERT INTO users VALUES (1, 'a@example.org', 'free', 70), (2, 'b@example.org', 'free', 100)",
    "INSERT INTO organisations VALUES (1, 'group', 'cus_1', 450, 0), (2, NULL, NULL, 0, 0)",
    "INSERT INTO payments VALUES (1, 1, NULL, 100, 'pi_1', '2026-02-01 10:00:00')",
    "INSERT INTO payments VALUES (2, 2, NULL, 100, 'pi_2', '2026-02-02 10:00:00')",
    "INSERT INTO payments VALUES (3, NULL, 1, 500, 'pi_3', '2026-02-03 10:00:00')",
    "INSERT INTO consumption VALUES (1, 1, NULL, 30, '2026-02-10 10:00:00'), (2, NULL, 1, 50, '2026-02-11 10:00:00')",
)
SOUND = """
[database]
url = "${PLACE}"
[stripe]
enabled = false
[gates]
enabled = false
[plans.FREE]
rank = 0
[plans.PRO]
rank = 1

[[relations.account.from]]
table = "users"
key_prefix = "u"
absent = ["stripe_customer_id"]
columns = { account_id = "id", email = "mail", plan = "tier", credits = "balance" }
values = { plan = { FREE = ["free"], PRO = ["pro"] } }
[[relations.account.from]]
table = "organisations"
key_prefix = "org_"
columns = { account_id = "id", plan = "kind", stripe_customer_id = "customer", credits = "credit" }
values = { plan = { FREE = [""], PRO = ["group"] } }

[relations.ledger_entry]
ledger_starts_at = 0
columns = { entry_id = "id" }
[[relations.ledger_entry.from]]
table = "payments"
where = "user_id IS NOT NULL"
key_prefix = "p"
account_prefix = "u"
[relations.ledger_entry.from.columns]
account_id = "user_id"
amount = "amount"
kind = "'purchase'"
created_at = "paid_at"
stripe_payment_intent_id = "intent"
[[relations.ledger_entry.from]]
table = "payments"
where = "user_id IS NULL"
key_prefix = "p"
account_prefix = "org_"
[relations.ledger_entry.from.columns]
account_id = "organisation_id"
amount = "amount"
kind = "'purchase'"
created_at = "paid_at"
stripe_payment_intent_id = "intent"
[[relations.ledger_entry.from]]
table = "consumption"
where = "user_id IS NOT NULL"
key_prefix = "c"
account_prefix = "u"
absent = ["stripe_payment_intent_id"]
columns = { account_id = "user_id", amount = "-cost", kind = "'usage'", created_at = "used_at" }
[[relations.ledger_entry.from]]
table = "consumption"
where = "user_id IS NULL"
key_prefix = "c"
account_prefix = "org_"
absent = ["stripe_payment_intent_id"]
columns = { account_id = "organisation_id", amount = "-cost", kind = "'usage'", created_at = "used_at" }
"""


def fill(place: str, *statements: str) -> None:
    """Make the tables with sound rows at this address, and run further statements."""
    with open_target(place).transaction() as connection:
        for statement in (*TABLES, *ROWS, *statements):
            connection.execute(sqlalchemy.text(statement))
        connection.commit()


def config_of(place: str, folder: Path, text: str = SOUND) -> Config:
    """The config of this text, for the database at this address."""
    path = folder / "trueup.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(path, {"PLACE": place}, known_checks=[check.id for check in catalogue()])


def report_of(config: Config) -> Report:
    """An audit of everything, as of ``NOW``."""
    return audit(config, checks=catalogue(), now=NOW, progress=Silent())
