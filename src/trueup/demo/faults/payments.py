"""Faults between money in Stripe and credits in the ledger."""

from __future__ import annotations

from datetime import timedelta

from trueup.demo.scene import Scene
from trueup.model.stripe_objects import DisputeStatus, PaymentStatus

SHORT_BY_A_DIGIT = 100
WAITING = {"status": PaymentStatus.REQUIRES_ACTION, "amount_received": 0}


def renewal_without_an_event(scene: Scene) -> None:
    """A renewal was paid and Stripe made no event for it: the app did not hear of it and credited nothing."""
    person = scene.subscriber(last_days=39)
    scene.expect("missing-grant", scene.stripe.bill(person.subscription_id, scene.ago(days=9)))


def lost_in_an_outage(scene: Scene) -> None:
    """The endpoint was down for four days: Stripe gave up on a checkout's event, and the pack was never credited."""
    person, at = scene.newcomer(), scene.ago(days=6)
    payment, checkout = scene.sell(person, at, pack=500)
    event = scene.stripe.tell(scene.stripe_id("evt"), "checkout.session.completed", checkout, at)
    scene.stripe.change(event, pending_webhooks=1)
    scene.expect("undelivered-event", event)
    scene.expect("missing-grant", payment)


def credited_on_return_alone(scene: Scene) -> None:
    """A pack was credited when the browser came back, and the event that should have done it never arrived."""
    person = scene.newcomer()
    bought = scene.buy(person, days=13, pack=100)
    event, bought.event_id = bought.event_id, None
    scene.unrecord(event)
    scene.expect("undelivered-event", event)


def a_digit_missing(scene: Scene) -> None:
    """Wrong numbers in the tables of what is sold: a renewal granted a tenth of what it owes, and a pack half."""
    person = scene.subscriber(last_days=40)
    bought = scene.buy(person, days=19, pack=500, credited=250)
    granted = scene.renew(person, days=10, amount=SHORT_BY_A_DIGIT)
    scene.expect("wrong-grant-amount", granted.invoice_id)
    scene.expect("wrong-grant-amount", bought.payment_intent_id)


def credited_without_money(scene: Scene) -> None:
    """Packs were credited while the bank waits for a confirmation, for a canceled payment, and for a made up one."""
    person = scene.newcomer()
    payment = scene.stripe_id("pi")
    person.move("purchase", 500, scene.ago(days=21), payment=payment)
    canceled = scene.buy(person, days=18)
    waiting = scene.buy(person, days=5)
    scene.expect("grant-without-money", payment)
    scene.expect("grant-without-money", scene.unpay(canceled, status=PaymentStatus.CANCELED, amount_received=0))
    scene.expect("grant-before-money", scene.unpay(waiting, **WAITING))


def refunded_and_kept(scene: Scene) -> None:
    """A purchase was refunded from the dashboard, and its credits stayed."""
    person = scene.newcomer()
    bought = scene.buy(person, days=30, pack=500)
    scene.refunded(bought, days=9)
    scene.expect("refund-not-clawed-back", bought.payment_intent_id)


def lost_dispute_and_kept(scene: Scene) -> None:
    """The bank took a purchase back for good, and its credits stayed."""
    person = scene.newcomer()
    bought = scene.buy(person, days=42)
    dispute = scene.stripe.dispute(bought.payment_intent_id, scene.ago(days=33), status=DisputeStatus.LOST)
    scene.event("charge.dispute.closed", scene.ago(days=12), about=dispute)
    scene.expect("refund-not-clawed-back", bought.payment_intent_id)


def clawed_back_in_full(scene: Scene) -> None:
    """A quarter of a purchase was refunded, and all of its credits were taken back."""
    person = scene.newcomer()
    bought = scene.buy(person, days=29, pack=500)
    at, event = scene.refunded(bought, days=11, share=0.25)
    person.move("refund", -500, at, event=event, payment=bought.payment_intent_id)
    scene.expect("over-clawed-back", bought.payment_intent_id)


def charged_twice(scene: Scene) -> None:
    """A double click paid one order twice within a minute, and both payments were credited."""
    person, order = scene.newcomer(), scene.stripe_id("order")
    first = scene.buy(person, days=15, order=order)
    second = scene.buy(person, days=15, order=order)
    for named in (second.payment_intent_id, second.checkout_session_id):
        scene.stripe.change(named, created_at=first.at + timedelta(seconds=40))
    second.at = first.at + timedelta(seconds=50)
    scene.expect("duplicate-charge", second.payment_intent_id)


def credited_to_another(scene: Scene) -> None:
    """A colleague's browser finished the checkout, and the pack went to the colleague's account."""
    payer, colleague = scene.newcomer(), scene.newcomer()
    at = scene.ago(days=16)
    payment, checkout = scene.sell(payer, at, pack=250)
    event = scene.event("checkout.session.completed", at, about=checkout)
    colleague.move("purchase", 250, at, event=event, payment=payment, checkout=checkout)
    scene.expect("wrong-account-credited", payment)


FAULTS = (
    renewal_without_an_event,
    lost_in_an_outage,
    credited_on_return_alone,
    a_digit_missing,
    credited_without_money,
    refunded_and_kept,
    lost_dispute_and_kept,
    clawed_back_in_full,
    charged_twice,
    credited_to_another,
)
