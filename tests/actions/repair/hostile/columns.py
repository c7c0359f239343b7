"""Types of columns, and tables that are none: what is written has the column's own form, or nothing is written."""

from __future__ import annotations

from typing import Any

from tests.actions.repair.hostile.company import Company
from tests.actions.repair.hostile.row import EVERY, MARIADB, POSTGRES, SQLITE, Expect, Row, Trigger, row

APPLIED, REFUSED = Expect.APPLIED, Expect.REFUSED
SERVERS = POSTGRES + MARIADB
LEDGER = ("credit_transactions.amount", "credit_transactions.balance_after")


def of_type(kind: str, *, ledger: str | None = None, **others: Any) -> Company:
    """A company whose balances are of this type, in the ledger as well unless that has another."""
    return Company(columns={"users.credits": kind, **dict.fromkeys(LEDGER, ledger or kind)}, **others)


def written(name: str, kind: str, reads: str, on: tuple[str, ...] = EVERY, **others: Any) -> Row:
    """A row whose balance reads so, once it is repaired."""
    return row(f"balance-{name}", APPLIED, on, company=of_type(kind, **others), balance=reads)


FIRST, SECOND = "WHERE user_id = 'a-1' AND sequence = 1", "WHERE user_id = 'a-1' AND sequence = 2"
MUCH = (
    f"UPDATE credit_transactions SET amount = 100000, balance_after = 100000 {FIRST}",
    f"UPDATE credit_transactions SET balance_after = 99995 {SECOND}",
)
FRACTION = ("95.12345678901234567890", "-4.87654321098765432110")
MOVED = "WITH gone AS (DELETE FROM ONLY {0} WHERE {1} = 'a-1' RETURNING *) INSERT INTO special SELECT * FROM gone"
OF_THE_APP = "UPDATE people SET credits = NEW.credits WHERE id = 'a-2'"
PARTED = "PARTITION BY HASH (id); CREATE TABLE users_0 PARTITION OF users FOR VALUES WITH (MODULUS 1, REMAINDER 0)"
PARTED_BY_BALANCE = "PARTITION BY LIST (credits); CREATE TABLE users_0 PARTITION OF users DEFAULT"

NUMBERS = [
    written("bigint", "BIGINT", "95"),
    written("smallint", "SMALLINT", "95", SERVERS),
    written("unsigned", "INTEGER UNSIGNED", "95", MARIADB, ledger="INTEGER"),
    written("tiny-unsigned", "TINYINT UNSIGNED", "95", MARIADB, ledger="INTEGER"),
    written("decimal-unsigned", "DECIMAL(12,2) UNSIGNED", "Decimal('95.00')", MARIADB, ledger="DECIMAL(12,2)"),
    written("zerofill", "INTEGER(8) ZEROFILL", "95", MARIADB, ledger="INTEGER"),
    written("decimal-0", "DECIMAL(12,0)", "Decimal('95')", SERVERS),
    written("decimal-2", "DECIMAL(12,2)", "Decimal('95.00')", SERVERS),
    written("decimal-9", "DECIMAL(18,9)", "Decimal('95.000000000')", SERVERS),
    written("decimal-9-beside-whole-numbers", "DECIMAL(18,9)", "Decimal('95.000000000')", SERVERS, ledger="INTEGER"),
    written("whole-beside-decimal-9", "INTEGER", "95", SERVERS, ledger="DECIMAL(18,9)"),
    written("numeric", "NUMERIC", "Decimal('95')", POSTGRES),
    written("double", "DOUBLE PRECISION", "95.0"),
    written("real", "REAL", "95.0", POSTGRES + SQLITE),
    written("float", "FLOAT", "95.0"),
    written("numeric-affinity", "NUMERIC", "95", SQLITE),
    written(
        "domain",
        "credit_amount",
        "95",
        POSTGRES,
        first=["CREATE DOMAIN credit_amount AS INTEGER CHECK (VALUE > -1000)"],
    ),
    row(
        "balance-domain-that-refuses",
        REFUSED,
        POSTGRES,
        company=of_type(
            "credit_amount",
            ledger="INTEGER",
            first=["CREATE DOMAIN credit_amount AS INTEGER CHECK (VALUE > 100 OR VALUE < 60)"],
        ),
    ),
    row("balance-money", REFUSED, POSTGRES, company=of_type("MONEY", ledger="INTEGER")),
    row(
        "balance-too-large-for-its-column",
        REFUSED,
        SERVERS,
        company=of_type("SMALLINT", ledger="INTEGER"),
        does=[
            *MUCH,
        ],
    ),
    row(
        "balance-too-large-for-its-digits",
        REFUSED,
        SERVERS,
        company=of_type("DECIMAL(5,2)", ledger="INTEGER"),
        does=[
            *MUCH,
        ],
    ),
    row(
        "balance-with-more-digits-than-its-column",
        REFUSED,
        SERVERS,
        company=of_type("INTEGER", ledger="DECIMAL(12,2)"),
        does=[f"UPDATE credit_transactions SET balance_after = 95.50, amount = -4.50 {SECOND}"],
    ),
    row(
        "balance-below-nothing-in-an-unsigned-column",
        REFUSED,
        MARIADB,
        company=of_type("INTEGER UNSIGNED", ledger="INTEGER"),
        config="\n[policy]\nbalance_floor = -1000\n",
        does=[f"UPDATE credit_transactions SET balance_after = -5, amount = -105 {SECOND}"],
    ),
    row(
        "balance-in-binary-fractions",
        REFUSED,
        SERVERS,
        company=of_type("REAL", ledger="DECIMAL(30,20)"),
        does=[
            f"UPDATE credit_transactions SET balance_after = {FRACTION[0]}, amount = {FRACTION[1]} {SECOND}",
        ],
    ),
]

TEXTS = [
    written("text", "{TEXT}", "'95'", SQLITE, balance="'{}'"),
    written("text-beside-numbers", "{TEXT}", "'95'", SQLITE, ledger="INTEGER", balance="'{}'", ledger_balance="{}"),
    written("text-with-two-digits", "{TEXT}", "'95.00'", SQLITE, balance="'{}.00'"),
    written("text-with-one-digit", "{TEXT}", "'95.0'", SQLITE, balance="'{}.0'"),
    written(
        "text-with-two-digits-beside-numbers",
        "{TEXT}",
        "'95.00'",
        SQLITE,
        ledger="INTEGER",
        balance="'{}.00'",
        ledger_balance="{}",
    ),
    written("varchar", "VARCHAR(12)", "'95'", SQLITE, balance="'{}'"),
    row("balance-text-where-columns-have-types", REFUSED, SERVERS, company=of_type("{TEXT}", balance="'{}'")),
    row("balance-char-where-columns-have-types", REFUSED, SERVERS, company=of_type("CHAR(6)", balance="'{}'")),
    row("balance-text-with-a-comma", REFUSED, company=of_type("{TEXT}", balance="'{},00'")),
    row("balance-text-with-a-unit", REFUSED, company=of_type("{TEXT}", balance="'{} credits'")),
]

OTHERS = [
    row(
        "ledger-text-kinds-too-short",
        REFUSED,
        SERVERS,
        company=Company(
            columns={"credit_transactions.type": "VARCHAR(17)", "credit_transactions.reason": "VARCHAR(16)"}
        ),
    ),
    row(
        "ledger-kinds-as-enum-postgres-way",
        REFUSED,
        POSTGRES,
        company=Company(
            first=["CREATE TYPE kind AS ENUM ('usage', 'purchase', 'promotional_grant')"],
            columns={"credit_transactions.type": "kind"},
        ),
    ),
    row(
        "ledger-kinds-as-enum-with-ours-postgres-way",
        APPLIED,
        POSTGRES,
        company=Company(
            first=["CREATE TYPE kind AS ENUM ('usage', 'purchase', 'promotional_grant', 'balance_sync')"],
            columns={"credit_transactions.type": "kind"},
        ),
    ),
    row(
        "ledger-kinds-as-enum-mariadb-way",
        REFUSED,
        MARIADB,
        company=Company(columns={"credit_transactions.type": "ENUM('usage', 'purchase', 'promotional_grant')"}),
    ),
    row(
        "ledger-kinds-as-enum-with-ours-mariadb-way",
        APPLIED,
        MARIADB,
        company=Company(
            columns={"credit_transactions.type": "ENUM('usage', 'purchase', 'promotional_grant', 'balance_sync')"}
        ),
    ),
    row("ledger-without-reasons", REFUSED, company=Company(columns={"credit_transactions.reason": ""})),
    row("ledger-without-authors", APPLIED, company=Company(columns={"credit_transactions.actor": ""})),
    row(
        "ledger-without-sequence",
        APPLIED,
        POSTGRES + SQLITE,
        company=Company(columns={"credit_transactions.sequence": ""}),
    ),
    row(
        "ledger-with-sequence-of-decimals",
        APPLIED,
        SERVERS,
        company=Company(columns={"credit_transactions.sequence": "DECIMAL(20,0)"}),
    ),
    row(
        "ledger-moments-with-a-zone",
        APPLIED,
        POSTGRES,
        company=Company(columns={"credit_transactions.created_at": "TIMESTAMPTZ"}),
    ),
    row(
        "ledger-moments-are-days", APPLIED, SERVERS, company=Company(columns={"credit_transactions.created_at": "DATE"})
    ),
    row(
        "ledger-moments-are-text",
        APPLIED,
        SQLITE,
        company=Company(columns={"credit_transactions.created_at": "{TEXT}"}),
    ),
    row(
        "ledger-moments-are-text-where-columns-have-types",
        REFUSED,
        SERVERS,
        company=Company(columns={"credit_transactions.created_at": "{TEXT}"}),
    ),
    row(
        "ledger-ids-are-uuids-postgres-way",
        APPLIED,
        POSTGRES,
        company=Company(columns={"credit_transactions.id": "UUID PRIMARY KEY DEFAULT gen_random_uuid()"}),
    ),
    row(
        "ledger-ids-are-uuids-of-the-app",
        APPLIED,
        POSTGRES,
        company=Company(columns={"credit_transactions.id": "UUID PRIMARY KEY DEFAULT gen_random_uuid()"}),
        does=["ALTER TABLE credit_transactions ALTER id DROP DEFAULT"],
    ),
    row(
        "ledger-ids-are-text-of-the-app",
        APPLIED,
        POSTGRES,
        company=Company(columns={"credit_transactions.id": "TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text"}),
        does=["ALTER TABLE credit_transactions ALTER id DROP DEFAULT"],
    ),
    row(
        "ledger-ids-are-uuids-mariadb-way",
        APPLIED,
        MARIADB,
        company=Company(columns={"credit_transactions.id": "VARCHAR(40) PRIMARY KEY DEFAULT (uuid())"}),
    ),
    row(
        "ledger-ids-are-unsigned",
        APPLIED,
        MARIADB,
        company=Company(columns={"credit_transactions.id": "BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY"}),
    ),
    row(
        "ledger-id-fills-itself",
        APPLIED,
        SQLITE,
        company=Company(columns={"credit_transactions.id": "TEXT PRIMARY KEY DEFAULT (hex(randomblob(8)))"}),
    ),
    row(
        "ledger-has-a-generated-column",
        APPLIED,
        company=Company(columns={"credit_transactions.twice": "INTEGER GENERATED ALWAYS AS (amount * 2) STORED"}),
    ),
    row(
        "account-has-a-generated-column",
        APPLIED,
        company=Company(columns={"users.twice": "INTEGER GENERATED ALWAYS AS (credits * 2) STORED"}),
        moves={"users": ["twice"]},
    ),
    row(
        "balance-is-generated",
        REFUSED,
        SERVERS,
        company=Company(
            columns={"users.base": "INTEGER", "users.credits": "INTEGER GENERATED ALWAYS AS (base + 5) STORED"},
            credits=dict.fromkeys(("a-1", "a-2", "a-3", "a-4"), "DEFAULT"),
        ),
        does=["UPDATE users SET base = 140 WHERE id = 'a-1'"],
    ),
    row(
        "balance-after-is-generated",
        REFUSED,
        POSTGRES + SQLITE,
        company=Company(columns={"credit_transactions.kept": "INTEGER DEFAULT 0"}),
        config='\n[relations.ledger_entry.columns]\nbalance_after = "balance_after + kept"\n',
    ),
    row("balance-is-an-expression", REFUSED, config='\n[relations.account.columns]\ncredits = "credits + 0"\n'),
    row("balance-is-mapped-twice", REFUSED, config='\n[relations.account.columns]\nplan = "credits"\n'),
]

PEOPLE = "ALTER TABLE users RENAME TO people"
TABLES = [
    *(
        row(
            f"accounts-are-a-view-{name}-{on[0]}-way",
            expect,
            on,
            does=[PEOPLE, f"CREATE VIEW users AS SELECT * FROM people {condition}"],
            balance_table="people",
            because=because,
        )
        for name, condition in [("of-all", ""), ("of-some", "WHERE active WITH CHECK OPTION")]
        for expect, on, because in [(APPLIED, POSTGRES, ""), (REFUSED, MARIADB, "is a view")]
    ),
    row(
        "accounts-are-a-view-of-a-view",
        REFUSED,
        POSTGRES,
        does=[PEOPLE, "CREATE VIEW few AS SELECT * FROM people", "CREATE VIEW users AS SELECT * FROM few"],
    ),
    row(
        "accounts-are-a-view-of-a-table-without-transactions",
        REFUSED,
        MARIADB,
        company=Company(foreign_key=None),
        does=["ALTER TABLE users ENGINE=MyISAM", PEOPLE, "CREATE VIEW users AS SELECT * FROM people"],
    ),
    row(
        "accounts-are-a-view-that-takes-nothing",
        REFUSED,
        SQLITE,
        does=[PEOPLE, "CREATE VIEW users AS SELECT * FROM people"],
    ),
    row(
        "accounts-are-a-view-with-a-trigger-for-nothing",
        REFUSED,
        POSTGRES + SQLITE,
        does=[
            PEOPLE,
            "CREATE TABLE history (id INTEGER)",
            "CREATE VIEW users AS SELECT * FROM people",
            Trigger(when="INSTEAD OF UPDATE ON users", body="INSERT INTO history VALUES (1)"),
        ],
    ),
    row(
        "accounts-are-a-view-with-a-trigger-for-another",
        REFUSED,
        POSTGRES + SQLITE,
        does=[
            PEOPLE,
            "CREATE VIEW users AS SELECT * FROM people",
            Trigger(when="INSTEAD OF UPDATE ON users", body=OF_THE_APP),
        ],
    ),
    row(
        "ledger-is-a-view",
        REFUSED,
        SERVERS,
        does=[
            "ALTER TABLE credit_transactions RENAME TO entries",
            "CREATE VIEW credit_transactions AS SELECT * FROM entries",
        ],
    ),
    row(
        "accounts-in-partitions",
        APPLIED,
        POSTGRES,
        company=Company(after={"users": PARTED}),
        balance_table="users_0",
    ),
    row(
        "accounts-in-partitions-by-balance",
        REFUSED,
        POSTGRES,
        company=Company(foreign_key=None, columns={"users.id": "TEXT NOT NULL"}, after={"users": PARTED_BY_BALANCE}),
        because="partitioned by credits",
    ),
    row(
        "ledger-in-partitions",
        APPLIED,
        POSTGRES,
        company=Company(
            columns={
                "credit_transactions.id": "BIGINT GENERATED BY DEFAULT AS IDENTITY",
                "credit_transactions.user_id": "TEXT NOT NULL",
            },
            besides={"credit_transactions": "PRIMARY KEY (id, user_id)"},
            after={
                "credit_transactions": "PARTITION BY LIST (user_id); "
                "CREATE TABLE entries_0 PARTITION OF credit_transactions DEFAULT"
            },
        ),
        ledger_table="entries_0",
    ),
    row(
        "accounts-have-a-child",
        REFUSED,
        POSTGRES,
        company=Company(foreign_key=None),
        does=[
            "CREATE TABLE special () INHERITS (users)",
            "INSERT INTO special (id, credits, active) VALUES ('a-1', 7, TRUE)",
        ],
    ),
    row(
        "accounts-are-in-a-child",
        APPLIED,
        POSTGRES,
        balance_table="special",
        company=Company(foreign_key=None),
        does=[
            "CREATE TABLE special () INHERITS (users)",
            MOVED.format("users", "id"),
        ],
    ),
    row(
        "ledger-has-a-child",
        APPLIED,
        POSTGRES,
        company=Company(foreign_key=None),
        does=[
            "CREATE TABLE special () INHERITS (credit_transactions)",
            MOVED.format("credit_transactions", "user_id"),
        ],
    ),
    row("accounts-keep-their-versions", APPLIED, MARIADB, does=["ALTER TABLE users ADD SYSTEM VERSIONING"]),
    row(
        "account-is-there-twice",
        REFUSED,
        company=Company(columns={"users.id": "{KEY} NOT NULL"}, foreign_key=None),
        does=["INSERT INTO users (id, credits, unlimited_credits, active) VALUES ('a-1', 95, FALSE, TRUE)"],
    ),
]

ROWS = [*NUMBERS, *TEXTS, *OTHERS, *TABLES]
