"""Constraints, and how a database is set up: what refuses a row, now or at COMMIT, and what must not matter."""

from __future__ import annotations

from tests.actions.repair.hostile.company import Company
from tests.actions.repair.hostile.row import EVENT, PLAN, POSTGRES, UNLIMITED, Expect, row

APPLIED, REFUSED = Expect.APPLIED, Expect.REFUSED
KINDS = ["'usage'", "'purchase'", "'promotional_grant'"]
OUR_KINDS = [*KINDS, "'balance_sync'"]


def besides(table: str, what: str) -> Company:
    """A company with one more constraint."""
    return Company(besides={table: what})


CHECKS = [
    row("check-balance-not-negative", APPLIED, company=besides("users", "CHECK (credits >= 0)")),
    row("check-balance-above-the-new-one", REFUSED, company=besides("users", "CHECK (credits <> 95)")),
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

ROWS = [*CHECKS]
