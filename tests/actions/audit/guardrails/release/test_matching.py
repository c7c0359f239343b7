"""What is the same broken thing in two reports, and what is worse."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.releases import baseline, evidence, exempted, facts, impacts, issue, issues
from trueup.actions.audit.guardrails.release.matching import (
    contradictions,
    explain_worse,
    is_stripe_id,
    marks,
    match_baseline,
)
from trueup.model.money import Impact
from trueup.model.release import Issue
from trueup.model.severity import Severity

ENTRY = {"accountId": "user_1", "createdAt": "2026-01-05T02:01:20Z", "stripeEventId": "evt_76e2e745125f4999"}
STALE = {"accountId": "user_1", "stripeCustomerId": "cus_28903e48ad2a5b28", "planSince": "2025-09-10T02:12:36Z"}


def same(now: Issue, before: Issue, **renamed: str) -> bool:
    """Whether the one is taken for the other."""
    return bool(match_baseline(facts([now]), baseline([before]), renamed=renamed))


def test_the_same_check_and_subject_are_the_same_whatever_the_evidence_says() -> None:
    before = issue("credit-balance:user_1", evidence={"drift": "500"})
    assert same(issue("credit-balance:user_1", evidence={"drift": "20"}), before)


def test_another_check_about_the_same_subject_is_another_thing() -> None:
    assert not same(issue("stale-paid-plan:user_1", evidence=ENTRY), issue("credit-balance:user_1", evidence=ENTRY))


def test_an_entry_that_was_given_a_new_number_keeps_the_event_and_moment_it_is_known_by() -> None:
    before = issue("grant-without-invoice:9736", evidence=ENTRY)
    assert same(issue("grant-without-invoice:entry-9736", evidence=ENTRY), before)


def test_an_account_that_was_given_a_new_id_keeps_its_customer_and_moments() -> None:
    before = issue("stale-paid-plan:user_1", evidence=STALE)
    assert same(issue("stale-paid-plan:acct-1", evidence=STALE | {"accountId": "acct-1"}), before)


def test_the_next_fault_of_the_same_account_is_not_its_last_one() -> None:
    before = issue("grant-without-invoice:9736", evidence=ENTRY)
    later = ENTRY | {"createdAt": "2026-01-06T02:01:20Z", "stripeEventId": "evt_af85f7d2cae7d132"}
    assert not same(issue("grant-without-invoice:9800", evidence=later), before)


def test_the_same_event_written_again_at_another_moment_is_new() -> None:
    before = issue("grant-without-invoice:9736", evidence=ENTRY)
    again = ENTRY | {"createdAt": "2026-02-20T02:01:20Z"}
    assert not same(issue("grant-without-invoice:9800", evidence=again), before)


def test_equal_amounts_at_the_same_moment_are_no_proof() -> None:
    shown = {"drift": "500", "lastEntryAt": "2026-01-05T02:01:20Z", "diagnosis": "hand-edit"}
    assert not same(issue("credit-balance:user_2", evidence=shown), issue("credit-balance:user_1", evidence=shown))


def test_a_subject_that_stripe_named_is_never_renamed() -> None:
    before = issue("duplicate-event-grant:evt_76e2e745125f4999", evidence=ENTRY | {"firstEntryId": "9620"})
    now = issue("duplicate-event-grant:evt_af85f7d2cae7d132", evidence=ENTRY | {"firstEntryId": "9620"})
    assert not same(now, before)


def test_two_that_share_their_marks_are_both_new() -> None:
    before = baseline([issue("grant-without-invoice:1", evidence=ENTRY)])
    now = facts([issue(f"grant-without-invoice:{number}", evidence=ENTRY) for number in (2, 3)])
    assert match_baseline(now, before, renamed={}) == {}


def test_what_is_still_there_under_its_old_name_was_not_renamed() -> None:
    before = baseline([issue("grant-without-invoice:1", evidence=ENTRY)])
    now = facts([issue("grant-without-invoice:1"), issue("grant-without-invoice:2", evidence=ENTRY)])
    assert list(match_baseline(now, before, renamed={}).values()) == [before.issues[0]]


def test_marks_of_another_environment_prove_nothing() -> None:
    before = baseline([issue("grant-without-invoice:1", evidence=ENTRY)], environment="staging")
    assert match_baseline(facts([issue("grant-without-invoice:2", evidence=ENTRY)]), before, renamed={}) == {}


def test_what_was_exempted_in_the_baseline_excuses_nothing() -> None:
    assert not same(issue("credit-balance:user_1"), exempted("credit-balance:user_1", until=None))


def test_a_subject_that_is_said_to_be_renamed_is_the_same() -> None:
    assert same(issue("credit-balance:acct-1"), issue("credit-balance:user_1"), user_1="acct-1")
    assert not same(issue("credit-balance:acct-2"), issue("credit-balance:user_1"), user_1="acct-1")


def test_a_new_name_that_was_there_before_or_an_old_one_that_still_is_contradicts() -> None:
    told = {"user_1": "acct-1"}
    assert contradictions(facts(["credit-balance:user_1"]), baseline(), renamed=told)
    assert contradictions(facts(), baseline(["stale-paid-plan:acct-1"]), renamed=told)
    assert not contradictions(facts(["credit-balance:acct-1"]), baseline(["credit-balance:user_1"]), renamed=told)


@pytest.mark.parametrize("text", ["evt_76e2e745125f4999", "pi_3Pq8sZLkdIwHu7ix0Qm2", "cus_83cb8dcfc6a65ca3"])
def test_stripes_ids_are_known_by_their_shape(text: str) -> None:
    assert is_stripe_id(text)


@pytest.mark.parametrize("text", ["user_000159", "in", "evt_", "9223", "sub", "exports:FREE"])
def test_an_apps_own_ids_are_not_taken_for_stripes(text: str) -> None:
    assert not is_stripe_id(text)


@given(issues(), issues())
def test_whatever_is_matched_has_the_name_or_all_the_marks_of_one_open_finding(
    now: tuple[Issue, ...], before: tuple[Issue, ...]
) -> None:
    report, earlier = facts(now), baseline(before)
    for fingerprint, old in match_baseline(report, earlier, renamed={}).items():
        (found,) = [one for one in now if one.fingerprint == fingerprint]
        assert old in before
        assert old.exemption is None
        assert found.check == old.check
        assert found.subject == old.subject or (marks(found) == marks(old) != frozenset())


@given(issues(), issues(), evidence, st.sampled_from(["grant-without-invoice", "credit-balance", "stale-paid-plan"]))
def test_whatever_was_resolved_a_thing_with_rows_of_its_own_is_never_taken_for_it(
    now: tuple[Issue, ...], before: tuple[Issue, ...], shown: dict[str, str], check: str
) -> None:
    own = shown | {"stripeInvoiceId": "in_1c90e54d7919d8db", "seenAt": "2026-02-28T23:59:59Z"}
    fresh = issue(f"{check}:somebody-else", evidence=own)
    assert fresh.fingerprint not in match_baseline(facts((*now, fresh)), baseline(before), renamed={})


@given(issues(), issues())
def test_one_finding_of_the_baseline_stands_for_at_most_one_of_the_report(
    now: tuple[Issue, ...], before: tuple[Issue, ...]
) -> None:
    found = [old.fingerprint for old in match_baseline(facts(now), baseline(before), renamed={}).values()]
    assert len(found) == len(set(found))


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
