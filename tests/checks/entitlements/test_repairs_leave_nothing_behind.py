"""After an entitlement repair no check finds anything about the account, nor about the row that records the repair."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

from tests.support.catalogue import all_checked, checked
from trueup.checks import catalogue
from trueup.checks.entitlements import paid_without_customer, unlimited_credits
from trueup.model.change import Change
from trueup.model.check import CASE_NOW, Case, Check, ago
from trueup.model.finding import Area
from trueup.model.relations import Account, EntryKind, LedgerEntry, Plan, PlanChange, Row, WebhookEvent

PLANS = (Plan(plan="FREE", rank=0), Plan(plan="PRO", rank=1, paid=True, credits_per_period=Decimal(100)))
GRANT = LedgerEntry(
    entry_id=1,
    sequence=1,
    kind=EntryKind.SUBSCRIPTION_GRANT,
    amount=Decimal(100),
    balance_after=Decimal(100),
    stripe_event_id="evt_1",
    stripe_invoice_id="in_1",
    created_at=ago(days=10),
)
EVENT = WebhookEvent(event_id="evt_1", received_at=ago(days=10))


def the_change(check: Check, given: tuple[Row, ...]) -> Change:
    (finding,) = checked(check, Case(name="before", given=given)).findings
    assert isinstance(finding.repair, Change)
    return finding.repair


def repaired(account: Account, change: Change) -> Account:
    assert change.replace is not None
    assert change.replace.relation == "account"
    column: str = change.replace.column
    assert getattr(account, column) == change.replace.old
    return dataclasses.replace(account, **{column: change.replace.new})  # type: ignore[arg-type]


def found_by(given: tuple[Row, ...]) -> list[str]:
    case = Case(name="after", given=given)
    of_accounts = [check for check in catalogue() if check.area is not Area.GATES]
    return [finding.id for outcome in all_checked(of_accounts, case) for finding in outcome.findings]


def test_nothing_is_found_after_a_downgrade() -> None:
    account = Account(account_id="user_1", plan="PRO", credits=Decimal(100), created_at=ago(days=90))
    given = (*PLANS, GRANT, EVENT)
    change = the_change(paid_without_customer.CHECK, (account, *given))
    recorded = PlanChange(**change.append.values, changed_at=CASE_NOW)  # type: ignore[arg-type]
    assert found_by((repaired(account, change), recorded, *given)) == []


def test_nothing_is_found_after_unlimited_credits_were_switched_off() -> None:
    account = Account(account_id="user_1", plan="PRO", credits=Decimal(100), unlimited_credits=True)
    account = dataclasses.replace(account, stripe_customer_id="cus_1", created_at=ago(days=90))
    given = (*PLANS, GRANT, EVENT)
    change = the_change(unlimited_credits.CHECK, (account, *given))
    recorded = LedgerEntry(**change.append.values, entry_id=2, sequence=2, created_at=CASE_NOW)  # type: ignore[arg-type]
    assert found_by((repaired(account, change), recorded, *given)) == []
