"""More cases of `free-with-subscription-grant`, beside those that its own file teaches with."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from trueup.checks.case_rows import invoice_line, paid_invoice
from trueup.checks.entitlements.free_with_subscription_grant import _FREE_ACCOUNT, _PLANS, _change, _grant
from trueup.model.check import Case, ago
from trueup.model.policy import Policy
from trueup.model.price_list import PriceCredits
from trueup.model.relations import Account, EntryKind, Exemption, LedgerEntry, Member, Plan, PlanPrice
from trueup.model.stripe_objects import (
    InvoiceStatus,
    StripeEvent,
    StripeSubscription,
    StripeSubscriptionItem,
    SubscriptionStatus,
)

_CHURNED = (
    PlanPrice(price_id="price_pro", plan="PRO"),
    Account(account_id="user_1", plan="FREE", stripe_customer_id="cus_1", created_at=ago(days=200)),
    StripeSubscription(
        subscription_id="sub_1", status=SubscriptionStatus.CANCELED, created_at=ago(days=65), ended_at=ago(days=5)
    ),
    StripeSubscriptionItem(item_id="si_1"),
    paid_invoice(ago(days=35), subscription="sub_1"),
    invoice_line(start=ago(days=35)),
)
_ALLOWANCE = (
    Plan(plan="FREE", rank=0, credits_per_period=Decimal(50)),
    *_PLANS[1:],
    _FREE_ACCOUNT,
)

CASES: tuple[Case, ...] = (
    Case(
        name="the subscription is over, and the grant names nothing: its time was paid for then",
        given=(*_PLANS, *_CHURNED, _grant(1, ago(days=35), invoice=None), _grant(2, ago(days=20), invoice=None)),
    ),
    Case(
        name="granted seconds before the time that was paid for begins",
        given=(*_PLANS, *_CHURNED, _grant(1, ago(days=35, minutes=10), invoice=None)),
    ),
    Case(
        name="granted after the time that was paid for",
        given=(*_PLANS, *_CHURNED, _grant(1, ago(days=4), invoice=None)),
        fires=("user_1",),
    ),
    Case(
        name="granted in a time whose bill was given up",
        given=(
            *_PLANS,
            *_CHURNED[:-2],
            paid_invoice(ago(days=35), subscription="sub_1", status=InvoiceStatus.UNCOLLECTIBLE),
            _CHURNED[-1],
            _grant(1, ago(days=20), invoice=None),
        ),
        fires=("user_1",),
    ),
    Case(
        name="granted in a trial that ended without a payment",
        given=(
            *_PLANS,
            *_CHURNED[:2],
            StripeSubscription(
                subscription_id="sub_1",
                status=SubscriptionStatus.CANCELED,
                created_at=ago(days=30),
                trial_end=ago(days=16),
                ended_at=ago(days=16),
            ),
            _CHURNED[3],
            _grant(1, ago(days=30), invoice=None),
        ),
    ),
    Case(
        name="the free plan has an allowance",
        given=(*_ALLOWANCE, _grant(1, ago(days=20), amount=50, invoice=None), _grant(2, ago(days=10), amount=20)),
    ),
    Case(
        name="more than the free plan's allowance",
        given=(*_ALLOWANCE, _grant(1, ago(days=20), amount=51, invoice=None)),
        fires=("user_1",),
        evidence={"user_1": {"grants": 1, "granted_credits": Decimal(51)}},
    ),
    Case(
        name="the free plan's price has an allowance",
        given=(
            *_PLANS,
            _FREE_ACCOUNT,
            PlanPrice(price_id="price_free", plan="FREE"),
            PriceCredits(price_name="price_free", credits=Decimal(50)),
            _grant(1, ago(days=20), amount=50),
        ),
    ),
    Case(
        name="the subscription is over, and the app keeps no history: the grant's invoice was paid",
        given=(*_PLANS, _FREE_ACCOUNT, _grant(1, ago(days=20)), paid_invoice(ago(days=20))),
    ),
    Case(
        name="the grant's event is of an invoice that was paid",
        given=(
            *_PLANS,
            _FREE_ACCOUNT,
            _grant(1, ago(days=20), invoice=None, event="evt_1"),
            StripeEvent(event_id="evt_1", invoice_id="in_1"),
            paid_invoice(ago(days=20)),
        ),
    ),
    Case(
        name="paid for, and the history says that the account was free by then",
        given=(
            *_PLANS,
            _FREE_ACCOUNT,
            _change("PRO", "FREE", ago(days=30)),
            _grant(1, ago(days=20)),
            paid_invoice(ago(days=20)),
        ),
        fires=("user_1",),
    ),
    Case(
        name="the grant's invoice was never paid",
        given=(*_PLANS, _FREE_ACCOUNT, _grant(1, ago(days=20)), paid_invoice(status=InvoiceStatus.VOID)),
        fires=("user_1",),
    ),
    Case(
        name="cancelled since, and only the cancellation is on record",
        given=(*_PLANS, _FREE_ACCOUNT, _grant(1, ago(days=20)), _change("PRO", "FREE", ago(days=5))),
    ),
    Case(
        name="cancelled since, from a plan that was not written down",
        given=(*_PLANS, _FREE_ACCOUNT, _grant(1, ago(days=20)), _change(None, "FREE", ago(days=5))),
    ),
    Case(
        name="was on a retired plan that the config no longer names",
        given=(
            *_PLANS,
            _FREE_ACCOUNT,
            _change("FREE", "LEGACY", ago(days=60)),
            _grant(1, ago(days=20)),
            _change("LEGACY", "FREE", ago(days=5)),
        ),
    ),
    Case(
        name="one grant while paid, one after",
        given=(
            *_PLANS,
            _FREE_ACCOUNT,
            _grant(1, ago(days=40)),
            _change("PRO", "FREE", ago(days=30)),
            _grant(2, ago(days=10), amount=700),
        ),
        fires=("user_1",),
        evidence={"user_1": {"grants": 1, "granted_credits": Decimal(700)}},
    ),
    Case(
        name="granted while free, subscribed and cancelled later",
        given=(
            *_PLANS,
            _FREE_ACCOUNT,
            _grant(1, ago(days=40)),
            _change("FREE", "PRO", ago(days=30)),
            _change("PRO", "FREE", ago(days=10)),
        ),
        fires=("user_1",),
    ),
    Case(
        name="grant seconds before the plan was written",
        given=(
            *_PLANS,
            _FREE_ACCOUNT,
            _grant(1, ago(days=20, seconds=5)),
            _change("FREE", "PRO", ago(days=20)),
            _change("PRO", "FREE", ago(days=2)),
        ),
    ),
    Case(
        name="subscribed and cancelled at one moment",
        given=(
            *_PLANS,
            _FREE_ACCOUNT,
            _change("FREE", "PRO", ago(days=20)),
            _change("PRO", "FREE", ago(days=20)),
            _grant(1, ago(days=20)),
        ),
    ),
    Case(
        name="write in flight at the snapshot",
        given=(*_PLANS, _FREE_ACCOUNT, _grant(1, ago(minutes=14, seconds=59))),
    ),
    Case(
        name="settled for exactly the settle time",
        given=(*_PLANS, _FREE_ACCOUNT, _grant(1, ago(minutes=15))),
    ),
    Case(
        name="a second past the settle time",
        given=(*_PLANS, _FREE_ACCOUNT, _grant(1, ago(minutes=15, seconds=1))),
        fires=("user_1",),
    ),
    Case(
        name="on the first moment of the period",
        given=(*_PLANS, _FREE_ACCOUNT, _grant(1, ago(days=45))),
        fires=("user_1",),
    ),
    Case(
        name="before the period",
        given=(*_PLANS, _FREE_ACCOUNT, _grant(1, ago(days=45, seconds=1))),
    ),
    Case(
        name="a longer period reaches further back",
        given=(*_PLANS, _FREE_ACCOUNT, _grant(1, ago(days=80))),
        policy=Policy(period_days=90),
        fires=("user_1",),
    ),
    Case(
        name="goodwill credits of kind adjustment",
        given=(
            *_PLANS,
            _FREE_ACCOUNT,
            LedgerEntry(entry_id=1, kind=EntryKind.ADJUSTMENT, amount=Decimal(50), created_at=ago(days=3)),
        ),
    ),
    Case(
        name="trial credits of kind promotional grant",
        given=(
            *_PLANS,
            _FREE_ACCOUNT,
            LedgerEntry(entry_id=1, kind=EntryKind.PROMOTIONAL_GRANT, amount=Decimal(50), created_at=ago(days=3)),
        ),
    ),
    Case(
        name="nothing was granted: pending, zero",
        given=(*_PLANS, _FREE_ACCOUNT, _grant(1, ago(days=20), posted=False), _grant(2, ago(days=20), amount=0)),
    ),
    Case(
        name="team member of a paying organisation",
        given=(
            *_PLANS,
            _FREE_ACCOUNT,
            Account(account_id="org_1", plan="PRO"),
            Member(account_id="org_1", member_id="user_1"),
            _grant(1, ago(days=20)),
        ),
    ),
    Case(
        name="comped partner with a live exemption",
        given=(
            *_PLANS,
            _FREE_ACCOUNT,
            _grant(1, ago(days=20)),
            Exemption(
                check_id="free-with-subscription-grant",
                subject="user_1",
                owner="partners",
                expires_at=date(2026, 12, 31),
            ),
        ),
    ),
    Case(
        name="a closed account",
        given=(*_PLANS, Account(account_id="user_1", plan="FREE", active=False), _grant(1, ago(days=20))),
    ),
)
