"""Faults in which credits were granted and nothing was paid for them."""

from __future__ import annotations

from trueup.demo.scene import Scene

TOO_MANY = 75_000


def purchase_without_payment(scene: Scene) -> None:
    """A purchase was credited straight from the browser's return address, with no payment behind it."""
    person = scene.newcomer()
    bought = person.move("purchase", 250, scene.ago(days=14))
    scene.expect("purchase-without-payment", bought)


def grant_without_invoice(scene: Scene) -> None:
    """A subscription grant names no invoice."""
    person = scene.subscriber(last_days=35)
    granted = scene.renew(person, days=5)
    granted.invoice_id = None
    scene.expect("grant-without-invoice", granted)


def enormous_grant(scene: Scene) -> None:
    """A campaign script granted one account tens of thousands of credits where it meant fifty."""
    person = scene.newcomer()
    enormous = person.move(
        "promotional_grant", TOO_MANY, scene.ago(days=10), actor="campaign", reason="spring campaign"
    )
    scene.expect("large-credit-movement", enormous)


FAULTS = (purchase_without_payment, grant_without_invoice, enormous_grant)
