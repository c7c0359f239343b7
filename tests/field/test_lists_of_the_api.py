"""A folder of what the API's list pages give: each kind works alone, and what one object does not show is its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.field.test_exported_files import EXPECTED, audit_again, company
from tests.support.field.company import MAPPING, PLANS, FieldCompany
from tests.support.field.stripe_side import Json, ago, line
from trueup.model.outcome import Broken, Checked
from trueup.model.report import Report

SPAN = (ago(12), ago(-18))


def rewrite(folder: Path, kind: str, change: Callable[[Json], object]) -> None:
    """Change each object of the exported file."""
    path = folder / "stripe" / f"{kind}.jsonl"
    objects = [json.loads(text) for text in path.read_text().splitlines()]
    for row in objects:
        change(row)
    path.write_text("".join(json.dumps(row) + "\n" for row in objects))


def broken(report: Report) -> dict[str, str]:
    return {run.check: run.outcome.error for run in report.outcomes if isinstance(run.outcome, Broken)}


def ids(report: Report) -> list[str]:
    return sorted(finding.id for finding in report.findings())


def subscribers(count: int) -> FieldCompany:
    """So many customers of PRO, each with the credits of the month."""
    case = FieldCompany()
    case.stripe.price("price_pro", 2900)
    case.ledger.add("u1", "usage", 0, ago(60))
    for number in range(1, count + 1):
        customer, subscription, invoice = f"cus_{number}", f"sub_{number}", f"in_{number}"
        case.stripe.customer(customer)
        case.stripe.subscription(
            subscription, customer, [("price_pro", 1)], period=SPAN, latest_invoice=invoice, start=ago(12)
        )
        case.stripe.payment(f"pi_{number}", customer, 2900, ago(12))
        lines = [line(invoice, "price_pro", 2900, period=SPAN, subscription=subscription)]
        case.stripe.invoice(invoice, customer, lines, ago(12), subscription=subscription, payment=f"pi_{number}")
        case.ledger.add(f"u{number}", "subscription_grant", 1000, ago(12) + 9, invoice=invoice)
    case.users(**{f"u{n}": {"plan": "pro", "stripe_customer_id": f"cus_{n}"} for n in range(1, count + 1)})
    return case


@pytest.mark.slow
@pytest.mark.parametrize("features", [{"marketing_features": [{"name": "Export"}]}, {"features": []}, {}])
def test_products_as_the_api_lists_them_are_no_reason_to_doubt(tmp_path: Path, features: Json) -> None:
    """A product does not show the features it carries: only a plan gate asks for them, and it has none to go by."""
    case = company()
    case.write(tmp_path, MAPPING + PLANS)
    product = {"id": "prod_app", "object": "product", "active": True, "livemode": True, "metadata": {}, **features}
    (tmp_path / "stripe" / "products.jsonl").write_text(json.dumps(product))
    report = audit_again(tmp_path)
    assert not report.interruptions
    assert not broken(report)
    assert ids(report) == EXPECTED


def test_invoices_as_the_api_lists_them_show_no_payments(tmp_path: Path) -> None:
    """What each account is served is judged without them. What became of a payment is not, and that is said."""
    case = subscribers(3)
    case.stripe.objects["subscriptions"][0].update(status="canceled", ended_at=ago(2), canceled_at=ago(2))
    case.write(tmp_path, MAPPING + PLANS)
    rewrite(tmp_path, "invoices", lambda invoice: invoice.pop("payments"))
    (tmp_path / "stripe" / "invoice_payments.jsonl").unlink()
    report = audit_again(tmp_path)
    assert not report.interruptions
    assert not broken(report)
    assert ids(report) == ["unpaid-but-active:u1"]
    outcome = report.outcome("missing-grant")
    assert outcome is not None
    assert "stripe_invoice_payment" in str(outcome.outcome)


@pytest.mark.slow
def test_lines_of_invoices_are_not_known_without_prices(tmp_path: Path) -> None:
    """A line only names its price: what was served is judged all the same, by the subscriptions."""
    case = subscribers(2)
    case.stripe.objects["subscriptions"][0].update(status="canceled", ended_at=ago(2), canceled_at=ago(2))
    case.write(tmp_path, MAPPING + PLANS)
    (tmp_path / "stripe" / "prices.jsonl").unlink()
    report = audit_again(tmp_path)
    assert not report.interruptions
    assert not broken(report)
    assert ids(report) == ["unpaid-but-active:u1"]


@pytest.mark.slow
def test_a_subscription_that_only_names_its_schedule_leaves_open_what_it_changes_to(tmp_path: Path) -> None:
    """The lists of the API show no schedule in a subscription: only the check of what comes is without an answer."""
    case = subscribers(3)
    case.stripe.objects["subscriptions"][1]["schedule"] = "sub_sched_1"
    case.write(tmp_path, MAPPING + PLANS)
    report = audit_again(tmp_path)
    assert not report.interruptions
    assert not broken(report)
    assert ids(report) == []
    outcome = report.outcome("ending-plan")
    assert outcome is not None
    assert "stripe_subscription.next_phase_at" in str(outcome.outcome)


@pytest.mark.slow
@pytest.mark.parametrize("lines", [{"object": "list", "data": [], "has_more": True}, None])
def test_an_invoice_of_unknown_lines_is_unknown_alone(tmp_path: Path, lines: Json | None) -> None:
    """The subscriptions of u3 and u4 have ended: u3 paid an invoice whose lines are not known, and u4 paid nothing."""
    case = subscribers(4)
    for number in (3, 4):
        subscription = case.stripe.objects["subscriptions"][number - 1]
        subscription.update(status="canceled", ended_at=ago(11), canceled_at=ago(11))
    case.stripe.objects["invoices"][3].update(status="void")
    case.write(tmp_path, MAPPING + PLANS)

    def cut(invoice: Json) -> None:
        if invoice["id"] == "in_3":
            invoice["lines"] = lines

    rewrite(tmp_path, "invoices", cut)
    report = audit_again(tmp_path)
    assert not report.interruptions
    assert not broken(report)
    assert ids(report) == ["grant-without-money:in_4", "unpaid-but-active:u4"]
    for check in ("missing-grant", "wrong-grant-amount", "unpaid-but-active"):
        outcome = report.outcome(check)
        assert outcome is not None
        assert isinstance(outcome.outcome, Checked)


@pytest.mark.slow
@pytest.mark.parametrize(("due", "is_over"), [(40, True), (1, False)])
def test_the_subscription_that_only_the_lines_name_is_the_invoice_s(tmp_path: Path, due: int, is_over: bool) -> None:
    """u1 is past due, and only the lines of the open bill say for what: its grace began when that was to be paid."""
    case = subscribers(2)
    case.stripe.objects["subscriptions"][0].update(status="past_due", latest_invoice=None)
    case.stripe.objects["invoices"][0].update(parent=None, status="open", due_date=ago(due), amount_paid=0)
    report = case.audit(tmp_path, MAPPING + PLANS)
    assert ("unpaid-but-active:u1" in ids(report)) is is_over
