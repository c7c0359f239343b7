"""Faults that a webhook leaves behind, or would on its next delivery."""

from __future__ import annotations

from trueup.demo.scene import Scene


def record_pruned(scene: Scene) -> None:
    """The idempotency record of a purchase was pruned: a replay of its event would credit it again."""
    person = scene.newcomer()
    bought = scene.buy(person, days=33)
    scene.unrecord(bought.event_id)
    scene.expect("missing-idempotency-record", bought.event_id)


def purchase_delivered_twice(scene: Scene) -> None:
    """A retry of one checkout event credited the same pack a second time."""
    person = scene.newcomer()
    bought = scene.buy(person, days=17)
    scene.credit_again(person, bought, days=16.9)
    scene.expect("duplicate-event-grant", bought.event_id)
    scene.expect("duplicate-payment-grant", bought.payment_intent_id)


def renewal_delivered_twice(scene: Scene) -> None:
    """A manual resend of one invoice event granted the period's credits a second time."""
    person = scene.subscriber(last_days=37)
    granted = scene.renew(person, days=7)
    scene.renew(person, days=6, event=granted.event_id, invoice=granted.invoice_id)
    scene.expect("duplicate-event-grant", granted.event_id)
    scene.expect("duplicate-invoice-grant", granted.invoice_id)


def two_events_of_one_payment(scene: Scene) -> None:
    """The checkout event of a purchase credited it, and so did its payment event, which was resent by hand."""
    person = scene.newcomer()
    bought = scene.buy(person, days=25)
    second = scene.event("payment_intent.succeeded", scene.ago(days=24.9), about=bought.payment_intent_id)
    scene.credit_again(person, bought, days=24.9, event=second)
    scene.expect("duplicate-payment-grant", bought.payment_intent_id)


def two_events_of_one_invoice(scene: Scene) -> None:
    """invoice.paid of an invoice granted the period's credits, and so did invoice.payment_succeeded, resent by hand."""
    person = scene.subscriber(last_days=36)
    granted = scene.renew(person, days=6)
    second = scene.event("invoice.payment_succeeded", scene.ago(days=6), about=granted.invoice_id)
    scene.renew(person, days=6, event=second, invoice=granted.invoice_id)
    scene.expect("duplicate-invoice-grant", granted.invoice_id)


def hollow_event(scene: Scene) -> None:
    """A checkout event was marked processed before its effect, the effect failed, and retries were skipped."""
    person, at = scene.newcomer(), scene.ago(days=12, hours=scene.pick(20))
    payment, checkout = scene.sell(person, at, pack=250)
    scene.expect("hollow-event", scene.event("checkout.session.completed", at, about=checkout))
    scene.expect("missing-grant", payment)


def event_stuck_in_processing(scene: Scene) -> None:
    """A worker died in the middle of a renewal's event, and nothing picked it up again."""
    person, at = scene.subscriber(last_days=33), scene.ago(days=2, hours=scene.pick(20))
    invoice = scene.stripe.bill(person.subscription_id, at)
    scene.expect("stuck-event", scene.event("invoice.paid", at, about=invoice, status="processing"))
    scene.expect("missing-grant", invoice)


def event_failed_for_good(scene: Scene) -> None:
    """An event's handler failed until its retries were used up."""
    person, at = scene.subscriber(), scene.ago(days=6, hours=scene.pick(20))
    event = scene.event("customer.subscription.updated", at, about=person.subscription_id, status="failed")
    scene.expect("stuck-event", event)


def test_mode_event(scene: Scene) -> None:
    """A test-mode event reached the production endpoint and was processed."""
    event = scene.event("customer.subscription.updated", scene.ago(days=15, hours=scene.pick(20)), livemode=False)
    scene.expect("mode-mismatch", event)


FAULTS = (
    record_pruned,
    purchase_delivered_twice,
    renewal_delivered_twice,
    two_events_of_one_payment,
    two_events_of_one_invoice,
    hollow_event,
    event_stuck_in_processing,
    event_failed_for_good,
    test_mode_event,
)
