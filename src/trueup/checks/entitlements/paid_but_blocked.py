"""Whoever pays for a plan in Stripe is served that plan."""

from __future__ import annotations

import dataclasses
from datetime import date
from decimal import Decimal

from trueup.model.check import Case, Check, ago, money_at_risk
from trueup.model.derived_subscriptions import EXCUSING
from trueup.model.finding import Area
from trueup.model.policy import Policy
from trueup.model.relations import (
    Account,
    EntryKind,
    Exemption,
    LedgerEntry,
    Member,
    Plan,
    PlanChange,
    PlanPrice,
    Role,
    StripeProduct,
)
from trueup.model.severity import Severity
from trueup.model.stripe_objects import (
    InvoiceStatus,
    StripeCustomer,
    StripeEvent,
    StripeInvoice,
    StripePrice,
    StripeSubscription,
    StripeSubscriptionItem,
    SubscriptionStatus,
)

_SOLD = (
    Plan(plan="FREE", rank=0),
    Plan(plan="PRO", rank=1, paid=True, price_minor=2900, price_currency="usd"),
    Plan(plan="TEAM", rank=2, paid=True, price_minor=9900, price_currency="usd"),
    PlanPrice(price_id="price_pro", plan="PRO"),
    PlanPrice(price_id="price_team", plan="TEAM"),
)
_BLOCKED = Account(account_id="user_1", plan="FREE", stripe_customer_id="cus_1", created_at=ago(days=90))
_SERVED = dataclasses.replace(_BLOCKED, plan="PRO")
_PRO = StripeSubscription(
    subscription_id="sub_1", created_at=ago(days=60), current_period_start=ago(days=14), latest_invoice_id="in_1"
)
_ITEM = StripeSubscriptionItem(item_id="si_1", product_id="prod_pro")
_PAID = (_PRO, _ITEM)
_UNMAPPED = StripeSubscriptionItem(item_id="si_1", price_id="price_of_2026", product_id="prod_pro")
_LATE = dataclasses.replace(_PRO, status=SubscriptionStatus.PAST_DUE)


def _downgraded(days: float) -> PlanChange:
    return PlanChange(account_id="user_1", from_plan="PRO", to_plan="FREE", changed_at=ago(days=days))


CHECK = Check(
    id="paid-but-blocked",
    area=Area.ENTITLEMENTS,
    severity=Severity.CRITICAL,
    revenue_impacting=True,
    title="Paying customer is served a lower plan",
    why="A customer pays and is locked out of what was paid for. They ask for the money back, or dispute the charge, and "
    "whatever caused it is likely to be doing the same to others.",
    optional=(*EXCUSING, "stripe_customer", "ledger_entry"),
    population="""
SELECT count(DISTINCT h.account_id)
FROM subscription_standing AS s
JOIN subscription_holder AS h ON h.subscription_id = s.subscription_id
JOIN account AS a             ON a.account_id = h.account_id
WHERE s.is_owed AND a.active
""",
    # A price in no plan says nothing about which plan is owed, and is a finding of its own. But where the account was
    # served a paid plan while this subscription ran, and is not any more, it is blocked whatever the price means.
    violations="""
WITH lower_plan AS (                   -- whose own plan is not what is owed, or nobody can say what is
    SELECT a.account_id, a.plan, a.stripe_customer_id,
           s.subscription_id, s.customer_id, s.status, s.created_at, s.current_period_end,
           s.plan AS plan_owed, s.rank, s.unmapped_price_id, s.charged_minor, s.charged_currency,
           h.rivals
    FROM subscription_standing AS s
    JOIN subscription_holder AS h ON h.subscription_id = s.subscription_id
    JOIN account AS a             ON a.account_id = h.account_id
    JOIN plan AS mine             ON mine.plan = a.plan
    WHERE s.is_owed
      AND s.is_settled
      AND a.active
      AND a.role = 'user'
      AND (a.created_at IS NULL OR a.created_at < $settled_before)
      AND ((s.plan_paid AND s.rank > mine.rank) OR (s.plan IS NULL AND s.unmapped_items > 0 AND NOT mine.paid))
),
changed AS (
    SELECT account_id, max(changed_at) AS changed_at
    FROM plan_change
    GROUP BY account_id
),
demoted AS (                           -- from which paid plan an account last came to an unpaid one
    SELECT c.account_id,
           max(c.changed_at)                                  AS demoted_at,
           arg_max(c.from_plan, (c.changed_at, c.from_plan))  AS from_plan
    FROM plan_change AS c
    JOIN plan AS earlier ON earlier.plan = c.from_plan
    JOIN plan AS later   ON later.plan = c.to_plan
    WHERE earlier.paid AND NOT later.paid
    GROUP BY c.account_id
),
granted AS (                           -- a ledger that was credited for a price that is now in no plan
    SELECT account_id, max(created_at) AS granted_at
    FROM ledger_entry
    WHERE kind = 'subscription_grant'
      AND posted
      AND account_id IN (SELECT account_id FROM lower_plan WHERE plan_owed IS NULL)
    GROUP BY account_id
),
payer AS (                             -- whose own subscription explains the plan
    SELECT DISTINCT other.account_id
    FROM lower_plan AS b
    JOIN subscription_link AS l       ON l.subscription_id = b.subscription_id
    JOIN subscription_holder AS other ON other.account_id = l.account_id
    JOIN subscription_standing AS s   ON s.subscription_id = other.subscription_id
    WHERE s.is_owed
),
reach AS (                             -- who may be using what a subscription pays for: its accounts, their organisations
    SELECT l.subscription_id, l.account_id
    FROM lower_plan AS b
    JOIN subscription_link AS l ON l.subscription_id = b.subscription_id
    LEFT JOIN payer             ON payer.account_id = l.account_id
    WHERE l.account_id = b.account_id OR payer.account_id IS NULL
    UNION
    SELECT l.subscription_id, m.account_id
    FROM lower_plan AS b
    JOIN subscription_link AS l ON l.subscription_id = b.subscription_id
    JOIN member AS m            ON m.member_id = l.account_id
),
served AS (
    SELECT r.subscription_id,
           max(p.rank)                               AS highest_rank,
           max(CASE WHEN p.paid THEN 1 ELSE 0 END)   AS is_paid,
           count(*) - count(p.plan)                  AS unknown_plans
    FROM reach AS r
    JOIN account AS a   ON a.account_id = r.account_id
    LEFT JOIN plan AS p ON p.plan = a.plan
    WHERE a.active
    GROUP BY r.subscription_id
),
in_order AS (                          -- the highest plan that an account is owed speaks for it
    SELECT b.*,
           coalesce(b.plan_owed, d.from_plan, b.unmapped_price_id) AS paid_for,
           row_number() OVER (PARTITION BY b.account_id
                              ORDER BY coalesce(b.rank, -1) DESC, b.created_at DESC, b.subscription_id) AS place
    FROM lower_plan AS b
    JOIN served AS v       ON v.subscription_id = b.subscription_id
    LEFT JOIN changed AS c ON c.account_id = b.account_id
    LEFT JOIN demoted AS d ON d.account_id = b.account_id AND d.demoted_at >= b.created_at
    LEFT JOIN granted AS g ON g.account_id = b.account_id AND g.granted_at >= b.created_at
    WHERE v.unknown_plans = 0
      AND (c.changed_at IS NULL OR c.changed_at < $settled_before)
      AND ((b.plan_owed IS NOT NULL AND b.rank > v.highest_rank)
           OR (b.plan_owed IS NULL AND v.is_paid = 0 AND (d.account_id IS NOT NULL OR g.account_id IS NOT NULL)))
)
SELECT account_id AS subject,
       account_id, plan, paid_for, subscription_id, status, current_period_end,
       customer_id, stripe_customer_id, unmapped_price_id,
       rivals AS accounts_of_customer,
       charged_minor, charged_currency
FROM in_order
WHERE place = 1
""",
    message="{subject} pays for {paid_for} ({subscription_id} is {status}) and is served {plan}.",
    impact=money_at_risk("charged_minor", "charged_currency"),
    cases=(
        Case(name="served what is paid for", given=(*_SOLD, _SERVED, *_PAID)),
        Case(
            name="an active subscription and a free account",
            given=(*_SOLD, _BLOCKED, *_PAID),
            fires=("user_1",),
            severities={"user_1": Severity.CRITICAL},
            evidence={
                "user_1": {
                    "plan": "FREE",
                    "paid_for": "PRO",
                    "subscription_id": "sub_1",
                    "charged_minor": 2900,
                    "charged_currency": "usd",
                }
            },
        ),
        Case(
            name="trial with no invoice",
            given=(*_SOLD, _BLOCKED, dataclasses.replace(_PRO, status=SubscriptionStatus.TRIALING), _ITEM),
            fires=("user_1",),
        ),
        Case(
            name="a lower paid plan than the one paid for",
            given=(
                *_SOLD,
                _SERVED,
                _PRO,
                StripeSubscriptionItem(item_id="si_1", price_id="price_team"),
                StripeInvoice(invoice_id="in_1", total=99_000, currency="jpy", created_at=ago(days=14)),
            ),
            fires=("user_1",),
            evidence={"user_1": {"paid_for": "TEAM", "charged_minor": 99_000, "charged_currency": "jpy"}},
        ),
        Case(
            name="a higher plan than the one paid for is another finding",
            given=(*_SOLD, dataclasses.replace(_BLOCKED, plan="TEAM"), *_PAID),
        ),
        Case(
            name="charged in a currency of three decimals, as the price says",
            given=(
                *_SOLD,
                _BLOCKED,
                *_PAID,
                StripePrice(price_id="price_pro", unit_amount=9_500, currency="kwd", interval="month"),
            ),
            fires=("user_1",),
            evidence={"user_1": {"charged_minor": 9_500, "charged_currency": "kwd"}},
        ),
        Case(
            name="field failure 14: the event was never generated, the objects alone say so",
            given=(
                *_SOLD,
                dataclasses.replace(_BLOCKED, stripe_customer_id=None),
                dataclasses.replace(_PRO, account_id="user_1"),
                _ITEM,
            ),
            fires=("user_1",),
        ),
        Case(
            name="field failure 12: the deletion of an old subscription wiped a resubscriber's plan",
            given=(
                *_SOLD,
                _BLOCKED,
                *_PAID,
                StripeSubscription(
                    subscription_id="sub_0",
                    status=SubscriptionStatus.CANCELED,
                    created_at=ago(days=400),
                    ended_at=ago(days=20),
                ),
                StripeSubscriptionItem(item_id="si_0", subscription_id="sub_0"),
            ),
            fires=("user_1",),
            evidence={"user_1": {"subscription_id": "sub_1"}},
        ),
        Case(
            name="field failure 18: access cut at the first decline, while Stripe still retries",
            given=(*_SOLD, _BLOCKED, dataclasses.replace(_LATE, current_period_start=ago(days=3)), _ITEM),
            fires=("user_1",),
            evidence={"user_1": {"status": "past_due"}},
        ),
        Case(
            name="past due until the last moment of the grace",
            given=(*_SOLD, _BLOCKED, dataclasses.replace(_LATE, current_period_start=ago(days=16)), _ITEM),
            fires=("user_1",),
        ),
        Case(
            name="past due beyond the grace is owed nothing",
            given=(*_SOLD, _BLOCKED, dataclasses.replace(_LATE, current_period_start=ago(days=16, seconds=1)), _ITEM),
        ),
        Case(
            name="past due in this period, and unpaid since an earlier one",
            given=(
                *_SOLD,
                _BLOCKED,
                dataclasses.replace(_LATE, current_period_start=ago(days=3)),
                _ITEM,
                StripeInvoice(
                    invoice_id="in_0", subscription_id="sub_1", status=InvoiceStatus.OPEN, created_at=ago(days=33)
                ),
            ),
        ),
        Case(
            name="field failure 22: a new customer at each checkout, and the linked one has no subscription",
            given=(
                *_SOLD,
                _BLOCKED,
                StripeCustomer(customer_id="cus_2", account_id="user_1"),
                dataclasses.replace(_PRO, customer_id="cus_2"),
                _ITEM,
            ),
            fires=("user_1",),
            evidence={"user_1": {"customer_id": "cus_2", "stripe_customer_id": "cus_1"}},
        ),
        Case(
            name="field failure 17: an unknown price, and the handler wrote FREE at renewal",
            given=(*_SOLD, _BLOCKED, _PRO, _UNMAPPED, _downgraded(14)),
            fires=("user_1",),
            evidence={"user_1": {"paid_for": "PRO", "unmapped_price_id": "price_of_2026"}},
        ),
        Case(
            name="an unknown price, and the ledger was credited for it before",
            given=(
                *_SOLD,
                _BLOCKED,
                _PRO,
                _UNMAPPED,
                LedgerEntry(
                    entry_id=1, kind=EntryKind.SUBSCRIPTION_GRANT, amount=Decimal(100), created_at=ago(days=45)
                ),
            ),
            fires=("user_1",),
            evidence={"user_1": {"paid_for": "price_of_2026"}},
        ),
        Case(name="an unknown price alone is its own finding", given=(*_SOLD, _BLOCKED, _PRO, _UNMAPPED)),
        Case(
            name="an unknown price, and the account left its paid plan before this subscription",
            given=(*_SOLD, _BLOCKED, _PRO, _UNMAPPED, _downgraded(61)),
        ),
        Case(
            name="an unknown price, and the account is still on its paid plan",
            given=(*_SOLD, _SERVED, _PRO, _UNMAPPED, _downgraded(14)),
        ),
        Case(
            name="the price is known by its lookup key",
            given=(
                *_SOLD,
                PlanPrice(price_id="pro_monthly", plan="PRO"),
                _BLOCKED,
                _PRO,
                StripeSubscriptionItem(item_id="si_1", price_id="price_of_2026", lookup_key="pro_monthly"),
            ),
            fires=("user_1",),
            evidence={"user_1": {"paid_for": "PRO", "unmapped_price_id": None}},
        ),
        Case(
            name="an add-on beside a mapped price",
            given=(*_SOLD, _SERVED, *_PAID, StripeSubscriptionItem(item_id="si_2", price_id="price_support")),
        ),
        Case(
            name="a product that is not ours",
            given=(
                *_SOLD,
                StripeProduct(product_id="prod_pro"),
                _BLOCKED,
                _PRO,
                StripeSubscriptionItem(item_id="si_1", price_id="price_tickets", product_id="prod_tickets"),
                _downgraded(14),
            ),
        ),
        Case(
            name="a mapped price is ours, whatever its product",
            given=(*_SOLD, StripeProduct(product_id="prod_team"), _BLOCKED, *_PAID),
            fires=("user_1",),
        ),
        Case(
            name="another application on the same Stripe account",
            given=(*_SOLD, _BLOCKED, dataclasses.replace(_PRO, other_application=True), _ITEM),
        ),
        Case(
            name="test mode pays for nothing",
            given=(*_SOLD, _BLOCKED, dataclasses.replace(_PRO, livemode=False), _ITEM),
        ),
        Case(
            name="test mode where the environment is one",
            given=(*_SOLD, _BLOCKED, dataclasses.replace(_PRO, livemode=False), _ITEM),
            fires=("user_1",),
            policy=Policy(livemode=False),
        ),
        Case(
            name="collection is paused: nothing is paid now",
            given=(*_SOLD, _BLOCKED, dataclasses.replace(_PRO, paused=True), _ITEM),
        ),
        *(
            Case(
                name=f"a subscription that is {status}",
                given=(*_SOLD, _BLOCKED, dataclasses.replace(_PRO, status=status), _ITEM),
            )
            for status in (
                SubscriptionStatus.INCOMPLETE,
                SubscriptionStatus.INCOMPLETE_EXPIRED,
                SubscriptionStatus.CANCELED,
                SubscriptionStatus.UNPAID,
                SubscriptionStatus.PAUSED,
            )
        ),
        Case(
            name="cancelled at period end, still inside it, and blocked already",
            given=(*_SOLD, _BLOCKED, dataclasses.replace(_PRO, cancel_at_period_end=True), _ITEM),
            fires=("user_1",),
        ),
        Case(
            name="yearly plan on day 300",
            given=(
                *_SOLD,
                _SERVED,
                dataclasses.replace(_PRO, created_at=ago(days=300), current_period_start=ago(days=300)),
                _ITEM,
            ),
        ),
        Case(
            name="a subscription exactly as old as it takes to settle",
            given=(
                *_SOLD,
                _BLOCKED,
                dataclasses.replace(_PRO, created_at=ago(minutes=15), current_period_start=ago(minutes=15)),
                _ITEM,
            ),
        ),
        Case(
            name="a subscription a second older than that",
            given=(
                *_SOLD,
                _BLOCKED,
                dataclasses.replace(
                    _PRO, created_at=ago(minutes=15, seconds=1), current_period_start=ago(minutes=15, seconds=1)
                ),
                _ITEM,
            ),
            fires=("user_1",),
        ),
        Case(
            name="changed in Stripe a minute ago, as its event says",
            given=(
                *_SOLD,
                _BLOCKED,
                *_PAID,
                StripeEvent(
                    event_id="evt_1",
                    type="customer.subscription.updated",
                    object_id="sub_1",
                    created_at=ago(minutes=1),
                ),
            ),
        ),
        Case(
            name="paid a minute ago",
            given=(
                *_SOLD,
                _BLOCKED,
                *_PAID,
                StripeInvoice(invoice_id="in_1", created_at=ago(days=1), paid_at=ago(minutes=1)),
            ),
        ),
        Case(
            name="the plan was changed here a minute ago",
            given=(*_SOLD, _BLOCKED, *_PAID, _downgraded(1 / 1440)),
        ),
        Case(
            name="account created a minute ago",
            given=(*_SOLD, dataclasses.replace(_BLOCKED, created_at=ago(minutes=1)), *_PAID),
        ),
        Case(
            name="a team member bought it for the organisation, which is served",
            given=(
                *_SOLD,
                dataclasses.replace(_BLOCKED, stripe_customer_id=None),
                Account(account_id="org_1", plan="PRO", created_at=ago(days=90)),
                Member(account_id="org_1", member_id="user_1"),
                dataclasses.replace(_PRO, account_id="user_1"),
                _ITEM,
            ),
        ),
        Case(
            name="one customer on two accounts, and one of them is served",
            given=(*_SOLD, _BLOCKED, dataclasses.replace(_SERVED, account_id="user_2"), *_PAID),
        ),
        Case(
            name="one customer on two accounts, and neither is served: one finding",
            given=(*_SOLD, _BLOCKED, dataclasses.replace(_BLOCKED, account_id="user_2"), *_PAID),
            fires=("user_1",),
            evidence={"user_1": {"accounts_of_customer": 2}},
        ),
        Case(
            name="one customer pays for two workspaces, and each subscription names its own",
            given=(
                *_SOLD,
                _SERVED,
                dataclasses.replace(_BLOCKED, account_id="user_2"),
                dataclasses.replace(_PRO, account_id="user_2"),
                _ITEM,
                dataclasses.replace(_PRO, subscription_id="sub_2", account_id="user_1"),
                dataclasses.replace(_ITEM, item_id="si_2", subscription_id="sub_2"),
            ),
            fires=("user_2",),
        ),
        Case(
            name="several live subscriptions: the highest one counts",
            given=(
                *_SOLD,
                _SERVED,
                *_PAID,
                dataclasses.replace(_PRO, subscription_id="sub_2"),
                StripeSubscriptionItem(item_id="si_2", subscription_id="sub_2", price_id="price_team"),
            ),
            fires=("user_1",),
            evidence={"user_1": {"paid_for": "TEAM", "subscription_id": "sub_2"}},
        ),
        Case(
            name="a plan that the config does not know may be any",
            given=(*_SOLD, dataclasses.replace(_BLOCKED, plan="LEGACY"), *_PAID),
        ),
        Case(
            name="an administrator needs no plan",
            given=(*_SOLD, dataclasses.replace(_BLOCKED, role=Role.ADMIN), *_PAID),
        ),
        Case(
            name="unlimited credits are no plan",
            given=(*_SOLD, dataclasses.replace(_BLOCKED, unlimited_credits=True), *_PAID),
            fires=("user_1",),
        ),
        Case(
            name="a closed account is not served",
            given=(*_SOLD, dataclasses.replace(_BLOCKED, active=False), *_PAID),
        ),
        Case(
            name="exempted: moves to the new product next month",
            given=(
                *_SOLD,
                _BLOCKED,
                *_PAID,
                Exemption(
                    check_id="paid-but-blocked",
                    subject="user_1",
                    owner="support",
                    reason="is served by the old product",
                    expires_at=date(2026, 3, 31),
                ),
            ),
        ),
    ),
)
