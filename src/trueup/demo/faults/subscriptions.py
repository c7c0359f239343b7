"""Faults between a subscription in Stripe and what the account may use."""

from __future__ import annotations

from trueup.demo.offer import PRO_MONTHLY, PRO_YEARLY, OfferedPrice
from trueup.demo.scene import Scene
from trueup.model.stripe_objects import SubscriptionStatus

CAMPAIGN_CENTS = 2400


def locked_out_by_a_late_event(scene: Scene) -> None:
    """An old event was handled late and wrote FREE over PRO; the subscription is active and paid."""
    person = scene.subscriber()
    scene.switch(person, "FREE", scene.ago(days=7), actor="stripe")
    scene.expect("paid-but-blocked", person)


def locked_out_at_the_first_decline(scene: Scene) -> None:
    """A card was declined once and access was cut at once, while Stripe is still trying."""
    person = scene.subscriber(last_days=34)
    scene.event("invoice.payment_failed", scene.ago(days=4), about=scene.bill_late(person, days=4))
    scene.switch(person, "FREE", scene.ago(days=3.9), actor="stripe")
    scene.expect("paid-but-blocked", person)


def cancelled_and_still_served(scene: Scene) -> None:
    """The subscription ended in Stripe, the app missed it: its copy says active, and the account keeps PRO."""
    person = scene.subscriber(last_days=38)
    scene.copy_subscription(person)
    scene.end(person, days=8)
    scene.expect("unpaid-but-active", person)
    scene.expect("stale-local-subscription", person.subscription_id)


def never_paid_and_still_served(scene: Scene) -> None:
    """Stripe gave up after its retries and left the subscription unpaid, and the account keeps PRO."""
    person = scene.subscriber(last_days=51)
    scene.bill_late(person, days=21)
    scene.stripe.change(person.subscription_id, status=SubscriptionStatus.UNPAID)
    scene.expect("unpaid-but-active", person)


def served_another_plan(scene: Scene) -> None:
    """Support lifted an account to TEAM in the database, and its subscription goes on paying for PRO."""
    person = scene.subscriber(renewals=6)
    scene.switch(person, "TEAM", scene.ago(days=2), actor="support")
    scene.expect("plan-mismatch", person)


def price_in_no_plan(scene: Scene) -> None:
    """A campaign sold PRO at a separate price, which was never added to the config."""
    price = OfferedPrice(
        price_id=scene.stripe_id("price"), product=PRO_MONTHLY.product, cents=CAMPAIGN_CENTS, interval="month"
    )
    scene.stripe.price(price)
    scene.subscriber(renewals=1, price=price)
    scene.expect("unmapped-price", price.price_id)


def subscribed_twice(scene: Scene) -> None:
    """A second click at checkout made a second subscription, and both are charged and credited."""
    person = scene.subscribed(days=42)
    second = scene.stripe.subscribe(person.customer_id or "", PRO_MONTHLY, at=scene.ago(days=41.9))
    for days in (42, 12):
        scene.renew(person, days=days)
        at = scene.ago(days=days - 0.1)
        invoice = scene.stripe.bill(second, at)
        scene.renew(person, days=days - 0.1, invoice=invoice, event=scene.event("invoice.paid", at, about=invoice))
    scene.expect("duplicate-subscription", person)


def subscription_of_nobody(scene: Scene) -> None:
    """A customer paid for a year of PRO at checkout, and no account was ever linked to it."""
    at = scene.ago(days=110)
    subscription = scene.stripe.subscribe(scene.stripe.customer(at, owner=None), PRO_YEARLY, at=at)
    scene.stripe.bill(subscription, at)
    scene.expect("orphan-subscription", subscription)


def customer_gone_from_stripe(scene: Scene) -> None:
    """A customer was deleted in Stripe's dashboard, and the account goes on naming it."""
    person = scene.newcomer()
    scene.buy(person, days=70)
    scene.stripe.forget(person.customer_id)
    scene.expect("missing-customer", person.customer_id)


def seats_never_given(scene: Scene) -> None:
    """A team pays for three seats beside its plan, and was only ever given two."""
    organisation = scene.subscribed(days=40, plan="TEAM")
    scene.seats(organisation, quantity=3)
    for days in (40, 10):
        scene.renew(organisation, days=days)
    for _ in range(2):
        scene.join(organisation, scene.newcomer(days=60))
    scene.expect("seat-drift", organisation)


def cancelled_at_period_end(scene: Scene) -> None:
    """A cancellation waits for the end of the period: PRO is still owed and served, and will end."""
    person = scene.subscriber()
    scene.stripe.change(person.subscription_id, cancel_at_period_end=True, canceled_at=scene.ago(days=3))
    scene.event("customer.subscription.updated", scene.ago(days=3), about=person.subscription_id)
    scene.expect("ending-plan", person)


def downgrade_scheduled(scene: Scene) -> None:
    """A schedule takes the account from TEAM to PRO at its next period."""
    person = scene.subscriber(plan="TEAM", renewals=1)
    scene.plan_ahead(person, PRO_MONTHLY)
    scene.expect("ending-plan", person)


FAULTS = (
    locked_out_by_a_late_event,
    locked_out_at_the_first_decline,
    cancelled_and_still_served,
    never_paid_and_still_served,
    served_another_plan,
    price_in_no_plan,
    subscribed_twice,
    subscription_of_nobody,
    customer_gone_from_stripe,
    seats_never_given,
    cancelled_at_period_end,
    downgrade_scheduled,
)
