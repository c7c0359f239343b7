"""What looks like a failure and is none: the 23 of the design's list, each of which must stay quiet."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from tests.incidents.organisations import organisation
from tests.support.incidents.offer import CREDITS, OTHER_PRODUCT
from tests.support.incidents.people import new_customer, somebody, subscriber
from tests.support.incidents.scenario import QUIET, Findings, Innocent, found
from tests.support.incidents.stage import Stage, seconds
from tests.support.stripe import stories
from tests.support.stripe.objects import DAY
from trueup.model.relations import EntryKind, Exemption
from trueup.model.severity import Severity


def _yearly_on_day_300(stage: Stage) -> Findings:
    user = somebody(stage, stage.yearly.plan, days=310)
    year = user.billed(user.subscribes(stage.yearly.yearly_price, days=300, period_days=300), 300)
    user.granted(year, 12 * stage.yearly.credits)
    user.uses(40, stage.ago(6))
    return QUIET


def _trial_without_an_invoice(stage: Stage) -> Findings:
    user = somebody(stage, days=9)
    start = stage.ago(9)
    subscription = user.subscribes(
        stage.tier.price,
        days=9,
        period_days=9,
        status="trialing",
        trial_start=seconds(start),
        trial_end=seconds(start) + 14 * DAY,
    )
    user.moves("FREE", stage.tier.plan, start)
    if not stage.whole:  # Stripe often makes an invoice of nothing
        free: dict[str, Any] = {"subtotal": 0, "total": 0, "amount_paid": 0, "amount_due": 0}
        user.billed(subscription, 9, **free)
    user.entry(EntryKind.PROMOTIONAL_GRANT, 100, start)
    return QUIET


def _day_ten_of_dunning(stage: Stage) -> Findings:
    user, subscription = subscriber(stage, renewed=(70, 40))
    user.billed(subscription, 10, paid=False)
    stage.world.change(subscription["id"], status="past_due")
    return QUIET


def _net_60(stage: Stage) -> Findings:
    """One invoice is not due yet, and one was paid by transfer, outside Stripe."""
    waiting, paid = somebody(stage, stage.tier.plan), somebody(stage, stage.tier.plan)
    terms: dict[str, Any] = {"collection_method": "send_invoice", "days_until_due": 60}
    for user, is_paid in ((waiting, False), (paid, True)):
        subscription = user.subscribes(stage.tier.price, days=25, period_days=25, **terms)
        due: dict[str, Any] = {"collection_method": "send_invoice", "due_date": seconds(stage.ago(25)) + 60 * DAY}
        bill = user.billed(subscription, 25, paid=is_paid, **due)
        if is_paid:
            (made,) = stage.world.naming("invoice_payment", "invoice", bill.id)
            stage.world.remove(made.shown()["payment"]["payment_intent"])
            stage.world.remove(made.id)
        user.granted(bill)
    return QUIET


def _from_the_customer_s_balance(stage: Stage) -> Findings:
    user, subscription = subscriber(stage, renewed=(70, 40))
    balance: dict[str, Any] = {
        "starting_balance": -stage.tier.cents,
        "ending_balance": 0,
        "amount_paid": 0,
        "amount_due": 0,
    }
    user.granted(user.billed(subscription, 10, **balance))
    return QUIET


def _paused_by_policy(stage: Stage) -> Findings:
    user, subscription = subscriber(stage, renewed=(100, 70), days=100, period_days=10)
    stage.world.change(subscription["id"], pause_collection={"behavior": "void", "resumes_at": None})
    user.billed(subscription, 10, status="void", paid=False)
    return QUIET


def _hundred_percent_coupon(stage: Stage) -> Findings:
    user, subscription = subscriber(stage, renewed=(70, 40))
    free: dict[str, Any] = {"subtotal": stage.tier.cents, "total": 0, "amount_paid": 0, "amount_due": 0}
    user.granted(user.billed(subscription, 10, **free))
    return QUIET


def _goodwill(stage: Stage) -> Findings:
    user, _ = subscriber(stage)
    gift = stage.random.randint(20, 400)
    user.entry(EntryKind.ADJUSTMENT, gift, stage.ago(4), actor="support", reason="sorry for the outage")
    return QUIET


def _comped_partner(stage: Stage) -> Findings:
    user = somebody(stage, "MAX", linked=False)
    stage.exemptions.append(
        Exemption(
            check_id="paid-without-customer",
            subject=str(user),
            owner="partnerships",
            reason="partner for a year",
            expires_at=date(2027, 1, 31),
        )
    )
    return QUIET


def _member_of_a_paying_organisation(stage: Stage) -> Findings:
    seats = stage.random.randint(2, 6)
    organisation(stage, seats=seats, members=seats, plan_of_members="TEAM")
    return QUIET


def _free_now_pro_then(stage: Stage) -> Findings:
    user, subscription = subscriber(stage, renewed=(70, 40), period_days=40)
    stories.cancel(stage.world, subscription, at=seconds(stage.ago(12)))
    user.moves(stage.tier.plan, "FREE", stage.ago(12))
    return QUIET


def _twelve_grants_of_one_invoice(stage: Stage) -> Findings:
    user = somebody(stage, stage.yearly.plan, days=210)
    year = user.billed(user.subscribes(stage.yearly.yearly_price, days=200, period_days=200), 200)
    for month in range(7):
        user.granted(
            year, stage.yearly.credits, later_days=30 * month, stripe_event_id=year.event if month == 0 else None
        )
    return QUIET


def _granted_again_after_a_dispute(stage: Stage) -> Findings:
    user = somebody(stage)
    sale = user.buys(20)
    user.credited(sale)
    contested = stage.world.get(sale.payment)
    stories.contest(stage.world, contested, id=stage.id("dp"), created=seconds(stage.ago(14)), status="won")
    user.reversed(sale, 14)
    again = {"stripe_event_id": None, "stripe_checkout_session_id": None}
    user.credited(sale, later_days=18, **again)
    return QUIET


def _one_event_for_two(stage: Stage) -> Findings:
    """A purchase that gives the friend who recommended it as much."""
    user, friend = somebody(stage), somebody(stage)
    sale = user.buys(9)
    user.credited(sale)
    friend.credited(sale)
    return QUIET


def _before_the_table_existed(stage: Stage) -> Findings:
    user = somebody(stage, days=300)
    sale = user.buys(150, received=False)
    user.credited(sale)
    user.uses(10, stage.ago(5))
    return QUIET


def _in_flight(stage: Stage) -> Findings:
    """Paid, and credited, three minutes ago: the records are on their way, and the second user's credits too."""
    for is_credited in (True, False):
        user = somebody(stage, stage.tier.plan)
        subscription = user.subscribes(stage.tier.price, days=70, period_days=10)
        user.renews(subscription, 70, 40)
        at = stage.just(3)
        fields: dict[str, Any] = {"created": seconds(at), "status_transitions": _paid_at(seconds(at))}
        bill = user.billed(subscription, 10, told=False, **fields)
        event = stage.told("invoice.paid", bill.invoice, at, received=False)
        if is_credited:
            user.entry(
                EntryKind.SUBSCRIPTION_GRANT, stage.tier.credits, at, stripe_invoice_id=bill.id, stripe_event_id=event
            )
    return QUIET


def _paid_at(moment: int) -> dict[str, int | None]:
    return {"finalized_at": moment, "marked_uncollectible_at": None, "paid_at": moment, "voided_at": None}


def _a_minute_old(stage: Stage) -> Findings:
    somebody(stage, stage.tier.plan, linked=False, created_at=stage.just(1))
    return QUIET


def _second_product(stage: Stage) -> Findings:
    """Another application's subscription and its invoices, of somebody who is free here, and of a stranger."""
    other = stage.price("price_other")
    assert other["product"] == OTHER_PRODUCT
    user = somebody(stage) if stage.whole else subscriber(stage)[0]
    for customer in (user.customer, new_customer(stage)):
        subscription = user.subscribes(other, days=70, customer=customer)
        for days in (70, 40, 10):
            user.billed(subscription, days)
    return QUIET


def _add_on(stage: Stage) -> Findings:
    user = somebody(stage, stage.tier.plan)
    subscription = user.subscribes(stage.tier.price, more=("price_addon", "price_metered"))
    user.renews(subscription, 70, 40, 10)
    return QUIET


def _until_the_period_ends(stage: Stage) -> Findings:
    user, subscription = subscriber(stage)
    stage.world.change(subscription["id"], cancel_at_period_end=True, canceled_at=seconds(stage.ago(4)))
    return (found("ending-plan", user, severity=Severity.INFO, ending_plan=stage.tier.plan),)


def _ids_out_of_order(stage: Stage) -> Findings:
    """Ids that say nothing about the order: the dates do."""
    user = somebody(stage, numbered=False)
    user.credited(user.buys(9), entry_id=stage.first_entry + 900)
    for number in range(4):
        user.entry(EntryKind.USAGE, -10, stage.ago(4 - number), entry_id=stage.first_entry + 800 - number)
    return QUIET


def _sequence_that_skipped(stage: Stage) -> Findings:
    user = somebody(stage)
    user.credited(user.buys(9))
    for days, skipped in ((4, 0), (3, 3), (2, 1)):
        assert user.sequence is not None
        user.sequence += skipped
        user.uses(10, stage.ago(days))
    return QUIET


def _enterprise(stage: Stage) -> Findings:
    """A year of the largest plan at once; and a pack of a size that keeps coming back."""
    user = somebody(stage, "MAX")
    year = user.billed(user.subscribes("price_max_yearly", days=20, period_days=20), 20)
    user.granted(year, 12 * CREDITS["MAX"])
    price, _ = stage.pack()
    size = 10_000 * stage.random.randint(2, 9) + stage.random.randint(0, 999)
    for days in (16, 11, 5):
        user.credited(user.buys(days, (price, size)))
    assert user.balance > Decimal(size)
    return QUIET


INNOCENTS = (
    Innocent(number=1, name="yearly plan on day 300", why="A year was paid.", telling=_yearly_on_day_300),
    Innocent(number=2, name="trial with no invoice", why="Nothing is owed yet.", telling=_trial_without_an_invoice),
    Innocent(number=3, name="past due on day 10 of dunning", why="Stripe still tries.", telling=_day_ten_of_dunning),
    Innocent(
        number=4, name="net-60 invoice paid by transfer", why="It is due later, or was paid elsewhere.", telling=_net_60
    ),
    Innocent(
        number=5,
        name="invoice paid from customer balance",
        why="The money came before.",
        telling=_from_the_customer_s_balance,
    ),
    Innocent(
        number=6, name="paused by policy", why="A pause entitles, unless the policy says no.", telling=_paused_by_policy
    ),
    Innocent(number=7, name="100 % coupon", why="Nothing was to be paid.", telling=_hundred_percent_coupon),
    Innocent(
        number=8,
        name="goodwill credits of kind adjustment",
        why="Nothing says that they were bought.",
        telling=_goodwill,
    ),
    Innocent(
        number=9,
        name="comped partner with a live exemption",
        why="A person answers for it until a day to come.",
        telling=_comped_partner,
    ),
    Innocent(
        number=10,
        name="team member of a paying organisation",
        why="The organisation pays.",
        telling=_member_of_a_paying_organisation,
    ),
    Innocent(
        number=11,
        name="free now, PRO when the grant was written",
        why="It was paid for then.",
        telling=_free_now_pro_then,
    ),
    Innocent(
        number=12,
        name="yearly invoice backing twelve monthly grants",
        why="Each month is another period.",
        telling=_twelve_grants_of_one_invoice,
    ),
    Innocent(
        number=13,
        name="grant, refund, and re-grant on one payment intent",
        why="What was taken back in between nets them.",
        telling=_granted_again_after_a_dispute,
    ),
    Innocent(
        number=14,
        name="one event crediting two accounts by design",
        why="Each account is credited once.",
        telling=_one_event_for_two,
    ),
    Innocent(
        number=15,
        name="entries older than the idempotency table",
        why="The policy says since when there are records.",
        telling=_before_the_table_existed,
    ),
    Innocent(
        number=16,
        name="write in flight at the snapshot",
        why="It is younger than it takes to settle.",
        telling=_in_flight,
    ),
    Innocent(number=17, name="account created a minute ago", why="Its customer is on the way.", telling=_a_minute_old),
    Innocent(
        number=18,
        name="second product on the same Stripe account",
        why="It is no product of ours.",
        telling=_second_product,
    ),
    Innocent(
        number=19,
        name="add-on price beside a mapped plan",
        why="The plan is what the other price says.",
        telling=_add_on,
    ),
    Innocent(
        number=20,
        name="cancelled at period end and still inside it",
        why="It was paid until then. That it ends is reported as info, by ending-plan, and sends no alert.",
        telling=_until_the_period_ends,
    ),
    Innocent(
        number=21,
        name="out-of-order ids with a right sum",
        why="Ids are the last word in the order, not the first.",
        telling=_ids_out_of_order,
    ),
    Innocent(
        number=22,
        name="database sequence that skipped on rollback",
        why="The mapping does not claim density.",
        telling=_sequence_that_skipped,
    ),
    Innocent(
        number=23,
        name="huge but planned enterprise grant, repeated",
        why="A plan explains it, or it keeps coming back.",
        telling=_enterprise,
    ),
)
