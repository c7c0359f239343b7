"""More cases of `purchase-without-payment`, beside those that its own file teaches with."""

from __future__ import annotations

from trueup.checks.revenue.purchase_without_payment import _purchase
from trueup.model.check import Case, ago
from trueup.model.policy import Policy
from trueup.model.relations import EntryKind, Exemption
from trueup.model.stripe_objects import StripeEvent

CASES: tuple[Case, ...] = (
    Case(
        name="invoice paid from customer balance",
        given=(_purchase(ago(days=3), invoice="in_1"),),
    ),
    Case(
        name="goodwill credits of kind adjustment",
        given=(_purchase(ago(days=3), kind=EntryKind.ADJUSTMENT),),
    ),
    Case(
        name="a promotional grant is no purchase",
        given=(_purchase(ago(days=3), kind=EntryKind.PROMOTIONAL_GRANT),),
    ),
    Case(
        name="the event that it names is of a payment",
        given=(
            _purchase(ago(days=3), event="evt_1"),
            StripeEvent(event_id="evt_1", type="payment_intent.succeeded", payment_intent_id="pi_1"),
        ),
    ),
    Case(
        name="the event that it names is of nothing that was paid",
        given=(
            _purchase(ago(days=3), event="evt_1"),
            StripeEvent(event_id="evt_1", type="customer.updated", payment_intent_id=None, invoice_id=None),
        ),
        fires=("entry_1",),
    ),
    Case(
        name="a purchase that was taken back as a negative row",
        given=(_purchase(ago(days=3), amount=-500),),
    ),
    Case(
        name="a pending purchase has not been granted yet",
        given=(_purchase(ago(days=3), posted=False),),
    ),
    Case(
        name="write in flight at the snapshot",
        given=(_purchase(ago(minutes=1)),),
    ),
    Case(
        name="on the first moment of the period",
        given=(_purchase(ago(days=45)),),
        fires=("entry_1",),
    ),
    Case(
        name="before the period",
        given=(_purchase(ago(days=45, seconds=1)),),
    ),
    Case(
        name="a longer period reaches further back",
        given=(_purchase(ago(days=80)),),
        policy=Policy(period_days=90),
        fires=("entry_1",),
    ),
    Case(
        name="paid by transfer, exempted",
        given=(
            _purchase(ago(days=3)),
            Exemption(
                check_id="purchase-without-payment", subject="entry_1", owner="finance", reason="paid by transfer"
            ),
        ),
    ),
)
