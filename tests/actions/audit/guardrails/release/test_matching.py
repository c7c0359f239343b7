"""What is the same broken thing in two reports, and what is worse."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest
from hypothesis import given

from tests.support.releases import baseline, exempted, facts, impacts, issue, issues
from trueup.actions.audit.guardrails.release.matching import explain_worse, match_baseline
from trueup.model.money import Impact
from trueup.model.release import Issue
from trueup.model.severity import Severity

ENTRY = {"accountId": "user_1", "createdAt": "2026-01-05T02:01:20Z", "stripeEventId": "evt_76e2e745125f4999"}


def same(now: Issue, before: Issue) -> bool:
    """Whether the one is taken for the other."""
    return bool(match_baseline(facts([now]), baseline([before])))


def test_the_same_check_and_subject_are_the_same_whatever_the_evidence_says() -> None:
    before = issue("credit-balance:user_1", evidence={"drift": "500"})
    assert same(issue("credit-balance:user_1", evidence={"drift": "20"}), before)


def test_another_check_about_the_same_subject_is_another_thing() -> None:
    assert not same(issue("stale-paid-plan:user_1", evidence=ENTRY), issue("credit-balance:user_1", evidence=ENTRY))


def test_another_subject_is_another_thing_though_its_evidence_is_the_same() -> None:
    assert not same(
        issue("grant-without-invoice:9737", evidence=ENTRY), issue("grant-without-invoice:9736", evidence=ENTRY)
    )


def test_what_was_exempted_in_the_baseline_excuses_nothing() -> None:
    assert not same(issue("credit-balance:user_1"), exempted("credit-balance:user_1", until=None))


@given(issues(), issues())
def test_whatever_is_matched_is_the_open_finding_of_the_same_check_and_subject(
    now: tuple[Issue, ...], before: tuple[Issue, ...]
) -> None:
    matched = match_baseline(facts(now), baseline(before))
    assert {old.id for old in matched.values()} == {old.id for old in before if not old.exemption} & {i.id for i in now}


def at_risk(amount: int = 0, **money: int) -> Issue:
    return issue("credit-balance:user_1", impact=Impact(money=money, credits=Decimal(amount)))


def test_a_higher_severity_is_worse_and_a_lower_one_is_not() -> None:
    high, low = issue("credit-balance:a"), issue("credit-balance:a", severity=Severity.WARNING)
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
    now: Issue, before: Issue, expected: bool
) -> None:
    assert (explain_worse(now, before) is not None) is expected


@given(impacts, impacts)
def test_of_two_that_differ_at_most_in_risk_not_both_are_worse_in_one_unit(one: Impact, other: Impact) -> None:
    credits_only = [dataclasses.replace(at_risk(), impact=Impact(credits=risk.credits)) for risk in (one, other)]
    assert not (explain_worse(*credits_only) and explain_worse(*reversed(credits_only)))
    assert explain_worse(credits_only[0], credits_only[0]) is None
