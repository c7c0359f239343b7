"""Duplicates and idempotency: failures 1 to 9 of the design's list."""

from __future__ import annotations

from tests.support.incidents.people import somebody, subscriber
from tests.support.incidents.scenario import QUIET, Findings, Scenario, found
from tests.support.incidents.stage import Stage
from trueup.model.relations import EntryKind


def _resent(stage: Stage) -> Findings:
    user = somebody(stage)
    sale = user.buys(9)
    user.credited(sale)
    user.credited(sale, later_days=0.01)
    return (
        found("duplicate-event-grant", sale.event, grants=2, excess=sale.credits_sold),
        found("duplicate-payment-grant", sale.payment, grants=2, events=1, excess=sale.credits_sold),
    )


def _resent_and_recognised(stage: Stage) -> Findings:
    """The retry finds the record; what the same event also gave was a bonus of another kind."""
    user = somebody(stage)
    sale = user.buys(9)
    user.credited(sale)
    user.entry(EntryKind.PROMOTIONAL_GRANT, 20, stage.ago(9, minutes=2), stripe_event_id=sale.event)
    return QUIET


def _two_events_of_one_payment(stage: Stage) -> Findings:
    user = somebody(stage)
    sale = user.buys(9)
    user.credited(sale)
    intent = stage.world.get(sale.payment)
    second = stage.told("payment_intent.succeeded", intent, sale.at)
    user.credited(sale, later_days=0.001, stripe_event_id=second, stripe_checkout_session_id=None)
    return (found("duplicate-payment-grant", sale.payment, grants=2, events=2, excess=sale.credits_sold),)


def _second_event_grants_nothing(stage: Stage) -> Findings:
    user = somebody(stage)
    sale = user.buys(9)
    user.credited(sale)
    stage.told("payment_intent.succeeded", stage.world.get(sale.payment), sale.at)
    return QUIET


def _doubled_beside_the_ledger(stage: Stage) -> Findings:
    user = somebody(stage)
    sale = user.buys(9)
    entry = user.credited(sale)
    user.change(credits=entry.balance_after + entry.amount)
    return (found("credit-balance", user, repair="sync-credit-balance", diagnosis="hand-edit", drift=entry.amount),)


def _one_of_two_writers(stage: Stage) -> Findings:
    """The second writer found the record inside its own transaction."""
    user = somebody(stage)
    user.credited(user.buys(9))
    return QUIET


def _marked_before_its_effect(stage: Stage) -> Findings:
    user, subscription = subscriber(stage, renewed=(70, 40))
    bill = user.billed(subscription, 10)
    return (
        found("hollow-event", bill.event, type="invoice.paid"),
        found("missing-grant", bill.id, account_id=str(user), plan=stage.tier.plan, money={"usd": stage.tier.cents}),
    )


def _marked_with_its_effect(stage: Stage) -> Findings:
    """What changes a subscription grants nothing, nor does the checkout at which it began; both were processed."""
    for days in (32, 10):
        user = somebody(stage, stage.tier.plan, days=40)
        subscription = user.subscribes(stage.tier.price, days=days, period_days=days % 30)
        bill = user.billed(subscription, days)
        user.checked_out(subscription, bill)
        user.granted(bill)
        stage.told("customer.subscription.updated", subscription, stage.ago(days))
        if days > 30:
            user.renews(subscription, days % 30)
    return QUIET


def _swallowed(stage: Stage) -> Findings:
    """The effect and the record were one transaction, which was rolled back; Stripe was told that all is well."""
    pack = stage.pack()
    other, user = somebody(stage), somebody(stage)
    other.credited(other.buys(20, pack))
    sale = user.buys(9, pack, received=False)
    return (
        found("missing-grant", sale.payment, account_id=str(user), money=sale.money),
        found("undelivered-event", sale.event, account_id=str(user), credited=False, pending_webhooks=0),
    )


def _answered_honestly(stage: Stage) -> Findings:
    """The first delivery failed, was answered 500, and the retry an hour later was credited."""
    user = somebody(stage)
    user.credited(user.buys(9), later_days=1 / 24)
    return QUIET


def _dedupe_by_the_period_before(stage: Stage) -> Findings:
    findings: Findings = ()
    for _ in stage.crowd(113):
        user, subscription = subscriber(stage, renewed=(70, 40))
        bill = user.billed(subscription, 10)
        findings += (
            found(
                "missing-grant",
                bill.id,
                account_id=str(user),
                credits_owed=stage.tier.credits,
                money={"usd": stage.tier.cents},
            ),
            found("hollow-event", bill.event),
        )
    return findings


def _dedupe_by_the_period(stage: Stage) -> Findings:
    """Each renewal is told of twice, by two types; one of them grants."""
    for _ in stage.crowd(9):
        user, subscription = subscriber(stage, renewed=(70, 40))
        bill = user.billed(subscription, 10)
        user.granted(bill)
        stage.told("customer.subscription.updated", subscription, bill.at)
    return QUIET


def _two_invoices_for_one_purchase(stage: Stage) -> Findings:
    user, (price, credits_sold) = somebody(stage), stage.pack()
    sales = user.orders(price, 9), user.orders(price, 9, minutes=3)
    for sale in sales:
        user.entry(
            EntryKind.PURCHASE,
            credits_sold,
            sale.at,
            stripe_invoice_id=sale.session["id"],
            stripe_payment_intent_id=sale.payment,
            stripe_event_id=sale.event,
        )
    charged = sales[1].money
    return (found("duplicate-charge", sales[1].payment, first_payment_id=sales[0].payment, money=charged),)


def _two_purchases(stage: Stage) -> Findings:
    """One after the other, and each for something else."""
    user = somebody(stage)
    for minutes in (0, 3):
        price, credits_sold = stage.pack()
        sale = user.orders(price, 9, minutes=minutes)
        user.entry(
            EntryKind.PURCHASE,
            credits_sold,
            sale.at,
            stripe_invoice_id=sale.session["id"],
            stripe_payment_intent_id=sale.payment,
            stripe_event_id=sale.event,
        )
    return QUIET


def _refunds_added_up(stage: Stage) -> Findings:
    user = somebody(stage)
    sale = user.buys(15)
    user.credited(sale)
    user.refunded(sale.payment, 9, 0.2)
    user.reversed(sale, 9, 0.2)
    user.refunded(sale.payment, 6, 0.3)
    user.reversed(sale, 6, 0.5)
    return (found("over-clawed-back", sale.payment, excess=sale.credits_sold // 5, account_id=str(user)),)


def _refunds_one_by_one(stage: Stage) -> Findings:
    """Each as large as it was, rounded to whole credits."""
    user = somebody(stage)
    sale = user.buys(15)
    user.credited(sale)
    moments = stage.random.sample(range(2, 12), k=3 if stage.whole else stage.random.randint(2, 6))
    for days in sorted(moments, reverse=True):
        share = stage.random.uniform(0.02, 0.15)
        user.refunded(sale.payment, days, share)
        user.reversed(sale, days, share)
    return QUIET


def _records_pruned(stage: Stage) -> Findings:
    user = somebody(stage)
    sale = user.buys(40, received=False)
    user.credited(sale)
    return (found("missing-idempotency-record", sale.event, repair="backfill-idempotency-record", entries=1),)


def _records_kept(stage: Stage) -> Findings:
    """One purchase was credited by its event, and two by the page that the checkout returns to."""
    user = somebody(stage)
    user.credited(user.buys(40))
    for days in (33, 9):
        user.credited(user.buys(days), stripe_event_id=None)
    return QUIET


SCENARIOS = (
    Scenario(
        number=1,
        name="a retry is credited again",
        source="anomalyco/opencode #28402; pollinations #10621",
        happened="Stripe sent an event again, or a person did by hand, and the handler had no record of it.",
        catches=("duplicate-event-grant", "duplicate-payment-grant"),
        incident=_resent,
        twin=_resent_and_recognised,
    ),
    Scenario(
        number=2,
        name="two events of one payment",
        source="masumi sokosumi PR #1846; Nutlope/roomGPT #61",
        happened="The session's event and the payment's both granted: each was new by its own id.",
        catches=("duplicate-payment-grant",),
        incident=_two_events_of_one_payment,
        twin=_second_event_grants_nothing,
    ),
    Scenario(
        number=3,
        name="two deliveries at once",
        source="vm0 PR #10668",
        happened="The record was read before the transaction: both deliveries added to the balance, one wrote its row.",
        catches=("credit-balance",),
        incident=_doubled_beside_the_ledger,
        twin=_one_of_two_writers,
    ),
    Scenario(
        number=4,
        name="marked as processed before its effect",
        source="Autumn PR #2396",
        happened="The event was recorded, its effect failed, and every retry was skipped as known.",
        catches=("hollow-event", "missing-grant"),
        incident=_marked_before_its_effect,
        twin=_marked_with_its_effect,
    ),
    Scenario(
        number=5,
        name="200 to everything",
        source="feedzero PR #69",
        happened="The handler failed, caught its own failure and answered 200, so that Stripe never tried again.",
        catches=("missing-grant",),
        remark="The record was rolled back with the grant. By all records, the event was never received: while "
        "Stripe still lists it, undelivered-event is right too, and says that it can be sent again.",
        incident=_swallowed,
        twin=_answered_honestly,
    ),
    Scenario(
        number=6,
        name="the wrong key against duplicates",
        source="Kilo-Org PR #201",
        happened="Renewals were distinguished by the start of the period before; 113 users got no credits in February.",
        catches=("missing-grant",),
        remark="Their events are recorded as processed and granted nothing, which hollow-event says of each.",
        incident=_dedupe_by_the_period_before,
        twin=_dedupe_by_the_period,
    ),
    Scenario(
        number=7,
        name="two invoices for one purchase",
        source="masumi sokosumi PR #3120",
        happened="A retry inside the app made a second invoice for the same purchase, and both were paid.",
        catches=("duplicate-charge",),
        incident=_two_invoices_for_one_purchase,
        twin=_two_purchases,
    ),
    Scenario(
        number=8,
        name="partial refunds added up",
        source="octopus PR #577",
        happened="Each partial refund took back the sum of all refunds so far.",
        catches=("over-clawed-back",),
        incident=_refunds_added_up,
        twin=_refunds_one_by_one,
    ),
    Scenario(
        number=9,
        name="the records were pruned",
        source="several",
        happened="The idempotency table was emptied of what was older than thirty days; a replay would grant again.",
        catches=("missing-idempotency-record",),
        incident=_records_pruned,
        twin=_records_kept,
    ),
)
