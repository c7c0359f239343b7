"""An app without webhooks, sequence, flag and role is whole once its config says so, and not before."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest

from tests.support.command import trueup
from trueup.checks import catalogue

APP = """
CREATE TABLE users (id TEXT PRIMARY KEY, tier TEXT, customer TEXT, balance INTEGER);
CREATE TABLE moves (id INTEGER PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users, why TEXT, amount INTEGER NOT NULL,
                    balance INTEGER NOT NULL, payment TEXT, at TEXT NOT NULL);
INSERT INTO users VALUES ('u1', 'free', NULL, 70), ('u2', 'pro', 'cus_1', 100);
INSERT INTO moves VALUES (1, 'u1', 'gift', 100, 100, NULL, '2026-01-01 00:00:00'),
                         (2, 'u1', 'use', -30, 70, NULL, '2026-01-02 00:00:00'),
                         (3, 'u2', 'buy', 100, 100, 'pi_1', '2026-01-02 00:00:00');
"""
CONFIG = """
[database]
url = "sqlite:///app.db"
[stripe]
enabled = false
[gates]
enabled = false
[plans.FREE]
rank = 0
[plans.PRO]
rank = 1
[relations.account]
table = "users"
#account#
[relations.account.columns]
account_id = "id"
plan = "tier"
stripe_customer_id = "customer"
credits = "balance"
[relations.account.values.plan]
FREE = ["free"]
PRO = ["pro"]
[relations.ledger_entry]
table = "moves"
#ledger#
[relations.ledger_entry.columns]
entry_id = "id"
account_id = "user_id"
kind = "why"
amount = "amount"
balance_after = "balance"
stripe_payment_intent_id = "payment"
created_at = "at"
[relations.ledger_entry.values.kind]
purchase = ["buy"]
usage = ["use"]
promotional_grant = ["gift"]
#webhook#
"""
ABSENT = {
    "#account#": 'absent = ["unlimited_credits", "role"]',
    "#ledger#": 'absent = ["sequence", "stripe_event_id", "stripe_invoice_id"]',
    "#webhook#": "[relations.webhook_event]\nabsent = true",
}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    with contextlib.closing(sqlite3.connect(tmp_path / "app.db")) as database:
        database.executescript(APP)
    return tmp_path


def configure(folder: Path, *lines: str) -> None:
    text = CONFIG
    for line in lines:
        text = text.replace(line, ABSENT[line])
    (folder / "trueup.toml").write_text(text)


def audited(folder: Path) -> tuple[int, dict[str, object], dict[str, str]]:
    ran = trueup("audit", "--format", "json", "--no-store", cwd=folder)
    report = json.loads(ran.out)
    return ran.code, report["summary"], {each["check"]: each["outcome"] for each in report["outcomes"]}


@pytest.mark.slow
def test_what_is_unmapped_is_unknown_until_three_lines_say_that_it_is_absent(app: Path) -> None:
    configure(app)
    code, summary, _ = audited(app)
    assert (code, summary["status"]) == (3, "incomplete")
    configure(app, *ABSENT)
    code, summary, outcomes = audited(app)
    assert (code, summary["status"], summary["score"], summary["confidence"]) == (0, "healthy", 100, 1.0)
    assert "skipped" not in outcomes.values()
    assert outcomes["missing-idempotency-record"] == outcomes["unlimited-credits"] == "not-applicable"
    assert outcomes["negative-balance"] == outcomes["ledger-break"] == outcomes["stale-paid-plan"] == "checked"


@pytest.mark.parametrize("unsaid", ABSENT)
def test_each_thing_that_is_not_said_keeps_the_report_incomplete(app: Path, unsaid: str) -> None:
    configure(app, *(line for line in ABSENT if line != unsaid))
    code, summary, outcomes = audited(app)
    assert (code, summary["status"]) == (3, "incomplete")
    assert "skipped" in outcomes.values()


def test_the_report_says_in_one_line_each_what_absence_leaves_unseen(app: Path) -> None:
    configure(app, *ABSENT)
    ran = trueup("audit", "--no-store", cwd=app)
    assert f"of {len(catalogue())} checks apply" in ran.out
    text = " ".join(ran.out.split())
    assert "webhook events are said to be absent (relations.webhook_event.absent = true): 4 checks do not apply" in text
    assert "Stripe is left out (stripe.enabled = false)" in text


def test_what_is_broken_is_found_all_the_same(app: Path) -> None:
    with contextlib.closing(sqlite3.connect(app / "app.db")) as database, database:
        database.execute("UPDATE users SET balance = -5 WHERE id = 'u1'")
    configure(app, *ABSENT)
    code, summary, _ = audited(app)
    assert (code, summary["status"]) == (1, "critical")


def test_a_balance_without_any_ledger_is_judged_too(app: Path) -> None:
    with contextlib.closing(sqlite3.connect(app / "app.db")) as database, database:
        database.execute("UPDATE users SET balance = -5 WHERE id = 'u1'")
    configure(app, *ABSENT)
    text = (app / "trueup.toml").read_text()
    head, tail = text.split("[relations.ledger_entry]\n", 1)
    (app / "trueup.toml").write_text(
        f"{head}[relations.ledger_entry]\nabsent = true\n[relations.webhook_event]\nabsent = true\n"
    )
    assert "[relations.webhook_event]" in tail
    code, summary, outcomes = audited(app)
    assert (code, summary["status"]) == (1, "degraded")
    assert outcomes["negative-balance"] == "checked"
    assert outcomes["credit-balance"] == "not-applicable"


@pytest.mark.slow
def test_findings_of_a_check_that_no_longer_applies_stay_open_and_are_never_resolved(app: Path) -> None:
    with contextlib.closing(sqlite3.connect(app / "app.db")) as database, database:
        database.execute("INSERT INTO moves VALUES (4, 'u2', 'buy', 10, 110, NULL, datetime('now', '-2 days'))")
        database.execute("UPDATE users SET balance = 110 WHERE id = 'u2'")
    configure(app, *ABSENT)
    first = trueup("audit", "--format", "json", cwd=app)
    assert [issue["check"] for issue in json.loads(first.out)["issues"]] == ["purchase-without-payment"]
    text = (app / "trueup.toml").read_text().replace('stripe_payment_intent_id = "payment"\n', "")
    absent = '"stripe_invoice_id", "stripe_payment_intent_id", "stripe_charge_id", "stripe_subscription_id"]'
    (app / "trueup.toml").write_text(text.replace('"stripe_invoice_id"]', absent))
    second = trueup("audit", "--format", "json", cwd=app)
    assert second.code == 0, second.out + second.err
    runs = json.loads(trueup("runs", "--format", "json", cwd=app).out)["runs"]
    assert [run["resolved"] for run in runs] == [0, 0]
