"""``trueup doctor --fix`` shows what the data prove, and writes it with the config's comments and order kept."""

from __future__ import annotations

import sqlite3
import tomllib
from contextlib import closing
from pathlib import Path

import pytest

from tests.actions.doctor.test_judged_mapping import company
from tests.actions.doctor.test_observed import ledger_of_words
from tests.field.test_what_is_sold import WITHOUT_WEBHOOKS
from tests.support.command import trueup
from tests.support.field.company import MAPPING, PLANS

STARTS = "+ledger_starts_at = 0"
SCALED = '+credits = "credits / 100.0"'


def set_up(folder: Path, *, scale: int = 1, mapping: str = MAPPING) -> Path:
    """The company of the tests above, its cached balances multiplied, with a comment and a secret in its config."""
    company().write(folder, mapping + PLANS)
    for export in (folder / "stripe").iterdir():
        export.touch()  # or they would be too old today
    with closing(sqlite3.connect(folder / "app.db")) as connection, connection:
        connection.execute("UPDATE users SET credits = credits * ?", [scale])
    path = folder / "trueup.toml"
    text = path.read_text(encoding="utf-8")
    text = text.replace('credits = "credits"', 'credits = "credits"   # our balance')
    path.write_text(text, encoding="utf-8")
    path.chmod(0o640)
    return path


@pytest.mark.slow
def test_without_a_terminal_or_yes_it_only_shows(tmp_path: Path) -> None:
    path = set_up(tmp_path, scale=100)
    before = path.read_bytes()

    shown = trueup("doctor", "--fix", cwd=tmp_path)

    assert SCALED in shown.out
    assert STARTS in shown.out
    assert "because the cached balance is 100 times the ledger's in 12 of 12 accounts" in shown.out
    assert "Nothing was written" in shown.out
    assert shown.code == 2, "as doctor would: the cached balance is doubted"
    assert path.read_bytes() == before


@pytest.mark.slow
def test_with_yes_it_writes_and_judges_again(tmp_path: Path) -> None:
    path = set_up(tmp_path, scale=100)
    before = tomllib.loads(path.read_text(encoding="utf-8"))

    shown = trueup("doctor", "--fix", "--yes", cwd=tmp_path)

    text = path.read_text(encoding="utf-8")
    assert 'credits = "credits / 100.0"   # our balance' in text
    before["relations"]["account"]["columns"]["credits"] = "credits / 100.0"
    before["relations"]["ledger_entry"]["ledger_starts_at"] = 0
    assert tomllib.loads(text) == before
    assert path.stat().st_mode & 0o777 == 0o640
    judged_again = shown.out.partition("Written to")[2]
    assert "account.credits is the ledger's last balance in 12 of 12 accounts" in judged_again
    assert "FAIL" not in judged_again
    assert "nothing to fix" in trueup("doctor", "--fix", "--yes", cwd=tmp_path).out


@pytest.mark.slow
def test_the_difference_has_no_line_but_those_that_change(tmp_path: Path) -> None:
    set_up(tmp_path, scale=100)

    _, _, difference = trueup("doctor", "--fix", cwd=tmp_path).out.partition("+++ trueup.toml")

    lines = [line for line in difference.partition("because")[0].splitlines() if line.strip(" +-")]
    assert [line for line in lines if not line.startswith("@@")] == [
        '-credits = "credits"   # our balance',
        '+credits = "credits / 100.0"   # our balance',
        STARTS,
    ]


@pytest.mark.slow
@pytest.mark.parametrize("wrong", ["amount", "id"])
def test_a_balance_that_does_not_follow_proves_no_beginning(tmp_path: Path, wrong: str) -> None:
    set_up(tmp_path, mapping=MAPPING.replace('balance_after = "balance_after"', f'balance_after = "{wrong}"'))

    assert STARTS not in trueup("doctor", "--fix", cwd=tmp_path).out


@pytest.mark.slow
def test_words_whose_amounts_are_taken_are_written_into_the_amount(tmp_path: Path) -> None:
    ledger_of_words(signed=False).write(tmp_path, WITHOUT_WEBHOOKS + PLANS)
    for export in (tmp_path / "stripe").iterdir():
        export.touch()

    shown = trueup("doctor", "--fix", "--yes", cwd=tmp_path)

    assert "entries break, and would not if `usage` subtracted" in shown.out
    amount = tomllib.loads((tmp_path / "trueup.toml").read_text(encoding="utf-8"))["relations"]["ledger_entry"]
    assert amount["columns"]["amount"] == "CASE WHEN type IN ('usage') THEN -amount ELSE amount END"
    again = trueup("doctor", "--fix", "--yes", cwd=tmp_path).out
    assert "nothing to fix" in again or STARTS in again


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("unit", "seconds"), [("days", 86_400), ("hours", 3_600), ("minutes", 60)])
def test_moments_in_another_unit_than_seconds_are_converted(tmp_path: Path, unit: str, seconds: int) -> None:
    set_up(tmp_path)
    with closing(sqlite3.connect(tmp_path / "app.db")) as connection, connection:
        connection.execute("ALTER TABLE credit_transactions ADD COLUMN since INTEGER")
        connection.execute(f"UPDATE credit_transactions SET since = unixepoch(created_at) / {seconds}")
    path = tmp_path / "trueup.toml"
    head, _, ledger = path.read_text(encoding="utf-8").partition("[relations.ledger_entry.columns]")
    ledger = ledger.replace('created_at = "created_at"', 'created_at = "since"', 1)
    path.write_text(f"{head}[relations.ledger_entry.columns]{ledger}", encoding="utf-8")

    shown = trueup("doctor", "--fix", "--yes", cwd=tmp_path)

    assert f"24 of 24 times of ledger_entry.created_at are {unit} since 1970" in shown.out
    assert f'created_at = "since * {seconds}"' in path.read_text(encoding="utf-8")
