"""Triggers whose writes the config declares: they belong to the plan, and nothing else does."""

from __future__ import annotations

from tests.actions.repair.hostile.row import EVENT, MARIADB, PLAN, POSTGRES, Trigger, row
from tests.actions.repair.hostile.triggers import (
    APPLIED,
    BACK,
    HISTORY,
    NOTED,
    OF_ROWS,
    ON_LEDGER,
    ON_USERS,
    REFUSED,
    declared,
    deferred,
)

NOTES = Trigger(when=ON_USERS, body=NOTED)
DECLARED = [
    row("declared", APPLIED, does=[HISTORY, NOTES], config=declared("users", "history"), grows={"history": 1}),
    row(
        "declared-for-the-column",
        APPLIED,
        does=[HISTORY, NOTES],
        config=declared("users.credits", "history"),
        grows={"history": 1},
    ),
    row("declared-for-another-column", REFUSED, does=[HISTORY, NOTES], config=declared("users.plan", "history")),
    row("declared-for-another-table", REFUSED, does=[HISTORY, NOTES], config=declared("plan_changes", "history")),
    row(
        "declared-and-more-is-written",
        REFUSED,
        does=[HISTORY, Trigger(when=ON_USERS, body=f"{NOTED}; {NOTED}")],
        config=declared("users", "history"),
    ),
    row("declared-and-less-is-written", REFUSED, does=[HISTORY, NOTES], config=declared("users", "history", count=2)),
    row("declared-and-nothing-is-written", REFUSED, does=[HISTORY], config=declared("users", "history")),
    row(
        "declared-as-updates-and-rows-are-added",
        REFUSED,
        POSTGRES,
        does=[HISTORY, NOTES],
        config=declared("users", "history", "updates"),
    ),
    row(
        "declared-for-one-and-another-is-written",
        REFUSED,
        OF_ROWS,
        does=[HISTORY, "CREATE TABLE other (id INTEGER)", NOTES],
        config=declared("users", "other"),
    ),
    row(
        "declared-for-one-and-another-is-written-where-tables-are-counted-together",
        APPLIED,
        MARIADB,
        does=[HISTORY, "CREATE TABLE other (id INTEGER)", NOTES],
        config=declared("users", "other"),
        grows={"history": 1},
    ),
    row(
        "declared-of-the-ledger",
        APPLIED,
        does=[HISTORY, Trigger(when=ON_LEDGER, body=NOTED)],
        config=declared("credit_transactions", "history"),
        grows={"history": 1},
    ),
    row(
        "declared-of-both",
        APPLIED,
        does=[HISTORY, NOTES, Trigger(when=ON_LEDGER, body=NOTED)],
        config=declared("credit_transactions", "history") + declared("users", "history"),
        grows={"history": 2},
    ),
    row(
        "declared-of-an-event",
        APPLIED,
        issue=EVENT,
        does=[HISTORY, Trigger(when="AFTER INSERT ON stripe_webhook_events", body=NOTED)],
        config=declared("stripe_webhook_events", "history"),
        grows={"history": 1},
    ),
    row(
        "declared-of-a-downgrade",
        APPLIED,
        issue=PLAN,
        does=[HISTORY, Trigger(when="AFTER INSERT ON plan_changes", body=NOTED)],
        config=declared("plan_changes", "history"),
        grows={"history": 1},
    ),
    row(
        "declared-at-commit",
        APPLIED,
        POSTGRES,
        does=[HISTORY, deferred(ON_USERS, NOTED)],
        config=declared("users", "history"),
        grows={"history": 1},
    ),
    row(
        "declared-of-a-rule",
        APPLIED,
        POSTGRES,
        does=[HISTORY, f"CREATE RULE noted AS ON UPDATE TO users DO ALSO {NOTED}"],
        config=declared("users", "history"),
        grows={"history": 1},
    ),
    row(
        "declared-that-the-ledger-keeps-the-balance",
        APPLIED,
        OF_ROWS,
        does=[Trigger(when=ON_LEDGER, body="UPDATE users SET credits = NEW.balance_after WHERE id = NEW.user_id")],
        config=declared("credit_transactions", "users", "updates"),
    ),
    row(
        "declared-and-yet-the-balance-is-changed-back",
        REFUSED,
        does=[Trigger(when=ON_LEDGER, body=BACK)],
        config=declared("credit_transactions", "users", "updates"),
    ),
    row(
        "declared-and-yet-the-entry-is-rewritten",
        REFUSED,
        does=[Trigger(when=ON_LEDGER, body="UPDATE credit_transactions SET reason = 'x' WHERE id = NEW.id")],
        config=declared("credit_transactions", "credit_transactions", "updates"),
    ),
]

ROWS = DECLARED
