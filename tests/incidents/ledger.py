"""Credits and ledger: failures 31 to 43 of the design's list."""

from __future__ import annotations

from decimal import Decimal

from tests.incidents.upgrades import granted_the_difference, granted_twice_in_one_month
from tests.support.incidents.offer import CENTS
from tests.support.incidents.people import Person, Sale, somebody, subscriber
from tests.support.incidents.scenario import QUIET, REFUSED, Findings, Scenario, found
from tests.support.incidents.stage import Stage, seconds
from tests.support.stripe import stories
from trueup.model.relations import EntryKind
from trueup.model.severity import Severity


def _lost_update(stage: Stage) -> Findings:
    user = somebody(stage)
    user.credited(user.buys(9))
    read = user.balance
    user.uses(20, stage.ago(4))
    gift = stage.random.randint(30, 300)
    late = user.entry(EntryKind.PROMOTIONAL_GRANT, gift, stage.ago(4), balance_after=read + gift)
    return (
        found("ledger-break", late.entry_id, diagnosis="break", difference=Decimal(20)),
        found("credit-balance", user, diagnosis="lost-update", repair=REFUSED, drift=Decimal(-20)),
    )


def _one_after_the_other(stage: Stage) -> Findings:
    user = somebody(stage)
    user.credited(user.buys(9))
    user.uses(20, stage.ago(4))
    user.entry(EntryKind.PROMOTIONAL_GRANT, stage.random.randint(30, 300), stage.ago(4))
    return QUIET


def _equal_timestamps(stage: Stage) -> Findings:
    """The order is that of the ids: whoever takes the latest by date alone may take any of three."""
    user = somebody(stage, numbered=False)
    user.credited(user.buys(9))
    at = stage.ago(4)
    for amount in (10, 30, 5):
        user.uses(amount, at)
    return QUIET


def _timestamps_that_differ(stage: Stage) -> Findings:
    user = somebody(stage, numbered=False)
    user.credited(user.buys(9))
    for minutes in (0, 1, 2):
        user.uses(10, stage.ago(4, minutes=minutes))
    return QUIET


def _back_dated(stage: Stage) -> Findings:
    user = somebody(stage)
    user.credited(user.buys(9))
    back_dated = user.uses(15, stage.ago(9 + stage.random.randint(1, 20)))
    user.uses(15, stage.ago(4))
    return (found("ledger-time-travel", back_dated.entry_id, problem="before its predecessor"),)


def _a_clock_a_little_behind(stage: Stage) -> Findings:
    user = somebody(stage)
    sale = user.buys(9)
    user.credited(sale)
    user.uses(15, stage.ago(9, minutes=-2))
    return QUIET


def _pending_rows(stage: Stage) -> Findings:
    """Reserved and never settled: their running balance is as old as they are."""
    user = somebody(stage)
    user.credited(user.buys(9))
    held = user.balance
    for minutes in (0, 9):
        user.entry(
            EntryKind.USAGE, -10, stage.ago(4, minutes=minutes), posted=False, cached=False, balance_after=held - 10
        )
        user.balance += 10
    user.uses(25, stage.ago(3))
    return QUIET


def _posted_rows(stage: Stage) -> Findings:
    user = somebody(stage)
    user.credited(user.buys(9))
    for minutes in (0, 9):
        user.uses(10, stage.ago(4, minutes=minutes))
    return QUIET


def _spent_below_zero(stage: Stage) -> Findings:
    user = somebody(stage)
    sale = user.buys(9)
    user.credited(sale)
    spent = sale.credits_sold // 2 + stage.random.randint(5, 20)
    for _ in range(2):
        user.uses(spent, stage.ago(2))
    below = Decimal(2 * spent - sale.credits_sold)
    return (found("negative-balance", user, below_floor=below),)


def _spent_to_zero(stage: Stage) -> Findings:
    user = somebody(stage)
    sale = user.buys(9)
    user.credited(sale)
    for _ in range(2):
        user.uses(sale.credits_sold // 2, stage.ago(2))
    return QUIET


def _bought(stage: Stage) -> tuple[Person, Sale]:
    """Somebody who bought credits twenty days ago and has them still."""
    user = somebody(stage)
    sale = user.buys(20)
    user.credited(sale)
    return user, sale


def _contested(stage: Stage, sale: Sale, status: str) -> None:
    """The bank takes the payment back, or tries to."""
    stories.contest(
        stage.world,
        stage.world.get(sale.payment),
        id=stage.id("dp"),
        created=seconds(stage.ago(12)),
        status=status,
    )


def _kept_after_the_refund(stage: Stage) -> Findings:
    refunded, sale = _bought(stage)
    refunded.refunded(sale.payment, 6)
    _, lost = _bought(stage)
    _contested(stage, lost, "lost")
    return tuple(
        found(
            "refund-not-clawed-back",
            one.payment,
            credits_kept=Decimal(one.credits_sold),
            money=one.money,
        )
        for one in (sale, lost)
    )


def _taken_back_with_the_refund(stage: Stage) -> Findings:
    user, sale = _bought(stage)
    user.refunded(sale.payment, 6)
    user.reversed(sale, 6)
    spent, other = _bought(stage)
    share = stage.random.choice((0.3, 0.5, 1))
    spent.uses(round(other.credits_sold * share), stage.ago(9))
    spent.refunded(other.payment, 6)
    spent.reversed(other, 6, 1 - share)  # no more than was left
    _, contested = _bought(stage)
    _contested(stage, contested, stage.random.choice(("under_review", "warning_closed", "won")))
    kept, failed = _bought(stage)
    kept.refunded(failed.payment, 6, status="failed")
    return QUIET


def _not_reinstated(stage: Stage) -> Findings:
    user, sale = _bought(stage)
    user.reversed(sale, 12)
    _contested(stage, sale, "won")
    return (found("over-clawed-back", sale.payment, excess=Decimal(sale.credits_sold)),)


def _reinstated(stage: Stage) -> Findings:
    """And one dispute is still open."""
    other, contested = _bought(stage)
    other.reversed(contested, 12)
    _contested(stage, contested, "needs_response")
    user, sale = _bought(stage)
    user.reversed(sale, 12)
    _contested(stage, sale, "won")
    user.entry(EntryKind.CLAWBACK, sale.credits_sold, stage.ago(2), stripe_payment_intent_id=sale.payment)
    return QUIET


def _a_year_refilled_once(stage: Stage) -> Findings:
    """One got a month for a year, and one got nothing at all."""
    once, never = somebody(stage, stage.yearly.plan), somebody(stage, stage.yearly.plan)
    year = once.billed(once.subscribes(stage.yearly.yearly_price, days=100, period_days=100), 100)
    once.granted(year, stage.yearly.credits)
    empty = never.billed(never.subscribes(stage.yearly.yearly_price, days=35, period_days=35), 35, received=False)
    return (
        found(
            "wrong-grant-amount",
            year.id,
            account_id=str(once),
            credits_granted=Decimal(stage.yearly.credits),
            periods=12,
        ),
        found("missing-grant", empty.id, account_id=str(never), money={"usd": CENTS[stage.yearly.yearly_price]}),
    )


def _a_year_at_once(stage: Stage) -> Findings:
    user = somebody(stage, stage.yearly.plan)
    year = user.billed(user.subscribes(stage.yearly.yearly_price, days=100, period_days=100), 100)
    user.granted(year, 12 * stage.yearly.credits)
    return QUIET


def _granted_nothing(stage: Stage) -> Findings:
    findings: Findings = ()
    for _ in stage.crowd(22):
        user, subscription = subscriber(stage, "price_legacy", renewed=())
        for days in (70, 40, 10):
            bill = user.billed(subscription, days)
            user.granted(bill, 0)
            if days <= 40:
                money = {"usd": CENTS["price_legacy"]}
                findings += (
                    found("wrong-grant-amount", bill.id, credits_granted=Decimal(0), plan="LEGACY", money=money),
                )
    return findings


def _granted_what_the_tier_has(stage: Stage) -> Findings:
    for _ in range(3):
        subscriber(stage, "price_legacy")
    return QUIET


def _by_month_and_by_anniversary(stage: Stage) -> Findings:
    user, subscription = subscriber(stage, renewed=(70, 40))
    bill = user.billed(subscription, 10)
    user.granted(bill)
    user.granted(bill, later_days=4, stripe_event_id=None)
    return (found("duplicate-invoice-grant", bill.id, grants=2, excess=Decimal(stage.tier.credits)),)


def _by_anniversary(stage: Stage) -> Findings:
    subscriber(stage)
    return QUIET


def _before_the_debit_failed(stage: Stage) -> Findings:
    user = somebody(stage)
    sale = _bought_by_debit(stage, user)
    user.credited(sale)
    stage.world.change(
        sale.payment,
        status="requires_payment_method",
        last_payment_error={"code": "payment_intent_payment_attempt_failed"},
    )
    return (
        found(
            "grant-before-money",
            sale.payment,
            severity=Severity.ERROR,
            status="requires_payment_method",
            money=sale.money,
        ),
    )


def _after_the_debit(stage: Stage) -> Findings:
    user = somebody(stage)
    sale = _bought_by_debit(stage, user)
    intent = stage.world.change(sale.payment, status="succeeded", amount_received=sale.cents)
    session = stage.world.change(sale.session["id"], payment_status="paid")
    event = stage.told("checkout.session.async_payment_succeeded", session, stage.ago(5))
    assert intent["status"] == "succeeded"
    user.credited(sale, later_days=4, stripe_event_id=event)
    return QUIET


def _bought_by_debit(stage: Stage, user: Person) -> Sale:
    """A pack of credits, nine days ago, by a method that confirms days later."""
    (price, credits_sold), at = stage.pack(), stage.ago(9)
    assert user.customer is not None
    made = {"created": seconds(at), "currency": price["currency"], "livemode": True}
    intent = stories.pay(
        stage.world,
        amount=price["unit_amount"],
        customer_id=user.customer["id"],
        like=made,
        id=stage.id("pi"),
        status="processing",
        payment_method_types=["sepa_debit"],
    )
    session = stories.buy(
        stage.world,
        user.customer,
        price,
        id=stage.id("cs_live"),
        created=seconds(at),
        payment_status="unpaid",
        payment_intent=intent["id"],
    )
    return Sale(
        session=session,
        payment=intent["id"],
        event=stage.told("checkout.session.completed", session, at),
        credits_sold=credits_sold,
        cents=price["unit_amount"],
        at=at,
    )


def _wrong_backfill(stage: Stage) -> Findings:
    user, subscription = subscriber(stage, renewed=(70, 40))
    bill = user.billed(subscription, 10)
    user.granted(bill)
    stale = user.balance
    user.uses(25, stage.ago(6))
    written = user.granted(
        bill, later_days=5, stripe_event_id=None, actor="backfill", balance_after=stale + stage.tier.credits
    )
    return (
        found(
            "duplicate-invoice-grant", bill.id, last_entry_id=str(written.entry_id), excess=Decimal(stage.tier.credits)
        ),
        found("ledger-break", written.entry_id, account_id=str(user), difference=Decimal(25)),
        found("credit-balance", user, diagnosis="lost-update", repair=REFUSED),
    )


def _right_backfill(stage: Stage) -> Findings:
    user, subscription = subscriber(stage, renewed=(70, 40))
    bill = user.billed(subscription, 10, told=False)
    user.uses(25, stage.ago(6))
    user.granted(bill, later_days=5, actor="backfill")
    return QUIET


SCENARIOS = (
    Scenario(
        number=31,
        name="a lost update",
        source="Climactic/laravel-credits PR #20",
        happened="Two writers read the same latest row, and the later one wrote a balance without the earlier one.",
        catches=("ledger-break", "credit-balance"),
        incident=_lost_update,
        twin=_one_after_the_other,
    ),
    Scenario(
        number=32,
        name="equal timestamps",
        source="laravel-credits #7",
        happened="Several rows had one timestamp, and the one that was taken for the latest was not.",
        catches=(),
        incident=_equal_timestamps,
        twin=_timestamps_that_differ,
    ),
    Scenario(
        number=33,
        name="back-dated rows",
        source="opencollective-api #8542",
        happened="Rows were written with a date in the past; by sequence the chain is whole.",
        catches=("ledger-time-travel",),
        incident=_back_dated,
        twin=_a_clock_a_little_behind,
    ),
    Scenario(
        number=34,
        name="pending rows",
        source="AutoGPT PR #12959",
        happened="Pending rows kept the running balance of the moment in which they were reserved.",
        catches=(),
        incident=_pending_rows,
        twin=_posted_rows,
    ),
    Scenario(
        number=35,
        name="below zero",
        source="envato/double_entry #114",
        happened="Two requests saw enough credits and both spent them.",
        catches=("negative-balance",),
        incident=_spent_below_zero,
        twin=_spent_to_zero,
    ),
    Scenario(
        number=36,
        name="refunded, and kept",
        source="elizaOS #10920",
        happened="A refund and a lost dispute gave the money back, and the credits stayed.",
        catches=("refund-not-clawed-back",),
        incident=_kept_after_the_refund,
        twin=_taken_back_with_the_refund,
    ),
    Scenario(
        number=37,
        name="won, and not reinstated",
        source="elizaOS #10997",
        happened="Credits were taken back when a dispute was opened, and not given again when it was won.",
        catches=("over-clawed-back",),
        incident=_not_reinstated,
        twin=_reinstated,
    ),
    Scenario(
        number=38,
        name="a year that was one month",
        source="savvi #56",
        happened="A yearly plan was credited with one month and never refilled, or never credited at all.",
        catches=("wrong-grant-amount", "missing-grant"),
        incident=_a_year_refilled_once,
        twin=_a_year_at_once,
    ),
    Scenario(
        number=39,
        name="renewals of nothing",
        source="kortix PR #6666",
        happened="A legacy tier was in no table of credits: its renewals granted 0 to 22 accounts.",
        catches=("wrong-grant-amount",),
        incident=_granted_nothing,
        twin=_granted_what_the_tier_has,
    ),
    Scenario(
        number=40,
        name="two allowances in one upgrade",
        source="PageSpace PR #2648",
        happened="An upgrade in the middle of a month granted the whole new allowance beside the old one.",
        catches=("wrong-grant-amount",),
        incident=granted_twice_in_one_month,
        twin=granted_the_difference,
    ),
    Scenario(
        number=41,
        name="month against anniversary",
        source="relaticle #437",
        happened="A job refilled on the first of the month what the invoice had granted on its anniversary.",
        catches=("duplicate-invoice-grant",),
        incident=_by_month_and_by_anniversary,
        twin=_by_anniversary,
    ),
    Scenario(
        number=42,
        name="credits before the money",
        source="several",
        happened="Credits were given when the checkout was done; the bank debit failed days later.",
        catches=("grant-before-money",),
        incident=_before_the_debit_failed,
        twin=_after_the_debit,
    ),
    Scenario(
        number=43,
        name="the backfill was wrong",
        source="several",
        happened="A script granted what had been granted, and wrote balances that it had read before.",
        catches=("duplicate-invoice-grant", "ledger-break", "credit-balance"),
        incident=_wrong_backfill,
        twin=_right_backfill,
    ),
)
