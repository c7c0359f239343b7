"""Subscribers of a field case: a customer, a subscription, and the bill of the month that runs."""

from __future__ import annotations

from typing import Any

from tests.support.field.company import FieldCompany
from tests.support.field.stripe_side import DAY_SECONDS, Json, ago, line

BEGAN = 14
"""How many days ago the period began that runs."""
MONTH = 30


def subscribe(
    company: FieldCompany,
    number: int,
    price: str,
    amount: int,
    *,
    customer: str | None = None,
    began: float = BEGAN,
    days: float = MONTH,
    billed: float | None = None,
    bill: dict[str, Any] | None = None,
    **subscription: Any,
) -> Json:
    """Add a customer, unless it is given, its subscription since 200 days, and the paid bill of the period that runs.

    ``bill`` is what the invoice has otherwise, and ``billed`` how many days ago it was made.
    """
    payer = customer or f"cus_{number}"
    if customer is None:
        company.stripe.customer(payer, f"u{number}@example.com")
    start = ago(began)
    period = (start, start + int(days * DAY_SECONDS))
    name, invoice = f"sub_{number}", f"in_{number}"
    company.stripe.subscription(
        name,
        payer,
        [(price, 1)],
        **{"period": period, "start": ago(200), "latest_invoice": invoice, **subscription},
    )
    given = bill or {}
    payment = None if given.get("total", amount) == 0 else f"pi_{number}"
    if payment:
        company.stripe.payment(payment, payer, amount, start)
    lines = [line(invoice, price, amount, period=period, subscription=name)]
    return company.stripe.invoice(
        invoice, payer, lines, start if billed is None else ago(billed), subscription=name, payment=payment, **given
    )


def settle(company: FieldCompany, count: int, **more: object) -> FieldCompany:
    """Add an account for each customer, and an entry from before all purchases."""
    company.ledger.add("u0", "promotional_grant", 1, ago(390))
    company.users(u0={}, **{f"u{n}": {"stripe_customer_id": f"cus_{n}", **more} for n in range(1, count + 1)})
    return company
