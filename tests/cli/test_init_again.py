"""``trueup init`` beside a config that is there, and what ``trueup doctor`` says of a schema that changed since."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

import pytest

from tests.support.command import Ran, trueup


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An app with plans and customers, and the config that init wrote for it."""
    run(
        tmp_path,
        "CREATE TABLE users"
        " (id TEXT PRIMARY KEY, email TEXT, tier TEXT, stripe_customer_id TEXT, created_at TIMESTAMP)",
        *(
            f"INSERT INTO users VALUES ('u{n}', 'u{n}@example.org', 'pro', 'cus_{n}Ab', '2026-01-01 00:00:00')"
            if n % 2
            else f"INSERT INTO users VALUES ('u{n}', 'u{n}@example.org', 'free', NULL, '2026-01-01 00:00:00')"
            for n in range(12)
        ),
    )
    done = trueup("init", "sqlite:///app.db", "--no-audit", cwd=tmp_path)
    assert done.code == 0, done.err
    return tmp_path


def run(folder: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(folder / "app.db")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_an_untouched_config_differs_in_nothing(home: Path) -> None:
    before = (home / "trueup.toml").read_text()
    done = trueup("init", "sqlite:///app.db", cwd=home)
    assert (done.code, done.out) == (
        0,
        "trueup.toml is there and maps the schema as init would now; nothing was changed.\n",
    )
    assert (home / "trueup.toml").read_text() == before


def test_an_edited_line_is_shown_beside_what_init_would_write_and_stays(home: Path) -> None:
    path = home / "trueup.toml"
    edited = path.read_text().replace('plan = "tier"', 'plan = "upper(tier)"  # ours')
    edited = edited.replace('url = "${DATABASE_URL}"', 'url = "postgresql://app:secret@db/app"')
    path.write_text(edited)
    done = trueup("init", "sqlite:///app.db", cwd=home)
    assert done.code == 0, done.err
    assert path.read_text() == edited
    difference = done.out.splitlines()
    assert difference[2:5] == ["[relations.account.columns]", '- plan = "upper(tier)"', '+ plan = "tier"']
    assert "secret" not in done.out
    assert "`--force` writes all of it anew" in difference[-1]


def test_a_config_that_is_no_toml_is_said_to_be_so_and_stays(home: Path) -> None:
    (home / "trueup.toml").write_text("[relations\n")
    done = trueup("init", "sqlite:///app.db", cwd=home)
    assert done.code == 2
    assert "trueup.toml is there and cannot be read: " in done.err
    assert (home / "trueup.toml").read_text() == "[relations\n"


def test_doctor_says_which_columns_and_tables_came_and_vanished_and_changed(home: Path) -> None:
    assert "since the config was written" not in doctor(home).out
    run(
        home,
        "ALTER TABLE users DROP COLUMN email",
        "ALTER TABLE users ADD COLUMN phone TEXT",
        "ALTER TABLE users ADD COLUMN age INTEGER",
        "CREATE TABLE stripe_events (id TEXT PRIMARY KEY)",
    )
    output = doctor(home).out
    assert "in users email (text) vanished, phone (text) came, age (integer) came" in output
    assert "warn  schema      since the config was written, table stripe_events came\n" in output


def test_doctor_fix_follows_a_renamed_column_and_keeps_the_rest(home: Path) -> None:
    run(home, "ALTER TABLE users RENAME COLUMN tier TO plan_name")
    assert doctor(home).code == 2
    done = doctor(home, "--fix", "--yes")
    assert "users.tier (text) vanished, and the one such column that came is plan_name" in done.out
    text = (home / "trueup.toml").read_text()
    assert 'plan = "plan_name"' in text
    assert "# Look at each line marked" in text
    again = doctor(home)
    assert (again.code, "since the config was written" in again.out) == (0, False), again.out


def test_doctor_fix_leaves_a_column_alone_that_may_have_become_either_of_two(home: Path) -> None:
    run(
        home,
        "ALTER TABLE users RENAME COLUMN tier TO plan_name",
        "ALTER TABLE users ADD COLUMN membership TEXT",
    )
    doctor(home, "--fix", "--yes")
    assert 'plan = "tier"' in (home / "trueup.toml").read_text()


def doctor(folder: Path, *options: str) -> Ran:
    return trueup("doctor", *options, cwd=folder, DATABASE_URL="sqlite:///app.db")


def test_a_config_that_is_a_pipe_is_refused_and_never_waited_for(home: Path) -> None:
    (home / "trueup.toml").unlink()
    os.mkfifo(home / "trueup.toml")
    done = trueup("init", "sqlite:///app.db", cwd=home)
    assert done.code == 2
    assert "it is a named pipe, which may never end" in done.err
