"""What other sessions of the application do in the middle of their transactions, in whatever order.

The application gives 10 credits: the balance was 145 where the ledger says 95, so 155 and 105 without a repair. When
it has waited for the application, a repair makes 105 of it; when it was first, and the application adds 10 to what is
there, 105 as well.
"""

from __future__ import annotations

from tests.actions.repair.hostile.company import FOREIGN_KEY, Company
from tests.actions.repair.hostile.row import EVENT, MARIADB, POSTGRES, Expect, Play, Row, row

APPLIED, REFUSED, CHANGED_SINCE = Expect.APPLIED, Expect.REFUSED, Expect.CHANGED_SINCE
SERVERS = POSTGRES + MARIADB

ENTRY = (
    "INSERT INTO credit_transactions (user_id, sequence, type, amount, balance_after, posted, created_at, actor) "
    "VALUES ('a-1', 3, 'promotional_grant', 10, 105, TRUE, '2026-02-03 10:00:00', 'app')"
)
NEXT_ENTRY = ENTRY.replace("'a-1', 3", "'a-1', 4")
OTHERS_ENTRY = ENTRY.replace("'a-1', 3", "'a-2', 2").replace("10, 105", "10, 60")
BALANCE = "UPDATE users SET credits = credits + 10 WHERE id = 'a-1'"
OTHERS_BALANCE = "UPDATE users SET credits = credits + 10 WHERE id = 'a-2'"
RECORD = (
    "INSERT INTO stripe_webhook_events (event_id, type, status, received_at, livemode) "
    "VALUES ('evt_1', 'invoice.paid', 'processed', '2026-02-20 10:00:00', TRUE)"
)
HOLD = "SELECT credits FROM users WHERE id = 'a-1' FOR UPDATE"

KEYS = {
    "with-a-key": FOREIGN_KEY,
    "without-a-key": None,
    "with-a-key-at-commit": f"{FOREIGN_KEY} DEFERRABLE INITIALLY DEFERRED",
}
"""How the ledger may refer to its accounts, and what each locks."""

SHORT, AS_LONG_AS_IT_TAKES = 0.3, None


def played(name: str, before: list[str], then: list[str], *, places: dict[str, tuple[str, ...]]) -> list[Row]:
    """Rows in which the application does this, with each kind of key, and commits soon, late, or never."""
    rows = []
    for keys, on in places.items():
        company = Company(foreign_key=KEYS[keys])
        rows += [
            row(
                f"{name}-{keys}-and-commits",
                APPLIED,
                on,
                company=company,
                play=Play(before=before, then=then, seconds=SHORT, credits="105", entries=1),
            ),
            row(
                f"{name}-{keys}-and-takes-it-back",
                APPLIED,
                on,
                company=company,
                play=Play(before=before, then=then, end="ROLLBACK", seconds=SHORT, credits="95"),
            ),
            row(
                f"{name}-{keys}-and-commits-too-late",
                REFUSED,
                on,
                company=company,
                play=Play(before=before, then=then, seconds=AS_LONG_AS_IT_TAKES, credits="155", entries=1),
            ),
        ]
    return rows


EVERYWHERE = {"with-a-key": SERVERS, "without-a-key": SERVERS, "with-a-key-at-commit": POSTGRES}

ROWS = [
    *played("entry-first", [ENTRY], [BALANCE], places=EVERYWHERE),
    *played("balance-first", [BALANCE], [ENTRY], places={"with-a-key": SERVERS, "without-a-key": SERVERS}),
    *played("account-held-first", [HOLD, ENTRY], [BALANCE], places={"without-a-key": SERVERS}),
    *played("both-done", [ENTRY, BALANCE], [], places={"with-a-key": SERVERS, "without-a-key": SERVERS}),
    row(
        "entry-first-and-keys-are-not-checked",
        APPLIED,
        MARIADB,
        play=Play(
            before=["SET foreign_key_checks = 0", ENTRY], then=[BALANCE], seconds=SHORT, credits="105", entries=1
        ),
    ),
    row(
        "entry-first-and-keys-are-not-checked-for-too-long",
        REFUSED,
        MARIADB,
        play=Play(before=["SET foreign_key_checks = 0", ENTRY], then=[BALANCE], credits="155", entries=1),
    ),
    row(
        "another-accounts-entry-with-a-key",
        APPLIED,
        SERVERS,
        play=Play(before=[OTHERS_ENTRY], then=[OTHERS_BALANCE], credits="95"),
    ),
    row(
        "another-accounts-entry-without-a-key",
        APPLIED,
        SERVERS,
        company=Company(foreign_key=None),
        play=Play(before=[OTHERS_ENTRY], then=[OTHERS_BALANCE], seconds=SHORT, credits="95"),
    ),
    row(
        "the-same-event-is-being-recorded",
        REFUSED,
        SERVERS,
        issue=EVENT,
        play=Play(
            before=[RECORD],
            seconds=SHORT,
            credits="145",
        ),
    ),
    row(
        "the-whole-file-is-held",
        REFUSED,
        ("sqlite",),
        play=Play(before=[ENTRY], then=[BALANCE], credits="155", entries=1),
    ),
    row(
        "the-whole-file-is-held-for-a-moment",
        APPLIED,
        ("sqlite",),
        play=Play(before=[ENTRY], then=[BALANCE], seconds=SHORT, credits="105", entries=1),
    ),
    row(
        "the-whole-file-is-held-in-vain",
        APPLIED,
        ("sqlite",),
        play=Play(before=[ENTRY, BALANCE], end="ROLLBACK", seconds=SHORT, credits="95"),
    ),
    row(
        "the-account-goes-away",
        REFUSED,
        SERVERS,
        company=Company(foreign_key=None),
        play=Play(before=["DELETE FROM users WHERE id = 'a-1'"], seconds=SHORT, credits=""),
    ),
    row(
        "the-ledger-is-locked-as-a-whole",
        REFUSED,
        POSTGRES,
        play=Play(before=["LOCK TABLE credit_transactions IN ACCESS EXCLUSIVE MODE"], credits="145"),
    ),
    row(
        "the-accounts-are-locked-as-a-whole",
        REFUSED,
        POSTGRES,
        play=Play(before=["LOCK TABLE users IN SHARE MODE"], credits="145"),
    ),
    row(
        "the-ledger-is-being-altered",
        APPLIED,
        POSTGRES,
        play=Play(before=["ALTER TABLE credit_transactions ADD COLUMN later TEXT"], seconds=SHORT, credits="95"),
    ),
    row(
        "the-mapped-column-goes-away",
        REFUSED,
        POSTGRES,
        play=Play(before=["ALTER TABLE credit_transactions DROP COLUMN reason"], seconds=SHORT, credits="145"),
    ),
    row(
        "the-finding-goes-away",
        REFUSED,
        SERVERS,
        play=Play(before=["UPDATE users SET credits = 95 WHERE id = 'a-1'"], seconds=SHORT, credits="95"),
    ),
    row(
        "the-balance-is-edited-again",
        APPLIED,
        SERVERS,
        play=Play(before=["UPDATE users SET credits = 146 WHERE id = 'a-1'"], seconds=SHORT, credits="95"),
    ),
    row(
        "our-journal-is-held",
        REFUSED,
        SERVERS,
        play=Play(before=["SELECT seq FROM trueup_journal_head FOR UPDATE"], credits="145"),
    ),
    row(
        "our-journal-is-held-for-a-moment",
        APPLIED,
        SERVERS,
        play=Play(before=["SELECT seq FROM trueup_journal_head FOR UPDATE"], seconds=SHORT, credits="95"),
    ),
]

SINCE = [
    row("since-then-changed-back", CHANGED_SINCE, SERVERS, since=["UPDATE users SET credits = 145 WHERE id = 'a-1'"]),
    row("since-then-edited", CHANGED_SINCE, SERVERS, since=["UPDATE users SET credits = 96 WHERE id = 'a-1'"]),
    row(
        "since-then-without-its-entry",
        CHANGED_SINCE,
        SERVERS,
        since=["DELETE FROM credit_transactions WHERE actor = 'trueup'"],
    ),
    row(
        "since-then-with-another-reason",
        CHANGED_SINCE,
        SERVERS,
        since=["UPDATE credit_transactions SET reason = 'none' WHERE actor = 'trueup'"],
    ),
    row(
        "since-then-without-its-account",
        CHANGED_SINCE,
        SERVERS,
        company=Company(foreign_key=None),
        since=["DELETE FROM users WHERE id = 'a-1'"],
    ),
    row("since-then-moved-on", APPLIED, SERVERS, since=[NEXT_ENTRY, BALANCE]),
    row("since-then-another-account", APPLIED, SERVERS, since=[OTHERS_ENTRY, OTHERS_BALANCE]),
]
"""What cannot be taken back any more, and is to be said."""

ROWS += SINCE
