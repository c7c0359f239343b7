"""The plan of an account that has no column of plans is that of its local subscription."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import pytest
import sqlalchemy

from tests.support.local_plans import BY_PRICE, BY_WORD, TABLES
from tests.support.several_places import NOW, config_of, report_of
from trueup import journal
from trueup.actions.audit import copied_books
from trueup.actions.doctor.observed import examine_data
from trueup.actions.repair import repair, timeline
from trueup.actions.statement import state_account
from trueup.checks import catalogue
from trueup.config import Config
from trueup.formats.presentation import Presentation
from trueup.formats.text import write as write_text
from trueup.model.errors import ConfigurationError
from trueup.model.outcome import Checked
from trueup.model.repair import Refused
from trueup.model.source import Silent
from trueup.targets import open_target

CONFIGS = pytest.mark.parametrize("text", [BY_PRICE, BY_WORD], ids=["price", "word"])


@pytest.fixture(params=["sqlite_url", "postgres_url", "mariadb_url"])
def place(request: pytest.FixtureRequest) -> str:
    """The address of a database of each kind with six people and their subscriptions."""
    url = str(request.getfixturevalue(request.param))
    run(url, *TABLES)
    return url


def run(place: str, *statements: str) -> None:
    with open_target(place).transaction() as connection:
        for statement in statements:
            connection.execute(sqlalchemy.text(statement))
        connection.commit()


def plans(config: Config) -> dict[str, str | None]:
    with copied_books(config, checks=catalogue(), now=NOW, progress=Silent()) as books:
        return dict(books.run("SELECT account_id, plan FROM account").fetchall())


def issues(config: Config) -> set[str]:
    return {finding.id for finding in report_of(config).open_findings()}


@CONFIGS
def test_the_highest_plan_that_is_served_counts_and_without_one_the_free_plan(
    place: str, tmp_path: Path, text: str
) -> None:
    expected = {"ann": "PRO", "bob": "TEAM", "cid": "FREE", "dee": "TEAM", "eve": "FREE", "fay": "PRO"}
    assert plans(config_of(place, tmp_path, text)) == expected


@CONFIGS
def test_checks_of_plans_run_on_it(place: str, tmp_path: Path, text: str) -> None:
    report = report_of(config_of(place, tmp_path, text))
    assert {finding.id for finding in report.open_findings()} == {
        "paid-without-customer:bob",
        "paid-without-customer:dee",
    }
    outcome = next(result.outcome for result in report.outcomes if result.check == "paid-without-customer")
    assert isinstance(outcome, Checked)
    assert outcome.population == 4


def test_a_price_that_no_plan_has_is_put_on_record(place: str, tmp_path: Path) -> None:
    run(place, "UPDATE subs SET price = 'price_old' WHERE id = 1")
    assert "unreadable-row:account:plan=price_old" in issues(config_of(place, tmp_path, BY_PRICE))


MAP_IT = "which is not mapped: map it under [relations.local_subscription.columns]."
REFUSED = {
    "a column of plans beside it": (
        BY_PRICE.replace('account_id = "id",', 'account_id = "id", plan = "tier",', 1),
        "is beside columns.plan, which says the same: leave one of them.",
    ),
    "no status": (BY_PRICE.replace(', status = "state"', ""), f"needs local_subscription.status, {MAP_IT}"),
    "neither plan nor price": (
        BY_PRICE.replace(', price_id = "price"', ""),
        f"needs local_subscription.plan or price_id, {MAP_IT}",
    ),
    "no subscriptions": (
        BY_PRICE.partition("[relations.local_subscription]")[0],
        "names local_subscription, which is not mapped: map [relations.local_subscription].",
    ),
}


@pytest.mark.parametrize(("text", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_say_a_plan_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        config_of("sqlite:///app.db", tmp_path, text)
    head, _, tail = str(refusal.value).partition("trueup.toml ")
    assert (head.partition(" ")[0], tail) == ("relations.account.plan_from", sentence)


def test_a_derived_plan_is_not_repaired(place: str, tmp_path: Path) -> None:
    with open_target(place).transaction() as connection:
        journal.install(connection)
        connection.commit()
    config = dataclasses.replace(config_of(place, tmp_path, BY_PRICE), repair_url=place)
    issue = "paid-without-customer:bob"
    result = repair(issue, reason="Agreed with finance.", actor="ann", config=config, catalogue=catalogue(), now=NOW)
    assert isinstance(result, Refused)
    assert result.reason == (
        "account.plan follows from local_subscription; a person must change the subscription that is wrong."
    )


def test_doctor_says_whose_plan_is_derived(place: str, tmp_path: Path) -> None:
    config = config_of(place, tmp_path, BY_PRICE)
    says = [each.says for each in examine_data(config, catalogue(), now=NOW, progress=Silent())]
    assert "4 of 6 accounts have a plan by local_subscription (PRO 2, TEAM 2), the others have FREE" in says


def test_the_finding_is_seen_again_from_its_own_rows(place: str, tmp_path: Path) -> None:
    config = config_of(place, tmp_path, BY_PRICE)
    seen = timeline("paid-without-customer:bob", config=config, catalogue=catalogue(), now=NOW)
    assert seen.finding is not None
    assert seen.finding.evidence["plan"] == "TEAM"


def test_a_statement_has_the_derived_plan(place: str, tmp_path: Path) -> None:
    ledger = """[relations.ledger_entry]
table = "moves"
columns = { entry_id = "id", account_id = "person_id", amount = "amount", created_at = "at" }
"""
    run(place, "CREATE TABLE moves (id INTEGER PRIMARY KEY, person_id VARCHAR(20), amount INTEGER, at DATE)")
    config = config_of(place, tmp_path, BY_PRICE + ledger)
    statement = state_account("bob", config=config, catalogue=catalogue(), now=NOW)
    assert (statement.plan, statement.shown, statement.lines) == ("TEAM", None, ())


def test_the_report_and_the_evidence_say_where_plans_come_from(sqlite_url: str, tmp_path: Path) -> None:
    run(sqlite_url, *TABLES)
    report = report_of(config_of(sqlite_url, tmp_path, BY_WORD))
    (finding,) = (each for each in report.open_findings() if each.id == "paid-without-customer:bob")
    assert (finding.evidence["plan"], finding.evidence["plan_from"]) == ("TEAM", "local_subscription")
    out = io.StringIO()
    write_text(report, out, Presentation())
    assert "plans  of each account's local_subscription, which no column of it holds" in out.getvalue()


def test_a_price_that_a_plan_has_says_more_than_one_word_for_all(sqlite_url: str, tmp_path: Path) -> None:
    run(sqlite_url, *TABLES)
    one_word = BY_PRICE.replace('price_id = "price"', 'price_id = "price", plan = "\'PRO\'"')
    assert one_word != BY_PRICE
    assert plans(config_of(sqlite_url, tmp_path, one_word))["bob"] == "TEAM"
