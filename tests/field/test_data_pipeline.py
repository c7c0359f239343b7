"""A company whose Stripe side is what Stripe's Data Pipeline delivers to storage: folders of Parquet files.

The tables and columns are those of Stripe's own schema for queries: a column for each field, moments as timestamps, and
metadata as pairs in a table beside.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.field.company import MAPPING, PLANS, FieldCompany
from tests.support.field.stripe_side import NOW, Json, ago
from tests.support.field.subscribers import subscribe
from trueup.actions.audit.run_audit import audit
from trueup.actions.checks.catalogue import full_catalogue
from trueup.config import load_config
from trueup.model.outcome import Broken, Checked
from trueup.model.source import Silent

pytestmark = pytest.mark.slow

COLUMNS: Mapping[str, Mapping[str, str]] = {
    "customers": {"id": "id", "email": "email", "created": "created"},
    "subscriptions": {"id": "id", "customer_id": "customer", "status": "status", "billing": "collection_method",
                      "created": "created", "current_period_start": "items.data.0.current_period_start",
                      "current_period_end": "items.data.0.current_period_end", "cancel_at": "cancel_at",
                      "cancel_at_period_end": "cancel_at_period_end", "canceled_at": "canceled_at",
                      "ended_at": "ended_at", "trial_end": "trial_end",
                      "pause_collection_behavior": "pause_collection.behavior"},
    "invoices": {"id": "id", "customer_id": "customer", "status": "status", "currency": "currency", "paid": "=paid",
                 "subscription_id": "parent.subscription_details.subscription", "billing_reason": "billing_reason",
                 "subtotal": "subtotal", "total": "total", "amount_due": "amount_due", "amount_paid": "amount_paid",
                 "date": "created", "due_date": "due_date", "status_transitions_paid_at": "status_transitions.paid_at",
                 "charge_id": "=charge"},
    "payment_intents": {"id": "id", "customer_id": "customer", "status": "status", "amount": "amount",
                        "amount_received": "amount_received", "currency": "currency", "created": "created",
                        "description": "description", "latest_charge_id": "latest_charge"},
    "refunds": {"id": "id", "charge_id": "charge", "status": "status", "amount": "amount", "currency": "currency",
                "created": "created"},
    "disputes": {"id": "id", "charge_id": "charge", "status": "status", "amount": "amount", "currency": "currency",
                 "created": "created"},
    "checkout_sessions": {"id": "id", "customer_id": "customer", "client_reference_id": "client_reference_id",
                          "mode": "mode", "status": "status", "payment_status": "payment_status",
                          "payment_intent_id": "payment_intent", "subscription_id": "subscription",
                          "amount_total": "amount_total", "amount_subtotal": "amount_subtotal",
                          "currency": "currency", "created": "created"},
    "prices": {"id": "id", "product_id": "product", "active": "active", "unit_amount": "unit_amount",
               "currency": "currency", "lookup_key": "lookup_key", "recurring_interval": "recurring.interval",
               "recurring_interval_count": "recurring.interval_count", "recurring_usage_type": "recurring.usage_type"},
}  # fmt: skip
ITEMS = {"id": "id", "subscription_id": "subscription", "price_id": "price.id", "quantity": "quantity"}
LINES = {"id": "id", "invoice_id": "invoice", "subscription": "parent.subscription_item_details.subscription",
         "price_id": "pricing.price_details.price", "amount": "amount", "currency": "currency", "quantity": "quantity",
         "proration": "parent.subscription_item_details.proration", "period_start": "period.start",
         "period_end": "period.end"}  # fmt: skip
MOMENTS = frozenset(
    (
        *("created", "date", "due_date", "status_transitions_paid_at", "current_period_start", "current_period_end"),
        *("period_start", "period_end", "cancel_at", "canceled_at", "ended_at", "trial_end"),
    )
)
NUMBERS = frozenset(
    (
        *("subtotal", "total", "amount_due", "amount_paid", "amount", "amount_received", "amount_total"),
        *("amount_subtotal", "unit_amount", "recurring_interval_count", "quantity"),
    )
)
FLAGS = frozenset(["paid", "active", "cancel_at_period_end", "proration"])


def value_at(row: Mapping[str, object], path: str) -> object:
    """The value at a path such as ``items.data.0.id``; None where it ends before."""
    value: object = row
    for key in path.split("."):
        if isinstance(value, list):
            value = value[int(key)] if len(value) > int(key) else None
        else:
            value = value.get(key) if isinstance(value, dict) else None
    return value


def deliver(folder: Path, company: FieldCompany) -> None:
    """Write the tables that the pipeline delivers, each in several files."""
    objects = company.stripe.objects
    paid_by = {str(p["invoice"]): str(value_at(p, "payment.payment_intent")) for p in objects["invoice_payments"]}
    for bill in objects["invoices"]:
        bill["=paid"] = bill["status"] == "paid"
        bill["=charge"] = f"ch_{paid_by[str(bill['id'])]}" if str(bill["id"]) in paid_by else None
    for kind, columns in COLUMNS.items():
        write_table(folder / kind, columns, objects[kind])
        pairs: list[Json] = [
            {f"{kind.removesuffix('s')}_id": row["id"], "key": key, "value": value}
            for row in objects[kind]
            for key, value in dict(row.get("metadata") or {}).items()  # type: ignore[call-overload]
        ]
        write_table(
            folder / f"{kind}_metadata",
            {name: name for name in (f"{kind.removesuffix('s')}_id", "key", "value")},
            pairs,
        )
    items = [item for row in objects["subscriptions"] for item in value_at(row, "items.data")]  # type: ignore[attr-defined]
    lines = [line for row in objects["invoices"] for line in value_at(row, "lines.data")]  # type: ignore[attr-defined]
    write_table(folder / "subscription_items", ITEMS, items)
    write_table(folder / "invoice_line_items", LINES, lines)
    (folder / "coreapi_SUCCESS").write_text("")


def write_table(folder: Path, columns: Mapping[str, str], rows: Sequence[Json]) -> None:
    """Write a table's rows into two files, one of them without rows where there are few."""
    folder.mkdir(parents=True)
    types = {name: _type(name) for name in columns}
    half = len(rows) // 2
    for number, part in enumerate((rows[:half], rows[half:])):
        held = {name: [_held(name, value_at(row, path)) for row in part] for name, path in columns.items()}
        arrays = {name: pa.array(held[name], types[name]) for name in columns}
        path = folder / f"part-0000{number}.snappy.parquet"
        pq.write_table(pa.table(arrays), path)
        os.utime(path, (ago(), ago()))


def _type(name: str) -> pa.DataType:
    if name in MOMENTS:
        return pa.timestamp("us")
    return pa.int64() if name in NUMBERS else pa.bool_() if name in FLAGS else pa.string()


def _held(name: str, value: object) -> object:
    if name in MOMENTS and value is not None:
        return datetime.fromtimestamp(int(str(value)), UTC).replace(tzinfo=None)
    return value


def company_of_subscribers() -> FieldCompany:
    """u2's renewal gave nothing; u3 keeps what was refunded; u4 has left and is served; u5 pays and is not.

    u5's customer and subscription name it in their metadata, and the account names neither. u6's is paused and paid.
    """
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    company.stripe.price("price_pack", 1000, interval=None, product="prod_pack")
    for number in (1, 3):
        if number == 3:
            company.stripe.customer("cus_3", "u3@example.com")
        company.stripe.payment(f"pi_p{number}", f"cus_{number}", 1000, ago(20))
        company.stripe.session(f"cs_{number}", f"cus_{number}", 1000, ago(20) - 60, payment_intent=f"pi_p{number}",
                               client_reference_id=f"u{number}", metadata={"pack": "price_pack"})  # fmt: skip
        company.ledger.add(f"u{number}", "purchase", 400, ago(20) + 9, session=f"cs_{number}")
    for number in (1, 2, 4, 5, 6):
        more: dict[str, object] = {"metadata": {"user_id": "u5"}} if number == 5 else {}
        if number == 4:
            more = {"status": "canceled", "canceled_at": ago(70), "ended_at": ago(60)}
        subscribe(company, number, "price_pro", 2900, began=90 if number == 4 else 12, **more)  # type: ignore[arg-type]
        if number != 2:
            company.ledger.add(
                f"u{number}", "subscription_grant", 1000, ago(90 if number == 4 else 12) + 9, invoice=f"in_{number}"
            )
    company.stripe.refund("re_3", "pi_p3", 1000, ago(10), payment_intent=None)
    plans = {1: "pro", 2: "pro", 3: "free", 4: "pro", 6: "pro"}
    company.users(
        **{f"u{n}": {"plan": plan, "stripe_customer_id": f"cus_{n}"} for n, plan in plans.items()}, u5={"plan": "free"}
    )
    return company


MUST = {"missing-grant:in_2", "refund-not-clawed-back:pi_p3", "unpaid-but-active:u4", "paid-but-blocked:u5"}
LOOKED = {"wrong-grant-amount", "plan-mismatch", "grant-without-money", "unmapped-price"}
MAY = {"stale-paid-plan:u4", "free-with-subscription-grant:u5"}


def audited(folder: Path, change: Callable[[Path], None] = lambda _: None) -> tuple[set[str], dict[str, object]]:
    """The issues and outcomes of an audit of the delivered tables."""
    company = company_of_subscribers()
    config = MAPPING + PLANS + "[prices.price_pack]\ncredits = 400\n"
    company.write(folder, config)
    deliver(folder / "delivered", company)
    change(folder / "delivered")
    path = folder / "trueup.toml"
    text = path.read_text()
    start, end = text.index("[stripe]"), text.index("[relations.account]")
    stripe = f'[stripe]\nsupplier = "database"\npreset = "stripe-data-pipeline"\nurl = "{folder}/delivered"\n'
    path.write_text(text[:start] + stripe + text[end:])
    report = audit(load_config(path, {}), checks=full_catalogue(None), now=NOW, progress=Silent())
    issues = {finding.id for finding in report.findings()}
    return issues, {run.check: run.outcome for run in report.outcomes}


def test_what_the_pipeline_delivers_is_stripes_side(tmp_path: Path) -> None:
    issues, outcomes = audited(tmp_path)
    assert not issues - MUST - MAY, issues
    assert not MUST - issues, issues
    for check in LOOKED:
        outcome = outcomes[check]
        assert isinstance(outcome, Checked), (check, outcome)
        assert outcome.population, check


def test_what_was_delivered_long_ago_is_unknown(tmp_path: Path) -> None:
    """No column says when a row was written, and the files do."""

    def age(folder: Path) -> None:
        for path in folder.glob("customers/*.parquet"):
            os.utime(path, (ago(3), ago(3)))

    issues, outcomes = audited(tmp_path, age)
    assert not {issue for issue in issues if issue in MUST}, issues
    assert isinstance(outcomes["missing-grant"], Broken), outcomes["missing-grant"]
