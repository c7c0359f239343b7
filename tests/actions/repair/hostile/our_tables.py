"""Triggers and rules that the application, or an intruder, puts on our own tables."""

from __future__ import annotations

from tests.actions.repair.hostile.row import POSTGRES, SQLITE, Trigger, row
from tests.actions.repair.hostile.triggers import (
    BACK,
    HISTORY,
    NOTED,
    OTHER,
    REFUSED,
    bent,
)

ON_OUR_TABLES = [
    row(
        f"our-{table.removeprefix('trueup_').replace('_', '-')}-row-is-swallowed",
        REFUSED,
        POSTGRES,
        does=[Trigger(when=f"BEFORE {deed} ON {table}", body="PERFORM 1", gives="NULL")],
    )
    for deed, table in [("INSERT", "trueup_journal"), ("INSERT", "trueup_repair"), ("UPDATE", "trueup_journal_head")]
] + [
    row(
        f"our-{table.removeprefix('trueup_').replace('_', '-')}-row-is-ignored",
        REFUSED,
        SQLITE,
        does=[Trigger(when=f"BEFORE {deed} ON {table}", body="SELECT RAISE(IGNORE)")],
    )
    for deed, table in [("INSERT", "trueup_journal"), ("INSERT", "trueup_repair"), ("UPDATE", "trueup_journal_head")]
]

ON_OUR_TABLES += [
    row(
        "our-journal-row-is-deleted",
        REFUSED,
        does=[Trigger(when="AFTER INSERT ON trueup_journal", body="DELETE FROM trueup_journal WHERE seq = NEW.seq")],
    ),
    row(
        "our-journal-row-is-rewritten",
        REFUSED,
        does=[Trigger(when="AFTER INSERT ON trueup_journal", body="UPDATE trueup_journal SET actor = 'someone'")],
    ),
    row(
        "our-repair-row-is-deleted",
        REFUSED,
        does=[
            Trigger(
                when="AFTER INSERT ON trueup_repair",
                body="DELETE FROM trueup_repair WHERE repair_id = NEW.repair_id",
            )
        ],
    ),
    row(
        "our-repair-row-is-rewritten",
        REFUSED,
        does=[Trigger(when="AFTER INSERT ON trueup_repair", body="UPDATE trueup_repair SET summary = 'nothing'")],
    ),
    row(
        "our-journal-row-changes-the-balance-back",
        REFUSED,
        does=[Trigger(when="AFTER INSERT ON trueup_journal", body=BACK)],
    ),
    row(
        "our-journal-row-deletes-the-entry",
        REFUSED,
        does=[
            Trigger(
                when="AFTER INSERT ON trueup_journal", body="DELETE FROM credit_transactions WHERE actor = 'trueup'"
            )
        ],
    ),
    row(
        "our-repair-row-changes-another-account",
        REFUSED,
        does=[Trigger(when="AFTER INSERT ON trueup_repair", body=OTHER)],
    ),
    row(
        "our-head-changes-another-account",
        REFUSED,
        does=[Trigger(when="AFTER UPDATE ON trueup_journal_head", body=OTHER)],
    ),
    row(
        "our-journal-row-is-copied",
        REFUSED,
        does=[HISTORY, Trigger(when="AFTER INSERT ON trueup_journal", body=NOTED)],
    ),
    *bent("our-journal-row-gets-another-actor", REFUSED, "BEFORE INSERT ON trueup_journal", "actor", "'someone'"),
    *bent("our-journal-row-gets-another-value", REFUSED, "BEFORE INSERT ON trueup_journal", "after", "'{}'"),
    *bent("our-repair-row-gets-another-status", REFUSED, "BEFORE INSERT ON trueup_repair", "status", "'stale'"),
    *bent("our-repair-row-gets-another-issue", REFUSED, "BEFORE INSERT ON trueup_repair", "issue_id", "'x:y'"),
    row(
        "our-journal-has-a-rule",
        REFUSED,
        POSTGRES,
        does=["CREATE RULE r AS ON INSERT TO trueup_journal DO INSTEAD NOTHING"],
    ),
    row(
        "our-repairs-have-a-rule",
        REFUSED,
        POSTGRES,
        does=["CREATE RULE r AS ON INSERT TO trueup_repair DO INSTEAD NOTHING"],
    ),
    row(
        "our-head-has-a-rule",
        REFUSED,
        POSTGRES,
        does=["CREATE RULE r AS ON UPDATE TO trueup_journal_head DO INSTEAD NOTHING"],
    ),
]

ROWS = ON_OUR_TABLES
