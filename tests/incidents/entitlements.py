"""Entitlement against subscription: failures 17 to 30 of the design's list."""

from __future__ import annotations

from tests.incidents.organisations import seats_and_members, seats_that_differ
from tests.support.incidents.offer import CENTS
from tests.support.incidents.people import Bill, Person, new_customer, somebody, subscriber
from tests.support.incidents.scenario import QUIET, Findings, Scenario, found
from tests.support.incidents.stage import Stage, seconds
from tests.support.stripe import invoices, stories
from tests.support.stripe.objects import JSON, phase
from trueup.model.severity import Severity


def _unknown_price(stage: Stage) -> Findings:
    user = somebody(stage, "BASIC")
    cents = 100 * stage.random.randint(8, 15)
    price = stage.new_price(unit_amount=cents)
    subscription = user.subscribes(price, days=70, period_days=10)
    user.billed(subscription, 10)
    user.moves("BASIC", "FREE", stage.ago(10, minutes=1))
    return (
        found("unmapped-price", price["id"], subscriptions=1, first_account_id=str(user)),
        found("paid-but-blocked", user, paid_for="BASIC", unmapped_price_id=price["id"], money={"usd": cents}),
    )


def _known_price(stage: Stage) -> Findings:
    user, subscription = subscriber(stage, "price_basic")
    user.billed(subscription, 10)
    return QUIET


def _cut_at_the_first_decline(stage: Stage) -> Findings:
    user, subscription = _declined(stage, 5)
    user.moves(stage.tier.plan, "FREE", stage.ago(5, minutes=1))
    return (
        found(
            "paid-but-blocked", user, paid_for=stage.tier.plan, subscription_id=subscription["id"], status="past_due"
        ),
    )


def _kept_while_stripe_retries(stage: Stage) -> Findings:
    """One is tried still, and one paid at the fourth try."""
    _declined(stage, 12)
    user, subscription = _declined(stage, 12)
    bill = stage.world.get(stage.world.get(subscription["id"])["latest_invoice"])
    failed = {"status": "canceled", "created": seconds(stage.ago(12))}
    tried = stories.pay(stage.world, amount=bill["total"], customer_id=bill["customer"], like=bill, **failed)
    stage.world.add(invoices.invoice_payment(stage.id("inpay"), bill, tried["id"], **failed, is_default=False))
    at = stage.ago(4)
    paid = {"status": "paid", "amount_paid": bill["total"], "amount_remaining": 0, "attempt_count": 4}
    moments = bill["status_transitions"] | {"paid_at": seconds(at)}
    made = stage.world.change(bill["id"], **paid, status_transitions=moments)
    stories.settle(stage.world, made)
    stage.world.change(subscription["id"], status="active")
    user.granted(Bill(id=made["id"], event=stage.told("invoice.paid", made, at), invoice=made, at=at))
    return QUIET


def _declined(stage: Stage, days: float) -> tuple[Person, JSON]:
    """A subscriber whose last renewal was declined so long ago, and is tried again."""
    user, subscription = subscriber(stage, renewed=(days + 60, days + 30), days=days + 60, period_days=days)
    user.billed(subscription, days, paid=False)
    stage.world.change(subscription["id"], status="past_due")
    return user, subscription


def _kept_for_ever(stage: Stage) -> Findings:
    findings: Findings = ()
    for status in ("unpaid", "paused", "incomplete_expired"):
        user = somebody(stage, "BASIC")
        subscription = user.subscribes("price_basic", days=40, period_days=10, status=status)
        findings += (found("unpaid-but-active", user, subscription_id=subscription["id"], subscription_status=status),)
    return findings


def _ended_with_the_status(stage: Stage) -> Findings:
    for status in ("unpaid", "paused", "incomplete_expired"):
        user = somebody(stage, "BASIC")
        user.subscribes("price_basic", days=40, period_days=10, status=status)
        user.moves("BASIC", "FREE", stage.ago(9))
    return QUIET


def _granted_on_the_price(stage: Stage) -> Findings:
    user = somebody(stage, days=3)
    subscription = user.subscribes("price_basic", days=0.4, period_days=0.4, status="incomplete")
    user.billed(subscription, 0.4, paid=False)
    user.moves("FREE", "BASIC", stage.ago(0.4))
    return (found("unpaid-but-active", user, subscription_status="incomplete", money={"usd": CENTS["price_basic"]}),)


def _granted_when_active(stage: Stage) -> Findings:
    user = somebody(stage, days=3)
    subscription = user.subscribes("price_basic", days=0.4, period_days=0.4, status="incomplete")
    user.billed(subscription, 0.4, paid=False)
    return QUIET


def _one_of_several_cancelled(stage: Stage) -> Findings:
    user = somebody(stage, "BASIC")
    first, *_ = (user.subscribes("price_basic", days=days) for days in (70, 45, 44))
    stories.cancel(stage.world, first, at=seconds(stage.ago(4)))
    user.moves("BASIC", "FREE", stage.ago(4))
    return (
        found("duplicate-subscription", user, extra_subscriptions=1, money={"usd": CENTS["price_basic"]}),
        found("paid-but-blocked", user, paid_for="BASIC"),
    )


def _one_of_two_cancelled(stage: Stage) -> Findings:
    user = somebody(stage, "BASIC")
    first, _ = (user.subscribes("price_basic", days=days) for days in (70, 45))
    stories.cancel(stage.world, first, at=seconds(stage.ago(4)))
    return QUIET


def _a_customer_each_click(stage: Stage) -> Findings:
    user = somebody(stage)
    for days in (12, 11):
        customer = new_customer(stage, days=days, metadata={"user_id": str(user)})
        user.subscribes("price_basic", days=days, period_days=days, customer=customer)
    return (
        found("paid-but-blocked", user, paid_for="BASIC", stripe_customer_id=user.account.stripe_customer_id),
        found("duplicate-subscription", user, extra_subscriptions=1),
    )


def _the_same_customer_each_click(stage: Stage) -> Findings:
    """The abandoned ones have customers too, and nothing was paid."""
    user, _ = subscriber(stage, "price_basic")
    for days in (12, 11):
        left = new_customer(stage, days=days, metadata={"user_id": str(user)})
        price, _ = stage.pack()
        stories.buy(stage.world, left, price, status="expired", created=seconds(stage.ago(days)))
    return QUIET


def _one_customer_for_all(stage: Stage) -> Findings:
    user, _ = subscriber(stage, "price_basic")
    findings: Findings = ()
    others = stage.random.randint(1, 3)
    for _ in range(others):
        somebody(stage, "BASIC", linked=False, stripe_customer_id=user.account.stripe_customer_id)
    findings += (found("shared-customer", user.account.stripe_customer_id, accounts=others + 1),)
    return findings


def _a_customer_each(stage: Stage) -> Findings:
    for _ in range(2):
        subscriber(stage, "price_basic")
    return QUIET


def _never_linked(stage: Stage) -> Findings:
    stranger = somebody(stage)
    customer = new_customer(stage, days=20)
    subscription = stranger.subscribes("price_basic", days=20, period_days=20, customer=customer)
    stranger.billed(subscription, 20)
    return (
        found(
            "orphan-subscription",
            subscription["id"],
            customer_id=customer["id"],
            belongs_to="no account",
            money={"usd": CENTS["price_basic"]},
        ),
    )


def _linked_by_what_the_customer_says(stage: Stage) -> Findings:
    user = somebody(stage, "BASIC", linked=True)
    customer = new_customer(stage, days=20, metadata={"user_id": str(user)})
    user.subscribes("price_basic", days=20, period_days=20, customer=customer)
    return QUIET


def _customer_deleted(stage: Stage) -> Findings:
    user, subscription = subscriber(stage, "price_basic")
    assert user.customer is not None
    stage.world.delete_customer(user.customer["id"])
    stage.told("customer.subscription.deleted", stage.world.get(subscription["id"]), stage.ago(3), received=False)
    return (found("missing-customer", user.customer["id"], account_id=str(user)),)


def _customer_kept(stage: Stage) -> Findings:
    user, subscription = subscriber(stage, "price_basic")
    stories.cancel(stage.world, subscription, at=seconds(stage.ago(3)))
    user.moves("BASIC", "FREE", stage.ago(3))
    return QUIET


def _downgraded_here_alone(stage: Stage) -> Findings:
    user, subscription = subscriber(stage, "price_basic", days=80, period_days=20)
    user.moves("BASIC", "FREE", stage.ago(50))
    user.billed(subscription, 20)
    return (found("paid-but-blocked", user, plan="FREE", paid_for="BASIC", money={"usd": CENTS["price_basic"]}),)


def _downgraded_there_too(stage: Stage) -> Findings:
    user, subscription = subscriber(stage, "price_basic", days=80, period_days=50)
    stories.cancel(stage.world, subscription, at=seconds(stage.ago(50)))
    user.moves("BASIC", "FREE", stage.ago(50))
    return QUIET


def _account_gone(stage: Stage) -> Findings:
    """One was removed with all its rows, and one only closed."""
    (gone, of_gone), (closed, of_closed) = (subscriber(stage, "price_basic") for _ in range(2))
    stage.rows[:] = [row for row in stage.rows if getattr(row, "account_id", None) != str(gone)]
    closed.change(active=False)
    return (
        found("orphan-subscription", of_gone["id"], belongs_to="no account"),
        found("orphan-subscription", of_closed["id"], belongs_to="a closed account"),
    )


def _account_closed(stage: Stage) -> Findings:
    user, subscription = subscriber(stage, "price_basic")
    user.change(active=False, plan="FREE")
    stories.cancel(stage.world, subscription, at=seconds(stage.ago(3)))
    return QUIET


def _scheduled_there_alone(stage: Stage) -> Findings:
    user, subscription = subscriber(stage, "price_max")
    start, end = (subscription["items"]["data"][0][f"current_period_{one}"] for one in ("start", "end"))
    now = phase([{"price": "price_max", "quantity": 1}], start_date=start, end_date=end)
    then = phase([{"price": "price_basic", "quantity": 1}], start_date=end, end_date=end + (end - start))
    stories.plan_ahead(stage.world, subscription, now, then, created=start)
    return (found("ending-plan", user, severity=Severity.INFO, ending_plan="MAX", plan_then="BASIC"),)


def _nothing_scheduled(stage: Stage) -> Findings:
    """A schedule that goes on with the same price."""
    _, subscription = subscriber(stage, "price_max")
    start, end = (subscription["items"]["data"][0][f"current_period_{one}"] for one in ("start", "end"))
    phases = (
        phase([{"price": "price_max", "quantity": 1}], start_date=at, end_date=at + (end - start))
        for at in (start, end)
    )
    stories.plan_ahead(stage.world, subscription, *phases, created=start)
    return QUIET


def _pushed_off_the_first_page(stage: Stage) -> Findings:
    user = _with_abandoned_checkouts(stage)
    user.moves("BASIC", "FREE", stage.ago(1))
    return (found("paid-but-blocked", user, paid_for="BASIC", status="active"),)


def _with_abandoned_checkouts(stage: Stage) -> Person:
    user, _ = subscriber(stage, "price_basic")
    for number in stage.crowd(120):
        user.subscribes("price_basic", days=9 - number / 100, period_days=9 - number / 100, status="incomplete_expired")
    return user


def _read_to_the_last_page(stage: Stage) -> Findings:
    _with_abandoned_checkouts(stage)
    return QUIET


SCENARIOS = (
    Scenario(
        number=17,
        name="an unknown price",
        source="BasedHardware/omi PR #7452",
        happened="A new price was in no table of the handler's, so at renewal it wrote the free plan.",
        catches=("unmapped-price", "paid-but-blocked"),
        incident=_unknown_price,
        twin=_known_price,
    ),
    Scenario(
        number=18,
        name="cut at the first decline",
        source="superset PR #6732",
        happened="Access ended with the first declined payment, while Stripe went on trying for two weeks.",
        catches=("paid-but-blocked",),
        incident=_cut_at_the_first_decline,
        twin=_kept_while_stripe_retries,
    ),
    Scenario(
        number=19,
        name="kept for ever",
        source="several",
        happened="Nothing was listening for unpaid, paused and incomplete_expired: the plans stayed.",
        catches=("unpaid-but-active",),
        incident=_kept_for_ever,
        twin=_ended_with_the_status,
    ),
    Scenario(
        number=20,
        name="granted on the price alone",
        source="several",
        happened="The plan was given for the price, and the status was not read: it was incomplete.",
        catches=("unpaid-but-active",),
        incident=_granted_on_the_price,
        twin=_granted_when_active,
    ),
    Scenario(
        number=21,
        name="one of several was cancelled",
        source="gitpod #15246; cashier #1604",
        happened="A customer with several live subscriptions cancelled one, and access was removed.",
        catches=("duplicate-subscription", "paid-but-blocked"),
        incident=_one_of_several_cancelled,
        twin=_one_of_two_cancelled,
    ),
    Scenario(
        number=22,
        name="a new customer at each click",
        source="jetstream PR #2067",
        happened="Each click on the checkout made a customer; the one that the account names never subscribed.",
        catches=("paid-but-blocked", "duplicate-subscription"),
        incident=_a_customer_each_click,
        twin=_the_same_customer_each_click,
    ),
    Scenario(
        number=23,
        name="one customer for several users",
        source="Autumn",
        happened="Several users got one Stripe customer, and one payment serves them all.",
        catches=("shared-customer",),
        incident=_one_customer_for_all,
        twin=_a_customer_each,
    ),
    Scenario(
        number=24,
        name="paid and never linked",
        source="2anki #3459",
        happened="A customer subscribed and was never linked to an account.",
        catches=("orphan-subscription",),
        incident=_never_linked,
        twin=_linked_by_what_the_customer_says,
    ),
    Scenario(
        number=25,
        name="seats and members differ",
        source="saeloun/miru PR #2407",
        happened="Seats were bought and never given out, and elsewhere members joined beyond what was paid for.",
        catches=("seat-drift",),
        incident=seats_that_differ,
        twin=seats_and_members,
    ),
    Scenario(
        number=26,
        name="the customer was deleted",
        source="monetr #146; lago PR #1371",
        happened="The Stripe customer was deleted, and the account still names it.",
        catches=("missing-customer",),
        incident=_customer_deleted,
        twin=_customer_kept,
    ),
    Scenario(
        number=27,
        name="a downgrade that Stripe never heard of",
        source="restrict-content-pro #1263",
        happened="The app put the account on the free plan and cancelled nothing: it is charged still.",
        catches=("paid-but-blocked",),
        incident=_downgraded_here_alone,
        twin=_downgraded_there_too,
    ),
    Scenario(
        number=28,
        name="the account was deleted",
        source="cashier #317",
        happened="The account was deleted and its subscription lives on.",
        catches=("orphan-subscription",),
        incident=_account_gone,
        twin=_account_closed,
    ),
    Scenario(
        number=29,
        name="a change scheduled on one side",
        source="Autumn",
        happened="Stripe will move the subscription to a lower plan, and the app has not heard of it.",
        catches=("ending-plan",),
        incident=_scheduled_there_alone,
        twin=_nothing_scheduled,
    ),
    Scenario(
        number=30,
        name="pushed off the first page",
        source="openstatus PR #2672",
        happened="Abandoned checkouts filled the first page of subscriptions; a job saw none live, and downgraded.",
        catches=("paid-but-blocked",),
        incident=_pushed_off_the_first_page,
        twin=_read_to_the_last_page,
    ),
)
