"""Triggers that wait for the COMMIT or for the whole statement, rules, and triggers that other repairs set off."""

from __future__ import annotations

from tests.actions.repair.hostile.row import EVENT, PLAN, POSTGRES, SQLITE, UNLIMITED, Trigger, row
from tests.actions.repair.hostile.triggers import (
    BACK,
    BEFORE_USERS,
    CHANGED_SINCE,
    HISTORY,
    MINE,
    NOTED,
    OF_ROWS,
    ON_LEDGER,
    ON_USERS,
    OTHER,
    OURS,
    REFUSED,
    REMEMBERED,
    SECOND,
    bent,
    declared,
    deferred,
)

LATER = [
    row("commit-changes-it-back", REFUSED, POSTGRES, does=[deferred(ON_USERS, BACK, "NEW.credits = 95")]),
    row("commit-changes-another-account", REFUSED, POSTGRES, does=[deferred(ON_USERS, OTHER, MINE)]),
    row(
        "commit-deletes-the-entry",
        REFUSED,
        POSTGRES,
        does=[deferred(ON_LEDGER, "DELETE FROM credit_transactions WHERE id = NEW.id")],
    ),
    row(
        "commit-rewrites-the-entry",
        REFUSED,
        POSTGRES,
        does=[deferred(ON_LEDGER, "UPDATE credit_transactions SET reason = 'x' WHERE id = NEW.id")],
    ),
    row("commit-writes-a-second-entry", REFUSED, POSTGRES, does=[deferred(ON_LEDGER, SECOND, OURS)]),
    row(
        "commit-raises", REFUSED, POSTGRES, does=[deferred(ON_USERS, "RAISE EXCEPTION 'too late'")], because="too late"
    ),
    row("commit-writes-a-history", REFUSED, POSTGRES, does=[HISTORY, deferred(ON_USERS, NOTED)]),
    row(
        "commit-rewrites-our-journal",
        REFUSED,
        POSTGRES,
        does=[deferred(ON_USERS, "UPDATE trueup_journal SET reason = 'other'")],
    ),
    row("commit-empties-our-journal", REFUSED, POSTGRES, does=[deferred(ON_USERS, "DELETE FROM trueup_journal")]),
    row(
        "commit-of-a-commit-changes-it-back",
        REFUSED,
        POSTGRES,
        does=[HISTORY, deferred(ON_USERS, NOTED), deferred("AFTER INSERT ON history", BACK)],
    ),
    row(
        "commit-never-ends",
        REFUSED,
        POSTGRES,
        does=[deferred(ON_USERS, "PERFORM pg_sleep(600)")],
    ),
    row(
        "commit-puts-off-what-never-ends",
        REFUSED,
        POSTGRES,
        does=[
            HISTORY,
            deferred(ON_USERS, f"SET CONSTRAINTS ALL DEFERRED; {NOTED}", "NEW.credits = 95"),
            deferred("AFTER INSERT ON history", "PERFORM pg_sleep(600)"),
        ],
        config=declared("users", "history"),
    ),
    row(
        "commit-puts-off-what-is-done-at-once",
        CHANGED_SINCE,
        POSTGRES,
        does=[
            HISTORY,
            deferred(ON_USERS, f"SET CONSTRAINTS ALL DEFERRED; {NOTED}", "NEW.credits = 95"),
            deferred("AFTER INSERT ON history", BACK),
        ],
        config=declared("users", "history"),
    ),
]

OF_STATEMENTS = [
    row(
        f"statement-{name}",
        REFUSED,
        POSTGRES,
        does=[
            HISTORY,
            REMEMBERED,
            f"CREATE FUNCTION hostile() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; RETURN NULL; END $$",
            f"CREATE TRIGGER hostile {when} FOR EACH STATEMENT EXECUTE FUNCTION hostile()",
        ],
    )
    for name, when, body in [
        ("writes-a-history", "AFTER UPDATE ON users", NOTED),
        ("empties-a-history", "AFTER UPDATE ON users", "TRUNCATE history"),
        ("changes-another-account", "AFTER INSERT ON credit_transactions", OTHER),
        ("before-it-changes-another-account", "BEFORE INSERT ON credit_transactions", OTHER),
        ("makes-a-table", "AFTER UPDATE ON users", "CREATE TABLE surprise AS SELECT * FROM users"),
        ("drops-a-table", "AFTER INSERT ON credit_transactions", "DROP TABLE history"),
    ]
]

RULES = [
    row(f"rule-{name}", REFUSED, POSTGRES, does=[HISTORY, REMEMBERED, f"CREATE RULE hostile AS ON {said}"])
    for name, said in [
        ("takes-the-update-away", "UPDATE TO users DO INSTEAD NOTHING"),
        ("takes-the-entry-away", "INSERT TO credit_transactions DO INSTEAD NOTHING"),
        ("takes-the-entry-elsewhere", f"INSERT TO credit_transactions DO INSTEAD {NOTED}"),
        ("also-writes-a-history", f"UPDATE TO users DO ALSO {NOTED}"),
        ("also-rewrites-a-history", "INSERT TO credit_transactions DO ALSO UPDATE history SET what = 'gone'"),
        ("also-empties-a-history", "UPDATE TO users DO ALSO DELETE FROM history"),
        ("also-changes-the-balance-back", f"INSERT TO credit_transactions DO ALSO {BACK}"),
        ("also-changes-another-account", f"INSERT TO credit_transactions DO ALSO {OTHER}"),
    ]
]

OF_OTHER_REPAIRS = [
    row(
        "recorded-event-grants-credits",
        REFUSED,
        issue=EVENT,
        does=[Trigger(when="AFTER INSERT ON stripe_webhook_events", body=OTHER)],
    ),
    row(
        "recorded-event-is-queued",
        REFUSED,
        issue=EVENT,
        does=[HISTORY, Trigger(when="AFTER INSERT ON stripe_webhook_events", body=NOTED)],
    ),
    *bent("recorded-event-fails", REFUSED, "BEFORE INSERT ON stripe_webhook_events", "status", "'failed'", issue=EVENT),
    *bent(
        "recorded-event-is-another",
        REFUSED,
        "BEFORE INSERT ON stripe_webhook_events",
        "event_id",
        "'evt_9'",
        issue=EVENT,
    ),
    row(
        "recorded-event-is-swallowed",
        REFUSED,
        POSTGRES,
        issue=EVENT,
        does=[Trigger(when="BEFORE INSERT ON stripe_webhook_events", body="PERFORM 1", gives="NULL")],
    ),
    row(
        "recorded-event-is-ignored",
        REFUSED,
        SQLITE,
        issue=EVENT,
        does=[Trigger(when="BEFORE INSERT ON stripe_webhook_events", body="SELECT RAISE(IGNORE)")],
    ),
    row(
        "downgrade-is-noted-twice",
        REFUSED,
        issue=PLAN,
        does=[
            Trigger(
                when=ON_USERS,
                body="INSERT INTO plan_changes (user_id, from_plan, to_plan) VALUES (NEW.id, OLD.plan, NEW.plan)",
                only="NEW.plan <> OLD.plan",
            )
        ],
    ),
    *bent("downgrade-is-kept-from", REFUSED, BEFORE_USERS, "plan", "OLD.plan", issue=PLAN),
    *bent("downgrade-takes-the-credits", REFUSED, BEFORE_USERS, "credits", "0", issue=PLAN),
    *bent("downgrade-is-noted-wrongly", REFUSED, "BEFORE INSERT ON plan_changes", "to_plan", "'TEAM'", issue=PLAN),
    row(
        "downgrade-takes-a-seat",
        REFUSED,
        issue=PLAN,
        does=[HISTORY, REMEMBERED, Trigger(when="AFTER INSERT ON plan_changes", body="DELETE FROM history")],
    ),
    *bent("limits-take-the-credits", REFUSED, BEFORE_USERS, "credits", "0", issue=UNLIMITED),
    *bent("limits-are-kept-off", REFUSED, BEFORE_USERS, "unlimited_credits", "OLD.unlimited_credits", issue=UNLIMITED),
    row(
        "limits-are-taken-off-again",
        REFUSED,
        OF_ROWS,
        issue=UNLIMITED,
        does=[Trigger(when=ON_LEDGER, body="UPDATE users SET unlimited_credits = TRUE WHERE id = NEW.user_id")],
    ),
    row(
        "limits-change-another-account",
        REFUSED,
        issue=UNLIMITED,
        does=[Trigger(when=ON_USERS, body=OTHER, only="NEW.id = 'a-3'")],
    ),
]

ROWS = [*LATER, *OF_STATEMENTS, *RULES, *OF_OTHER_REPAIRS]
