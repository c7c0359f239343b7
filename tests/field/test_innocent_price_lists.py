"""Companies of random price lists, where all that was paid for was given, have no findings; a spoilt grant is found."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from tests.support.field.price_lists import innocent_company

MANY = 100
"""How many companies the slow suite asks about."""
LOOKED = {"missing-grant", "wrong-grant-amount", "grant-without-money", "large-credit-movement", "duplicate-charge"}


def findings_of(seeds: range, folder: Path) -> list[str]:
    """The findings of these companies, each with the seed that makes it again."""
    found = []
    for seed in seeds:
        place = folder / str(seed)
        place.mkdir()
        report = innocent_company(seed).audit(place)
        assert {run.check for run in report.outcomes} >= LOOKED
        found += [f"seed {seed}: {finding.id}: {finding.message}" for finding in report.findings()]
    return found


def test_a_few_innocent_companies_have_no_findings(tmp_path: Path) -> None:
    assert findings_of(range(4), tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("beginning", range(0, MANY, 10))
def test_a_hundred_innocent_companies_have_no_findings(tmp_path: Path, beginning: int) -> None:
    assert findings_of(range(beginning, beginning + 10), tmp_path) == []


@pytest.mark.parametrize("seed", range(4))
def test_a_grant_that_is_lost_or_too_small_is_found(tmp_path: Path, seed: int) -> None:
    """The grants of the same company, one at a time, are the first and the last."""
    grants = [row for row in innocent_company(seed).company.ledger.rows if row["type"] != "promotional_grant"]
    for position, check in ((0, "missing-grant"), (-1, "wrong-grant-amount")):
        spoilt = copy.deepcopy(innocent_company(seed))
        row = next(row for row in spoilt.company.ledger.rows if row["id"] == grants[position]["id"])
        money = row["stripe_invoice_id"] or row["stripe_payment_intent_id"]
        if check == "missing-grant":
            spoilt.company.ledger.rows.remove(row)
            balance = "0"
        else:
            balance = row["amount"] = row["balance_after"] = str(int(str(row["amount"])) // 2)
        spoilt.users[str(row["user_id"])]["credits"] = balance
        place = tmp_path / check
        place.mkdir()
        assert f"{check}:{money}" in {finding.id for finding in spoilt.audit(place).findings()}
