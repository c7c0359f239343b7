"""A repair of an account that is in one of several tables writes that table, or says why it cannot."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest
import sqlalchemy

from tests.support.several_places import NOW, SOUND, config_of, fill, report_of
from trueup import journal
from trueup.actions.doctor import examine_setup, grants
from trueup.actions.repair import preview, repair, timeline
from trueup.checks import catalogue
from trueup.config import Config
from trueup.model.repair import Applied, Failed, PlannedRepair, Refused, RepairResult
from trueup.targets import open_target

TWO_TABLES = (
    (
        "CREATE TABLE entries (id VARCHAR(60) PRIMARY KEY, owner VARCHAR(60) NOT NULL, amount NUMERIC(12, 2) NOT NULL,"
        " rest NUMERIC(12, 2) NOT NULL, kind VARCHAR(20), at TIMESTAMP, why VARCHAR(200))"
    ),
    "CREATE TABLE people (id VARCHAR(60) PRIMARY KEY, balance NUMERIC(12, 2) NOT NULL, unlimited INTEGER NOT NULL)",
    "CREATE TABLE groups_of_people (id VARCHAR(60) PRIMARY KEY, credit NUMERIC(12, 2) NOT NULL)",
    "CREATE TABLE seats (group_id VARCHAR(60) NOT NULL, person_id VARCHAR(60) NOT NULL)",
    "INSERT INTO people VALUES ('ann', 70, 0), ('bob', 10, 0)",
    "INSERT INTO groups_of_people VALUES ('acme', 999)",
    "INSERT INTO entries VALUES ('e1', 'ann', 100, 100, 'purchase', '2026-02-01 10:00:00', NULL)",
    "INSERT INTO entries VALUES ('e2', 'acme', 500, 500, 'purchase', '2026-02-02 10:00:00', NULL)",
    "INSERT INTO entries VALUES ('e3', 'bob', 10, 10, 'purchase', '2026-02-02 10:00:00', NULL)",
)
TEXT = """
[database]
url = "${PLACE}"
repair_url = "${PLACE}"
[books]
credit_decimals = 2
[stripe]
enabled = false
[gates]
enabled = false
[repairs]
balance_without_serialization = true
[[relations.account.from]]
table = "people"
columns = { account_id = "id", credits = "balance", unlimited_credits = "unlimited" }
[[relations.account.from]]
table = "groups_of_people"
columns = { account_id = "id", credits = "credit" }
[relations.ledger_entry]
table = "entries"
exact_keys = true
[relations.ledger_entry.columns]
entry_id = "id"
account_id = "owner"
amount = "amount"
balance_after = "rest"
kind = "kind"
created_at = "at"
reason = "why"
"""
TRIES = 20
SEATS = """
[relations.member]
table = "seats"
columns = { account_id = "group_id", member_id = "person_id" }
"""


@pytest.fixture(params=["sqlite_url", "postgres_url", "mariadb_url"])
def place(request: pytest.FixtureRequest) -> str:
    """The address of a database of each kind with accounts in two tables, of which one in each is wrong."""
    url = str(request.getfixturevalue(request.param))
    with open_target(url).transaction() as connection:
        for statement in TWO_TABLES:
            connection.execute(sqlalchemy.text(statement))
        journal.install(connection)
        connection.commit()
    return url


def rows(place: str, sql: str) -> Sequence[tuple[object, ...]]:
    with open_target(place).transaction() as connection:
        return [tuple(row) for row in connection.execute(sqlalchemy.text(sql))]


def run(place: str, statement: str) -> None:
    with open_target(place).transaction() as connection:
        connection.execute(sqlalchemy.text(statement))
        connection.commit()


def repaired(config: Config, issue: str) -> RepairResult:
    """Repair it, again while other work on this machine takes the time for which a ledger may be locked."""
    for _ in range(TRIES):
        result = repair(
            issue, reason="Agreed with finance.", actor="ann", config=config, catalogue=catalogue(), now=NOW
        )
        if not (isinstance(result, Failed) and result.busy):
            break
    return result


@pytest.mark.slow
def test_the_row_of_the_account_s_own_table_is_written(place: str, tmp_path: Path) -> None:
    config = config_of(place, tmp_path, TEXT)
    assert {"credit-balance:ann", "credit-balance:acme"} <= {each.id for each in report_of(config).open_findings()}
    assert isinstance(preview("credit-balance:acme", config=config, catalogue=catalogue(), now=NOW), PlannedRepair)
    for issue in ("credit-balance:acme", "credit-balance:ann"):
        assert isinstance(repaired(config, issue), Applied)
    assert rows(place, "SELECT id, balance FROM people ORDER BY id") == [("ann", 100), ("bob", 10)]
    assert rows(place, "SELECT id, credit FROM groups_of_people") == [("acme", 500)]
    assert rows(place, "SELECT owner, rest FROM entries WHERE kind = 'balance_sync' ORDER BY 1") == [
        ("acme", 500),
        ("ann", 100),
    ]
    assert not [each for each in report_of(config).open_findings() if each.check == "credit-balance"]


def test_an_id_of_two_tables_is_refused(place: str, tmp_path: Path) -> None:
    run(place, "INSERT INTO groups_of_people VALUES ('ann', 1)")
    result = repaired(config_of(place, tmp_path, TEXT), "credit-balance:ann")
    assert isinstance(result, Refused)
    assert result.reason == (
        "It is about rows of several tables (people, groups_of_people), so it is not known which one is meant."
    )
    assert rows(place, "SELECT balance FROM people WHERE id = 'ann'") == [(70,)]


def test_a_member_of_an_organisation_of_another_table_is_refused(place: str, tmp_path: Path) -> None:
    run(place, "INSERT INTO seats VALUES ('acme', 'ann')")
    result = repaired(config_of(place, tmp_path, TEXT + SEATS), "credit-balance:ann")
    assert isinstance(result, Refused)
    assert result.reason == (
        "It also concerns acme in groups_of_people, and a repair sees the accounts of one table only."
    )


def test_a_ledger_of_several_tables_takes_no_repair(place: str, tmp_path: Path) -> None:
    fill(place, "UPDATE users SET balance = 71 WHERE id = 1")
    config = dataclasses.replace(config_of(place, tmp_path, SOUND), repair_url=place)
    result = repaired(config, "credit-balance:u1")
    assert isinstance(result, Refused)
    assert result.reason == (
        "Ledger_entry comes from 4 places (payments, consumption), and which of them takes a new row is not known."
    )
    symptoms = [each.says for each in examine_setup(config, catalogue(), now=NOW)]
    assert (
        "every repair is refused: ledger_entry comes from 4 places (payments, consumption), and which of them takes a "
        "new row is not known"
    ) in symptoms
    assert "account from users, organisations: 5 columns" in symptoms


def test_rows_of_a_query_take_no_repair(place: str, tmp_path: Path) -> None:
    query = 'query = "SELECT id AS account_id, balance AS credits FROM people"\n'
    text = TEXT[: TEXT.index("[[relations.account.from]]")] + "[relations.account]\n" + query
    text += TEXT[TEXT.index("[relations.ledger_entry]") :]
    result = repaired(config_of(place, tmp_path, text), "credit-balance:ann")
    assert isinstance(result, Refused)
    assert result.reason == "Account comes from a query of the config, and the rows of a result cannot be written."


@pytest.mark.parametrize("issue", ["credit-balance:u1", "credit-balance:org_1"])
def test_a_finding_is_explained_from_the_rows_of_all_places(issue: str, place: str, tmp_path: Path) -> None:
    fill(place, "UPDATE users SET balance = 71 WHERE id = 1", "UPDATE organisations SET credit = 1 WHERE id = 1")
    config = config_of(place, tmp_path, SOUND)
    explanation = timeline(issue, config=config, catalogue=catalogue(), now=NOW)
    assert explanation.finding is not None
    assert explanation.finding.id == issue


def test_grants_cover_every_place(postgres_url: str, tmp_path: Path) -> None:
    for statement in TWO_TABLES:
        run(postgres_url, statement)
    with open_target(postgres_url).transaction() as connection:
        journal.install(connection)
        connection.commit()
    script = grants(config_of(postgres_url, tmp_path, TEXT))
    for granted in (
        "GRANT SELECT (balance, id, unlimited) ON people TO trueup_audit",
        "GRANT SELECT (credit, id) ON groups_of_people TO trueup_audit",
        "GRANT UPDATE (balance, unlimited) ON people TO trueup_repair",
        "GRANT UPDATE (credit) ON groups_of_people TO trueup_repair",
    ):
        assert granted.replace(" ", "") in script.replace('"', "").replace("public.", "").replace(" ", "")


def test_an_account_whose_key_has_a_prefix_is_refused_with_the_prefix(place: str, tmp_path: Path) -> None:
    text = TEXT.replace('table = "people"', 'table = "people"\nkey_prefix = "u_"').replace(
        'account_id = "owner"', "account_id = \"replace(replace(owner, 'ann', 'u_ann'), 'bob', 'u_bob')\""
    )
    config = config_of(place, tmp_path, text)
    assert "credit-balance:u_ann" in {each.id for each in report_of(config).open_findings()}
    result = repaired(config, "credit-balance:u_ann")
    assert isinstance(result, Refused)
    assert result.reason == (
        'account.account_id has a prefix ("u_") that people does not have, and a repair only writes rows that it finds '
        "by their own key; change this row by hand."
    )
    assert rows(place, "SELECT balance FROM people WHERE id = 'ann'") == [(70,)]
