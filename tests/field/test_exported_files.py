"""What an export holds is read or named: later lines, no events, packed files."""

from __future__ import annotations

import gzip
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.field.company import MAPPING, PLANS, FieldCompany
from tests.support.field.stripe_side import NOW, Json, ago, line
from tests.support.thoroughness import IS_THOROUGH
from trueup.actions.audit.run_audit import audit
from trueup.actions.checks.catalogue import full_catalogue
from trueup.config import load_config
from trueup.model.errors import ConfigurationError
from trueup.model.outcome import Checked
from trueup.model.report import Report
from trueup.model.source import Silent

OF_REVENUE = {
    *("missing-grant", "wrong-grant-amount", "refund-not-clawed-back", "over-clawed-back"),
    *("grant-before-money", "grant-without-money", "duplicate-charge"),
}
BUYERS = 40
PADDING = "x" * 2000


def company() -> FieldCompany:
    """Everybody bought once; u1 was refunded and keeps the credits, u2 paid for nothing."""
    company = FieldCompany()
    company.ledger.add("u3", "usage", 0, ago(60))
    for number in range(1, BUYERS + 1):
        company.stripe.customer(f"cus_{number}", f"u{number}@example.com")
        company.stripe.payment(f"pi_{number}", f"cus_{number}", 1000, ago(20), description=PADDING)
        if number != 2:
            company.ledger.add(f"u{number}", "purchase", 500, ago(20) + 5, payment=f"pi_{number}")
    company.stripe.refund("re_1", "pi_1", 1000, ago(5))
    company.users(**{f"u{number}": {"stripe_customer_id": f"cus_{number}"} for number in range(1, BUYERS + 1)})
    return company


def audit_again(folder: Path) -> Report:
    """Audit the company that is written in this folder."""
    return audit(load_config(folder / "trueup.toml", {}), checks=full_catalogue(None), now=NOW, progress=Silent())


def issues(report: Report) -> list[tuple[str, str]]:
    return [(finding.id, finding.message) for finding in report.findings()]


EXPECTED = ["missing-grant:pi_2", "refund-not-clawed-back:pi_1"]


@pytest.mark.slow
def test_the_later_line_wins_in_every_audit_of_one_export(tmp_path: Path) -> None:
    """Each payment is there four times, in a file of which several threads read parts: what they race for shows in one
    of several audits."""
    case = company()
    payments = case.stripe.objects["payment_intents"]
    stale: list[Json] = []
    for status in ("requires_payment_method", "canceled", "processing"):
        stale += [{**payment, "status": status, "amount_received": 0} for payment in payments]
    random.Random(7).shuffle(stale)
    case.stripe.objects["payment_intents"] = [*stale, *payments]
    case.stripe.objects["refunds"].insert(0, {**case.stripe.objects["refunds"][0], "status": "failed"})
    first = issues(case.audit(tmp_path, MAPPING + PLANS))
    assert sorted(name for name, _ in first) == EXPECTED
    for _ in range(19 if IS_THOROUGH else 4):
        assert issues(audit_again(tmp_path)) == first


def test_the_checks_of_revenue_run_without_events(tmp_path: Path) -> None:
    case = company()
    case.write(tmp_path, MAPPING + PLANS)
    (tmp_path / "stripe" / "events.jsonl").unlink()
    report = audit_again(tmp_path)
    outcomes = {run.check: run.outcome for run in report.outcomes}
    assert {check for check in OF_REVENUE if not isinstance(outcomes[check], Checked)} == set()
    assert sorted(finding.id for finding in report.findings()) == EXPECTED


def pack(folder: Path) -> None:
    with (folder / "customers.jsonl").open("rb") as plain, gzip.open(folder / "customers.jsonl.gz", "wb") as packed:
        shutil.copyfileobj(plain, packed)


def write_as_one_list(folder: Path) -> None:
    objects = [json.loads(text) for text in (folder / "customers.jsonl").read_text().splitlines()]
    (folder / "customers.json").write_text(json.dumps({"object": "list", "data": objects}))


@pytest.mark.slow
@pytest.mark.parametrize(("change", "name"), [(pack, "customers.jsonl.gz"), (write_as_one_list, "customers.json")])
def test_a_file_that_is_not_read_is_named(tmp_path: Path, change: Callable[[Path], None], name: str) -> None:
    company().write(tmp_path, MAPPING + PLANS)
    change(tmp_path / "stripe")
    audit_again(tmp_path)  # beside the file that is read, it says nothing new
    (tmp_path / "stripe" / "customers.jsonl").unlink()
    with pytest.raises(ConfigurationError, match=rf"{name} is not read: .+ as customers\.jsonl\."):
        audit_again(tmp_path)


@pytest.mark.slow
def test_lines_of_invoices_are_a_file_of_their_own(tmp_path: Path) -> None:
    """The invoice shows the first of its lines, as an API's page does; the second is for the plan."""
    case = FieldCompany()
    case.stripe.price("price_pro", 2900)
    case.stripe.price("price_addon", 500)
    case.stripe.customer("cus_1")
    case.stripe.subscription("sub_1", "cus_1", [("price_pro", 1), ("price_addon", 1)], period=(ago(12), ago(-18)))
    case.stripe.payment("pi_1", "cus_1", 3400, ago(12))
    span = (ago(12), ago(-18))
    lines = [
        line("in_1", price, amount, number=number, period=span, subscription="sub_1")
        for number, (price, amount) in enumerate((("price_addon", 500), ("price_pro", 2900)))
    ]
    bill = case.stripe.invoice("in_1", "cus_1", lines, ago(12), subscription="sub_1", payment="pi_1")
    bill["lines"] = {"object": "list", "data": lines[:1], "has_more": True}
    case.users(u1={"plan": "pro", "stripe_customer_id": "cus_1"})
    case.ledger.add("u1", "usage", 0, ago(60))
    case.write(tmp_path, MAPPING + PLANS)
    path = tmp_path / "stripe" / "invoice_lines.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in lines))
    report = audit_again(tmp_path)
    assert not [copied for copied in report.relations if copied.relation == "stripe_invoice_line" and copied.problem]
    assert "missing-grant:in_1" in [finding.id for finding in report.findings()]
