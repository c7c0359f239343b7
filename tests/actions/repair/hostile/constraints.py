"""Constraints, and how a database is set up: what refuses a row, now or at COMMIT, and what must not matter."""

from __future__ import annotations

from tests.actions.repair.hostile.company import FOREIGN_KEY, Company
from tests.actions.repair.hostile.row import EVENT, MARIADB, PLAN, POSTGRES, SQLITE, UNLIMITED, Expect, row

APPLIED, REFUSED = Expect.APPLIED, Expect.REFUSED
SERVERS = POSTGRES + MARIADB
KINDS = ["'usage'", "'purchase'", "'promotional_grant'"]
OUR_KINDS = [*KINDS, "'balance_sync'"]


def besides(table: str, what: str) -> Company:
    """A company with one more constraint."""
    return Company(besides={table: what})


CHECKS = [
    row("check-balance-not-negative", APPLIED, company=besides("users", "CHECK (credits >= 0)")),
    row("check-balance-above-the-new-one", REFUSED, company=besides("users", "CHECK (credits <> 95)")),
    row(
        "check-balance-after-not-negative",
        APPLIED,
        company=besides("credit_transactions", "CHECK (balance_after >= 0)"),
    ),
    row("check-no-entry-of-nothing", REFUSED, company=besides("credit_transactions", "CHECK (amount <> 0)")),
    row("check-short-reasons", REFUSED, company=besides("credit_transactions", "CHECK (length(reason) < 20)")),
    row(
        "check-reason-without-our-mark",
        REFUSED,
        company=besides("credit_transactions", "CHECK (reason NOT LIKE 'trueup%')"),
    ),
    row("check-no-author-but-the-app", REFUSED, company=besides("credit_transactions", "CHECK (actor = 'app')")),
    row(
        "check-kinds-without-ours",
        REFUSED,
        company=besides("credit_transactions", f"CHECK (type IN ({', '.join(KINDS)}))"),
    ),
    row(
        "check-kinds-with-ours",
        APPLIED,
        company=besides("credit_transactions", f"CHECK (type IN ({', '.join(OUR_KINDS)}))"),
    ),
    row(
        "check-plan-never-free", REFUSED, issue=PLAN, company=besides("users", "CHECK (id <> 'a-4' OR plan <> 'FREE')")
    ),
    row(
        "check-no-event-from-us",
        REFUSED,
        issue=EVENT,
        company=besides("stripe_webhook_events", "CHECK (event_id <> 'evt_1')"),
    ),
    row(
        "check-unlimited-for-ever",
        REFUSED,
        issue=UNLIMITED,
        company=besides("users", "CHECK (id <> 'a-3' OR unlimited_credits)"),
    ),
    row(
        "check-not-valid-yet",
        REFUSED,
        POSTGRES,
        does=["ALTER TABLE users ADD CONSTRAINT small CHECK (credits > 100) NOT VALID"],
    ),
]

KEYS = [
    row("unique-sequence", APPLIED, company=besides("credit_transactions", "UNIQUE (user_id, sequence)")),
    row("unique-moment", APPLIED, company=besides("credit_transactions", "UNIQUE (user_id, created_at)")),
    row("unique-balance-after", REFUSED, company=besides("credit_transactions", "UNIQUE (user_id, balance_after)")),
    row(
        "unique-balance",
        REFUSED,
        company=besides("users", "UNIQUE (credits)"),
        does=["UPDATE users SET credits = 95 WHERE id = 'a-2'"],
    ),
    row(
        "unique-at-commit",
        REFUSED,
        POSTGRES,
        company=besides("credit_transactions", "UNIQUE (user_id, balance_after) DEFERRABLE INITIALLY DEFERRED"),
    ),
    row(
        "exclusion",
        REFUSED,
        POSTGRES,
        company=besides("credit_transactions", "EXCLUDE (balance_after WITH =, user_id WITH =)"),
    ),
    row(
        "unique-index-of-some-rows",
        REFUSED,
        POSTGRES + SQLITE,
        does=["CREATE UNIQUE INDEX once ON credit_transactions (balance_after) WHERE sequence > 1"],
    ),
    row(
        "unique-index-on-an-expression",
        REFUSED,
        POSTGRES + SQLITE,
        does=["CREATE UNIQUE INDEX once ON credit_transactions (abs(balance_after), user_id)"],
    ),
    row("reused-numbers", REFUSED, POSTGRES, does=["ALTER TABLE credit_transactions ALTER id RESTART WITH 1"]),
    row("numbers-used-up", REFUSED, POSTGRES, does=["ALTER TABLE credit_transactions ALTER id SET MAXVALUE 5"]),
    row(
        "number-always-the-databases",
        APPLIED,
        POSTGRES,
        company=Company(columns={"credit_transactions.id": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"}),
    ),
    row(
        "number-by-nothing-postgres-way",
        REFUSED,
        POSTGRES,
        does=["ALTER TABLE credit_transactions ALTER id DROP IDENTITY"],
    ),
    row(
        "number-by-nothing-mariadb-way",
        REFUSED,
        MARIADB,
        does=["ALTER TABLE credit_transactions MODIFY id BIGINT NOT NULL"],
    ),
]

KIND_TABLE = "CREATE TABLE kinds (type VARCHAR(64) PRIMARY KEY)"
KIND_ROWS = "INSERT INTO kinds VALUES ('usage'), ('purchase'), ('promotional_grant')"
OF_KINDS = {"credit_transactions.type": "VARCHAR(64)"}
BOTH = "FOREIGN KEY (id, credits) REFERENCES users (id, credits)"
REFERENCES = [
    row(
        "foreign-key-to-kinds",
        REFUSED,
        SERVERS,
        company=Company(
            first=[KIND_TABLE, KIND_ROWS],
            columns=OF_KINDS,
            besides={"credit_transactions": "FOREIGN KEY (type) REFERENCES kinds (type)"},
        ),
    ),
    row(
        "foreign-key-to-kinds-at-commit",
        REFUSED,
        POSTGRES,
        company=Company(
            first=[KIND_TABLE, KIND_ROWS],
            columns=OF_KINDS,
            besides={"credit_transactions": "FOREIGN KEY (type) REFERENCES kinds (type) DEFERRABLE INITIALLY DEFERRED"},
        ),
    ),
    row(
        "foreign-key-that-is-not-enforced",
        APPLIED,
        SQLITE,
        company=Company(
            first=[KIND_TABLE, KIND_ROWS],
            columns=OF_KINDS,
            besides={"credit_transactions": "FOREIGN KEY (type) REFERENCES kinds (type)"},
        ),
    ),
    row(
        "foreign-key-at-commit",
        APPLIED,
        POSTGRES,
        company=Company(foreign_key=f"{FOREIGN_KEY} DEFERRABLE INITIALLY DEFERRED"),
    ),
    row(
        "foreign-key-deferrable",
        APPLIED,
        POSTGRES,
        company=Company(foreign_key=f"{FOREIGN_KEY} DEFERRABLE INITIALLY IMMEDIATE"),
    ),
    row(
        "foreign-key-cascades",
        APPLIED,
        company=Company(foreign_key=f"{FOREIGN_KEY} ON UPDATE CASCADE ON DELETE CASCADE"),
    ),
    row("foreign-key-absent", APPLIED, company=Company(foreign_key=None)),
    *(
        row(
            f"foreign-key-on-the-balance-{name}",
            REFUSED,
            does=[
                "CREATE UNIQUE INDEX both_once ON users (id, credits)",
                f"CREATE TABLE copies (id VARCHAR(64), credits INTEGER, {BOTH} {action})",
                "INSERT INTO copies VALUES ('a-1', 145)",
            ],
            company=Company(
                columns={
                    "users.id": "VARCHAR(64) NOT NULL PRIMARY KEY",
                    "credit_transactions.user_id": "VARCHAR(64) NOT NULL",
                }
            ),
        )
        for name, action in [
            ("cascades", "ON UPDATE CASCADE"),
            ("cascades-nothing", "ON UPDATE SET NULL"),
            ("restricts", ""),
        ]
    ),
]

NOT_NULL = [
    row(
        "not-null-and-unmapped-postgres-way",
        REFUSED,
        POSTGRES,
        does=[
            "ALTER TABLE credit_transactions ADD tenant TEXT",
            "UPDATE credit_transactions SET tenant = 't'",
            "ALTER TABLE credit_transactions ALTER tenant SET NOT NULL",
        ],
        because="must have a value",
    ),
    row(
        "not-null-and-unmapped-mariadb-way",
        REFUSED,
        MARIADB,
        does=["ALTER TABLE credit_transactions ADD tenant VARCHAR(9) NOT NULL"],
        because="must have a value",
    ),
    row(
        "not-null-with-a-default",
        APPLIED,
        company=Company(columns={"credit_transactions.tenant": "VARCHAR(20) NOT NULL DEFAULT 't'"}),
    ),
    row(
        "not-null-with-a-moment",
        APPLIED,
        company=Company(columns={"credit_transactions.noted_at": "TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP"}),
    ),
]

SETUPS = [
    row("row-security-for-others", APPLIED, POSTGRES, does=["ALTER TABLE users ENABLE ROW LEVEL SECURITY"]),
    row(
        "row-security-for-everybody",
        REFUSED,
        POSTGRES,
        does=["ALTER TABLE users ENABLE ROW LEVEL SECURITY", "ALTER TABLE users FORCE ROW LEVEL SECURITY"],
    ),
    row(
        "row-security-with-a-policy",
        REFUSED,
        POSTGRES,
        does=[
            "ALTER TABLE credit_transactions ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE credit_transactions FORCE ROW LEVEL SECURITY",
            "CREATE POLICY all_rows ON credit_transactions USING (sequence < 2)",
        ],
    ),
    row("nothing-is-counted", REFUSED, POSTGRES, admin=["ALTER DATABASE {database} SET track_counts = off"]),
    row(
        "sessions-only-read",
        APPLIED,
        POSTGRES,
        admin=["ALTER DATABASE {database} SET default_transaction_read_only = on"],
    ),
    row(
        "sessions-are-serializable",
        APPLIED,
        POSTGRES,
        admin=["ALTER DATABASE {database} SET default_transaction_isolation = 'serializable'"],
    ),
    row(
        "sessions-write-dates-otherwise",
        APPLIED,
        POSTGRES,
        admin=[
            "ALTER DATABASE {database} SET datestyle = 'German, DMY'",
            "ALTER DATABASE {database} SET timezone = 'Asia/Tokyo'",
        ],
    ),
    row(
        "sessions-read-backslashes",
        REFUSED,
        POSTGRES,
        admin=["ALTER DATABASE {database} SET standard_conforming_strings = off"],
    ),
    row("unlogged-ledger", APPLIED, POSTGRES, does=["ALTER TABLE credit_transactions SET UNLOGGED"]),
    row(
        "balances-without-transactions",
        REFUSED,
        MARIADB,
        company=Company(foreign_key=None, after={"users": "ENGINE=MyISAM"}),
        because="MyISAM",
    ),
    row(
        "ledger-without-transactions",
        REFUSED,
        MARIADB,
        company=Company(foreign_key=None, after={"credit_transactions": "ENGINE=MyISAM"}),
        because="MyISAM",
    ),
    row(
        "ledger-in-aria",
        REFUSED,
        MARIADB,
        company=Company(foreign_key=None, after={"credit_transactions": "ENGINE=Aria"}),
        because="Aria",
    ),
    row(
        "ledger-in-memory",
        REFUSED,
        MARIADB,
        company=Company(foreign_key=None, after={"credit_transactions": "ENGINE=MEMORY"}),
        because="MEMORY",
    ),
    row(
        "our-journal-without-transactions",
        REFUSED,
        MARIADB,
        does=["ALTER TABLE trueup_journal ENGINE=MyISAM"],
        because="MyISAM",
    ),
    row(
        "our-repairs-without-transactions",
        REFUSED,
        MARIADB,
        does=["ALTER TABLE trueup_repair ENGINE=MyISAM"],
        because="MyISAM",
    ),
    row(
        "ledger-in-partitions-mariadb-way",
        APPLIED,
        MARIADB,
        company=Company(foreign_key=None, after={"credit_transactions": "PARTITION BY HASH (id) PARTITIONS 3"}),
    ),
    row(
        "moment-of-the-last-update",
        APPLIED,
        MARIADB,
        company=Company(
            columns={"users.updated_at": "TIMESTAMP(6) DEFAULT '2026-01-01' ON UPDATE CURRENT_TIMESTAMP(6)"}
        ),
        moves={"users": ["updated_at"]},
    ),
    row(
        "invisible-column",
        APPLIED,
        MARIADB,
        company=Company(columns={"credit_transactions.hidden": "INTEGER INVISIBLE DEFAULT 7"}),
    ),
    row(
        "strict-tables",
        APPLIED,
        SQLITE,
        company=Company(
            columns={
                "users.unlimited_credits": "INTEGER",
                "users.active": "INTEGER",
                "users.created_at": "TEXT",
                "credit_transactions.posted": "INTEGER",
                "credit_transactions.created_at": "TEXT",
            },
            after={"users": "STRICT", "credit_transactions": "STRICT"},
        ),
    ),
    row("accounts-without-row-ids", APPLIED, SQLITE, company=Company(after={"users": "WITHOUT ROWID"})),
    row(
        "numbers-never-used-again",
        APPLIED,
        SQLITE,
        company=Company(columns={"credit_transactions.id": "INTEGER PRIMARY KEY AUTOINCREMENT"}),
    ),
    row("only-whole-numbers", APPLIED, SQLITE, company=besides("users", "CHECK (typeof(credits) = 'integer')")),
    row(
        "only-text-that-is-text",
        APPLIED,
        SQLITE,
        company=besides("credit_transactions", "CHECK (typeof(created_at) = 'text' AND typeof(amount) = 'integer')"),
    ),
]

ROWS = [*CHECKS, *KEYS, *REFERENCES, *NOT_NULL, *SETUPS]
