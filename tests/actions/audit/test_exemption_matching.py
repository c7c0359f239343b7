"""What an exemption of a plan silences, and what it leaves open."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest

from tests.support.catalogue import checked
from trueup.actions.audit.exemption_matching import LiveExemptions, takes_plan
from trueup.checks import catalogue
from trueup.checks.entitlements.stale_paid_plan import CHECK as STALE
from trueup.checks.entitlements.unlimited_credits import CHECK as UNLIMITED
from trueup.checks.webhooks.missing_idempotency_record import CHECK as UNRECORDED
from trueup.checks.webhooks.stuck_event import CHECK as STUCK
from trueup.model.check import CASE_NOW, Case, Check, ago
from trueup.model.finding import Finding
from trueup.model.relations import Account, Exemption, LedgerEntry, Row

ON_PARTNER = Account(account_id="user_1", plan="PARTNER", unlimited_credits=True)
ON_PRO = Account(account_id="user_2", plan="PRO", unlimited_credits=True)


def of_plan(check: Check, plan: str = "PARTNER", expires_at: date | None = None) -> Exemption:
    return Exemption(check_id=check.id, plan=plan, owner="partners", reason="comped", expires_at=expires_at)


def found(check: Check, *given: Row) -> dict[str, Finding]:
    return {finding.subject: finding for finding in checked(check, Case(name="under test", given=given)).findings}


def test_an_exempted_plan_silences_the_findings_of_its_accounts_and_of_no_other() -> None:
    findings = found(UNLIMITED, ON_PARTNER, ON_PRO, of_plan(UNLIMITED))
    assert findings["user_1"].exemption == of_plan(UNLIMITED)
    assert findings["user_2"].exemption is None


def test_an_exempted_plan_blocks_the_repair_of_its_accounts_only() -> None:
    findings = found(UNLIMITED, ON_PARTNER, ON_PRO, of_plan(UNLIMITED))
    assert (findings["user_1"].repair, findings["user_1"].repairable) == (None, False)
    assert findings["user_2"].repairable


def test_the_join_adds_nothing_to_the_evidence() -> None:
    plain, exempted = found(UNLIMITED, ON_PARTNER), found(UNLIMITED, ON_PARTNER, of_plan(UNLIMITED))
    assert exempted["user_1"].evidence == plain["user_1"].evidence


def test_a_plan_is_exempted_from_the_check_it_names_and_from_no_other() -> None:
    assert found(UNLIMITED, ON_PARTNER, of_plan(STALE))["user_1"].exemption is None


@pytest.mark.parametrize(("expires_at", "holds"), [(CASE_NOW.date(), True), (date(2026, 2, 28), False), (None, True)])
def test_a_plan_is_exempted_through_its_last_day(expires_at: date | None, holds: bool) -> None:
    exemption = of_plan(UNLIMITED, expires_at=expires_at)
    assert (found(UNLIMITED, ON_PARTNER, exemption)["user_1"].exemption is not None) is holds


def test_an_exemption_of_the_subject_is_shown_before_one_of_its_plan() -> None:
    own = Exemption(check_id=UNLIMITED.id, subject="user_1", owner="support", reason="answers tickets")
    assert found(UNLIMITED, ON_PARTNER, of_plan(UNLIMITED), own)["user_1"].exemption == own


def _entry(entry_id: int, account_id: str, event: str) -> LedgerEntry:
    return LedgerEntry(entry_id=entry_id, account_id=account_id, stripe_event_id=event, created_at=ago(days=2))


def test_a_finding_about_an_event_is_exempted_by_the_plan_of_the_account_that_it_credited() -> None:
    findings = found(
        UNRECORDED,
        ON_PARTNER,
        ON_PRO,
        _entry(1, "user_1", "evt_1"),
        _entry(2, "user_2", "evt_2"),
        of_plan(UNRECORDED),
    )
    assert {subject: finding.exemption is not None for subject, finding in findings.items()} == {
        "evt_1": True,
        "evt_2": False,
    }


def test_a_finding_about_two_accounts_is_about_no_one_plan() -> None:
    both = (_entry(1, "user_1", "evt_1"), _entry(2, "user_2", "evt_1"))
    assert found(UNRECORDED, ON_PARTNER, ON_PRO, *both, of_plan(UNRECORDED))["evt_1"].exemption is None


def test_an_account_of_which_nobody_knows_the_plan_is_not_exempted() -> None:
    assert found(UNRECORDED, _entry(1, "user_9", "evt_1"), of_plan(UNRECORDED))["evt_1"].exemption is None


def test_a_finding_about_no_account_goes_by_the_plan_that_it_names() -> None:
    gate = Exemption(check_id="gate-regression", plan="FREE", expires_at=date(2026, 12, 31))
    exemptions = LiveExemptions([gate])
    check = dataclasses.replace(STUCK, id="gate-regression", violations="SELECT 'a:FREE' AS subject, 'FREE' AS plan")
    assert takes_plan(check)
    assert exemptions.violations(check) == check.violations
    assert exemptions.of(check, "a:FREE", {"subject": "a:FREE", "plan": "FREE"}) == gate
    assert exemptions.of(check, "a:PRO", {"subject": "a:PRO", "plan": "PRO"}) is None


def test_the_checks_whose_findings_are_about_no_account_take_no_plan() -> None:
    assert {check.id for check in catalogue() if not takes_plan(check)} >= {"stuck-event", "mode-mismatch"}
    assert {"stale-paid-plan", "paid-without-customer", "credit-balance"} <= {
        check.id for check in catalogue() if takes_plan(check)
    }
