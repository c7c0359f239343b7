"""The innocent twins: what looks like a fault and is none. A twin is one function; its docstring tells the story.

They are the innocent of the field failures, as far as the app's own rows can tell them.
"""

from __future__ import annotations

from trueup.actions.demo.scene import Scene

ENTERPRISE_PACK = 60_000


def yearly_plan_on_day_300(scene: Scene) -> None:
    """A yearly plan got its year of credits at once, 300 days ago, and owes no renewal yet."""
    person = scene.subscribed(days=300)
    scene.renew(person, days=300, amount=12_000)
    scene.clears(person)


def yearly_invoice_backing_monthly_grants(scene: Scene) -> None:
    """One yearly invoice stands behind a grant every month."""
    person = scene.subscribed(days=290)
    first = scene.renew(person, days=290)
    for days in range(260, 0, -30):
        person.move("subscription_grant", 1000, scene.ago(days=days), invoice=first.invoice_id, actor="scheduler")
    scene.clears(person, first.invoice_id)


def trial_without_invoice(scene: Scene) -> None:
    """A trial: a plan, a subscription, promotional credits, and no invoice yet."""
    scene.clears(scene.trialist(days=6))


def past_due_on_day_10(scene: Scene) -> None:
    """The renewal is ten days late and Stripe is still retrying the card."""
    person = scene.subscriber(plan="TEAM", renewals=3, last_days=41)
    scene.event("invoice.payment_failed", scene.ago(days=10))
    scene.clears(person)


def fully_discounted(scene: Scene) -> None:
    """A coupon of 100 per cent: every period has its invoice, of zero, and its grant."""
    scene.clears(scene.subscriber(renewals=3, last_days=8))


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
    people = [scene.newcomer(days=60) for _ in range(3)]
    for person in people:
        scene.join(organisation, person)
    scene.clears(organisation, *people)


def cancelled_after_its_last_grant(scene: Scene) -> None:
    """FREE now; it was PRO when its latest grant was written."""
    person = scene.subscriber(renewals=3, last_days=25)
    scene.switch(person, "FREE", scene.ago(days=4), actor="stripe")
    person.subscription_id = None
    scene.clears(person)


def refunded_and_bought_again(scene: Scene) -> None:
    """A grant, its refund, and its reinstatement stand on one payment intent."""
    person = scene.newcomer()
    bought = scene.buy(person, days=44, pack=500)
    at = scene.ago(days=40)
    person.move("refund", -500, at, event=scene.event("charge.refunded", at), payment=bought.payment_intent_id)
    again = scene.ago(days=38)
    event = scene.event("charge.dispute.funds_reinstated", again)
    person.move("purchase", 500, again, event=event, payment=bought.payment_intent_id)
    scene.clears(person, bought.payment_intent_id)


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
    event = scene.event("checkout.session.completed", at, status="processing")
    person.move("purchase", 100, at, event=event, payment=scene.stripe_id("pi"), checkout=scene.stripe_id("cs_live"))
    person.customer_id = scene.stripe_id("cus")
    scene.clears(person, event)


def effect_in_flight(scene: Scene) -> None:
    """An event marked processed three minutes ago, whose credits are about to be written."""
    scene.clears(scene.event("checkout.session.completed", scene.ago(minutes=3)))


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
    refunded_and_bought_again,
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
)
