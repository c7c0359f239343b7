"""More cases of `duplicate-payment-grant`, beside those that its own file teaches with."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from decimal import Decimal

from trueup.checks.case_rows import entry
from trueup.checks.webhooks.duplicate_payment_grant import _CLAWBACK, _entry
from trueup.model.check import Case, ago
from trueup.model.relations import EntryKind, Row
from trueup.model.stripe_objects import StripeCheckoutSession

_RENEWAL = EntryKind.SUBSCRIPTION_GRANT

_CHECKOUT = StripeCheckoutSession(checkout_session_id="cs_1", payment_intent_id="pi_1")


def _by_checkout(entry_id: int, created_at: datetime) -> Row:
    return entry(entry_id, created_at, checkout="cs_1")


CASES: tuple[Case, ...] = (
    Case(
        name="one handler names the checkout, another its payment",
        given=(_CHECKOUT, _by_checkout(1, ago(days=2)), _entry(2, ago(days=2, seconds=-3))),
        fires=("pi_1",),
        evidence={"pi_1": {"grants": 2, "excess": Decimal(100)}},
    ),
    Case(
        name="the same checkout is credited twice, and names no payment",
        given=(
            dataclasses.replace(_CHECKOUT, payment_intent_id=None),
            _by_checkout(1, ago(days=2)),
            _by_checkout(2, ago(days=2, seconds=-3)),
        ),
        fires=("cs_1",),
    ),
    Case(
        name="a part by the checkout's name and another part by the payment's",
        given=(_CHECKOUT, _by_checkout(1, ago(days=2)), _entry(2, ago(days=2, seconds=-3), amount=20)),
    ),
    Case(
        name="what was credited by another name was taken back",
        given=(
            _CHECKOUT,
            _by_checkout(1, ago(days=2)),
            _entry(2, ago(days=2, seconds=-3)),
            _entry(3, ago(days=1), amount=-100, kind=_CLAWBACK),
        ),
    ),
    Case(
        name="a purchase that was credited again a year later",
        given=(_entry(1, ago(days=365)), _entry(2, ago(days=1))),
        fires=("pi_1",),
    ),
    Case(
        name="re-granted twice after one clawback",
        given=(
            _entry(1, ago(days=9)),
            _entry(2, ago(days=5), amount=-100, kind=_CLAWBACK),
            _entry(3, ago(days=2)),
            _entry(4, ago(days=1)),
        ),
        fires=("pi_1",),
        evidence={"pi_1": {"grants": 3, "credits_reversed": Decimal(100), "excess": Decimal(100)}},
    ),
    Case(
        name="reinstated with one credit more than was clawed back",
        given=(
            _entry(1, ago(days=9)),
            _entry(2, ago(days=5), amount=-30, kind=_CLAWBACK),
            _entry(3, ago(days=1), amount=31),
        ),
        fires=("pi_1",),
        evidence={"pi_1": {"excess": Decimal(1)}},
    ),
    Case(
        name="one payment crediting two accounts by design",
        given=(_entry(1, ago(days=2)), _entry(2, ago(days=2), account_id="user_2")),
    ),
    Case(
        name="a yearly payment backing a grant every month",
        given=tuple(_entry(n, ago(days=30 * n), kind=_RENEWAL) for n in range(1, 13)),
    ),
    Case(
        name="subscription credits granted twice for one payment",
        given=(
            _entry(1, ago(days=3), kind=_RENEWAL),
            _entry(2, ago(days=3, minutes=-2), kind=_RENEWAL),
        ),
        fires=("pi_1",),
    ),
    Case(
        name="one month of a yearly payment granted twice",
        given=(
            _entry(1, ago(days=60), kind=_RENEWAL),
            _entry(2, ago(days=30), kind=_RENEWAL),
            _entry(3, ago(days=30), kind=_RENEWAL),
        ),
        fires=("pi_1",),
        evidence={"pi_1": {"excess": Decimal(100)}},
    ),
    Case(
        name="a first attempt that never posted",
        given=(_entry(1, ago(days=2), posted=False), _entry(2, ago(days=1))),
    ),
    Case(
        name="grants without a payment",
        given=(_entry(1, ago(days=2), payment=None), _entry(2, ago(days=1), payment=None)),
    ),
)
