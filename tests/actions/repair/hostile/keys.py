"""How accounts are spelled: what the database takes for one account is one, and what it takes for two is two."""

from __future__ import annotations

from tests.actions.repair.hostile.company import FOREIGN_KEY, Company
from tests.actions.repair.hostile.row import MARIADB, POSTGRES, SQLITE, Expect, Row, row

APPLIED, REFUSED = Expect.APPLIED, Expect.REFUSED


def granted(key: str) -> str:
    """The application gave 50 credits to this account: the balance that is cached is right."""
    return (
        "INSERT INTO credit_transactions (user_id, sequence, type, amount, balance_after, posted, created_at, actor) "
        f"VALUES ('{key}', 3, 'purchase', 50, 145, TRUE, '2026-02-03 10:00:00', 'app')"
    )


def spelled(
    name: str,
    on: tuple[str, ...],
    kind: str,
    *,
    key: str = "a-1",
    other: str,
    first: tuple[str, ...] = (),
    foreign: bool = True,
) -> list[Row]:
    """One account in two spellings: a right balance stays, and a wrong one is made right or left alone."""

    def company(ledger_key: str) -> Company:
        return Company(
            first=first,
            columns={"users.id": f"{kind} NOT NULL PRIMARY KEY", "credit_transactions.user_id": f"{kind} NOT NULL"},
            keys={"a-1": key},
            ledger_keys={"a-1": ledger_key},
            foreign_key=FOREIGN_KEY if foreign else None,
        )

    issue = f"credit-balance:{key}"
    return [
        row(f"{name}-and-its-balance-is-right", REFUSED, on, company=company(key), does=[granted(other)], issue=issue),
        row(f"{name}-and-its-balance-is-wrong", APPLIED, on, company=company(other), issue=issue),
    ]


def apart(name: str, on: tuple[str, ...], kind: str, *, key: str = "a-1", other: str) -> list[Row]:
    """Two accounts in the database's own words: what is said of one says nothing of the other."""
    columns = {"users.id": f"{kind} NOT NULL PRIMARY KEY", "credit_transactions.user_id": f"{kind} NOT NULL"}
    company = Company(columns=columns, keys={"a-1": key}, foreign_key=None)
    issue = f"credit-balance:{key}"
    return [
        row(f"{name}-are-two-accounts", APPLIED, on, company=company, does=[granted(other)], issue=issue),
        row(
            f"{name}-are-two-accounts-and-one-has-no-entry",
            REFUSED,
            on,
            company=Company(columns=columns, keys={"a-1": key}, ledger_keys={"a-1": other}, foreign_key=None),
            issue=issue,
        ),
    ]


UPPER = "3F25-B"
LOWER = "3f25-b"

ROWS = [
    *spelled("mariadb-case", MARIADB, "VARCHAR(64) COLLATE utf8mb4_general_ci", key=LOWER, other=UPPER),
    *spelled(
        "mariadb-case-without-a-key",
        MARIADB,
        "VARCHAR(64) COLLATE utf8mb4_general_ci",
        key=LOWER,
        other=UPPER,
        foreign=False,
    ),
    *spelled("mariadb-unicode-case", MARIADB, "VARCHAR(64) COLLATE utf8mb4_unicode_ci", key=LOWER, other=UPPER),
    *spelled(
        "mariadb-latin-case",
        MARIADB,
        "VARCHAR(64) CHARACTER SET latin1 COLLATE latin1_swedish_ci",
        key=LOWER,
        other=UPPER,
    ),
    *spelled("mariadb-accents", MARIADB, "VARCHAR(64) COLLATE utf8mb4_general_ci", key="anne-é", other="anne-e"),
    *spelled("mariadb-sharp-s", MARIADB, "VARCHAR(64) COLLATE utf8mb4_unicode_ci", key="strasse", other="straße"),
    *spelled("mariadb-blanks-behind", MARIADB, "VARCHAR(64) COLLATE utf8mb4_bin", other="a-1  "),
    *spelled(
        "mariadb-case-and-blanks", MARIADB, "VARCHAR(64) COLLATE utf8mb4_general_ci", key=LOWER, other=f"{UPPER} "
    ),
    *spelled("mariadb-fixed-width", MARIADB, "CHAR(20) COLLATE utf8mb4_general_ci", key=LOWER, other=UPPER),
    *apart("mariadb-binary-case", MARIADB, "VARCHAR(64) COLLATE utf8mb4_bin", key=LOWER, other=UPPER),
    *apart("mariadb-nopad-blanks", MARIADB, "VARCHAR(64) COLLATE utf8mb4_nopad_bin", other="a-1 "),
    *spelled("sqlite-nocase", SQLITE, "TEXT COLLATE NOCASE", key=LOWER, other=UPPER),
    *spelled("sqlite-nocase-without-a-key", SQLITE, "TEXT COLLATE NOCASE", key=LOWER, other=UPPER, foreign=False),
    *spelled("sqlite-rtrim", SQLITE, "TEXT COLLATE RTRIM", other="a-1  "),
    *apart("sqlite-case", SQLITE, "TEXT", key=LOWER, other=UPPER),
    *apart("sqlite-nocase-beyond-ascii", SQLITE, "TEXT COLLATE NOCASE", key="é-1", other="É-1"),
    *apart("sqlite-blanks", SQLITE, "TEXT COLLATE NOCASE", other="a-1 "),
    *spelled("postgres-fixed-width", POSTGRES, "CHAR(12)", other="a-1  "),
    *apart("postgres-case", POSTGRES, "TEXT", key=LOWER, other=UPPER),
    *apart("postgres-blanks", POSTGRES, "VARCHAR(64)", other="a-1 "),
    row(
        "sqlite-account-folds-and-ledger-does-not",
        REFUSED,
        SQLITE,
        company=Company(columns={"users.id": "TEXT COLLATE NOCASE NOT NULL PRIMARY KEY"}, keys={"a-1": LOWER}),
        does=[granted(UPPER)],
        issue=f"credit-balance:{LOWER}",
    ),
    row(
        "mariadb-account-folds-and-ledger-does-not",
        REFUSED,
        MARIADB,
        company=Company(
            columns={
                "users.id": "VARCHAR(64) COLLATE utf8mb4_general_ci NOT NULL PRIMARY KEY",
                "credit_transactions.user_id": "VARCHAR(64) COLLATE utf8mb4_bin NOT NULL",
            },
            keys={"a-1": LOWER},
            foreign_key=None,
        ),
        does=[granted(UPPER)],
        issue=f"credit-balance:{LOWER}",
    ),
    row(
        "numbers-as-text-in-the-ledger",
        REFUSED,
        POSTGRES + MARIADB,
        company=Company(
            columns={"users.id": "INTEGER NOT NULL PRIMARY KEY", "credit_transactions.user_id": "VARCHAR(20) NOT NULL"},
            keys={"a-1": "1", "a-2": "2", "a-3": "3", "a-4": "4"},
            foreign_key=None,
        ),
        issue="credit-balance:1",
        because="exact_keys = true",
    ),
    row(
        "numbers-with-noughts-before-them",
        REFUSED,
        MARIADB,
        company=Company(
            columns={"users.id": "INTEGER NOT NULL PRIMARY KEY", "credit_transactions.user_id": "VARCHAR(20) NOT NULL"},
            keys={"a-1": "1", "a-2": "2", "a-3": "3", "a-4": "4"},
            foreign_key=None,
        ),
        does=[granted("01")],
        issue="credit-balance:1",
    ),
    row(
        "numbers-of-another-width",
        APPLIED,
        POSTGRES + MARIADB,
        company=Company(
            columns={"users.id": "INTEGER NOT NULL PRIMARY KEY", "credit_transactions.user_id": "BIGINT NOT NULL"},
            keys={"a-1": "1", "a-2": "2", "a-3": "3", "a-4": "4"},
            foreign_key=None,
        ),
        issue="credit-balance:1",
    ),
    row(
        "uuids-as-text-in-the-ledger-in-capitals",
        REFUSED,
        POSTGRES,
        company=Company(
            columns={"users.id": "UUID NOT NULL PRIMARY KEY"},
            keys={f"a-{number}": f"3f25aaaa-0000-4000-8000-00000000000{number}" for number in range(1, 5)},
            foreign_key=None,
        ),
        does=[granted("3F25AAAA-0000-4000-8000-000000000001")],
        issue="credit-balance:3f25aaaa-0000-4000-8000-000000000001",
    ),
    row(
        "uuids",
        APPLIED,
        POSTGRES,
        company=Company(
            columns={"users.id": "UUID NOT NULL PRIMARY KEY", "credit_transactions.user_id": "UUID NOT NULL"},
            keys={f"a-{number}": f"3f25aaaa-0000-4000-8000-00000000000{number}" for number in range(1, 5)},
        ),
        issue="credit-balance:3f25aaaa-0000-4000-8000-000000000001",
    ),
]
