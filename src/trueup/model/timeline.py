"""Both sides of one finding on one line of time: what the app's rows say happened, and what Stripe's objects say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from trueup.model.dashboard import dashboard_link
from trueup.model.money import credits_text, money_text


class Side(StrEnum):
    """Who says so."""

    APP = "app"
    STRIPE = "Stripe"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineLine:
    """One thing that happened. ``what`` is a short phrase; ``named`` marks what the finding itself is about.

    ``amount`` is money in minor units with its ``currency``, or credits. ``link`` leads to Stripe's dashboard.
    """

    at: datetime | None
    side: Side
    what: str
    id: str
    relation: str
    named: bool = False
    money: int | None = None
    currency: str | None = None
    credits: Decimal | None = None
    balance_after: Decimal | None = None
    note: str | None = None
    """What the app itself wrote beside it."""
    link: str | None = None

    @property
    def amount_text(self) -> str:
        """The amount for people; empty where there is none."""
        if self.money is not None and self.currency is not None:
            return money_text(self.money, self.currency)
        if self.credits is not None:
            return f"{'+' if self.credits > 0 else ''}{credits_text(self.credits)} credits"
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The newest of both sides, oldest first. ``earlier`` is how many lines of a side stand before the first shown.

    ``unknown`` are sentences about what is not here because nobody could look: it is not absent.
    """

    lines: tuple[TimelineLine, ...] = ()
    earlier_app: int = 0
    earlier_stripe: int = 0
    unknown: tuple[str, ...] = ()


def link_of(object_id: str, *, livemode: bool | None, account: str | None) -> str | None:
    """Where Stripe's dashboard shows it, if it is an object of Stripe's whose mode is known."""
    return None if livemode is None else dashboard_link(object_id, livemode=livemode, account=account)


_STRIPES_CUSTOMERS = """\
    UNION
    SELECT c.customer_id
    FROM stripe_customer AS c
    LEFT JOIN account AS a ON lower(a.email) = lower(c.email) AND a.account_id IN (SELECT account_id FROM first_account)
    WHERE c.account_id IN (SELECT account_id FROM first_account) OR a.account_id IS NOT NULL
    UNION
    SELECT customer_id
    FROM stripe_subscription
    WHERE subscription_id IN (SELECT id FROM named)
       OR account_id IN (SELECT account_id FROM first_account)
       OR subscription_id IN (SELECT stripe_subscription_id FROM account
                              WHERE account_id IN (SELECT account_id FROM first_account))
    UNION
    SELECT customer_id FROM stripe_invoice WHERE invoice_id IN (SELECT id FROM named)
    UNION
    SELECT customer_id FROM stripe_payment_intent WHERE payment_intent_id IN (SELECT id FROM named)
    UNION
    SELECT customer_id FROM stripe_checkout_session WHERE checkout_session_id IN (SELECT id FROM named)
    UNION
    SELECT customer_id FROM stripe_event WHERE event_id IN (SELECT id FROM named)
"""
_STRIPES_INTENTS = """\
intent AS (
    SELECT payment_intent_id
    FROM stripe_payment_intent
    WHERE customer_id IN (SELECT customer_id FROM customer)
    UNION
    SELECT stripe_payment_intent_id FROM entry
    UNION
    SELECT id FROM named WHERE starts_with(id, 'pi_')
),
"""
_STRIPES_EVENTS = """\
    UNION
    SELECT event_id FROM stripe_event WHERE customer_id IN (SELECT customer_id FROM customer)
"""
_STRIPES_HAPPENINGS = """\
    UNION ALL
    SELECT created_at, 'Stripe', 'stripe_customer', customer_id,
           CASE WHEN deleted THEN 'customer, deleted since' ELSE 'customer created' END,
           NULL, NULL, NULL, NULL, livemode, '', 0, NULL, NULL, NULL, NULL, NULL
    FROM stripe_customer
    WHERE customer_id IN (SELECT customer_id FROM customer)
    UNION ALL
    SELECT step.happened_at, 'Stripe', 'stripe_subscription', step.subscription_id, step.what,
           NULL, NULL, NULL, NULL, step.livemode, '', step.place, NULL, NULL, NULL, NULL, NULL
    FROM (
        SELECT customer_id, subscription_id, livemode, created_at AS happened_at, 1 AS place,
               'subscription started, now ' || replace(status, '_', ' ') || CASE WHEN paused THEN ', paused' ELSE '' END
                   || CASE WHEN other_application THEN ', of another application' ELSE '' END AS what
        FROM stripe_subscription
        UNION ALL
        SELECT customer_id, subscription_id, livemode, trial_end, 2, 'trial ends' FROM stripe_subscription
        UNION ALL
        SELECT customer_id, subscription_id, livemode, canceled_at, 3, 'subscription canceled' FROM stripe_subscription
        UNION ALL
        SELECT customer_id, subscription_id, livemode,
               coalesce(cancel_at, CASE WHEN cancel_at_period_end THEN current_period_end END), 4,
               'subscription is to end' FROM stripe_subscription WHERE ended_at IS NULL
        UNION ALL
        SELECT customer_id, subscription_id, livemode, next_phase_at, 5,
               coalesce('schedule changes it to ' || next_price_id, 'schedule ends it')
        FROM stripe_subscription
        UNION ALL
        SELECT customer_id, subscription_id, livemode, ended_at, 6, 'subscription ended' FROM stripe_subscription
    ) AS step
    WHERE step.happened_at IS NOT NULL
      AND (step.customer_id IN (SELECT customer_id FROM customer) OR step.subscription_id IN (SELECT id FROM named))
    UNION ALL
    SELECT step.happened_at, 'Stripe', 'stripe_invoice', step.invoice_id, step.what,
           step.money, step.currency, NULL, NULL, step.livemode, '', step.place, NULL, NULL, NULL, NULL, NULL
    FROM (
        SELECT customer_id, invoice_id, livemode, created_at AS happened_at, 10 AS place,
               'invoice made, now ' || status AS what, total AS money, currency
        FROM stripe_invoice
        UNION ALL
        SELECT customer_id, invoice_id, livemode, paid_at, 12,
               CASE WHEN paid_out_of_band THEN 'invoice paid outside Stripe' ELSE 'invoice paid' END,
               CASE WHEN paid_out_of_band THEN total ELSE amount_paid END, currency
        FROM stripe_invoice
        WHERE paid_at IS NOT NULL
    ) AS step
    WHERE step.customer_id IN (SELECT customer_id FROM customer)
       OR step.invoice_id IN (SELECT id FROM named)
       OR step.invoice_id IN (SELECT stripe_invoice_id FROM entry)
    UNION ALL
    SELECT created_at, 'Stripe', 'stripe_payment_intent', payment_intent_id, 'payment ' || replace(status, '_', ' '),
           CASE WHEN status = 'succeeded' THEN amount_received ELSE amount END, currency,
           NULL, NULL, livemode, '', 11, NULL, NULL, NULL, NULL, NULL
    FROM stripe_payment_intent
    WHERE payment_intent_id IN (SELECT payment_intent_id FROM intent)
    UNION ALL
    SELECT created_at, 'Stripe', 'stripe_refund', refund_id, 'refund ' || replace(status, '_', ' '),
           -amount, currency, NULL, NULL, livemode, '', 13, NULL, NULL, NULL, NULL, NULL
    FROM stripe_refund
    WHERE payment_intent_id IN (SELECT payment_intent_id FROM intent)
    UNION ALL
    SELECT created_at, 'Stripe', 'stripe_dispute', dispute_id, 'dispute ' || replace(status, '_', ' '),
           -amount, currency, NULL, NULL, livemode, '', 14, NULL, NULL, NULL, NULL, NULL
    FROM stripe_dispute
    WHERE payment_intent_id IN (SELECT payment_intent_id FROM intent)
    UNION ALL
    SELECT created_at, 'Stripe', 'stripe_checkout_session', checkout_session_id,
           'checkout ' || coalesce(status, 'of unknown state') || ', ' || replace(payment_status, '_', ' '),
           amount_total, currency, NULL, NULL, livemode, '', 9, NULL, NULL, NULL, NULL, NULL
    FROM stripe_checkout_session
    WHERE customer_id IN (SELECT customer_id FROM customer)
       OR account_id IN (SELECT account_id FROM whose)
       OR checkout_session_id IN (SELECT id FROM named)
       OR checkout_session_id IN (SELECT stripe_checkout_session_id FROM entry)
    UNION ALL
    SELECT s.created_at, 'Stripe', 'stripe_event', s.event_id,
           'event ' || s.type || CASE WHEN NOT $knows_events THEN ''
                                      WHEN w.event_id IS NULL THEN ', not received by the app'
                                      ELSE ', received by the app' END,
           s.amount, s.currency, NULL, NULL, s.livemode, '', 15, NULL, NULL, NULL, NULL, NULL
    FROM stripe_event AS s
    LEFT JOIN webhook_event AS w ON w.event_id = s.event_id
    WHERE s.event_id IN (SELECT event_id FROM event)
      AND (w.event_id IS NULL OR s.event_id IN (SELECT id FROM named))
"""
_BOTH_SIDES = """
WITH named AS (                        -- what the finding names: its subject, and every id in its evidence
    SELECT DISTINCT unnest(string_split($names, chr(31))) AS id
),
named_entry AS (
    SELECT DISTINCT unnest(string_split($entries, chr(31))) AS id
),
named_moment AS (
    SELECT DISTINCT TRY_CAST(unnest(string_split($moments, chr(31))) AS TIMESTAMP) AS moment
),
first_account AS (                     -- whose it is, as the app's own rows say
    SELECT DISTINCT unnest(string_split($accounts, chr(31))) AS account_id
    UNION
    SELECT account_id FROM account WHERE stripe_customer_id IN (SELECT id FROM named WHERE starts_with(id, 'cus_'))
    UNION
    SELECT account_id
    FROM ledger_entry
    WHERE stripe_event_id IN (SELECT id FROM named)
       OR stripe_payment_intent_id IN (SELECT id FROM named)
       OR stripe_invoice_id IN (SELECT id FROM named)
       OR stripe_checkout_session_id IN (SELECT id FROM named)
),
customer AS (                          -- who pays, in each way that one of the two sides could name it
    SELECT id AS customer_id FROM named WHERE starts_with(id, 'cus_')
    UNION
    SELECT stripe_customer_id FROM account WHERE account_id IN (SELECT account_id FROM first_account)
{customers}),
whose AS (
    SELECT account_id FROM first_account
    UNION
    SELECT account_id FROM account WHERE stripe_customer_id IN (SELECT customer_id FROM customer)
),
entry AS (
    SELECT e.*, row_number() OVER (ORDER BY sequence NULLS FIRST, created_at, entry_id) AS place
    FROM ledger_entry AS e
    WHERE account_id IN (SELECT account_id FROM whose)
),
{intents}event AS (                             -- by what it is about, and by the entries that it caused
    SELECT stripe_event_id AS event_id FROM entry
{events}    UNION
    SELECT id FROM named WHERE starts_with(id, 'evt_')
),
happening AS (
    SELECT created_at AS happened_at, 'app' AS side, 'account' AS relation, account_id AS id, 'account created' AS what,
           NULL AS money, NULL AS currency, NULL AS credits, NULL AS balance_after, NULL AS livemode,
           '' AS refs, 0 AS place, NULL AS kind, NULL AS posted, NULL AS reason, NULL AS stripe_id,
           NULL AS webhook_status
    FROM account
    WHERE account_id IN (SELECT account_id FROM whose) AND created_at IS NOT NULL
    UNION ALL
    SELECT changed_at, 'app', 'plan_change', account_id,
           'plan ' || coalesce(from_plan, 'unknown') || ' to ' || to_plan || coalesce(', by ' || actor, ''),
           NULL, NULL, NULL, NULL, NULL, '', 1, NULL, NULL, reason, NULL, NULL
    FROM plan_change
    WHERE account_id IN (SELECT account_id FROM whose)
    UNION ALL
    SELECT received_at, 'app', 'webhook_event', event_id, 'webhook ' || type || ', ' || status,
           NULL, NULL, NULL, NULL, livemode, '', 0, NULL, NULL, NULL, NULL, NULL
    FROM webhook_event
    WHERE event_id IN (SELECT event_id FROM event)
    UNION ALL
    SELECT e.created_at, 'app', 'ledger_entry', CAST(e.entry_id AS VARCHAR),
           replace(e.kind, '_', ' ') || CASE WHEN e.posted THEN '' ELSE ', pending' END,
           NULL, NULL, e.amount, e.balance_after, NULL,
           concat_ws(chr(31), e.stripe_event_id, e.stripe_invoice_id, e.stripe_payment_intent_id,
                     e.stripe_checkout_session_id),
           e.place, e.kind, e.posted, e.reason,
           coalesce(e.stripe_event_id, e.stripe_invoice_id, e.stripe_payment_intent_id), w.status
    FROM entry AS e
    LEFT JOIN webhook_event AS w ON w.event_id = e.stripe_event_id
{happenings}),
marked AS (
    SELECT *,
           CASE relation
               WHEN 'account'      THEN FALSE
               WHEN 'plan_change'  THEN FALSE
               WHEN 'ledger_entry' THEN coalesce(id IN (SELECT id FROM named_entry), FALSE)
                                        OR coalesce(happened_at IN (SELECT moment FROM named_moment), FALSE)
                                        OR len(list_intersect(string_split(refs, chr(31)),
                                                              (SELECT list(id) FROM named))) > 0
               ELSE coalesce(id IN (SELECT id FROM named), FALSE)
           END AS is_named
    FROM happening
),
numbered AS (
    SELECT *,
           row_number() OVER (PARTITION BY side ORDER BY happened_at DESC NULLS LAST, place DESC, relation, id) AS age,
           count(*)     OVER (PARTITION BY side)                                                       AS of_side,
           count(*) FILTER (WHERE relation = 'ledger_entry') OVER ()                                   AS entries
    FROM marked
)
SELECT *
FROM numbered
WHERE age <= $length OR is_named
ORDER BY happened_at NULLS FIRST, CASE side WHEN 'Stripe' THEN 0 ELSE 1 END, place, relation, id
"""

TIMELINE = _BOTH_SIDES.format(
    customers=_STRIPES_CUSTOMERS,
    intents=_STRIPES_INTENTS,
    events=_STRIPES_EVENTS,
    happenings=_STRIPES_HAPPENINGS,
)
"""Everything that happened around a finding, from both sides, in one question to the books.

What it names is bound as text between unit separators: ``names`` and ``entries`` are ids, ``accounts`` are accounts,
``moments`` those of its evidence. ``knows_events`` says whether the app's webhook events were read.
"""

TIMELINE_WITHOUT_STRIPE = _BOTH_SIDES.format(customers="", intents="", events="", happenings="")
"""The same from books into which nothing of Stripe's was read: asking its empty tables takes longer than the rest."""
