"""More innocent twins: what looks like a fault beside Stripe's side, and is none."""

from __future__ import annotations

from datetime import timedelta

from trueup.demo.offer import DESKTOP, TEAM_MONTHLY
from trueup.demo.scene import Scene
from trueup.model.stripe_objects import CheckoutPayment

ON_TERMS = "send_invoice"


def paid_on_terms(scene: Scene) -> None:
    """Net-thirty terms: the period's credits are there, its invoice is open, and is due in eighteen days."""
    person = scene.subscribed(days=42)
    scene.stripe.change(person.subscription_id, collection_method=ON_TERMS)
    scene.renew(person, days=42)
    at = scene.ago(days=12)
    invoice = scene.bill_late(person, days=12, due_at=at + timedelta(days=30))
    event = scene.event("customer.subscription.updated", at, about=person.subscription_id)
    scene.clears(person, scene.renew(person, days=12, invoice=invoice, event=event), invoice)


def paid_by_bank_transfer(scene: Scene) -> None:
    """An invoice was marked as paid by hand when the transfer arrived: there is no payment for it at Stripe."""
    person = scene.subscribed(days=14)
    at = scene.ago(days=14)
    invoice = scene.stripe.bill(person.subscription_id, at, paid_out_of_band=True)
    event = scene.event("invoice.paid", at, about=invoice)
    scene.clears(person, scene.renew(person, days=14, invoice=invoice, event=event), invoice)


def second_product(scene: Scene) -> None:
    """A customer also subscribes to another application, which is sold on the same Stripe account."""
    person = scene.subscriber(renewals=1)
    other = scene.stripe.subscribe(person.customer_id or "", DESKTOP, at=scene.ago(days=25))
    scene.clears(person, other, scene.stripe.bill(other, scene.ago(days=25)), DESKTOP.price_id)


def upgrade_scheduled(scene: Scene) -> None:
    """A schedule takes the account from PRO to TEAM at its next period; until then it is served PRO."""
    person = scene.subscriber(renewals=1)
    scene.plan_ahead(person, TEAM_MONTHLY)
    scene.clears(person, person.subscription_id)


def partly_refunded(scene: Scene) -> None:
    """A fifth of a purchase was refunded, and a fifth of its credits was taken back."""
    person = scene.newcomer()
    bought = scene.buy(person, days=28, pack=500)
    at, event = scene.refunded(bought, days=10, share=0.2)
    person.move("refund", -100, at, event=event, payment=bought.payment_intent_id)
    scene.clears(person, bought.payment_intent_id)


def refund_failed(scene: Scene) -> None:
    """A refund failed at the bank: the money and the credits both stayed where they were."""
    person = scene.newcomer()
    bought = scene.buy(person, days=26)
    scene.stripe.refund(bought.payment_intent_id, scene.ago(days=20), failed=True)
    scene.clears(person, bought.payment_intent_id)


def two_orders_in_a_row(scene: Scene) -> None:
    """The same pack was bought twice within five minutes, in two orders: once for each of two projects."""
    person = scene.newcomer()
    first, second = scene.buy(person, days=16), scene.buy(person, days=16)
    for named in (second.payment_intent_id, second.checkout_session_id):
        scene.stripe.change(named, created_at=first.at + timedelta(minutes=4))
    second.at = first.at + timedelta(minutes=5)
    scene.clears(person, first.payment_intent_id, second.payment_intent_id)


def abandoned_checkout(scene: Scene) -> None:
    """A checkout was opened and left: it expired, nothing was paid, and nothing is owed."""
    person, at = scene.newcomer(), scene.ago(days=19)
    payment, checkout = scene.sell(person, at, pack=250)
    scene.stripe.forget(payment)
    scene.stripe.change(checkout, status="expired", payment_status=CheckoutPayment.UNPAID, payment_intent_id=None)
    scene.clears(person, checkout)


TWINS = (
    paid_on_terms,
    paid_by_bank_transfer,
    second_product,
    upgrade_scheduled,
    partly_refunded,
    refund_failed,
    two_orders_in_a_row,
    abandoned_checkout,
)
