"""More cases of `duplicate-invoice-grant`, beside those that its own file teaches with."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from trueup.checks.webhooks.duplicate_invoice_grant import _grant
from trueup.model.check import Case, ago
from trueup.model.relations import EntryKind

CASES: tuple[Case, ...] = (
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
