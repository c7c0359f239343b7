"""``trueup journal``, ``init --install`` and ``doctor --print-grants``: what they say and their exit codes."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support.command import Ran
from tests.support.command import trueup as trueup_process
from tests.support.journals import line
from trueup import journal
from trueup.actions.journal.reading import anchor_from
from trueup.cli.main import app
from trueup.journal import JournalUnusable
from trueup.model.errors import TrueupError
from trueup.targets import open_target

CONFIG = """environment = "test"
preset = "canonical"
[database]
url = "sqlite:///app.db"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a config and an app's database, where no journal is installed."""
    (tmp_path / "trueup.toml").write_text(CONFIG)
    with contextlib.closing(sqlite3.connect(tmp_path / "app.db")) as connection:
        connection.execute("CREATE TABLE users (id TEXT PRIMARY KEY, plan TEXT, credits INTEGER)")
    return tmp_path


@pytest.fixture
def written(home: Path) -> Path:
    """The same with three entries in its journal, and an anchor."""
    target = open_target(f"sqlite:///{home / 'app.db'}")
    with target.transaction() as connection:
        journal.install(connection)
        for number in range(3):
            journal.append(connection, line(number), code_version="1", database_identity="here")
        connection.commit()
    assert trueup("journal", "anchor", "-o", "anchor.json", cwd=home).code == 0
    return home


def trueup(*arguments: str, cwd: Path) -> Ran:
    """The command in this process, which is much faster; leaves out ``main``, and so does its work for errors here."""
    with contextlib.chdir(cwd):
        done = CliRunner().invoke(app, arguments)
    if isinstance(done.exception, TrueupError):
        return Ran(code=done.exception.exit_code, out=done.stdout, err=str(done.exception))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return Ran(code=done.exit_code, out=done.stdout, err=done.stderr)


def change(home: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(home / "app.db")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_a_journal_is_installed_verified_and_installed_again(home: Path) -> None:
    nothing = trueup("journal", "verify", cwd=home)
    assert nothing.code == 3
    assert "trueup init --install" in nothing.err
    made = trueup("init", "--install", cwd=home)
    assert made.code == 0, made.err
    assert "trueup_journal" in made.out
    assert "--print-grants" in made.out
    again = trueup("init", "--install", "sqlite:///app.db", cwd=home)
    assert again.code == 0
    assert "nothing was changed" in again.out
    assert trueup("journal", "verify", cwd=home).out == "whole: no entries yet\n"


def test_the_command_itself_verifies_and_says_what_keeps_it_from_it(home: Path) -> None:
    nothing = trueup_process("journal", "verify", cwd=home)
    assert (nothing.code, nothing.out) == (3, "")
    assert nothing.err.startswith("trueup: There is no journal in sqlite:///")
    trueup("init", "--install", cwd=home)
    assert trueup_process("journal", "verify", cwd=home).code == 0


def test_a_whole_journal_verifies_also_against_its_anchor(written: Path) -> None:
    ran = trueup("journal", "verify", "--anchor", "anchor.json", "--anchor", "anchor.json", cwd=written)
    assert ran.code == 0, ran.err
    assert ran.out.startswith("whole: 3 entries")


def test_a_broken_journal_is_exit_code_one_and_gives_no_anchor(written: Path) -> None:
    change(written, "UPDATE trueup_journal SET reason = 'nothing' WHERE seq = 2")
    ran = trueup("journal", "verify", cwd=written)
    assert (ran.code, ran.out.partition(":")[0]) == (1, "broken at 2")
    ran = trueup("journal", "anchor", cwd=written)
    assert (ran.code, ran.out.partition(":")[0]) == (1, "broken at 2")


def test_a_cut_tail_is_found_by_the_anchor(written: Path) -> None:
    cut = "DELETE FROM trueup_journal WHERE seq = 3"
    change(
        written, cut, "UPDATE trueup_journal_head SET seq = 2, hash = (SELECT hash FROM trueup_journal WHERE seq = 2)"
    )
    assert trueup("journal", "verify", cwd=written).code == 0
    ran = trueup("journal", "verify", "--anchor", "anchor.json", cwd=written)
    assert (ran.code, ran.out.partition(":")[0]) == (1, "broken at 3")


def test_an_anchor_of_another_database_proves_nothing(written: Path) -> None:
    anchor = json.loads((written / "anchor.json").read_text())
    (written / "other.json").write_text(json.dumps(anchor | {"seq": "9", "databaseIdentity": "elsewhere"}))
    ran = trueup("journal", "verify", "--anchor", "other.json", cwd=written)
    assert ran.code == 3
    assert "another database" in ran.err


@pytest.mark.parametrize("content", ["", "{}", "[]", "no", '{"trueupAnchor": 1, "seq": "x"}', "\x00", None])
def test_what_is_no_anchor_is_said_to_be_none(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "no.json").write_text(content)
    with pytest.raises(JournalUnusable, match=r"no\.json"):
        anchor_from(tmp_path / "no.json")


def test_a_journal_that_cannot_be_read_cannot_be_verified(written: Path) -> None:
    change(written, "UPDATE trueup_journal SET reason = CAST(x'ff' AS TEXT) WHERE seq = 2")
    assert trueup("journal", "verify", cwd=written).code in {1, 3}
    change(written, "ALTER TABLE trueup_journal RENAME TO gone")
    ran = trueup("journal", "verify", cwd=written)
    assert ran.code == 3
    assert "cannot be read" in ran.err


def test_an_export_holds_what_is_hashed(written: Path) -> None:
    shown = trueup("journal", "export", cwd=written)
    assert shown.code == 0
    entries = [json.loads(line) for line in shown.out.splitlines()]
    assert [entry["seq"] for entry in entries] == ["1", "2", "3"]
    assert entries[1]["prev_hash"] == entries[0]["hash"]
    assert entries[0]["before"]["value"] == "120"
    assert trueup("journal", "export", "-o", "journal.jsonl", cwd=written).code == 0
    assert (written / "journal.jsonl").read_text() == shown.out
    assert trueup("journal", "export", "-o", "no/such/folder", cwd=written).code == 2


def test_a_copy_goes_on_only_when_somebody_says_so(written: Path) -> None:
    shutil.copy(written / "app.db", written / "copy.db")
    refused = trueup("init", "--install", "sqlite:///copy.db", cwd=written)
    assert refused.code == 2
    assert "--rebind" in refused.err
    bound = trueup("init", "--install", "--rebind", "sqlite:///copy.db", cwd=written)
    assert bound.code == 0, bound.err
    (written / "trueup.toml").write_text(CONFIG.replace("app.db", "copy.db"))
    assert trueup("journal", "export", cwd=written).out.count('"action":"rebind"') == 1
    assert trueup("journal", "verify", "--anchor", "anchor.json", cwd=written).code == 0


def test_the_doctor_says_how_repairs_stand(home: Path) -> None:
    assert "repairs     off" in trueup("doctor", cwd=home).out
    (home / "trueup.toml").write_text(CONFIG + 'repair_url = "sqlite:///app.db"\n')
    missing = trueup("doctor", cwd=home)
    assert missing.code == 2
    assert "journal is not installed" in missing.out
    trueup("init", "--install", cwd=home)
    assert "the journal in sqlite:///" in trueup("doctor", cwd=home).out


def test_what_does_not_go_together_is_refused(home: Path) -> None:
    assert trueup("init", "--rebind", cwd=home).code == 2
    assert trueup("init", "--install", "no-such-place", cwd=home).code == 2
    assert trueup("init", "--install", "sqlite:///none.db", cwd=home).code == 2
    grants = trueup("doctor", "--print-grants", cwd=home)
    assert (grants.code, grants.out) == (2, "")
    assert "knows no roles" in grants.err


def test_every_command_of_the_journal_has_help_with_an_example(tmp_path: Path) -> None:
    for command in ("verify", "export", "anchor", "review"):
        assert f"Example: trueup journal {command}" in trueup("journal", command, "--help", cwd=tmp_path).out
    assert "--print-grants" in trueup("doctor", "--help", cwd=tmp_path).out
    assert "--install" in trueup("init", "--help", cwd=tmp_path).out
