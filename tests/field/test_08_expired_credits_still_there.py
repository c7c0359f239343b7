"""vm0-ai/vm0 issue #10299 (2026-04-20): expiry is only settled when a subscription renews.

An organisation without one keeps the expired credits in its balance and goes on spending them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.field.company import ACCOUNT, LEDGER_ENTRY, PLANS, WEBHOOK_EVENT, FieldCompany
from tests.support.field.stripe_side import ago, written
from trueup.model.errors import ConfigurationError
from trueup.model.outcome import NotApplicable

WORDS = '[relations.ledger_entry.values.kind]\npromotional_grant = ["redeem"]\n'
GRANTS = """
[relations.credit_grant]
table = "credit_expires_record"
[relations.credit_grant.columns]
grant_id = "id"
account_id = "org_id"
amount = "amount"
remaining = "remaining"
expires_at = "expires_at"
"""
TABLE = """CREATE TABLE credit_expires_record (id INTEGER PRIMARY KEY, org_id TEXT, amount NUMERIC, remaining NUMERIC,
  expires_at TEXT)"""
CONFIG = ACCOUNT + LEDGER_ENTRY + WORDS + WEBHOOK_EVENT + PLANS
LOOKED = {"lapsed-credits", "credit-balance", "ledger-break"}


def company() -> FieldCompany:
    """What is left of the first organisation's grant lapsed; the second one's has twenty more days."""
    company = FieldCompany()
    company.ledger.add("org_1", "redeem", 1000, ago(50))
    company.ledger.add("org_1", "usage", -600, ago(10))
    company.ledger.add("org_2", "redeem", 1000, ago(10))
    company.users(org_1={}, org_2={})
    return company


@pytest.mark.slow
def test_credits_past_their_date_are_found_by_their_grants(tmp_path: Path) -> None:
    expiring = company()
    expiring.table(
        TABLE,
        [
            {"org_id": "org_1", "amount": 1000, "remaining": 400, "expires_at": written(ago(20))},
            {"org_id": "org_2", "amount": 1000, "remaining": 1000, "expires_at": written(ago(-20))},
        ],
    )
    report = expiring.expect(tmp_path, CONFIG + GRANTS, must={"lapsed-credits:org_1"}, looked=LOOKED)
    (finding,) = report.findings()
    assert finding.impact is not None
    assert finding.impact.text() == "400 credits"


@pytest.mark.slow
def test_entries_that_say_it_themselves_are_grants(tmp_path: Path) -> None:
    expiring = company()
    create, entries = expiring.tables[1]
    for row in expiring.ledger.rows:
        is_redeemed = row["type"] == "redeem"
        row["good_until"] = written(ago(20 if row["user_id"] == "org_1" else -20)) if is_redeemed else None
        row["unused"] = {"org_1": 400, "org_2": 1000}[str(row["user_id"])] if is_redeemed else None
    expiring.tables[1] = (
        create.replace("created_at TEXT)", "created_at TEXT, good_until TEXT, unused NUMERIC)"),
        entries,
    )
    columns = LEDGER_ENTRY + 'expires_at = "good_until"\nremaining = "unused"\n'
    config = ACCOUNT + columns + WORDS + WEBHOOK_EVENT + PLANS
    expiring.expect(tmp_path, config, must={"lapsed-credits:org_1"}, looked=LOOKED)


@pytest.mark.slow
def test_an_app_whose_credits_never_lapse_has_the_check_off(tmp_path: Path) -> None:
    report = company().expect(tmp_path, CONFIG, looked=LOOKED - {"lapsed-credits"})
    run = report.outcome("lapsed-credits")
    assert run is not None
    assert isinstance(run.outcome, NotApplicable)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ('expires_at = "created_at"\n', "is mapped without remaining"),
        ('expires_at = "created_at"\nremaining = "amount"\n' + GRANTS, "is mapped beside [relations.credit_grant]"),
    ],
)
def test_half_of_it_or_both_ways_is_refused(tmp_path: Path, more: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        company().write(tmp_path, ACCOUNT + LEDGER_ENTRY + more + WEBHOOK_EVENT + PLANS)
    assert sentence in str(refusal.value)
