"""Every credit-bearing event that Stripe has, and that an endpoint asks for, was received."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from trueup.model.check import Case, Check, ago, money_at_risk
from trueup.model.finding import Area
from trueup.model.relations import EntryKind, LedgerEntry, WebhookEvent
from trueup.model.severity import Severity
from trueup.model.stripe_objects import StripeEvent, StripeWebhookEndpoint

_ENDPOINT = StripeWebhookEndpoint(endpoint_id="we_1")
_BEGAN = WebhookEvent(event_id="evt_0", received_at=ago(days=200))
_GIVEN = (_ENDPOINT, _BEGAN)
_LATELY = ago(days=4)


def _event(
    created_at: datetime = _LATELY,
    *,
    event_type: str = "invoice.paid",
    amount: int | None = 2900,
    currency: str = "usd",
    livemode: bool = True,
    pending_webhooks: int = 0,
) -> StripeEvent:
    return StripeEvent(
        event_id="evt_1",
        type=event_type,
        object_id="in_1",
        customer_id="cus_1",
        invoice_id="in_1",
        amount=amount,
        currency=currency,
        pending_webhooks=pending_webhooks,
        created_at=created_at,
        livemode=livemode,
    )


_BEARS_CREDITS = "SELECT type FROM billing_type WHERE brings_money UNION SELECT type FROM crediting_type"

CHECK = Check(
    id="undelivered-event",
    area=Area.WEBHOOKS,
    severity=Severity.ERROR,
    revenue_impacting=True,
    title="Stripe's event never arrived",
    why="A customer paid, but the application does not know. Stripe stops trying after three days and deletes the "
    "event after thirty; after that it cannot be sent again.",
    population=f"""
SELECT count(*)
FROM stripe_event
WHERE type IN ({_BEARS_CREDITS})
  AND livemode = $livemode
  AND created_at < $settled_before
""",
    # Besides the usual types, the types that lead to credits here bear credits; types of which Stripe's side keeps no
    # events are another check's. An application that receives every event may record only those it handles, so a type
    # counts once one of its events was recorded. An event older than the oldest record may have been recorded and
    # pruned. Other systems' endpoints count only where none of the application's own is enabled. Where every endpoint
    # is disabled, the types they asked for still count: nothing is delivered at all.
    violations=f"""
WITH recorded AS (
    SELECT type, count(*) AS events FROM webhook_event GROUP BY type
),
oldest AS (
    SELECT min(received_at) AS received_at FROM webhook_event
),
endpoint AS (
    SELECT w.enabled_events, w.status = 'enabled' AS is_enabled, o.endpoint_id IS NOT NULL AS is_own
    FROM stripe_webhook_endpoint AS w
    LEFT JOIN own_endpoint AS o ON o.endpoint_id = w.endpoint_id
    WHERE w.livemode = $livemode
),
asking AS (
    SELECT enabled_events FROM endpoint
    WHERE is_enabled AND (is_own OR NOT EXISTS (SELECT 1 FROM endpoint WHERE is_own AND is_enabled))
       OR is_own AND NOT EXISTS (SELECT 1 FROM endpoint WHERE is_enabled)
),
missed AS (
    SELECT e.event_id, e.type, e.customer_id, e.object_id, e.amount, e.currency, e.pending_webhooks, e.created_at
    FROM stripe_event AS e
    CROSS JOIN oldest
    JOIN recorded AS r           ON r.type = e.type
    LEFT JOIN webhook_event AS w ON w.event_id = e.event_id
    WHERE e.type IN ({_BEARS_CREDITS})
      AND w.event_id IS NULL
      AND coalesce(e.stripe_account, '') NOT IN (SELECT stripe_account FROM connected_account)
      AND e.livemode = $livemode
      AND e.created_at < $settled_before
      AND e.created_at >= $period_start
      AND e.created_at >= $idempotency_since
      AND e.created_at >= oldest.received_at
      AND e.event_id NOT IN (SELECT stripe_event_id FROM stripe_event_total)
)
SELECT m.event_id AS subject,
       CASE WHEN c.credit_entries > 0 THEN 'warning' END          AS severity,
       coalesce(c.account_id, k.account_id)                       AS account_id,
       m.type,
       m.customer_id,
       m.object_id,
       m.created_at,
       greatest(0, $resend_days - date_diff('second', m.created_at, $now) // $day_seconds) AS days_left,
       m.pending_webhooks,
       coalesce(c.credit_entries, 0) > 0                          AS credited,
       m.amount,
       m.currency,
       CASE WHEN coalesce(c.credit_entries, 0) = 0 THEN m.amount END AS amount_at_risk
FROM missed AS m
LEFT JOIN money_name AS n       ON n.name = m.event_id
LEFT JOIN money_credit AS c     ON c.money_id = n.money_id
LEFT JOIN money_owed AS o       ON o.money_id = n.money_id
LEFT JOIN customer_account AS k ON k.customer_id = m.customer_id
WHERE coalesce(o.most_credits, 1) > 0                  -- not what is known to owe nothing
  AND EXISTS (SELECT 1 FROM asking AS a
              WHERE a.enabled_events = '*' OR strpos(a.enabled_events, ',' || m.type || ',') > 0)
""",
    message="{subject} ({type}, {created_at}) was never received; it can be sent again for {days_left:day}.",
    optional=(
        "account",
        "ledger_entry",
        "plan",
        "stripe_customer",
        "stripe_subscription",
        "stripe_subscription_item",
        "stripe_invoice_line",
        "stripe_price",
    ),
    impact=money_at_risk("amount_at_risk", "currency"),
    cases=(
        Case(
            name="the event was received",
            given=(*_GIVEN, _event(), WebhookEvent(event_id="evt_1", received_at=_LATELY)),
        ),
        Case(
            name="an unusual type, which leads to credits here",
            given=(
                *_GIVEN,
                WebhookEvent(event_id="evt_2", type="customer.subscription.updated", received_at=ago(days=9)),
                LedgerEntry(
                    entry_id=2,
                    kind=EntryKind.SUBSCRIPTION_GRANT,
                    amount=Decimal(100),
                    stripe_event_id="evt_2",
                    created_at=ago(days=9),
                ),
                _event(event_type="customer.subscription.updated", amount=None),
            ),
            fires=("evt_1",),
        ),
        Case(
            name="an unusual type, of which fewer than half lead to credits",
            given=(
                *_GIVEN,
                *(
                    WebhookEvent(
                        event_id=f"evt_{number}", type="customer.subscription.updated", received_at=ago(days=9)
                    )
                    for number in (2, 3, 4)
                ),
                LedgerEntry(
                    entry_id=2,
                    kind=EntryKind.SUBSCRIPTION_GRANT,
                    amount=Decimal(100),
                    stripe_event_id="evt_2",
                    created_at=ago(days=9),
                ),
                _event(event_type="customer.subscription.updated", amount=None),
            ),
        ),
        Case(
            name="field failure 13: the endpoint was down for more than three days",
            given=(*_GIVEN, _event()),
            fires=("evt_1",),
            severities={"evt_1": Severity.ERROR},
            evidence={
                "evt_1": {
                    "type": "invoice.paid",
                    "days_left": 26,
                    "amount": 2900,
                    "amount_at_risk": 2900,
                    "credited": False,
                }
            },
        ),
        Case(
            name="on its way at the snapshot: exactly as old as it takes to settle",
            given=(*_GIVEN, _event(ago(minutes=15))),
        ),
        Case(
            name="a second older than it takes to settle",
            given=(*_GIVEN, _event(ago(minutes=15, seconds=1))),
            fires=("evt_1",),
        ),
    ),
)
