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


def _doubled_beside_the_ledger(stage: Stage) -> Findings:
    user = somebody(stage)
    sale = user.buys(9)
    entry = user.credited(sale)
    user.change(credits=entry.balance_after * 2)
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
        found("missing-grant", bill.id, account_id=str(user), plan="PRO", money={"usd": 2900}),
    )


def _marked_with_its_effect(stage: Stage) -> Findings:
    """What changes a subscription grants nothing, and was processed all the same."""
    _, subscription = subscriber(stage)
    stage.told("customer.subscription.updated", subscription, stage.ago(10))
    return QUIET


SCENARIOS = (
    Scenario(
        number=1,
        name="a retry is credited again",
        source="anomalyco/opencode #28402; pollinations #10621",
        happened="Stripe sent an event again, or somebody did by hand, and nothing told the handler that it knew it.",
        catches=("duplicate-event-grant", "duplicate-payment-grant"),
        incident=_resent,
        twin=_resent_and_recognised,
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
)
