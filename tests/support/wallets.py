"""An application whose accounts have two balances: paid credits stay, bonus credits lapse each month."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy

from tests.support.several_places import config_of, report_of
from trueup.config import Config
from trueup.model.report import Report
from trueup.targets import open_target

__all__ = ["COLUMNS", "SUMMED", "TABLE", "config_of", "fill", "report_of"]

TABLES = (
    """CREATE TABLE users (id VARCHAR(20) PRIMARY KEY, paid_credits NUMERIC(12, 2), bonus_credits NUMERIC(12, 2),
    total NUMERIC(12, 2))""",
    """CREATE TABLE balances (user_id VARCHAR(20), bucket VARCHAR(20), amount NUMERIC(12, 2),
    PRIMARY KEY (user_id, bucket))""",
    """CREATE TABLE movements (id INTEGER PRIMARY KEY, user_id VARCHAR(20), bucket VARCHAR(20), kind VARCHAR(20),
    amount NUMERIC(12, 2) NOT NULL, balance NUMERIC(12, 2), intent VARCHAR(40), at TIMESTAMP)""",
)
ROWS = (
    "INSERT INTO users VALUES ('ann', 70, 10, 80), ('bob', 100, NULL, 100)",
    "INSERT INTO balances VALUES ('ann', 'PAID', 70), ('ann', 'BONUS', 10), ('bob', 'PAID', 100)",
    """INSERT INTO movements VALUES
    (1, 'ann', 'PAID', 'purchase', 100, 100, 'pi_1', '2026-02-01 10:00:00'),
    (2, 'ann', 'BONUS', 'gift', 25, 25, NULL, '2026-02-02 10:00:00'),
    (3, 'ann', 'PAID', 'usage', -30, 70, NULL, '2026-02-03 10:00:00'),
    (4, 'ann', 'BONUS', 'usage', -15, 10, NULL, '2026-02-04 10:00:00'),
    (5, 'bob', 'PAID', 'purchase', 100, 100, 'pi_2', '2026-02-05 10:00:00')""",
)
_HEAD = """
[database]
url = "${PLACE}"
[stripe]
enabled = false
[gates]
enabled = false

[relations.ledger_entry]
table = "movements"
ledger_starts_at = 0
columns = { entry_id = "id", account_id = "user_id", wallet = "bucket", kind = "kind", amount = "amount", \
balance_after = "balance", stripe_payment_intent_id = "intent", created_at = "at" }
[relations.ledger_entry.values.kind]
promotional_grant = ["gift"]
[relations.ledger_entry.values.wallet]
paid = ["PAID"]
bonus = ["BONUS"]
"""
COLUMNS = f"""{_HEAD}
[relations.account]
table = "users"
columns = {{ account_id = "id" }}
wallets = {{ paid = "paid_credits", bonus = "bonus_credits" }}
"""
TABLE = f"""{_HEAD}
[relations.account]
table = "users"
columns = {{ account_id = "id" }}
[relations.wallet_balance]
table = "balances"
columns = {{ account_id = "user_id", wallet = "bucket", credits = "amount" }}
values = {{ wallet = {{ paid = ["PAID"], bonus = ["BONUS"] }} }}
"""
SUMMED = f"""{_HEAD}
[relations.account]
table = "users"
columns = {{ account_id = "id", credits = "total" }}
"""


def fill(place: str, *statements: str) -> None:
    """Make the tables with sound rows at this address, and run further statements."""
    with open_target(place).transaction() as connection:
        for statement in (*TABLES, *ROWS, *statements):
            connection.execute(sqlalchemy.text(statement))
        connection.commit()


def audited(place: str, folder: Path, text: str) -> Report:
    """An audit of the database at this address with this config."""
    return report_of(loaded(place, folder, text))


def loaded(place: str, folder: Path, text: str) -> Config:
    """The config of this text, for the database at this address."""
    return config_of(place, folder, text)
