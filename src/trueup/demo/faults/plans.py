"""Faults of what an account may use against what it pays for."""

from __future__ import annotations

from trueup.demo.scene import Scene


def paid_plan_without_customer(scene: Scene) -> None:
    """A FREE account was put on PRO in the database; Stripe has never heard of it."""
    person = scene.newcomer()
    scene.switch(person, "PRO", scene.ago(days=40), actor="admin")
    scene.expect("paid-without-customer", person)


def free_account_with_grants(scene: Scene) -> None:
    """The plan went back to FREE, the subscription went on, and its credits kept arriving."""
    person = scene.subscriber(renewals=4, last_days=51)
    scene.switch(person, "FREE", scene.ago(days=46), actor="stripe")
    scene.renew(person, days=21, amount=1000)
    scene.expect("free-with-subscription-grant", person)
    scene.expect("paid-but-blocked", person)


def team_plan_gone_stale(scene: Scene) -> None:
    """A monthly TEAM plan had its last paid renewal more than three months ago and still runs."""
    person = scene.subscriber(plan="TEAM", renewals=2, last_days=97)
    scene.end(person, days=67)
    scene.expect("stale-paid-plan", person)
    scene.expect("unpaid-but-active", person)


def pro_plan_gone_stale(scene: Scene) -> None:
    """A PRO plan had its last paid renewal more than a year and a month ago and still runs."""
    person = scene.subscriber(plan="PRO", renewals=1, last_days=412)
    scene.end(person, days=382)
    scene.expect("stale-paid-plan", person)
    scene.expect("unpaid-but-active", person)


def unlimited_user(scene: Scene) -> None:
    """A self-service call switched unlimited credits on for an ordinary user."""
    person = scene.newcomer()
    person.unlimited_credits = True
    scene.expect("unlimited-credits", person)


def shared_customer(scene: Scene) -> None:
    """Two unrelated accounts carry the same Stripe customer id."""
    person, other = scene.subscriber(), scene.newcomer()
    other.customer_id = person.customer_id
    scene.expect("shared-customer", person.customer_id)


def exemption_ran_out(scene: Scene) -> None:
    """A partner's free PRO plan was agreed until a date that has passed, and it was neither renewed nor ended."""
    person = scene.newcomer()
    scene.switch(person, "PRO", scene.ago(days=150), actor="partnerships")
    scene.excuse(
        "paid-without-customer", person, owner="partnerships", reason="launch partner, free for a while", days_left=-12
    )
    scene.expect("exemption-expired", person, prefix="paid-without-customer:")
    scene.expect("paid-without-customer", person)


FAULTS = (
    paid_plan_without_customer,
    free_account_with_grants,
    team_plan_gone_stale,
    pro_plan_gone_stale,
    unlimited_user,
    shared_customer,
    exemption_ran_out,
)
