"""Faults that a webhook leaves behind, or would on its next delivery."""

from __future__ import annotations

from trueup.actions.demo.scene import Scene


def record_pruned(scene: Scene) -> None:
    """The idempotency record of a purchase was pruned: a replay of its event would credit it again."""
    person = scene.newcomer()
    event = scene.event("checkout.session.completed", scene.ago(days=33), recorded=False)
    scene.buy(person, days=33, event=event)
    scene.expect("missing-idempotency-record", event)


def purchase_delivered_twice(scene: Scene) -> None:
    """A retry of one checkout event credited the same pack a second time."""
    person = scene.newcomer()
    bought = scene.buy(person, days=17)
    again = scene.buy(person, days=16.9, event=bought.event_id, payment=bought.payment_intent_id)
    again.checkout_session_id = bought.checkout_session_id
    scene.expect("duplicate-event-grant", bought.event_id)
    scene.expect("duplicate-payment-grant", bought.payment_intent_id)


def renewal_delivered_twice(scene: Scene) -> None:
    """A manual resend of one invoice event granted the period's credits a second time."""
    person = scene.subscriber()
    granted = scene.renew(person, days=7)
    scene.renew(person, days=6, event=granted.event_id, invoice=granted.invoice_id)
    scene.expect("duplicate-event-grant", granted.event_id)
    scene.expect("duplicate-invoice-grant", granted.invoice_id)


def two_events_of_one_payment(scene: Scene) -> None:
    """The checkout event and the payment event of one purchase both credited it."""
    person = scene.newcomer()
    bought = scene.buy(person, days=25)
    second = scene.event("payment_intent.succeeded", scene.ago(days=24.9))
    scene.buy(person, days=24.9, event=second, payment=bought.payment_intent_id)
    scene.expect("duplicate-payment-grant", bought.payment_intent_id)


def two_events_of_one_invoice(scene: Scene) -> None:
    """invoice.paid and invoice.payment_succeeded of one invoice both granted the period's credits."""
    person = scene.subscriber()
    granted = scene.renew(person, days=6)
    second = scene.event("invoice.payment_succeeded", scene.ago(days=6))
    scene.renew(person, days=6, event=second, invoice=granted.invoice_id)
    scene.expect("duplicate-invoice-grant", granted.invoice_id)


def hollow_event(scene: Scene) -> None:
    """A checkout event was marked processed before its effect, the effect failed, and retries were skipped."""
    event = scene.event("checkout.session.completed", scene.ago(days=12, hours=scene.pick(20)))
    scene.expect("hollow-event", event)


def event_stuck_in_processing(scene: Scene) -> None:
    """A worker died in the middle of an event, and nothing picked it up again."""
    event = scene.event("invoice.paid", scene.ago(days=2, hours=scene.pick(20)), status="processing")
    scene.expect("stuck-event", event)


def event_failed_for_good(scene: Scene) -> None:
    """An event's handler failed until its retries were used up."""
    event = scene.event("customer.subscription.updated", scene.ago(days=6, hours=scene.pick(20)), status="failed")
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
