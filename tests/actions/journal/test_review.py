"""``trueup journal review``: which balance syncs of an older trueup may have been wrong, in every kind of database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support.journals import line, write_first_form
from tests.support.repairable import App
from tests.support.tiny_app import Rows, tiny_app
from trueup import journal
from trueup.actions.journal.review import Doubt, Review, review_journal
from trueup.cli.main import app as command
from trueup.targets import open_target

ROWS = Rows(
    credits={"user_a": 145, "user_b": 7},
    entries=(
        ("user_a", 100, 100, "2026-01-02 03:04:05"),
        ("USER_A", 45, 145, "2026-01-03 03:04:05"),
        ("user_b", 7, 7, "2026-01-03 03:04:05"),
    ),
)
SAME = Rows(credits=ROWS.credits, entries=(("user_a", 145, 145, "2026-01-02 03:04:05"),))
KEY = "ALTER TABLE credit_transactions ADD CONSTRAINT owner FOREIGN KEY (user_id) REFERENCES users (id)"


def reviewed(place: str, folder: Path, rows: Rows, *statements: str) -> App:
    """An application whose journal has two syncs of one account and one of another, made by an older trueup."""
    app = tiny_app(place, folder, rows=rows)
    for statement in statements:
        app.execute(statement)
    cell = {"table": "users", "key": "user_b", "column": "plan"}
    other = line(4, action="downgrade-to-free", before={**cell, "value": "PRO"}, after={**cell, "value": "FREE"})
    lines = [_sync(1, "user_a"), _sync(2, "user_b"), _sync(3, "user_a"), other]
    write_first_form(open_target(place), lines)
    assert app.journal_is_sound() == len(lines)
    return app


def _sync(number: int, key: str) -> journal.JournalLine:
    cell = {"table": "users", "key": key, "column": "credits"}
    return line(number, before={**cell, "value": "145"}, after={**cell, "value": "95"})


def doubt(account_id: str, *entries: int, spellings: tuple[str, ...] = (), is_open: bool = False) -> Doubt:
    return Doubt(account_id=account_id, entries=entries, spellings=spellings, is_open=is_open)


def test_sqlite_has_one_writer_and_compares_bytes(sqlite_url: str, tmp_path: Path) -> None:
    app = reviewed(sqlite_url, tmp_path, ROWS)
    assert review_journal(app.config) == Review(syncs=3, doubts=())


def test_postgres_without_an_immediate_key_is_open_to_what_was_not_committed(postgres_url: str, tmp_path: Path) -> None:
    app = reviewed(postgres_url, tmp_path, SAME)
    open_ones = (doubt("user_a", 1, 3, is_open=True), doubt("user_b", 2, is_open=True))
    assert review_journal(app.config) == Review(syncs=3, doubts=open_ones)
    app.execute(f"{KEY} DEFERRABLE INITIALLY DEFERRED")
    assert review_journal(app.config) == Review(syncs=3, doubts=open_ones)
    app.execute("ALTER TABLE credit_transactions DROP CONSTRAINT owner")
    app.execute(KEY)
    assert review_journal(app.config) == Review(syncs=3, doubts=())


def test_mariadb_takes_another_spelling_for_the_same_account(mariadb_url: str, tmp_path: Path) -> None:
    app = reviewed(mariadb_url, tmp_path, ROWS, KEY)
    assert review_journal(app.config) == Review(syncs=3, doubts=(doubt("user_a", 1, 3, spellings=("USER_A",)),))


def test_what_is_proven_before_it_is_written_is_not_reviewed(postgres_url: str, tmp_path: Path) -> None:
    app = tiny_app(postgres_url, tmp_path, rows=SAME)
    with open_target(postgres_url).transaction() as connection:
        journal.append(connection, _sync(1, "user_a"), code_version="1", database_identity="here")
        connection.commit()
    assert review_journal(app.config) == Review(syncs=0, doubts=())


@pytest.mark.parametrize("output", ["text", "json"])
def test_the_command_says_what_to_look_at(
    mariadb_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    app = reviewed(mariadb_url, tmp_path, ROWS, KEY)
    monkeypatch.setenv("PLACE", mariadb_url)
    asked = ["journal", "review", "--format", output, "--config", str(app.config.path)]
    ran = CliRunner().invoke(command, asked)
    assert ran.exit_code == 1, ran.output
    if output == "json":
        account = {
            "accountId": "user_a",
            "journalSeqs": [1, 3],
            "otherSpellings": ["USER_A"],
            "noImmediateForeignKey": False,
        }
        assert json.loads(ran.stdout) == {"balanceSyncs": 3, "accounts": [account]}
    else:
        assert "user_a " in ran.stdout
        assert "1, 3 " in ran.stdout
        assert "other spellings: USER_A" in ran.stdout
    app.execute("DELETE FROM credit_transactions WHERE user_id = 'USER_A'")  # of any spelling
    assert CliRunner().invoke(command, asked).exit_code == 0
    for table in ("trueup_journal", "trueup_schema_version"):
        app.execute(f"DROP TABLE {table}")
    ran = CliRunner().invoke(command, asked)
    assert getattr(ran.exception, "exit_code", None) == 3
