"""Order, lateness, loss: failures 10 to 16 of the design's list."""

from __future__ import annotations

from decimal import Decimal

from tests.support.incidents.people import somebody, subscriber
from tests.support.incidents.scenario import QUIET, Findings, Scenario, found
from tests.support.incidents.stage import Stage, seconds
from tests.support.stripe import stories


def _restored_after_the_end(stage: Stage) -> Findings:
    user, subscription = subscriber(stage, renewed=(70, 40), period_days=40)
    ended = stories.cancel(stage.world, subscription, at=seconds(stage.ago(10)))
    stage.told("customer.subscription.deleted", ended, stage.ago(10))
    user.moves(stage.tier.plan, "FREE", stage.ago(10))
    stage.told("customer.subscription.updated", ended, stage.ago(10, minutes=2))
    user.moves("FREE", stage.tier.plan, stage.ago(10, minutes=2))
    return (found("unpaid-but-active", user, subscription_status="canceled", money={"usd": stage.tier.cents}),)


def _ended(stage: Stage) -> Findings:
    user, subscription = subscriber(stage, renewed=(70, 40), period_days=40)
    ended = stories.cancel(stage.world, subscription, at=seconds(stage.ago(10)))
    stage.told("customer.subscription.updated", ended, stage.ago(10))
    stage.told("customer.subscription.deleted", ended, stage.ago(10))
    user.moves(stage.tier.plan, "FREE", stage.ago(10))
    return QUIET


def _begun_after_it_was_active(stage: Stage) -> Findings:
    user = somebody(stage, days=6)
    subscription = user.subscribes(stage.tier.price, days=5, period_days=5)
    user.moves("FREE", stage.tier.plan, stage.ago(5, minutes=1))
    user.renews(subscription, 5)
    stage.told("customer.subscription.updated", subscription, stage.ago(5, minutes=1))
    user.moves(stage.tier.plan, "FREE", stage.ago(5, minutes=2))
    stage.told("customer.subscription.created", subscription | {"status": "incomplete"}, stage.ago(5, minutes=2))
    return (
        found("paid-but-blocked", user, paid_for=stage.tier.plan, status="active", money={"usd": stage.tier.cents}),
    )


def _begun_and_then_active(stage: Stage) -> Findings:
    user = somebody(stage, days=6)
    subscription = user.subscribes(stage.tier.price, days=5, period_days=5)
    stage.told("customer.subscription.created", subscription | {"status": "incomplete"}, stage.ago(5))
    user.moves("FREE", stage.tier.plan, stage.ago(5, minutes=1))
    stage.told("customer.subscription.updated", subscription, stage.ago(5, minutes=1))
    user.renews(subscription, 5)
    return QUIET


def _wiped_by_an_old_end(stage: Stage) -> Findings:
    user, former = subscriber(stage, renewed=(100, 70), days=100, period_days=70)
    ended = stories.cancel(stage.world, former, at=seconds(stage.ago(40)))
    user.renews(user.subscribes(stage.tier.price, days=20, period_days=20), 20)
    stage.told("customer.subscription.deleted", ended, stage.ago(19))
    user.moves(stage.tier.plan, "FREE", stage.ago(19))
    left = Decimal(user.balance)
    user.change(credits=Decimal(0))
    return (
        found("paid-but-blocked", user, paid_for=stage.tier.plan, status="active"),
        found("credit-balance", user, diagnosis="hand-edit", credits=Decimal(0), last_balance_after=left),
    )


def _old_end_recognised(stage: Stage) -> Findings:
    user, former = subscriber(stage, renewed=(100, 70), days=100, period_days=70)
    ended = stories.cancel(stage.world, former, at=seconds(stage.ago(40)))
    user.moves(stage.tier.plan, "FREE", stage.ago(40))
    subscription = user.subscribes(stage.tier.price, days=20, period_days=20)
    user.moves("FREE", stage.tier.plan, stage.ago(20))
    user.renews(subscription, 20)
    stage.told("customer.subscription.deleted", ended, stage.ago(19))
    return QUIET


def _endpoint_down(stage: Stage) -> Findings:
    user = somebody(stage, days=8)
    subscription = user.subscribes("price_basic", days=5, period_days=5)
    bill = user.billed(subscription, 5, received=False)
    stage.told("customer.subscription.created", subscription, stage.ago(5), received=False)
    days_left = 30 - 5 - (1 if stage.shift.days else 0)
    return (
        found("undelivered-event", bill.event, days_left=days_left, credited=False, money={"usd": 900}),
        found("paid-but-blocked", user, paid_for="BASIC", status="active"),
    )


def _endpoint_up(stage: Stage) -> Findings:
    """A plan without credits: its invoices are processed, and no entry names them."""
    user = somebody(stage, days=8)
    subscription = user.subscribes("price_basic", days=5, period_days=5)
    stage.told("customer.subscription.created", subscription, stage.ago(5))
    user.moves("FREE", "BASIC", stage.ago(5))
    user.billed(subscription, 5)
    return QUIET


def _never_told(stage: Stage) -> Findings:
    user = somebody(stage, days=8)
    bill = user.billed(user.subscribes(stage.tier.price, days=6, period_days=6), 6, told=False)
    return (
        found("missing-grant", bill.id, account_id=str(user), plan=stage.tier.plan, credits_owed=stage.tier.credits),
        found("paid-but-blocked", user, paid_for=stage.tier.plan),
    )


def _read_from_the_objects(stage: Stage) -> Findings:
    """A reconciling job saw the invoice and granted what it owes, with no event to name."""
    user = somebody(stage, days=8)
    bill = user.billed(user.subscribes(stage.tier.price, days=6, period_days=6), 6, told=False)
    user.moves("FREE", stage.tier.plan, stage.ago(6))
    user.granted(bill, later_days=0.5)
    return QUIET


def _never_reconciled(stage: Stage) -> Findings:
    user, subscription = subscriber(stage, renewed=(70, 40), period_days=40)
    stories.cancel(stage.world, subscription, at=seconds(stage.ago(10)))
    return (found("unpaid-but-active", user, subscription_status="canceled"),)


def _reconciled(stage: Stage) -> Findings:
    user, subscription = subscriber(stage, renewed=(70, 40), period_days=40)
    stories.cancel(stage.world, subscription, at=seconds(stage.ago(10)))
    user.moves(stage.tier.plan, "FREE", stage.ago(9))
    return QUIET


def _not_listed_any_more(stage: Stage) -> Findings:
    user, subscription = subscriber(stage, renewed=(63,), period_days=3)
    bill = user.billed(subscription, 33, received=False)
    user.renews(subscription, 3)
    return (found("missing-grant", bill.id, account_id=str(user), days_left=0, money={"usd": stage.tier.cents}),)


def _credited_before_it_was_forgotten(stage: Stage) -> Findings:
    subscriber(stage, renewed=(63, 33, 3), period_days=3)
    return QUIET


SCENARIOS = (
    Scenario(
        number=10,
        name="a late update restores what was cancelled",
        source="langfuse #17388",
        happened="The update that said active was handled after the deletion, and the plan came back.",
        catches=("unpaid-but-active",),
        incident=_restored_after_the_end,
        twin=_ended,
    ),
    Scenario(
        number=11,
        name="the beginning is handled last",
        source="cashier-stripe #1201",
        happened="The creation, still incomplete, was applied after the update that said active.",
        catches=("paid-but-blocked",),
        incident=_begun_after_it_was_active,
        twin=_begun_and_then_active,
    ),
    Scenario(
        number=12,
        name="the end of an old subscription",
        source="llmgateway PR #2911",
        happened="The deletion of an old subscription took plan and credits from a customer who had subscribed again.",
        catches=("paid-but-blocked", "credit-balance"),
        incident=_wiped_by_an_old_end,
        twin=_old_end_recognised,
    ),
    Scenario(
        number=13,
        name="the endpoint was down for days",
        source="2anki PR #2781",
        happened="The endpoint answered nothing for more than three days, and Stripe stopped trying.",
        catches=("undelivered-event", "paid-but-blocked"),
        incident=_endpoint_down,
        twin=_endpoint_up,
    ),
    Scenario(
        number=14,
        name="the event was never made",
        source="Stripe's documentation on irrecoverable events",
        happened="The subscription was paid, and no event ever reported it.",
        catches=("missing-grant", "paid-but-blocked"),
        incident=_never_told,
        twin=_read_from_the_objects,
    ),
    Scenario(
        number=15,
        name="the reconciling job never ran",
        source="PageSpace PR #1479",
        happened="The job that was to mend what webhooks lost had never been scheduled, and it was not noticed.",
        catches=("unpaid-but-active",),
        remark="The age of the audit itself is no finding but a guardrail: complete-and-fresh is unknown past an hour, "
        "and so is all that it would have allowed. What the job would have mended is found.",
        incident=_never_reconciled,
        twin=_reconciled,
    ),
    Scenario(
        number=16,
        name="thirty days have passed",
        source="Stripe's documentation on how long events are kept",
        happened="A renewal was never credited, and by now its event can neither be listed nor sent again.",
        catches=("missing-grant",),
        incident=_not_listed_any_more,
        twin=_credited_before_it_was_forgotten,
    ),
)
