"""What prices sold at which time, and for how long, as a snapshot shows it: proposals for ``[prices]``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, cast

from trueup.actions.doctor.price_proposals import SALES
from trueup.formats.wording import counted
from trueup.model.money import credits_text

if TYPE_CHECKING:
    from decimal import Decimal

    from trueup.engines.duckdb import DuckDB

FEWEST_BEFORE_AND_SINCE = 2
"""One sale of another number is a fault as likely as a raise: so many, of as many customers, are on each side."""

_STRAY_PERCENT = 5

# The two numbers that most sales of a price led to, where the last sale of one is before the first of the other.
_RAISED = (
    SALES
    + """,
size AS (
    SELECT coalesce(price_name, price_id) AS price_name, credits, count(*) AS sales,
           count(DISTINCT customer_id) AS customers, min(paid_at) AS first_at, max(paid_at) AS last_at
    FROM followed
    WHERE credits > 0
    GROUP BY coalesce(price_name, price_id), credits
),
ordered AS (
    SELECT *,
           sum(sales) OVER (PARTITION BY price_name)                                            AS all_sales,
           row_number() OVER (PARTITION BY price_name ORDER BY sales DESC, first_at, credits)   AS place
    FROM size
)
SELECT before.price_name, before.credits AS credits_before, before.sales AS sales_before,
       since.credits AS credits_since, since.sales AS sales_since, since.first_at AS since
FROM ordered AS before
JOIN ordered AS since ON since.price_name = before.price_name AND since.first_at > before.last_at
WHERE before.place <= 2 AND since.place <= 2
  AND least(before.customers, since.customers) >= {fewest}
  AND 100 * (before.all_sales - before.sales - since.sales) <= {stray} * before.all_sales
  AND before.price_name NOT IN (
      SELECT price_name FROM price_allowance WHERE holds_from > CAST('1900-01-01' AS TIMESTAMP)
  )
ORDER BY before.price_name
"""
).format(fewest=FEWEST_BEFORE_AND_SINCE, stray=_STRAY_PERCENT)

_LIVE = """
WITH live AS (
    SELECT h.account_id
    FROM subscription_holder AS h
    JOIN subscription_standing AS s ON s.subscription_id = h.subscription_id
    WHERE s.is_live
)"""
"""Accounts that have their plan by a subscription."""

# Of an account the last purchase counts, and an account with a subscription has the plan by that one.
_SOLD_ONCE = (
    _LIVE
    + """,
bought AS (
    SELECT b.price_name, p.plan, a.account_id, a.plan AS plan_now, 2 * t.longest_days AS days,
           max(coalesce(d.paid_at, d.created_at)) AS paid_at
    FROM direct_purchase AS d
    JOIN purchase_price AS b      ON b.money_id = d.money_id
    JOIN configured_price AS p    ON p.price_name = b.price_name AND p.plan IS NOT NULL AND p.instalments IS NULL
    LEFT JOIN plan_price          ON plan_price.price_id = p.price_name
    JOIN billing_interval AS t    ON t.interval = coalesce(plan_price.interval, 'month')
    JOIN account AS a             ON a.account_id = d.account_id OR a.stripe_customer_id = d.customer_id
    LEFT JOIN payment_return AS r ON r.payment_intent_id = d.money_id
    WHERE d.livemode = $livemode AND a.active
      AND coalesce(r.amount, 0) < d.amount
      AND a.account_id NOT IN (SELECT account_id FROM live)
    GROUP BY b.price_name, p.plan, a.account_id, a.plan, t.longest_days
)
SELECT price_name, plan, max(days) AS days, count(*) AS accounts
FROM bought
WHERE date_diff('second', paid_at, $now) > days * $day_seconds
GROUP BY price_name, plan
HAVING count(*) = sum(CASE WHEN plan_now = plan THEN 1 ELSE 0 END)
ORDER BY price_name
"""
)

# A customer who leaves sets the end to that of the period; a day that was set for it is a term. None of the price's
# subscriptions may have had more payments, or the term is not what pays for good.
_IN_INSTALMENTS = (
    _LIVE
    + """,
paid AS (
    SELECT i.subscription_id, m.price_name, m.plan, count(DISTINCT i.invoice_id) AS payments
    FROM stripe_invoice_line AS l
    JOIN stripe_invoice AS i ON i.invoice_id = l.invoice_id AND i.status = 'paid' AND i.livemode = $livemode
    JOIN price_meaning AS m  ON m.price_id IS NOT DISTINCT FROM l.price_id
                            AND m.lookup_key IS NOT DISTINCT FROM l.lookup_key
                            AND m.product_id IS NOT DISTINCT FROM l.product_id
    WHERE m.plan IS NOT NULL AND m.instalments IS NULL AND i.subscription_id IS NOT NULL
      AND NOT l.proration AND NOT l.metered AND l.amount > 0
    GROUP BY i.subscription_id, m.price_name, m.plan
),
over AS (
    SELECT p.price_name, p.plan, p.payments, a.plan AS plan_now
    FROM paid AS p
    JOIN stripe_subscription AS s ON s.subscription_id = p.subscription_id
    JOIN subscription_holder AS h ON h.subscription_id = p.subscription_id
    JOIN account AS a             ON a.account_id = h.account_id AND a.active
    WHERE s.status = 'canceled' AND NOT s.cancel_at_period_end
      AND abs(date_diff('second', s.cancel_at, s.ended_at)) <= $day_seconds
      AND date_diff('second', s.ended_at, $now) > $month_limit_seconds
      AND a.account_id NOT IN (SELECT account_id FROM live)
)
SELECT price_name, plan, max(payments) AS payments, count(*) AS accounts
FROM over
GROUP BY price_name, plan
HAVING min(payments) > 1 AND count(*) = sum(CASE WHEN plan_now = plan THEN 1 ELSE 0 END)
   AND min(payments) = (SELECT max(payments) FROM paid WHERE paid.price_name = over.price_name)
ORDER BY price_name
"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsProposal:
    """A line of ``[prices]`` that the sales of a price show, and what shows it."""

    says: str
    mend: str


def propose_raises(engine: DuckDB) -> Iterator[TermsProposal]:
    """Propose the day from which a price owes another number, where all sales changed to it."""
    for row in engine.rows(_RAISED):
        name, day = row["price_name"], cast("datetime", row["since"]).date().isoformat()
        before, since = (credits_text(cast("Decimal", row[key])) for key in ("credits_before", "credits_since"))
        yield TermsProposal(
            says=f"the {row['sales_before']:,} paid units of {name} before {day} were followed by {before} credits "
            f"each, and the {row['sales_since']:,} since by {since}",
            mend=f"say [prices.{name}] credits = {before}, history = [{{ since = {day}, credits = {since} }}]",
        )


def propose_for_good(engine: DuckDB) -> Iterator[TermsProposal]:
    """Propose that a price pays for good, where all whose payments are over still have its plan."""
    for row in engine.rows(_SOLD_ONCE):
        number = cast("int", row["accounts"])
        accounts = f"{number:,} of {counted(number, 'account')}"
        yield TermsProposal(
            says=f"{row['price_name']} is sold once, and {accounts} that bought it more than {row['days']} days ago "
            f"{_are(number)} on {row['plan']} without a subscription",
            mend=f"if it pays for good, say [prices.{row['price_name']}] lifetime = true",
        )
    for row in engine.rows(_IN_INSTALMENTS):
        number = cast("int", row["accounts"])
        accounts, ended = counted(number, "account"), counted(number, "subscription")
        yield TermsProposal(
            says=f"{ended} to {row['price_name']} ended on the day that was set for {_them(number)}, after "
            f"{row['payments']} payments{' each' if number != 1 else ''}, and {number:,} of "
            f"{accounts} {_are(number)} still on {row['plan']}",
            mend=f"if that pays for good, say [prices.{row['price_name']}] lifetime_after = {row['payments']}",
        )


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _them(number: int) -> str:
    return "it" if number == 1 else "them"
