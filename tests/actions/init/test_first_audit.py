"""``trueup init`` ends with an audit of what it wrote: findings beside the guesses that they rest on."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from tests.support.command import trueup


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An app whose third account has another balance than its ledger."""
    with contextlib.closing(sqlite3.connect(tmp_path / "app.db")) as connection:
        connection.executescript(
            "CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT, tokens INTEGER, stripe_customer_id TEXT);"
            "CREATE TABLE token_moves (id INTEGER PRIMARY KEY, user_id TEXT REFERENCES users(id), delta INTEGER,"
            " total INTEGER, created_at TEXT);"
        )
        for number in range(12):
            total = 100 if number != 3 else 90
            connection.execute(
                "INSERT INTO users VALUES (?, ?, ?, ?)",
                (f"u{number}", f"{number}@example.org", total, f"cus_{number}A"),
            )
            for step, balance in ((150, 150), (-50, 100)):
                connection.execute(
                    "INSERT INTO token_moves (user_id, delta, total, created_at) VALUES (?, ?, ?, ?)",
                    (f"u{number}", step, balance, f"2026-01-{number + 1:02d} 00:00:{balance % 60:02d}"),
                )
        connection.commit()
    return tmp_path


def test_findings_are_shown_beside_the_guesses_that_they_rest_on(home: Path) -> None:
    done = trueup("init", "sqlite:///app.db", "--output", "new.toml", cwd=home)
    assert done.code == 0, done.err
    written, _, audited = done.out.partition("The first audit, not recorded: 1 finding, and the guesses")
    assert "trueup doctor --config new.toml" in written
    assert "credit-balance  1 finding" in audited
    assert "account.credits = tokens   is where the ledger ends for 11 of 12 sampled accounts" in audited
    assert sorted(path.name for path in home.iterdir()) == ["app.db", "new.toml"]


def test_without_an_audit_only_the_config_is_written(home: Path) -> None:
    done = trueup("init", "sqlite:///app.db", "--no-audit", cwd=home)
    assert done.code == 0
    assert "first audit" not in done.out
    assert "  trueup audit\n" in done.out


def test_an_audit_that_cannot_run_is_one_sentence_and_the_config_is_there(home: Path) -> None:
    (home / "checks").mkdir()
    (home / "checks" / "broken.py").write_text("CHECK = 1\n")
    done = trueup("init", "sqlite:///app.db", cwd=home)
    assert (done.code, (home / "trueup.toml").exists()) == (0, True), done.err
    assert "The first audit did not run: " in done.out


def test_an_innocent_company_has_no_finding_to_show(home: Path) -> None:
    with contextlib.closing(sqlite3.connect(home / "app.db")) as connection:
        connection.execute("UPDATE users SET tokens = 100")
        connection.commit()
    assert "The first audit, not recorded: 0 findings.\n" in trueup("init", "sqlite:///app.db", cwd=home).out
