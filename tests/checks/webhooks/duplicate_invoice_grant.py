"""More cases of `duplicate-invoice-grant`, beside those that its own file teaches with."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from decimal import Decimal

from trueup.checks.webhooks.duplicate_invoice_grant import _grant
from trueup.model.check import Case, ago
from trueup.model.relations import EntryKind, Row
from trueup.model.stripe_objects import StripeInvoice, StripeInvoicePayment

_INVOICE = StripeInvoice(invoice_id="in_1", subscription_id="sub_1", created_at=ago(days=20))


def _of_subscription(entry_id: int, created_at: datetime, *, amount: int = 100) -> Row:
    named = _grant(entry_id, created_at, invoice=None, amount=amount)
    return dataclasses.replace(named, stripe_subscription_id="sub_1")


CASES: tuple[Case, ...] = (
    Case(
        name="two grants of one period that name the subscription alone",
        given=(_INVOICE, _of_subscription(1, ago(days=20)), _of_subscription(2, ago(days=19))),
        fires=("in_1",),
        evidence={"in_1": {"grants": 2, "excess": Decimal(100)}},
    ),
    Case(
        name="a month's grant each, that name the subscription alone",
        given=(
            dataclasses.replace(_INVOICE, created_at=ago(days=80)),
            *(_of_subscription(n, ago(days=80 - 30 * n)) for n in range(3)),
        ),
    ),
    Case(
        name="one handler names the invoice, another its payment",
        given=(
            _INVOICE,
            StripeInvoicePayment(invoice_payment_id="inpay_1", invoice_id="in_1", payment_intent_id="pi_1"),
            _grant(1, ago(days=20)),
            _grant(2, ago(days=20, seconds=-3), invoice=None, payment="pi_1"),
        ),
        fires=("in_1",),
    ),
    Case(
        name="field failure 41: the calendar month came long after the anniversary of a monthly invoice",
        given=(
            _grant(1, datetime.fromisoformat("2025-12-03")),
            _grant(2, datetime.fromisoformat("2026-01-01")),
            _grant(3, datetime.fromisoformat("2026-01-03"), invoice="in_2"),
            _grant(4, datetime.fromisoformat("2026-02-03"), invoice="in_3"),
        ),
        fires=("in_1",),
    ),
    Case(
        name="grants a second less than twenty-five days apart are of one period",
        given=(_grant(1, ago(days=25, seconds=-1)), _grant(2, ago(days=0))),
        fires=("in_1",),
    ),
    Case(
        name="one month of a yearly invoice granted twice",
        given=(*(_grant(n, ago(days=30 * n)) for n in range(1, 6)), _grant(9, ago(days=60, hours=-1))),
        fires=("in_1",),
        evidence={"in_1": {"grants": 6, "excess": Decimal(100)}},
    ),
    Case(
        name="granted, clawed back and granted again",
        given=(
            _grant(1, ago(days=9)),
            _grant(2, ago(days=5), amount=-100, kind=EntryKind.CLAWBACK),
            _grant(3, ago(days=1)),
        ),
    ),
    Case(
        name="a promotional extra beside the allowance",
        given=(_grant(1, ago(days=2)), _grant(2, ago(days=2), amount=20, kind=EntryKind.PROMOTIONAL_GRANT)),
    ),
    Case(
        name="one invoice crediting two accounts by design",
        given=(_grant(1, ago(days=2)), _grant(2, ago(days=2), account_id="user_2")),
    ),
    Case(
        name="a first attempt that never posted",
        given=(_grant(1, ago(days=2), posted=False), _grant(2, ago(days=1))),
    ),
    Case(
        name="grants without an invoice",
        given=(_grant(1, ago(days=2), invoice=None), _grant(2, ago(days=1), invoice=None)),
    ),
)
