"""Companies of random price lists, where all that was paid for was given, have no findings; a spoilt grant is found."""

from __future__ import annotations

import copy
import random
from pathlib import Path

import pytest

from tests.support.field.price_lists import PriceListCompany, innocent_company
from tests.support.field.versions import write_bill_of_2018, write_bill_of_2023

MANY = 100
"""How many companies the bench asks about, and a landing about some of them."""
LOOKED = {"missing-grant", "wrong-grant-amount", "grant-without-money", "large-credit-movement", "duplicate-charge"}


def mix_shapes(priced: PriceListCompany, seed: int) -> PriceListCompany:
    """Some of the bills are of 2018 and of 2023, when the API wrote them otherwise."""
    chance = random.Random(seed)
    for bill in priced.company.stripe.objects["invoices"]:
        write = chance.choice((None, write_bill_of_2023, write_bill_of_2018))
        if write is not None:
            write(priced.company, bill)
    return priced


@pytest.mark.sampled(1)
@pytest.mark.parametrize("seed", range(20, 22))
def test_bills_of_2018_and_2023_beside_those_of_today_are_read_alike(tmp_path: Path, seed: int) -> None:
    """Nothing is found of the innocent company; and one grant that is lost is found in whichever shape its bill is."""
    (tmp_path / "innocent").mkdir()
    report = mix_shapes(innocent_company(seed), seed).audit(tmp_path / "innocent")
    assert [finding.id for finding in report.findings()] == []
    spoilt = mix_shapes(innocent_company(seed), seed)
    rows = spoilt.company.ledger.rows
    lost = [row for row in rows if row["stripe_invoice_id"] is not None]
    for row in lost:
        rows.remove(row)
        spoilt.users[str(row["user_id"])]["credits"] = "0"
    (tmp_path / "spoilt").mkdir()
    missing = {f"missing-grant:{row['stripe_invoice_id']}" for row in lost}
    assert missing
    assert missing == {finding.id for finding in spoilt.audit(tmp_path / "spoilt").findings()}


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


@pytest.mark.slow
def test_a_few_innocent_companies_have_no_findings(tmp_path: Path) -> None:
    assert findings_of(range(4), tmp_path) == []


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("beginning", range(0, MANY, 10))
def test_many_innocent_companies_have_no_findings(tmp_path: Path, beginning: int) -> None:
    assert findings_of(range(beginning, beginning + 10), tmp_path) == []


@pytest.mark.slow
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
