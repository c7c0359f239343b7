"""Triggers and rules of the application, on its own tables and on ours."""

from __future__ import annotations

from typing import Any

from tests.actions.repair.hostile.company import Company
from tests.actions.repair.hostile.row import (
    EVENT,
    MARIADB,
    PLAN,
    POSTGRES,
    SQLITE,
    UNLIMITED,
    Expect,
    Row,
    Trigger,
    row,
)

APPLIED, REFUSED, CHANGED_SINCE = Expect.APPLIED, Expect.REFUSED, Expect.CHANGED_SINCE
SERVERS = POSTGRES + MARIADB
OF_ROWS = POSTGRES + SQLITE
"""Where a row's trigger may write to the table that it is a trigger of."""

HISTORY = "CREATE TABLE history (id INTEGER, what VARCHAR(64))"
REMEMBERED = "INSERT INTO history (id, what) VALUES (7, 'kept')"
NOTED = "INSERT INTO history (id, what) VALUES (1, 'changed')"
OTHER = "UPDATE users SET credits = credits + 1 WHERE id = 'a-2'"
BACK = "UPDATE users SET credits = 145 WHERE id = 'a-1'"
SECOND = (
    "INSERT INTO credit_transactions (user_id, sequence, type, amount, balance_after, posted, created_at, actor) "
    "VALUES ('a-1', 9, 'adjustment', 0, 95, TRUE, '2026-03-01 12:00:01', 'echo')"
)
MINE, OURS = "NEW.id = 'a-1'", "NEW.actor = 'trueup'"
ON_USERS, ON_LEDGER = "AFTER UPDATE ON users", "AFTER INSERT ON credit_transactions"
BEFORE_USERS, BEFORE_LEDGER = "BEFORE UPDATE ON users", "BEFORE INSERT ON credit_transactions"


def sets(when: str, column: str, value: str, only: str = "") -> Trigger:
    """A trigger that writes another value into the row than was asked for, on Postgres."""
    return Trigger(when=when, body=f"NEW.{column} := {value}", only=only)


def sets_mariadb(when: str, column: str, value: str, only: str = "") -> Trigger:
    """The same on MariaDB."""
    return Trigger(when=when, body=f"SET NEW.{column} = {value}", only=only)


def deferred(when: str, body: str, only: str = "") -> Trigger:
    """A trigger that waits for the COMMIT."""
    return Trigger(when=when, body=body, only=only, timing="DEFERRABLE INITIALLY DEFERRED")


def bent(name: str, expect: Expect, when: str, column: str, value: str, only: str = "", **others: Any) -> list[Row]:
    """A row of each server whose trigger bends one value on its way into the table."""
    return [
        row(f"{name}-postgres-way", expect, POSTGRES, does=[sets(when, column, value, only)], **others),
        row(f"{name}-mariadb-way", expect, MARIADB, does=[sets_mariadb(when, column, value, only)], **others),
    ]


def declared(written: str, table: str, deed: str = "inserts", count: int = 1) -> str:
    """The application's own word, in the config, on what its triggers write."""
    return f'\n[repairs.expected_writes."{written}".{table}]\n{deed} = {count}\n'


PLAIN = [
    row("nothing-hostile", APPLIED),
    row("nothing-hostile-unlimited", APPLIED, issue=UNLIMITED),
    row("nothing-hostile-plan", APPLIED, issue=PLAN),
    row("nothing-hostile-event", APPLIED, issue=EVENT),
]

ON_THE_BALANCE = [
    row("update-changes-another-account", REFUSED, does=[Trigger(when=ON_USERS, body=OTHER, only=MINE)]),
    row("update-changes-it-back", REFUSED, does=[Trigger(when=ON_USERS, body=BACK, only="NEW.credits = 95")]),
    *bent("update-keeps-the-old-value", REFUSED, BEFORE_USERS, "credits", "OLD.credits"),
    *bent("update-adds-one", REFUSED, BEFORE_USERS, "credits", "NEW.credits + 1"),
    *bent("update-changes-the-plan-too", REFUSED, BEFORE_USERS, "plan", "'PRO'"),
    *bent("update-changes-the-address-too", REFUSED, BEFORE_USERS, "email", "'x@example.com'"),
    *bent("update-gives-unlimited-credits", REFUSED, BEFORE_USERS, "unlimited_credits", "TRUE"),
    *bent("update-moves-the-key", REFUSED, BEFORE_USERS, "id", "'a-9'", company=Company(foreign_key=None)),
    *bent(
        "update-counts-the-rows-version",
        APPLIED,
        BEFORE_USERS,
        "version",
        "OLD.version + 1",
        company=Company(columns={"users.version": "INTEGER NOT NULL DEFAULT 1"}),
        moves={"users": ["version"]},
    ),
    row(
        "update-is-swallowed",
        REFUSED,
        POSTGRES,
        does=[Trigger(when=BEFORE_USERS, body="PERFORM 1", gives="NULL")],
    ),
    row("update-is-ignored", REFUSED, SQLITE, does=[Trigger(when=BEFORE_USERS, body="SELECT RAISE(IGNORE)")]),
    row(
        "update-raises-postgres-way",
        REFUSED,
        POSTGRES,
        does=[Trigger(when=BEFORE_USERS, body="RAISE EXCEPTION 'not like this'")],
        because="not like this",
    ),
    row(
        "update-raises-mariadb-way",
        REFUSED,
        MARIADB,
        does=[Trigger(when=ON_USERS, body="SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not like this'")],
        because="not like this",
    ),
    row(
        "update-raises-sqlite-way",
        REFUSED,
        SQLITE,
        does=[Trigger(when=ON_USERS, body="SELECT RAISE(ABORT, 'not like this')")],
        because="not like this",
    ),
    row(
        "update-rolls-everything-back",
        REFUSED,
        SQLITE,
        does=[Trigger(when=ON_USERS, body="SELECT RAISE(ROLLBACK, 'not like this')")],
    ),
    row("update-writes-a-history", REFUSED, does=[HISTORY, Trigger(when=ON_USERS, body=NOTED)]),
    row(
        "update-empties-a-history",
        REFUSED,
        does=[HISTORY, REMEMBERED, Trigger(when=ON_USERS, body="DELETE FROM history")],
    ),
    row(
        "update-rewrites-a-history",
        REFUSED,
        does=[HISTORY, REMEMBERED, Trigger(when=ON_USERS, body="UPDATE history SET what = 'gone'")],
    ),
    row("update-writes-a-ledger-row-of-its-own", REFUSED, does=[Trigger(when=ON_USERS, body=SECOND, only=MINE)]),
    row("update-touches-a-table-in-vain", APPLIED, does=[HISTORY, Trigger(when=ON_USERS, body="DELETE FROM history")]),
    row(
        "update-of-another-column-would-be-hostile",
        APPLIED,
        OF_ROWS,
        does=[Trigger(when="AFTER UPDATE OF plan ON users", body=OTHER)],
    ),
    row(
        "update-is-hostile-to-another-account",
        APPLIED,
        does=[HISTORY, Trigger(when=ON_USERS, body=NOTED, only="NEW.id = 'a-2'")],
    ),
]

ON_THE_LEDGER = [
    row(
        "entry-is-rewritten",
        REFUSED,
        does=[Trigger(when=ON_LEDGER, body="UPDATE credit_transactions SET amount = 50 WHERE id = NEW.id")],
    ),
    row(
        "entry-loses-its-reason",
        REFUSED,
        does=[Trigger(when=ON_LEDGER, body="UPDATE credit_transactions SET reason = NULL WHERE id = NEW.id")],
    ),
    row(
        "entry-is-dated-back",
        REFUSED,
        does=[
            Trigger(when=ON_LEDGER, body="UPDATE credit_transactions SET created_at = '2020-01-01' WHERE id = NEW.id")
        ],
    ),
    row(
        "entry-is-deleted",
        REFUSED,
        does=[Trigger(when=ON_LEDGER, body="DELETE FROM credit_transactions WHERE id = NEW.id")],
    ),
    row(
        "an-older-entry-is-deleted",
        REFUSED,
        does=[Trigger(when=ON_LEDGER, body="DELETE FROM credit_transactions WHERE user_id = 'a-2'")],
    ),
    row(
        "entry-takes-an-older-ones-place",
        REFUSED,
        does=[
            Trigger(when=ON_LEDGER, body="DELETE FROM credit_transactions WHERE user_id = NEW.user_id AND sequence = 1")
        ],
    ),
    row("a-second-entry-is-written", REFUSED, does=[Trigger(when=ON_LEDGER, body=SECOND, only=OURS)]),
    row("entry-changes-another-account", REFUSED, does=[Trigger(when=ON_LEDGER, body=OTHER)]),
    row("entry-changes-the-balance-back", REFUSED, does=[Trigger(when=ON_LEDGER, body=BACK)]),
    row("entry-writes-a-history", REFUSED, does=[HISTORY, Trigger(when=ON_LEDGER, body=NOTED)]),
    row(
        "entry-keeps-the-balance-as-applications-do",
        REFUSED,
        OF_ROWS,
        does=[Trigger(when=ON_LEDGER, body="UPDATE users SET credits = NEW.balance_after WHERE id = NEW.user_id")],
    ),
    row(
        "entry-adds-its-amount-to-the-balance",
        REFUSED,
        OF_ROWS,
        does=[Trigger(when=ON_LEDGER, body="UPDATE users SET credits = credits + NEW.amount WHERE id = NEW.user_id")],
    ),
    row("entry-is-swallowed", REFUSED, POSTGRES, does=[Trigger(when=BEFORE_LEDGER, body="PERFORM 1", gives="NULL")]),
    row("entry-is-ignored", REFUSED, SQLITE, does=[Trigger(when=BEFORE_LEDGER, body="SELECT RAISE(IGNORE)")]),
    *bent("entry-gets-another-amount", REFUSED, BEFORE_LEDGER, "amount", "5"),
    *bent("entry-gets-another-balance", REFUSED, BEFORE_LEDGER, "balance_after", "96"),
    *bent("entry-gets-another-reason", REFUSED, BEFORE_LEDGER, "reason", "'nothing to see'"),
    *bent("entry-gets-another-kind", REFUSED, BEFORE_LEDGER, "type", "'usage'"),
    *bent("entry-gets-another-account", REFUSED, BEFORE_LEDGER, "user_id", "'a-2'"),
    *bent("entry-gets-another-author", REFUSED, BEFORE_LEDGER, "actor", "'app'"),
    *bent("entry-gets-another-place", REFUSED, BEFORE_LEDGER, "sequence", "77"),
    *bent("entry-is-not-posted", REFUSED, BEFORE_LEDGER, "posted", "FALSE"),
    *bent("entry-gets-an-event", REFUSED, BEFORE_LEDGER, "stripe_event_id", "'evt_2'"),
    *bent(
        "entry-gets-its-tenant",
        APPLIED,
        BEFORE_LEDGER,
        "tenant",
        "'t-1'",
        company=Company(columns={"credit_transactions.tenant": "VARCHAR(20)"}),
    ),
]

ROWS = [*PLAIN, *ON_THE_BALANCE, *ON_THE_LEDGER]
