"""The export is of another Stripe account: entries name ids that it has none of, so nothing was compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.field.company import MAPPING, PLANS, FieldCompany
from tests.support.field.stripe_side import ago
from trueup.model.outcome import Broken, Checked

COMPARED = ("grant-without-money", "missing-grant", "refund-not-clawed-back")


def company(*, entries: int, known: int) -> FieldCompany:
    """Every entry names a payment; Stripe's side has so many of them, and thirty of somebody else's."""
    company = FieldCompany()
    for number in range(entries):
        company.ledger.add("u1", "purchase", 100, ago(20), payment=f"pi_{number}")
    company.users(u1={"stripe_customer_id": "cus_1"})
    company.stripe.customer("cus_1", "u1@example.com")
    for number in range(known):
        company.stripe.payment(f"pi_{number}", "cus_1", 900, ago(20))
    company.stripe.customer("cus_other")
    for number in range(30):
        company.stripe.payment(f"pi_other_{number}", "cus_other", 900, ago(20))
    return company


@pytest.mark.slow
@pytest.mark.parametrize("check", COMPARED)
def test_a_check_whose_joins_hit_nothing_says_so(tmp_path: Path, check: str) -> None:
    report = company(entries=40, known=0).audit(tmp_path, MAPPING + PLANS)
    run = report.outcome(check)
    assert run is not None
    assert isinstance(run.outcome, Broken)
    assert "of 40 ids that recent entries name (stripe_payment_intent_id), Stripe's side has 0" in run.outcome.error
    assert not report.complete


@pytest.mark.slow
def test_it_lowers_the_confidence(tmp_path: Path) -> None:
    strange, own = tmp_path / "strange", tmp_path / "own"
    strange.mkdir()
    own.mkdir()
    without = company(entries=40, known=0).audit(strange, MAPPING + PLANS).confidence
    assert without < company(entries=40, known=40).audit(own, MAPPING + PLANS).confidence


@pytest.mark.slow
def test_a_few_ids_that_stripe_does_not_know_are_findings(tmp_path: Path) -> None:
    report = company(entries=5, known=0).audit(tmp_path, MAPPING + PLANS)
    run = report.outcome("grant-without-money")
    assert run is not None
    assert isinstance(run.outcome, Checked)
    assert len(run.outcome.findings) == 5
