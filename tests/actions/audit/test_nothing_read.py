"""Nothing read is not clean: an audit that read no account or no entry, or only those of the future, is incomplete."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest

from tests.support.command import Ran, trueup
from tests.support.gating import now
from trueup.actions.init.propose_config import proposed_config
from trueup.demo.create import create_company
from trueup.model.source import Silent

INCOMPLETE = 3
LEDGER = "credit_transactions"
OF = {"account": "users", "ledger_entry": LEDGER}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company without Stripe and without plan gates, so that what is empty is all that is wrong."""
    folder = tmp_path_factory.mktemp("company")
    create_company(folder, url=None, accounts=100, seed=1, now=now(), progress=Silent())
    return folder


@pytest.fixture
def app(company: Path, tmp_path: Path) -> Path:
    """Its database, under a config that maps two relations and nothing else."""
    (tmp_path / "app.db").write_bytes((company / "app.db").read_bytes())
    write_config(tmp_path)
    return tmp_path


def write_config(folder: Path, account: str = "", ledger: str = "") -> None:
    (folder / "trueup.toml").write_text(
        f"""
[database]
url = "sqlite:///app.db"
[stripe]
enabled = false
[gates]
enabled = false
[relations.account]
table = "users"
{account}
columns = {{ account_id = "id", credits = "credits", created_at = "created_at" }}
[relations.ledger_entry]
table = "credit_transactions"
{ledger}
columns = {{ entry_id = "id", account_id = "user_id", amount = "amount", balance_after = "balance_after", \
created_at = "created_at" }}
"""
    )


def run_sql(folder: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(folder / "app.db")) as database, database:
        for statement in statements:
            database.execute(statement)


def audit(folder: Path, *arguments: str) -> Ran:
    return trueup("audit", "--no-store", *arguments, cwd=folder)


def problems(folder: Path) -> dict[str, str]:
    """Why each relation was not read whole, by the JSON report."""
    made = audit(folder, "--format", "json")
    document = json.loads(made.out)
    found = {read["relation"]: read["problem"] for read in document["relations"] if read["problem"]}
    if found:
        assert made.code == INCOMPLETE
        assert document["summary"]["status"] == "incomplete"
        complete = next(rail for rail in document["guardrails"] if rail["id"] == "complete-and-fresh")
        assert complete["status"] == "unknown"
    return found


def test_a_company_with_rows_is_read_whole(app: Path) -> None:
    assert problems(app) == {}


def test_an_empty_ledger_does_not_silence_a_check_that_it_only_excuses(app: Path) -> None:
    config = app / "trueup.toml"
    unlimited = """credits = "credits", unlimited_credits = "1 = 1", role = "'user'","""
    config.write_text(config.read_text().replace('credits = "credits",', unlimited, 1))
    run_sql(app, "DELETE FROM credit_transactions")
    outcomes = {each["check"]: each for each in json.loads(audit(app, "--format", "json").out)["outcomes"]}
    assert outcomes["unlimited-credits"]["outcome"] == "checked"
    assert outcomes["unlimited-credits"]["findings"] > 0
    assert outcomes["credit-balance"]["outcome"] == "broken"


@pytest.mark.parametrize("relation", OF)
def test_an_empty_table_is_not_clean(app: Path, relation: str) -> None:
    run_sql(app, f"DELETE FROM {OF[relation]}")
    found = problems(app)
    assert set(found) == {relation}
    assert found[relation] == (
        f"not one row was read, because the table is empty; correct that, or set allow_empty = true in "
        f"[relations.{relation}]"
    )


def test_a_where_that_leaves_every_row_out_is_not_clean(app: Path) -> None:
    write_config(app, account="where = \"id = 'nobody'\"", ledger="where = '1 = 0'")
    found = problems(app)
    assert set(found) == {"account", "ledger_entry"}
    assert "because no row meets its where, or the table is empty" in found["account"]


@pytest.mark.parametrize("relation", OF)
def test_only_rows_of_the_future_are_not_clean(app: Path, relation: str) -> None:
    run_sql(app, f"UPDATE {OF[relation]} SET created_at = '2126-01-01 00:00:00'")
    found = problems(app)
    assert set(found) == {relation}
    assert found[relation].startswith("every row that was read is dated in the future, the earliest 2126-01-01 00:00")


@pytest.mark.slow
def test_one_row_of_now_among_those_of_the_future_is_something_read(app: Path) -> None:
    run_sql(
        app,
        "UPDATE users SET created_at = '2126-01-01 00:00:00' WHERE id != (SELECT min(id) FROM users)",
    )
    assert problems(app) == {}


def test_rows_without_an_id_are_no_rows(app: Path) -> None:
    run_sql(app, "DELETE FROM users WHERE id != (SELECT min(id) FROM users)")
    config = app / "trueup.toml"
    config.write_text(config.read_text().replace('account_id = "id"', 'account_id = "NULLIF(id, id)"'))
    assert set(problems(app)) == {"account"}


@pytest.mark.parametrize("spoilt", ["DELETE FROM users", "UPDATE users SET created_at = '2126-01-01 00:00:00'"])
def test_what_may_be_empty_is_not_asked_for_rows(app: Path, spoilt: str) -> None:
    run_sql(app, spoilt)
    write_config(app, account="allow_empty = true")
    assert problems(app) == {}


def test_allow_empty_of_one_relation_says_nothing_of_the_other(app: Path) -> None:
    run_sql(app, "DELETE FROM users", f"DELETE FROM {LEDGER}")
    write_config(app, account="allow_empty = true")
    assert set(problems(app)) == {"ledger_entry"}


@pytest.mark.slow
def test_a_preset_s_relation_may_be_empty_too(app: Path) -> None:
    run_sql(app, "DELETE FROM users", f"DELETE FROM {LEDGER}")
    text = 'preset = "canonical"\n[database]\nurl = "sqlite:///app.db"\n'
    text += "[stripe]\nenabled = false\n[gates]\nenabled = false\n"
    (app / "trueup.toml").write_text(text)
    assert set(problems(app)) == {"account", "ledger_entry"}
    (app / "trueup.toml").write_text(
        text + "[relations.account]\nallow_empty = true\n[relations.ledger_entry]\nallow_empty = true\n"
    )
    assert problems(app) == {}


def test_a_relation_that_may_always_be_empty_cannot_say_so(app: Path) -> None:
    with (app / "trueup.toml").open("a") as config:
        config.write('[relations.member]\ntable = "users"\nallow_empty = true\n[relations.member.columns]\n')
        config.write('account_id = "id"\nmember_id = "id"\n')
    made = audit(app)
    assert made.code == 2
    assert "relations.member.allow_empty" in made.err


@pytest.mark.parametrize("shape", ["text", "json", "markdown", "junit", "sarif", "github", "gitlab"])
def test_every_format_says_that_nothing_was_read(app: Path, shape: str) -> None:
    run_sql(app, "DELETE FROM users")
    made = audit(app, "--format", shape)
    assert made.code == INCOMPLETE
    assert "not one row was read" in " ".join(made.out.split())


@pytest.mark.slow
def test_a_new_app_is_shown_at_init_which_tables_are_empty(app: Path) -> None:
    run_sql(app, "DELETE FROM users", f"DELETE FROM {LEDGER}")
    config = proposed_config(f"sqlite:///{app}/app.db")
    assert dict(config.empty) == OF
    made = trueup("init", "sqlite:///app.db", "--output", "new.toml", cwd=app)
    assert made.code == 0
    assert (
        "users holds no rows yet, so an audit is incomplete. If it may be empty for now, write allow_empty = true in "
        "[relations.account]." in made.out
    )


@pytest.mark.slow
def test_init_of_an_app_with_rows_does_not_speak_of_empty_tables(app: Path) -> None:
    assert proposed_config(f"sqlite:///{app}/app.db").empty == ()
    assert "allow_empty" not in trueup("init", "sqlite:///app.db", "--output", "new.toml", cwd=app).out
