"""Bills as the API wrote them in 2018 and in 2023, made of those of today."""

from __future__ import annotations

from typing import Any

from tests.support.field.company import FieldCompany


def write_bill_of_2023(company: FieldCompany, bill: dict[str, Any]) -> None:
    """The bill names its subscription and payment intent itself, and its lines hold their price."""
    parent, payments = bill.pop("parent"), bill.pop("payments")["data"]
    bill["subscription"] = parent["subscription_details"]["subscription"] if parent else None
    bill["payment_intent"] = payments[0]["payment"]["payment_intent"] if payments else None
    bill["paid"] = bill["status"] == "paid"
    _forget_payments(company, bill)
    prices = {row["id"]: row for row in company.stripe.objects["prices"]}
    for row in bill["lines"]["data"]:
        name = row.pop("pricing")["price_details"]["price"]
        _name_subscription(row, bill["subscription"])
        row["price"] = prices[name]


def write_bill_of_2018(company: FieldCompany, bill: dict[str, Any]) -> None:
    """The bill names a charge, before there were payment intents; its lines hold a plan, and it has a ``date``."""
    write_bill_of_2023(company, bill)
    payment, bill["charge"] = bill.pop("payment_intent"), None
    if payment:
        bill["charge"] = f"ch_{payment}"
        held = company.stripe.objects["payment_intents"]
        held[:] = [row for row in held if row["id"] != payment]
    bill["date"], bill["billing"] = bill.pop("created"), bill.pop("collection_method")
    bill["forgiven"] = False
    for name in ("status", "status_transitions"):
        bill.pop(name)
    for row in bill["lines"]["data"]:
        price = row.pop("price")
        rhythm = price["recurring"] or {"interval": "month", "interval_count": 1}
        row["plan"] = {"id": price["id"], "object": "plan", "product": price["product"], "usage_type": "licensed",
                       "interval": rhythm["interval"], "interval_count": rhythm["interval_count"]}  # fmt: skip


def _name_subscription(row: dict[str, Any], subscription: str | None) -> None:
    parent = row.pop("parent")
    details = parent["subscription_item_details"] or parent["invoice_item_details"]
    row["subscription"], row["proration"] = subscription, details["proration"]
    row["type"] = "subscription" if subscription else "invoiceitem"


def _forget_payments(company: FieldCompany, bill: dict[str, Any]) -> None:
    held = company.stripe.objects["invoice_payments"]
    held[:] = [row for row in held if row["invoice"] != bill["id"]]
