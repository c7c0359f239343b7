"""What is worse in one report than it was in another."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest
from hypothesis import given

from tests.support.releases import impacts, issue
from trueup.actions.audit.guardrails.release.finding_judgement import explain_worse
from trueup.model.finding import Finding
from trueup.model.money import Impact
from trueup.model.severity import Severity


def at_risk(amount: int = 0, **money: int) -> Finding:
    return issue("credit-balance:user_1", impact=Impact(money=money, credits=Decimal(amount))).finding


def test_a_higher_severity_is_worse_and_a_lower_one_is_not() -> None:
    high, low = issue("credit-balance:a").finding, issue("credit-balance:a", severity=Severity.WARNING).finding
    assert explain_worse(high, low) == "it is critical now and was warning"
    assert explain_worse(low, high) is None


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        (at_risk(100), at_risk(100), False),
        (at_risk(199), at_risk(100), False),
        (at_risk(200), at_risk(100), True),
        (at_risk(1), at_risk(0), True),
        (at_risk(0), at_risk(100), False),
        (at_risk(usd=200), at_risk(usd=100), True),
        (at_risk(usd=199), at_risk(usd=100), False),
        (at_risk(usd=100, eur=1), at_risk(usd=100), True),
        (at_risk(usd=100), at_risk(usd=100, eur=500), False),
        (at_risk(usd=150, eur=150), at_risk(usd=100, eur=100), False),
        (at_risk(10, usd=100), at_risk(5, usd=100), True),
    ],
)
def test_at_least_twice_as_much_of_one_currency_or_of_credits_is_worse(
    now: Finding, before: Finding, expected: bool
) -> None:
    assert (explain_worse(now, before) is not None) is expected


@given(impacts, impacts)
def test_of_two_that_differ_at_most_in_risk_not_both_are_worse_in_one_unit(one: Impact, other: Impact) -> None:
    credits_only = [dataclasses.replace(at_risk(), impact=Impact(credits=risk.credits)) for risk in (one, other)]
    assert not (explain_worse(*credits_only) and explain_worse(*reversed(credits_only)))
    assert explain_worse(credits_only[0], credits_only[0]) is None
