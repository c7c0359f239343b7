"""More cases of `grant-without-invoice`, beside those that its own file teaches with."""

from __future__ import annotations

from decimal import Decimal

from trueup.checks.revenue.grant_without_invoice import _grant
from trueup.model.check import Case, ago
from trueup.model.relations import Account, EntryKind, Exemption, Plan

_UNPAID = (
    Plan(plan="FREE", rank=0, credits_per_period=Decimal(50)),
    Plan(plan="PRO", rank=1, paid=True, credits_per_period=Decimal(1000)),
)

CASES: tuple[Case, ...] = (
    Case(
        name="what an unpaid plan gives by itself each month",
        given=(*_UNPAID, Account(account_id="user_1", plan="FREE"), _grant(1, ago(days=3), amount=50)),
    ),
    Case(
        name="more than the unpaid plan gives by itself",
        given=(*_UNPAID, Account(account_id="user_1", plan="FREE"), _grant(1, ago(days=3), amount=51)),
        fires=("1",),
    ),
    Case(
        name="a paid plan gives nothing without an invoice",
        given=(*_UNPAID, Account(account_id="user_1", plan="PRO"), _grant(1, ago(days=3), amount=50)),
        fires=("1",),
    ),
    Case(
        name="first grant written from checkout, by its event",
        given=(_grant(1, ago(days=33), event="evt_1"), _grant(2, ago(days=3), invoice="in_2", event="evt_2")),
    ),
    Case(
        name="the first grant was before the period",
        given=(_grant(1, ago(days=300), event="evt_1"), _grant(2, ago(days=3), event="evt_2")),
        fires=("2",),
    ),
    Case(
        name="two grants at one moment: the first by id is the one from checkout",
        given=(_grant(9, ago(days=3), event="evt_1"), _grant(10, ago(days=3), event="evt_2")),
        fires=("10",),
    ),
    Case(
        name="trial credits of kind promotional grant",
        given=(_grant(1, ago(days=3), kind=EntryKind.PROMOTIONAL_GRANT),),
    ),
    Case(
        name="goodwill credits of kind adjustment",
        given=(_grant(1, ago(days=3), kind=EntryKind.ADJUSTMENT),),
    ),
    Case(
        name="yearly invoice backing twelve monthly grants",
        given=tuple(_grant(n, ago(days=30 * n), invoice="in_1") for n in range(1, 13)),
    ),
    Case(
        name="100 % coupon: an invoice of zero backs it all the same",
        given=(_grant(1, ago(days=3), invoice="in_of_zero"),),
    ),
    Case(
        name="invoice paid from customer balance",
        given=(_grant(1, ago(days=3), invoice="in_paid_from_balance"),),
    ),
    Case(
        name="nothing was granted: zero, taken back, pending",
        given=(
            _grant(1, ago(days=3), amount=0),
            _grant(2, ago(days=3), amount=-1000),
            _grant(3, ago(days=3), posted=False),
        ),
    ),
    Case(
        name="write in flight at the snapshot",
        given=(_grant(1, ago(minutes=1)),),
    ),
    Case(
        name="on the first moment of the period",
        given=(_grant(1, ago(days=45)),),
        fires=("1",),
    ),
    Case(
        name="before the period",
        given=(_grant(1, ago(days=45, seconds=1)),),
    ),
    Case(
        name="annual contract paid by bank transfer, exempted",
        given=(
            _grant(1, ago(days=3)),
            Exemption(check_id="grant-without-invoice", subject="1", owner="finance", reason="paid by transfer"),
        ),
    ),
)
