"""The demo company is the same whenever it is made the same way, and looks like a company."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.demo import NOW
from trueup.demo import Company, make_company
from trueup.demo.tables import TABLES
from trueup.model.errors import ConfigurationError


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    with make_company(accounts=500, now=NOW) as made:
        yield made


def _all_rows(company: Company) -> dict[str, list[tuple[object, ...]]]:
    return {
        table.name: sorted(company.connection.execute(f"SELECT * FROM {table.name}").fetchall(), key=repr)
        for table in TABLES
    }


def _number(company: Company, sql: str) -> int:
    row = company.connection.execute(sql).fetchone()
    assert row is not None
    return int(row[0])


def test_the_same_seed_makes_the_same_company(company: Company) -> None:
    with make_company(accounts=500, now=NOW) as again:
        assert _all_rows(again) == _all_rows(company)
        assert again.truth.text() == company.truth.text()
        assert again.config_text("x") == company.config_text("x")


def test_another_seed_makes_another_company(company: Company) -> None:
    with make_company(accounts=500, seed=2, now=NOW) as other:
        assert _all_rows(other)["users"] != _all_rows(company)["users"]
        assert other.truth.issue_ids != company.truth.issue_ids


def test_the_company_moves_with_its_now(company: Company) -> None:
    with make_company(accounts=500, now=NOW + timedelta(days=30)) as later:
        newest = "SELECT CAST(max(epoch(created_at)) AS BIGINT) FROM users"
        assert _number(later, newest) - _number(company, newest) == 30 * 86400
        assert len(later.truth.issue_ids) == len(company.truth.issue_ids)


def test_five_hundred_accounts_have_about_ten_thousand_entries_and_2400_events(company: Company) -> None:
    assert _number(company, "SELECT count(*) FROM users") == 500
    assert 8_900 < _number(company, "SELECT count(*) FROM credit_transactions") < 11_000
    assert 2_200 < _number(company, "SELECT count(*) FROM stripe_webhook_events") < 2_600


def test_an_ordinary_history_has_every_kind_of_customer(company: Company) -> None:
    kinds = {kind for (kind,) in company.connection.execute("SELECT DISTINCT type FROM credit_transactions").fetchall()}
    assert kinds >= {"purchase", "subscription_grant", "promotional_grant", "usage", "refund", "adjustment"}
    standings = {name for (name,) in company.connection.execute("SELECT DISTINCT standing FROM person").fetchall()}
    assert standings == {"free", "cancelled", "monthly", "yearly", "team", "seat", "trial", "staff"}


def test_only_a_fault_makes_a_balance_negative(company: Company) -> None:
    below = company.connection.execute("SELECT DISTINCT user_id FROM credit_transactions WHERE balance_after < 0")
    overdrawn = {f.subject for f in company.truth.findings if f.check == "negative-balance"}
    assert {account for (account,) in below.fetchall()} == overdrawn


def test_the_truth_names_each_planted_finding(company: Company) -> None:
    document = json.loads(company.truth.text())
    assert (document["seed"], document["accounts"], document["generatedAt"]) == (1, 500, "2026-11-23T07:30:15Z")
    ids = [found["id"] for found in document["findings"]]
    assert ids == sorted(set(ids))
    for found in document["findings"]:
        assert found["id"] == f"{found['check']}:{found['subject']}"
        assert found["planted"]
    assert all(twin["subject"] and twin["story"] for twin in document["twins"])


def test_the_config_holds_the_reference_and_the_exemptions(company: Company) -> None:
    document = tomllib.loads(company.config_text("${DATABASE_URL}"))
    assert document["database"]["url"] == "${DATABASE_URL}"
    assert {exemption["check"] for exemption in document["exemptions"]} == {"paid-without-customer"}
    assert any(exemption["expires"] < NOW.date() for exemption in document["exemptions"])
    assert any(exemption["expires"] > NOW.date() for exemption in document["exemptions"])


@pytest.mark.parametrize(
    ("sizes", "sentence"),
    [({"accounts": 10}, "10 accounts"), ({"months": 1}, "1 months"), ({"seed": -1}, "-1 as its seed")],
)
def test_a_size_that_cannot_be_made_is_refused(sizes: dict[str, int], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence), make_company(now=NOW, **sizes):
        pass


def test_more_faults_than_a_small_company_can_hide_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="too many"), make_company(accounts=100, now=NOW, fault_share=1.0):
        pass


def test_the_scratch_database_is_gone_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with make_company(accounts=150, now=NOW):
        assert list(tmp_path.iterdir())
    assert list(tmp_path.iterdir()) == []
