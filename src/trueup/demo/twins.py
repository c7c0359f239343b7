"""The innocent twins: what looks like a fault and is none. A twin is one function; its docstring tells the story.

They are the innocent of the field failures.
"""

from __future__ import annotations

from trueup.demo.offer import PRO_YEARLY
from trueup.demo.scene import Scene
from trueup.demo.twins_at_stripe import TWINS as AT_STRIPE
from trueup.model.stripe_objects import DisputeStatus

ENTERPRISE_PACK = 60_000


def yearly_plan_on_day_300(scene: Scene) -> None:
    """A yearly plan got its year of credits at once, 300 days ago, and owes no renewal yet."""
    person = scene.subscribed(days=300, price=PRO_YEARLY)
    scene.renew(person, days=300, amount=12_000)
    scene.clears(person)


def yearly_invoice_backing_monthly_grants(scene: Scene) -> None:
    """One yearly invoice pays for a grant every month."""
    person = scene.subscribed(days=290, price=PRO_YEARLY)
    first = scene.renew(person, days=290)
    for days in range(260, 0, -30):
        person.move("subscription_grant", 1000, scene.ago(days=days), invoice=first.invoice_id, actor="scheduler")
    scene.clears(person, first.invoice_id)


def trial_without_invoice(scene: Scene) -> None:
    """A trial: a plan, a subscription, promotional credits, and no invoice yet."""
    scene.clears(scene.trialist(days=6))


def past_due_on_day_10(scene: Scene) -> None:
    """The renewal is ten days late and Stripe is still retrying the card; the app's copy still says active."""
    person = scene.subscriber(plan="TEAM", renewals=3, last_days=41)
    scene.copy_subscription(person)
    invoice = scene.bill_late(person, days=11)
    scene.event("invoice.payment_failed", scene.ago(days=10), about=invoice)
    scene.clears(person, invoice, person.subscription_id)


def fully_discounted(scene: Scene) -> None:
    """A coupon of 100 per cent: every period has its invoice, of zero, and its grant."""
    person = scene.subscribed(days=98)
    for days in (98, 68, 38, 8):
        invoice = scene.stripe.bill(person.subscription_id, scene.ago(days=days), total=0, amount_due=0, amount_paid=0)
        scene.renew(
            person, days=days, invoice=invoice, event=scene.event("invoice.paid", scene.ago(days=days), about=invoice)
        )
        scene.clears(invoice)
    scene.copy_subscription(person)
    scene.clears(person, person.subscription_id)


def goodwill(scene: Scene) -> None:
    """Support gave credits of kind adjustment, which need no payment and no event."""
    person = scene.newcomer()
    person.move("adjustment", 25, scene.ago(days=30), actor="support", reason="the export was down")
    scene.clears(person)


def comped_partner(scene: Scene) -> None:
    """A partner has PRO for nothing, and an exemption that says so and has not expired."""
    person = scene.newcomer()
    scene.switch(person, "PRO", scene.ago(days=120), actor="partnerships")
    scene.excuse("paid-without-customer", person, owner="partnerships", reason="integration partner", days_left=200)
    scene.expect("paid-without-customer", person, exempted=True)


def team_member(scene: Scene) -> None:
    """A member uses TEAM without a customer of its own; the organisation pays."""
    organisation = scene.subscriber(plan="TEAM")
    scene.seats(organisation, quantity=3)
    people = [scene.newcomer(days=60) for _ in range(3)]
    for person in people:
        scene.join(organisation, person)
    scene.clears(organisation, *people)


def cancelled_after_its_last_grant(scene: Scene) -> None:
    """FREE now; it was PRO when its latest grant was written."""
    person = scene.subscriber(renewals=3, last_days=25)
    scene.end(person, days=4)
    scene.event("customer.subscription.deleted", scene.ago(days=4), about=person.subscription_id)
    scene.switch(person, "FREE", scene.ago(days=4), actor="stripe")
    person.subscription_id = None
    scene.clears(person)


def disputed_and_won(scene: Scene) -> None:
    """A purchase, its clawback when it was disputed, and its reinstatement when that was won, on one payment intent."""
    person = scene.newcomer()
    bought = scene.buy(person, days=44, pack=500)
    payment = bought.payment_intent_id
    lost, won = scene.ago(days=40), scene.ago(days=25)
    dispute = scene.stripe.dispute(payment, lost, status=DisputeStatus.WON)
    opened = scene.event("charge.dispute.created", lost, about=dispute)
    person.move("refund", -500, lost, event=opened, payment=payment)
    closed = scene.event("charge.dispute.closed", won, about=dispute)
    person.move("purchase", 500, won, event=closed, payment=payment)
    scene.clears(person, payment)


def one_event_two_accounts(scene: Scene) -> None:
    """One referral checkout credits the buyer and, by design, the friend who invited them."""
    buyer, friend = scene.newcomer(days=90), scene.newcomer(days=190)
    bought = scene.buy(buyer, days=27)
    friend.move("promotional_grant", 50, bought.at, event=bought.event_id, reason="invited a friend")
    scene.clears(buyer, friend, bought.event_id)


def older_than_the_idempotency_table(scene: Scene) -> None:
    """A purchase from before the app kept idempotency records."""
    days_before_now = (scene.now - scene.recorded_since).days
    person = scene.newcomer(days=days_before_now + 20)
    bought = scene.buy(person, days=days_before_now + 10)
    scene.clears(person, bought.event_id)


def write_in_flight(scene: Scene) -> None:
    """A purchase two minutes old: credited, its event still marked as processing."""
    person = scene.newcomer()
    at = scene.ago(minutes=2)
    payment, checkout = scene.sell(person, at, pack=100)
    event = scene.event("checkout.session.completed", at, about=checkout, status="processing")
    person.move("purchase", 100, at, event=event, payment=payment, checkout=checkout)
    scene.clears(person, event)


def effect_in_flight(scene: Scene) -> None:
    """An event marked processed three minutes ago, whose credits are about to be written."""
    person, at = scene.newcomer(), scene.ago(minutes=3)
    payment, checkout = scene.sell(person, at, pack=250)
    scene.clears(person, payment, scene.event("checkout.session.completed", at, about=checkout))


def account_created_a_minute_ago(scene: Scene) -> None:
    """An account that signed up straight into PRO; Stripe's customer id is about to arrive."""
    person = scene.newcomer(signup_credits=0)
    person.created_at = scene.ago(minutes=1)
    scene.switch(person, "PRO", person.created_at, actor="checkout")
    scene.clears(person)


def ids_out_of_order(scene: Scene) -> None:
    """Two workers wrote rows whose ids are the other way round; sequence, dates and balances are right."""
    person = scene.subscriber()
    first, second = person.spend(20, scene.ago(days=6)), person.spend(30, scene.ago(days=5))
    first.placed_at, second.placed_at = second.at, first.at
    scene.clears(person)


def enterprise_packs(scene: Scene) -> None:
    """A large customer buys the same enormous pack every month, by plan."""
    person = scene.newcomer(days=240)
    for days in range(210, 0, -30):
        scene.buy(person, days=days, pack=ENTERPRISE_PACK)
    scene.clears(person)


def pending_row(scene: Scene) -> None:
    """A pending row carries a stale running balance until it is posted."""
    person = scene.subscriber()
    pending = person.spend(80, scene.ago(days=2))
    pending.posted = False
    person.spend(15, scene.ago(days=1))
    scene.clears(person)


def equal_timestamps(scene: Scene) -> None:
    """Three rows in the same second; the sequence says which is the latest."""
    person = scene.subscriber()
    at = scene.ago(days=3)
    for amount in (5, 7, 11):
        person.spend(amount, at)
    scene.clears(person)


def unlimited_admin(scene: Scene) -> None:
    """An admin with unlimited credits, whose balance is not kept."""
    person = scene.newcomer()
    person.role = "admin"
    person.unlimited_credits = True
    scene.clears(person)


def code_that_lapsed_in_time(scene: Scene) -> None:
    """What was left of a code's credits was taken away when they lapsed; another code's are good for a month more."""
    person = scene.newcomer()
    scene.redeem(person, 80, left=0, at=scene.ago(days=60), until=scene.ago(days=30))
    scene.redeem(person, 70, left=30, at=scene.ago(days=9), until=scene.ago(days=-21))
    scene.clears(person)


TWINS = (
    yearly_plan_on_day_300,
    yearly_invoice_backing_monthly_grants,
    trial_without_invoice,
    past_due_on_day_10,
    fully_discounted,
    goodwill,
    comped_partner,
    team_member,
    cancelled_after_its_last_grant,
    disputed_and_won,
    one_event_two_accounts,
    older_than_the_idempotency_table,
    write_in_flight,
    effect_in_flight,
    account_created_a_minute_ago,
    ids_out_of_order,
    enterprise_packs,
    pending_row,
    equal_timestamps,
    unlimited_admin,
    code_that_lapsed_in_time,
    *AT_STRIPE,
)
