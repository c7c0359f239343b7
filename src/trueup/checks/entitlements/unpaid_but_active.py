"""Each account on a paid plan has a subscription in Stripe that pays for it."""

from __future__ import annotations

import dataclasses
from datetime import date

from trueup.model.check import Case, Check, ago, money_at_risk
from trueup.model.derived_subscriptions import EXCUSING
from trueup.model.finding import Area
from trueup.model.policy import Policy
from trueup.model.relations import (
    Account,
    Exemption,
    Interval,
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
    StripeInvoiceLine,
    StripeReading,
    StripeSubscription,
    StripeSubscriptionItem,
    SubscriptionStatus,
)

_SOLD = (
    Plan(plan="FREE", rank=0),
    Plan(plan="PRO", rank=1, paid=True, price_minor=2900, price_currency="usd"),
    PlanPrice(price_id="price_free", plan="FREE"),
    PlanPrice(price_id="price_pro", plan="PRO"),
    PlanPrice(price_id="price_pro_yearly", plan="PRO", interval=Interval.YEAR),
)
_READ = StripeReading(relation="stripe_subscription")
_CUSTOMER = StripeCustomer(customer_id="cus_1", created_at=ago(days=90))
_ACCOUNT = Account(account_id="user_1", plan="PRO", stripe_customer_id="cus_1", created_at=ago(days=90))
_SERVED = (*_SOLD, _READ, _CUSTOMER, _ACCOUNT)
_LIVE = StripeSubscription(subscription_id="sub_1", created_at=ago(days=60), current_period_start=ago(days=14))
_ITEM = StripeSubscriptionItem(item_id="si_1", product_id="prod_pro")
_ENDED = dataclasses.replace(
    _LIVE,
    status=SubscriptionStatus.CANCELED,
    current_period_start=ago(days=45),
    current_period_end=ago(days=14),
    ended_at=ago(days=14),
)
_LATE = dataclasses.replace(_LIVE, status=SubscriptionStatus.PAST_DUE)
_TRANSFER = StripeInvoice(
    invoice_id="in_9", collection_method="send_invoice", total=120_000, created_at=ago(days=40), due_at=ago(days=-20)
)


def _with(subscription: StripeSubscription, **changes: object) -> tuple[StripeSubscription, StripeSubscriptionItem]:
    """The subscription so changed, and its one item."""
    return dataclasses.replace(subscription, **changes), _ITEM  # type: ignore[arg-type]


CHECK = Check(
    id="unpaid-but-active",
    area=Area.ENTITLEMENTS,
    severity=Severity.ERROR,
    revenue_impacting=True,
    title="Paid plan without a live subscription",
    why="The account goes on being served what nobody pays for any more; each period that passes is revenue lost, and "
    "nothing will end it by itself.",
    optional=(*EXCUSING, "stripe_invoice_line"),
    population="""
SELECT count(*)
FROM account AS a
JOIN plan AS p            ON p.plan = a.plan
JOIN stripe_customer AS c ON c.customer_id = a.stripe_customer_id
WHERE a.active
  AND p.paid
  AND EXISTS (SELECT 1 FROM stripe_reading AS r WHERE r.relation = 'stripe_subscription' AND r.complete_since IS NULL)
""",
    # A customer that is gone, or was never there, is a finding of its own; so is one of the other mode.
    violations="""
WITH period_of_invoice AS (            -- until when an invoice that no subscription accounts for has paid
    SELECT i.invoice_id, i.customer_id, i.account_id, max(l.period_end) AS paid_until
    FROM stripe_invoice AS i
    JOIN stripe_invoice_line AS l ON l.invoice_id = i.invoice_id
    WHERE i.status = 'paid'
      AND (i.subscription_id IS NULL OR i.paid_out_of_band)
      AND (i.credited < i.total OR i.total = 0)
    GROUP BY i.invoice_id, i.customer_id, i.account_id
),
covering AS (
    SELECT customer_id, account_id
    FROM period_of_invoice
    WHERE paid_until > $now
    UNION
    SELECT customer_id, account_id     -- to be paid by transfer, and not late yet
    FROM stripe_invoice
    WHERE status = 'open'
      AND collection_method = 'send_invoice'
      AND subscription_id IS NULL
      AND due_at >= $past_due_since
),
excused AS (
    SELECT l.account_id
    FROM subscription_link AS l
    JOIN subscription_standing AS s ON s.subscription_id = l.subscription_id
    WHERE (s.may_serve AND (s.plan IS NULL OR s.plan_paid))
       OR NOT s.is_settled
    UNION ALL
    SELECT account_id FROM covering
    UNION ALL
    SELECT account_id FROM paid_seat
    UNION ALL
    SELECT account_id FROM plan_change WHERE changed_at >= $settled_before
),
unpaid AS (
    SELECT a.account_id, a.email, a.plan, a.stripe_customer_id, p.price_minor, p.price_currency
    FROM account AS a
    JOIN plan AS p            ON p.plan = a.plan
    JOIN stripe_customer AS c ON c.customer_id = a.stripe_customer_id
    WHERE a.active
      AND p.paid
      AND a.role = 'user'
      AND NOT a.unlimited_credits
      AND NOT c.deleted
      AND c.livemode = $livemode
      AND (a.created_at IS NULL OR a.created_at < $settled_before)
      AND NOT EXISTS (SELECT 1 FROM excused AS e WHERE e.account_id = a.account_id)
      AND NOT EXISTS (SELECT 1 FROM covering AS e WHERE e.customer_id = a.stripe_customer_id)
      AND EXISTS (SELECT 1 FROM stripe_reading AS r WHERE r.relation = 'stripe_subscription' AND r.complete_since IS NULL)
),
elsewhere AS (                         -- a live subscription of another customer with the same address
    SELECT u.account_id
    FROM unpaid AS u
    JOIN stripe_customer AS c       ON lower(c.email) = lower(u.email)
    JOIN subscription_standing AS s ON s.customer_id = c.customer_id
    WHERE s.may_serve AND (s.plan IS NULL OR s.plan_paid)
),
latest AS (                            -- the last subscription there was
    SELECT u.account_id, arg_max(s.subscription_id, (s.created_at, s.subscription_id)) AS subscription_id
    FROM unpaid AS u
    JOIN subscription_link AS l     ON l.account_id = u.account_id
    JOIN subscription_standing AS s ON s.subscription_id = l.subscription_id
    GROUP BY u.account_id
)
SELECT u.account_id AS subject,
       u.account_id, u.plan, u.stripe_customer_id,
       s.subscription_id,
       coalesce(s.status, 'not there') AS subscription_status,
       s.ended_at, s.current_period_end,
       CASE WHEN s.status = 'past_due' THEN s.late_since END AS late_since,
       CASE WHEN s.charged_currency IS NOT NULL THEN s.charged_minor ELSE u.price_minor END AS charged_minor,
       coalesce(s.charged_currency, u.price_currency) AS charged_currency
FROM unpaid AS u
LEFT JOIN latest                     ON latest.account_id = u.account_id
LEFT JOIN subscription_standing AS s ON s.subscription_id = latest.subscription_id
WHERE NOT EXISTS (SELECT 1 FROM elsewhere AS e WHERE e.account_id = u.account_id)
""",
    message="{subject} is served {plan}, and no live subscription pays for it; its last one: {subscription_id} "
    "({subscription_status}).",
    impact=money_at_risk("charged_minor", "charged_currency"),
    cases=(
        Case(name="a live subscription pays for it", given=(*_SERVED, _LIVE, _ITEM)),
        Case(
            name="cancelled, and served still",
            given=(*_SERVED, _ENDED, _ITEM),
            fires=("user_1",),
            severities={"user_1": Severity.ERROR},
            evidence={
                "user_1": {
                    "plan": "PRO",
                    "subscription_id": "sub_1",
                    "subscription_status": "canceled",
                    "ended_at": ago(days=14),
                    "charged_minor": 2900,
                    "charged_currency": "usd",
                }
            },
        ),
        Case(
            name="a customer who never subscribed",
            given=_SERVED,
            fires=("user_1",),
            evidence={"user_1": {"subscription_id": None, "subscription_status": "not there"}},
        ),
        Case(
            name="charged in yen, by the last invoice there was",
            given=(
                *_SERVED,
                *_with(_ENDED, latest_invoice_id="in_1"),
                StripeInvoice(invoice_id="in_1", subscription_id="sub_1", total=3_300, currency="jpy"),
            ),
            fires=("user_1",),
            evidence={"user_1": {"charged_minor": 3_300, "charged_currency": "jpy"}},
        ),
        Case(
            name="field failure 10: a late update restored a cancelled plan, whose period still runs",
            given=(*_SERVED, *_with(_ENDED, current_period_end=ago(days=-10), ended_at=ago(days=2))),
            fires=("user_1",),
        ),
        *(
            Case(
                name=f"field failure 19: access kept after {status}",
                given=(*_SERVED, *_with(_LIVE, status=status)),
                fires=("user_1",),
                evidence={"user_1": {"subscription_status": str(status)}},
            )
            for status in (
                SubscriptionStatus.UNPAID,
                SubscriptionStatus.PAUSED,
                SubscriptionStatus.INCOMPLETE_EXPIRED,
            )
        ),
        Case(
            name="field failure 20: granted on the price without looking at the status",
            given=(*_SERVED, *_with(_LIVE, status=SubscriptionStatus.INCOMPLETE)),
            fires=("user_1",),
        ),
        Case(
            name="trial with no invoice",
            given=(*_SERVED, *_with(_LIVE, status=SubscriptionStatus.TRIALING, trial_end=ago(days=-7))),
        ),
        Case(
            name="cancelled at period end and still inside it",
            given=(*_SERVED, *_with(_LIVE, cancel_at_period_end=True, cancel_at=ago(days=-14))),
        ),
        Case(
            name="cancelled at period end and, in an old copy, over already: the period still runs",
            given=(*_SERVED, *_with(_ENDED, cancel_at_period_end=True, current_period_end=ago(seconds=-1))),
        ),
        Case(
            name="cancelled at period end, which is now",
            given=(*_SERVED, *_with(_ENDED, cancel_at_period_end=True, current_period_end=ago())),
            fires=("user_1",),
        ),
        Case(
            name="past due on day 10 of dunning",
            given=(*_SERVED, *_with(_LATE, current_period_start=ago(days=10))),
        ),
        Case(
            name="past due until the last moment of the grace",
            given=(*_SERVED, *_with(_LATE, current_period_start=ago(days=16))),
        ),
        Case(
            name="past due a second beyond the grace",
            given=(*_SERVED, *_with(_LATE, current_period_start=ago(days=16, seconds=1))),
            fires=("user_1",),
            evidence={"user_1": {"subscription_status": "past_due", "late_since": ago(days=16, seconds=1)}},
        ),
        Case(
            name="past due for two periods, and the second has just begun",
            given=(
                *_SERVED,
                *_with(_LATE, current_period_start=ago(days=2)),
                StripeInvoice(
                    invoice_id="in_0", subscription_id="sub_1", status=InvoiceStatus.OPEN, created_at=ago(days=33)
                ),
            ),
            fires=("user_1",),
            evidence={"user_1": {"late_since": ago(days=33)}},
        ),
        Case(
            name="past due, and the invoice was to be paid by transfer last week",
            given=(
                *_SERVED,
                *_with(_LATE, current_period_start=ago(days=67), collection_method="send_invoice"),
                dataclasses.replace(_TRANSFER, subscription_id="sub_1", status=InvoiceStatus.OPEN, due_at=ago(days=7)),
            ),
        ),
        Case(
            name="net-60 invoice to be paid by transfer, not due yet",
            given=(
                *_SERVED,
                *_with(_LIVE, current_period_start=ago(days=40), collection_method="send_invoice"),
                dataclasses.replace(_TRANSFER, subscription_id="sub_1", status=InvoiceStatus.OPEN),
            ),
        ),
        Case(
            name="net-60 invoice without a subscription, not due yet",
            given=(*_SERVED, dataclasses.replace(_TRANSFER, status=InvoiceStatus.OPEN)),
        ),
        Case(
            name="net-60 invoice without a subscription, late beyond the grace",
            given=(
                *_SERVED,
                dataclasses.replace(_TRANSFER, status=InvoiceStatus.OPEN, due_at=ago(days=16, seconds=1)),
            ),
            fires=("user_1",),
        ),
        Case(
            name="a year paid by transfer, without a subscription",
            given=(
                *_SERVED,
                _TRANSFER,
                StripeInvoiceLine(line_id="il_1", invoice_id="in_9", price_id=None, period_end=ago(days=-325)),
            ),
        ),
        Case(
            name="a year paid by transfer that is over",
            given=(
                *_SERVED,
                _TRANSFER,
                StripeInvoiceLine(line_id="il_1", invoice_id="in_9", price_id=None, period_end=ago(days=3)),
            ),
            fires=("user_1",),
        ),
        Case(
            name="a year paid by transfer, and taken back by a credit note",
            given=(
                *_SERVED,
                dataclasses.replace(_TRANSFER, credited=120_000),
                StripeInvoiceLine(line_id="il_1", invoice_id="in_9", price_id=None, period_end=ago(days=-325)),
            ),
            fires=("user_1",),
        ),
        Case(
            name="paid out of band after the subscription was given up",
            given=(
                *_SERVED,
                _ENDED,
                _ITEM,
                dataclasses.replace(_TRANSFER, subscription_id="sub_1", paid_out_of_band=True),
                StripeInvoiceLine(line_id="il_1", invoice_id="in_9", period_end=ago(days=-10)),
            ),
        ),
        Case(
            name="the cancelled subscription's own invoice pays for nothing more",
            given=(
                *_SERVED,
                *_with(_ENDED, current_period_end=ago(days=-10)),
                dataclasses.replace(_TRANSFER, subscription_id="sub_1"),
                StripeInvoiceLine(line_id="il_1", invoice_id="in_9", period_end=ago(days=-10)),
            ),
            fires=("user_1",),
        ),
        Case(name="paused by policy", given=(*_SERVED, *_with(_LIVE, paused=True))),
        Case(
            name="paused, where the policy ends service with it",
            given=(*_SERVED, *_with(_LIVE, paused=True)),
            policy=Policy(paused_entitles=False),
            fires=("user_1",),
        ),
        Case(
            name="100 % coupon: the subscription is live and its invoices are of zero",
            given=(
                *_SERVED,
                *_with(_LIVE, latest_invoice_id="in_1"),
                StripeInvoice(invoice_id="in_1", subtotal=2900, total=0, amount_paid=0),
            ),
        ),
        Case(
            name="yearly plan on day 300",
            given=(
                *_SERVED,
                dataclasses.replace(_LIVE, created_at=ago(days=300), current_period_start=ago(days=300)),
                StripeSubscriptionItem(item_id="si_1", price_id="price_pro_yearly", interval="year"),
            ),
        ),
        Case(
            name="a live subscription whose price is in no plan is another finding",
            given=(*_SERVED, _LIVE, StripeSubscriptionItem(item_id="si_1", price_id="price_of_2026")),
        ),
        Case(
            name="a live subscription to the free plan pays for none",
            given=(*_SERVED, _LIVE, StripeSubscriptionItem(item_id="si_1", price_id="price_free")),
            fires=("user_1",),
        ),
        Case(
            name="a live subscription to a product that is not ours pays for none",
            given=(
                *_SERVED,
                StripeProduct(product_id="prod_pro"),
                _LIVE,
                StripeSubscriptionItem(item_id="si_1", price_id="price_tickets", product_id="prod_tickets"),
            ),
            fires=("user_1",),
        ),
        Case(
            name="a live subscription of another application pays for none",
            given=(*_SERVED, *_with(_LIVE, other_application=True)),
            fires=("user_1",),
        ),
        Case(
            name="two customers, the live one named by its subscription's metadata",
            given=(*_SERVED, *_with(_LIVE, customer_id="cus_2", account_id="user_1")),
        ),
        Case(
            name="two customers, the live one naming the account",
            given=(
                *_SERVED,
                StripeCustomer(customer_id="cus_2", account_id="user_1"),
                *_with(_LIVE, customer_id="cus_2"),
            ),
        ),
        Case(
            name="two customers with one address, the live one unlinked",
            given=(
                *_SOLD,
                _READ,
                _CUSTOMER,
                dataclasses.replace(_ACCOUNT, email="Ada@example.com"),
                StripeCustomer(customer_id="cus_2", email="ada@example.com"),
                *_with(_LIVE, customer_id="cus_2"),
            ),
        ),
        Case(
            name="the account names the live subscription of another customer",
            given=(
                *_SOLD,
                _READ,
                _CUSTOMER,
                dataclasses.replace(_ACCOUNT, stripe_subscription_id="sub_1"),
                *_with(_LIVE, customer_id="cus_2"),
            ),
        ),
        Case(
            name="several subscriptions of which one is cancelled",
            given=(
                *_SERVED,
                _LIVE,
                _ITEM,
                dataclasses.replace(_ENDED, subscription_id="sub_2"),
                dataclasses.replace(_ITEM, item_id="si_2", subscription_id="sub_2"),
            ),
        ),
        Case(
            name="a customer shared by two accounts is another finding",
            given=(*_SERVED, dataclasses.replace(_ACCOUNT, account_id="user_2"), _LIVE, _ITEM),
        ),
        Case(
            name="team member whose organisation pays",
            given=(
                *_SERVED,
                _ENDED,
                _ITEM,
                Account(account_id="org_1", plan="PRO", stripe_customer_id="cus_2", created_at=ago(days=90)),
                Member(account_id="org_1", member_id="user_1"),
                StripeCustomer(customer_id="cus_2"),
                dataclasses.replace(_LIVE, subscription_id="sub_2", customer_id="cus_2"),
                dataclasses.replace(_ITEM, item_id="si_2", subscription_id="sub_2"),
            ),
        ),
        Case(
            name="ended exactly as long ago as it takes to settle",
            given=(*_SERVED, *_with(_ENDED, ended_at=ago(minutes=15))),
        ),
        Case(
            name="ended a second longer ago",
            given=(*_SERVED, *_with(_ENDED, ended_at=ago(minutes=15, seconds=1))),
            fires=("user_1",),
        ),
        Case(
            name="changed in Stripe a minute ago, as its event says",
            given=(
                *_SERVED,
                *_with(_LIVE, status=SubscriptionStatus.UNPAID),
                StripeEvent(event_id="evt_1", object_id="sub_1", created_at=ago(minutes=1)),
            ),
        ),
        Case(
            name="the plan was changed here a minute ago",
            given=(
                *_SERVED,
                PlanChange(account_id="user_1", from_plan="FREE", to_plan="PRO", changed_at=ago(minutes=1)),
            ),
        ),
        Case(
            name="account created a minute ago",
            given=(*_SOLD, _READ, _CUSTOMER, dataclasses.replace(_ACCOUNT, created_at=ago(minutes=1))),
        ),
        Case(
            name="the listing of subscriptions is not complete: unknown is not absent",
            given=(
                *_SOLD,
                _CUSTOMER,
                _ACCOUNT,
                StripeReading(relation="stripe_subscription", complete_since=ago(days=365)),
            ),
        ),
        Case(name="nobody says how far the listing reaches", given=(*_SOLD, _CUSTOMER, _ACCOUNT)),
        Case(name="a customer that Stripe does not know is another finding", given=(*_SOLD, _READ, _ACCOUNT)),
        Case(
            name="a deleted customer is another finding",
            given=(*_SOLD, _READ, dataclasses.replace(_CUSTOMER, deleted=True), _ACCOUNT),
        ),
        Case(
            name="a customer of the other mode is another finding",
            given=(*_SOLD, _READ, dataclasses.replace(_CUSTOMER, livemode=False), _ACCOUNT),
        ),
        Case(
            name="a live subscription in test mode pays for nothing",
            given=(*_SERVED, *_with(_LIVE, livemode=False)),
            fires=("user_1",),
        ),
        Case(
            name="without a customer it is another finding",
            given=(*_SOLD, _READ, dataclasses.replace(_ACCOUNT, stripe_customer_id=None)),
        ),
        Case(
            name="an administrator is served without paying",
            given=(*_SOLD, _READ, _CUSTOMER, dataclasses.replace(_ACCOUNT, role=Role.ADMIN)),
        ),
        Case(
            name="unlimited credits are given by hand, and are their own finding",
            given=(*_SOLD, _READ, _CUSTOMER, dataclasses.replace(_ACCOUNT, unlimited_credits=True)),
        ),
        Case(
            name="a closed account is not served",
            given=(*_SOLD, _READ, _CUSTOMER, dataclasses.replace(_ACCOUNT, active=False)),
        ),
        Case(
            name="a plan that the config does not know may be free",
            given=(*_SOLD, _READ, _CUSTOMER, dataclasses.replace(_ACCOUNT, plan="LEGACY")),
        ),
        Case(
            name="comped partner with a live exemption",
            given=(
                *_SERVED,
                Exemption(
                    check_id="unpaid-but-active",
                    subject="user_1",
                    owner="partners",
                    reason="comped",
                    expires_at=date(2026, 3, 1),
                ),
            ),
        ),
    ),
)
