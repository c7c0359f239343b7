"""Triggers whose writes the config declares: they belong to the plan, and nothing else does."""

from __future__ import annotations

from tests.actions.repair.hostile.row import POSTGRES, Trigger, row
from tests.actions.repair.hostile.triggers import (
    APPLIED,
    HISTORY,
    NOTED,
    ON_LEDGER,
    ON_USERS,
    REFUSED,
    declared,
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
        "declared-of-the-ledger",
        APPLIED,
        does=[HISTORY, Trigger(when=ON_LEDGER, body=NOTED)],
        config=declared("credit_transactions", "history"),
        grows={"history": 1},
    ),
]

ROWS = DECLARED
