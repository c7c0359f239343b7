"""Rows nobody planned for: an answer or a clear finding, never a traceback, never a silent skip."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import trueup
from tests.support.ledger_app import NOW, made

DAY = "2026-02-01 00:00:00"
OTHERS: list[tuple[object, ...]] = [(1, "user_other", 1, 10, 10, DAY)]
"""An entry of an account that is right: a ledger without any is not looked at."""


def report(folder: Path, *, code: int = 1) -> dict[str, Any]:
    """The audit's JSON report. Without plans the checks about plans are skipped, so nothing found is exit 3."""
    ran = trueup("audit", "--format", "json", "--as-of", NOW, cwd=folder)
    assert ran.code == code, ran.err
    document: dict[str, Any] = json.loads(ran.out)
    return document


def ids(document: dict[str, Any], check: str) -> set[str]:
    return {issue["subject"] for issue in document["issues"] if issue["check"] == check}


def test_a_database_without_tables_is_refused_by_name(tmp_path: Path) -> None:
    made(tmp_path, "DROP TABLE users", "DROP TABLE credit_transactions", "DROP TABLE stripe_webhook_events")
    ran = trueup("audit", cwd=tmp_path)
    assert ran.code in {2, 3}
    assert ran.err.count("\n") <= 1


def test_tables_of_zero_rows_are_no_answer(tmp_path: Path) -> None:
    document = report(made(tmp_path), code=3)
    assert document["summary"]["status"] == "incomplete"
    assert not document["issues"]


@pytest.mark.slow
def test_tables_of_zero_rows_are_an_answer_where_the_config_says_that_it_is_right(tmp_path: Path) -> None:
    made(tmp_path)
    with (tmp_path / "trueup.toml").open("a", encoding="utf-8") as config:
        config.write("[relations.account]\nallow_empty = true\n[relations.ledger_entry]\nallow_empty = true\n")
    document = report(tmp_path, code=0)
    assert document["summary"]["status"] == "healthy"
    assert document["summary"]["score"] == 100
    assert document["summary"]["checkedUsers"] == 0


@pytest.mark.parametrize(
    ("amount", "balance"),
    [
        (None, 10),
        ("NaN", 10),
        ("Infinity", 10),
        (1e30, 10),
        ("10", "not a number"),
        (b"\xff\xfe", 10),
        ("0.1234567890123456789", 10),
    ],
)
def test_an_amount_that_cannot_be_read_is_one_finding_and_nothing_else_fires(
    tmp_path: Path, amount: object, balance: object
) -> None:
    entries = [
        (1, "user_1", 1, 10, 10, DAY),
        (2, "user_1", 2, amount, balance, DAY),
        (3, "user_1", 3, 5, 15, DAY),
    ]
    document = report(made(tmp_path, users=[("user_1", "FREE", 15)], entries=entries))
    assert ids(document, "unreadable-row") == {"ledger_entry:2"}
    assert {issue["check"] for issue in document["issues"]} == {"unreadable-row"}


@pytest.mark.parametrize("date", [None, "0000-00-00 00:00:00", "10000-01-01", "infinity", "2026-02-30", "yesterday"])
def test_an_impossible_date_is_one_finding(tmp_path: Path, date: object) -> None:
    entries = [(1, "user_1", 1, 10, 10, DAY), (2, "user_1", 2, 5, 15, date)]
    document = report(made(tmp_path, users=[("user_1", "FREE", 15)], entries=entries))
    assert ids(document, "unreadable-row") == {"ledger_entry:2"}


@pytest.mark.slow
def test_a_quintillion_credits_with_six_decimals_are_exact(tmp_path: Path) -> None:
    entries = [(1, "user_1", 1, "1000000000000000000.123456", "1000000000000000000.123456", DAY)]
    document = report(made(tmp_path, users=[("user_1", "FREE", "1000000000000000000.123457")], entries=entries))
    (issue,) = [issue for issue in document["issues"] if issue["check"] == "credit-balance"]
    assert issue["evidence"]["drift"] == "0.000001"
    assert issue["evidence"]["lastBalanceAfter"] == "1000000000000000000.123456"


@pytest.mark.slow
def test_four_byte_and_control_characters_in_ids_reach_the_report_unharmed(tmp_path: Path) -> None:
    name = "👩‍🚀\x1b[31m\n\u202eeve"
    document = report(made(tmp_path, users=[(name, "FREE", 5), ("user_other", "FREE", 10)], entries=OTHERS))
    (issue,) = [issue for issue in document["issues"] if issue["check"] == "credit-balance"]
    assert issue["subject"].startswith("👩")
    assert issue["subject"].isprintable()
    text = trueup("audit", "--as-of", NOW, cwd=tmp_path).out
    assert "\x1b" not in text
    assert "\u202e" not in text


@pytest.mark.slow
def test_a_hundred_thousand_findings_are_all_in_the_json_and_ten_in_the_text(tmp_path: Path) -> None:
    users: list[tuple[object, ...]] = [(f"user_{n:06}", "FREE", 5) for n in range(100_000)]
    made(tmp_path, users=[*users, ("user_other", "FREE", 10)], entries=OTHERS)
    document = report(tmp_path)
    assert len(ids(document, "credit-balance")) == 100_000
    text = trueup("audit", "--as-of", NOW, cwd=tmp_path).out
    assert len(text.splitlines()) < 200
    assert "99,990" in text


@pytest.mark.slow
def test_an_account_with_a_million_entries_is_an_answer(tmp_path: Path) -> None:
    entries = [(n, "user_1", n, 1, n, DAY) for n in range(1, 1_000_001)]
    document = report(made(tmp_path, users=[("user_1", "FREE", 7)], entries=entries))
    (issue,) = [issue for issue in document["issues"] if issue["check"] == "credit-balance"]
    assert issue["evidence"]["lastBalanceAfter"] == "1000000"
    assert document["summary"]["checkedTransactions"] == 1_000_000
