"""Derived relations about what is owed: line by line, and for each money, in credits.

What a line owes is said by the config: by the price's own credits, by a rate for amounts that customers type in, by the
payment's metadata, or by the plan that the price means. Taxes, fees and discounts do not change it.
"""

from __future__ import annotations

from trueup.derived.derivation import ENTRY_LINKS, Derived

SOLD_LINE = Derived(
    name="sold_line",
    holds="The lines of paid and of credited invoices, and direct purchases of a known price as a line each: the "
    "price, the name under which the config says what it sells, its plan, how many, for which time, and by what the "
    "price is known. `stated` is the text of the metadata in which the number of credits may stand.",
    optional=(*ENTRY_LINKS, "stripe_checkout_session"),
    sql="""
WITH judged AS (                       -- reading the lines of all invoices costs more than a scan
    SELECT money_id AS invoice_id FROM money_credit UNION SELECT invoice_id FROM uncredited_invoice
),
quantity AS (                          -- where a payment's price is known, and not how many
    SELECT d.money_id, d.amount // p.unit_amount AS quantity
    FROM direct_purchase AS d
    JOIN purchase_price AS b ON b.money_id = d.money_id
    JOIN stripe_price AS p   ON p.price_id = b.price_name
    WHERE p.unit_amount > 0 AND p.currency = d.currency AND d.amount % p.unit_amount = 0
),
stated AS (                            -- metadata of what paid or made an invoice of one line, where they may say it
    SELECT invoice_id, min(purpose) || max(purpose) AS purpose
    FROM (
        SELECT invoice_id, purpose FROM stripe_checkout_session
        UNION
        SELECT p.invoice_id, i.purpose
        FROM stripe_invoice_payment AS p
        JOIN stripe_payment_intent AS i ON i.payment_intent_id = p.payment_intent_id
    ) AS text
    WHERE invoice_id IS NOT NULL AND purpose IS NOT NULL
      AND EXISTS (SELECT 1 FROM sold_price WHERE credits_from IS NOT NULL)
      AND invoice_id IN (SELECT invoice_id FROM stripe_invoice_line GROUP BY invoice_id HAVING count(*) = 1)
    GROUP BY invoice_id
),
by_key AS (                            -- a price that was made for one checkout is in no list
    SELECT t.invoice_id, min(s.price_name) AS price_name
    FROM stated AS t
    JOIN sold_price AS s ON strpos(t.purpose, '"' || s.credits_from || '": "') > 0
    GROUP BY t.invoice_id
    HAVING count(*) = 1
),
line AS (
    SELECT l.invoice_id AS money_id, l.line_id, l.price_id, coalesce(m.price_name, k.price_name) AS price_name,
           m.plan, l.quantity, l.amount, l.currency, l.proration, l.period_start, l.period_end,
           i.created_at AS sold_at, coalesce(i.paid_at, i.created_at) AS paid_at,
           CASE WHEN m.price_name IS NULL AND k.price_name IS NOT NULL THEN 'metadata' ELSE 'line' END AS known_by,
           t.purpose AS stated
    FROM stripe_invoice_line AS l
    JOIN judged                  ON judged.invoice_id = l.invoice_id
    JOIN stripe_invoice AS i     ON i.invoice_id = l.invoice_id
    LEFT JOIN price_meaning AS m ON m.price_id IS NOT DISTINCT FROM l.price_id
                                AND m.lookup_key IS NOT DISTINCT FROM l.lookup_key
                                AND m.product_id IS NOT DISTINCT FROM l.product_id
    LEFT JOIN stated AS t        ON t.invoice_id = l.invoice_id
    LEFT JOIN by_key AS k        ON k.invoice_id = l.invoice_id
    WHERE NOT l.metered
    UNION ALL
    SELECT d.money_id, d.money_id, d.price_id, b.price_name, plan_price.plan,
           coalesce(d.quantity, q.quantity, 1), d.amount, d.currency,
           FALSE, NULL, NULL, d.created_at, coalesce(d.paid_at, d.created_at), b.known_by, d.purpose
    FROM direct_purchase AS d
    JOIN purchase_price AS b  ON b.money_id = d.money_id
    LEFT JOIN plan_price      ON plan_price.price_id = b.price_name
    LEFT JOIN quantity AS q   ON q.money_id = d.money_id
)
SELECT money_id, line_id, price_id, price_name, plan, quantity, amount, currency, proration, period_start, period_end,
       sold_at, paid_at, known_by, stated
FROM line
""",
)

LINE_TERMS = Derived(
    name="line_terms",
    holds="Each sold line with how long it lasts: in periods of its plan (in months where the price means none), how "
    "many of them have begun, and what part of a period's price it costs (`share`, of prorations).",
    optional=ENTRY_LINKS,
    sql="""
WITH timed AS (
    SELECT s.*, plan.credits_per_period,
           CASE WHEN price.unit_amount > 0 AND coalesce(s.quantity, 1) > 0
                THEN CAST(s.amount AS DOUBLE) / (CAST(price.unit_amount AS DOUBLE) * coalesce(s.quantity, 1))
                END AS share,
           CASE WHEN NOT s.proration AND s.period_end > s.period_start
                THEN date_diff('second', s.period_start, s.period_end) // $day_seconds
                WHEN price.interval IS NOT NULL THEN price.interval_count * of_price.usual_days
                ELSE coalesce(of_short_form.usual_days, of_plan.usual_days) END AS days,
           of_plan.days_of_two,
           of_plan.longest_days * $day_seconds AS period_seconds
    FROM sold_line AS s
    LEFT JOIN plan                             ON plan.plan = s.plan
    LEFT JOIN plan_price AS short_form         ON short_form.price_id = s.price_name
    LEFT JOIN stripe_price AS price            ON price.price_id = s.price_id
    JOIN billing_interval AS of_plan           ON of_plan.interval = coalesce(plan.interval, 'month')
    LEFT JOIN billing_interval AS of_price     ON of_price.interval = price.interval
    LEFT JOIN billing_interval AS of_short_form ON of_short_form.interval = short_form.interval
),
counted AS (                           -- to the nearest whole number of periods
    SELECT t.*, CAST(greatest(1, (4 * t.days + t.days_of_two) // (2 * t.days_of_two)) AS BIGINT) AS periods
    FROM timed AS t
)
SELECT c.money_id, c.line_id, c.price_id, c.price_name, c.plan, coalesce(c.quantity, 1) AS quantity, c.amount,
       c.currency, c.proration, c.period_end, c.sold_at, c.paid_at, c.known_by, c.stated, c.credits_per_period, c.share,
       c.periods,
       least(c.periods, 1 + greatest(0, coalesce(date_diff('second', c.period_start, $past_due_since), 0)
                                        // c.period_seconds)) AS periods_due
FROM counted AS c
""",
)

OWED_LINE = Derived(
    name="owed_line",
    holds="What each sold line owes, and by which rule of the config (`rule`): the fewest credits by now (`due`; a "
    "price of twelve periods owes them one after the other, or at once), and the fewest and the most in all. NULL "
    "where the config does not say.",
    optional=ENTRY_LINKS,
    sql="""
WITH allowance AS (                    -- the numbers that held between the bill and its payment, or the last period
    SELECT t.money_id, t.line_id, min(a.credits) AS fewest, max(a.credits) AS most
    FROM line_terms AS t
    JOIN price_allowance AS a ON a.price_name = t.price_name
    WHERE a.holds_from <= CASE WHEN t.periods > 1 THEN t.period_end ELSE t.paid_at END
      AND date_diff('second', a.holds_until, t.sold_at) < $day_seconds
    GROUP BY t.money_id, t.line_id
),
stated AS (                            -- metadata of what paid or made an invoice of one line, where they may say it
    SELECT t.money_id, t.line_id,
           substr(t.stated, strpos(t.stated, '"' || s.credits_from || '": "') + length(s.credits_from) + 5) AS text
    FROM line_terms AS t
    JOIN sold_price AS s ON s.price_name = t.price_name
    WHERE s.credits_from IS NOT NULL AND strpos(t.stated, '"' || s.credits_from || '": "') > 0
),
ruled AS (
    SELECT t.*,
           CASE WHEN s.sells_nothing                  THEN 'nothing'
                WHEN s.credits_from IS NOT NULL       THEN 'metadata'
                WHEN r.price_name IS NOT NULL         THEN 'rate'
                WHEN a.line_id IS NOT NULL            THEN 'price'
                WHEN t.plan IS NOT NULL               THEN 'plan'
                WHEN s.price_name IS NOT NULL         THEN 'nothing' END AS rule,
           a.fewest, a.most, r.credits AS rate,
           TRY_CAST(substr(d.text, 1, strpos(d.text, '"') - 1) AS DECIMAL(38, 9)) AS stated_credits,
           CASE WHEN $credits_per_seat THEN t.quantity ELSE 1 END AS seats
    FROM line_terms AS t
    LEFT JOIN sold_price AS s ON s.price_name = t.price_name
    LEFT JOIN price_rate AS r ON r.price_name = t.price_name AND r.currency = t.currency
    LEFT JOIN allowance AS a  ON a.money_id = t.money_id AND a.line_id = t.line_id
    LEFT JOIN stated AS d     ON d.money_id = t.money_id AND d.line_id = t.line_id
)
SELECT money_id, line_id, price_id, price_name, plan, quantity, amount, currency, proration, share, periods,
       period_end, known_by, rule,
       CASE rule WHEN 'nothing'  THEN 0
                 WHEN 'metadata' THEN stated_credits
                 WHEN 'rate'     THEN floor(rate * amount)
                 WHEN 'price'    THEN floor(CAST(quantity * fewest * periods_due AS DOUBLE) / periods)
                 ELSE seats * periods_due * credits_per_period END AS due,
       CASE rule WHEN 'nothing'  THEN 0
                 WHEN 'metadata' THEN stated_credits
                 WHEN 'rate'     THEN floor(rate * amount)
                 WHEN 'price'    THEN quantity * fewest
                 ELSE seats * periods * credits_per_period END     AS fewest_credits,
       CASE rule WHEN 'nothing'  THEN 0
                 WHEN 'metadata' THEN stated_credits
                 WHEN 'rate'     THEN ceil(rate * amount)
                 WHEN 'price'    THEN quantity * most
                 ELSE seats * periods * credits_per_period END     AS most_credits
FROM ruled
""",
)

USAGE_GRANT = Derived(
    name="usage_grant",
    holds="The bills of metered usage alone that gave the whole allowance of a plan again, in the month whose bill of "
    "that plan had given it: usage that is billed afterwards owes no allowance.",
    optional=ENTRY_LINKS,
    # Of a plan of several periods each may be granted with a bill of usage, and another number may settle the usage.
    sql="""
WITH usage AS (
    SELECT l.invoice_id
    FROM stripe_invoice_line AS l
    LEFT JOIN price_meaning AS m ON m.price_id IS NOT DISTINCT FROM l.price_id
                                AND m.lookup_key IS NOT DISTINCT FROM l.lookup_key
                                AND m.product_id IS NOT DISTINCT FROM l.product_id
    WHERE l.invoice_id IN (SELECT invoice_id FROM stripe_invoice_line WHERE metered)     -- few companies have any
    GROUP BY l.invoice_id
    HAVING count(*) = sum(CASE WHEN l.metered AND m.price_name IS NULL THEN 1 ELSE 0 END)
),
usage_bill AS (
    SELECT u.invoice_id, i.subscription_id, i.created_at, c.largest_grant
    FROM usage AS u
    JOIN stripe_invoice AS i ON i.invoice_id = u.invoice_id
    JOIN money_credit AS c   ON c.money_id = u.invoice_id AND c.grants > 0
),
plan_bill AS (
    SELECT i.subscription_id, i.created_at, max(o.plan) AS plan, sum(o.most_credits) AS credits
    FROM owed_line AS o
    JOIN stripe_invoice AS i ON i.invoice_id = o.money_id
    JOIN money_credit AS c   ON c.money_id = o.money_id
    WHERE i.subscription_id IN (SELECT subscription_id FROM usage_bill)
    GROUP BY i.invoice_id, i.subscription_id, i.created_at, c.granted
    HAVING max(o.periods) = 1 AND max(CASE WHEN o.proration THEN 1 ELSE 0 END) = 0
       AND c.granted >= sum(o.most_credits)
)
SELECT u.invoice_id AS money_id, min(b.plan) AS plan
FROM usage_bill AS u
JOIN plan_bill AS b ON b.subscription_id = u.subscription_id AND b.credits = u.largest_grant
WHERE date_diff('second', b.created_at, u.created_at) BETWEEN 0 AND $month_limit_seconds
GROUP BY u.invoice_id
""",
)

MONEY_OWED = Derived(
    name="money_owed",
    holds="One row per money that owes a known number of credits, or that others like it make a purchase of credits: "
    "the fewest that it owes by now, and the most; NULL where that is not known, as when it also sells something of "
    "which the config says nothing. `worth_minor`: its amount, or what a full coupon took off its lines. `likeness`, "
    "`of_them` and `credited` say what a guess rests on.",
    optional=ENTRY_LINKS,
    sql="""
WITH total AS (
    SELECT money_id,
           max(plan)                                                                        AS plan,
           max(periods)                                                                     AS periods,
           max(period_end)                                                                  AS period_end,
           min(price_name)                                                                  AS price_name,
           min(rule)                                                                        AS rule,
           min(known_by)                                                                    AS known_by,
           sum(amount)                                                                      AS listed_minor,
           sum(CASE WHEN proration THEN 0 ELSE due END)                                     AS due,
           sum(CASE WHEN proration THEN 0 ELSE most_credits END)                            AS whole,
           sum(CASE WHEN proration AND amount > 0 THEN most_credits ELSE 0 END)             AS added,
           sum(CASE WHEN proration AND amount < 0 THEN most_credits ELSE 0 END)             AS dropped,
           sum(CASE WHEN proration THEN CAST(most_credits AS DOUBLE) * share ELSE 0 END)    AS shared,
           sum(CASE WHEN proration THEN 1 ELSE 0 END)                                       AS prorations,
           sum(CASE WHEN proration AND most_credits > 0 AND share IS NULL THEN 1 ELSE 0 END) AS unshared,
           sum(CASE WHEN amount > 0 AND most_credits IS NULL THEN 1 ELSE 0 END)             AS unknown_lines
    FROM owed_line
    GROUP BY money_id
    HAVING count(most_credits) > 0
),
bounded AS (
    SELECT money_id, plan, periods, period_end, price_name, rule, known_by, listed_minor,
           CASE WHEN prorations = 0 OR $proration = 'none' THEN due
                WHEN $proration = 'proportional' AND unshared = 0
                     THEN greatest(0, CAST(floor(due + coalesce(shared, 0)) AS DECIMAL(38, 9)) - 1)
                ELSE greatest(0, due - greatest(0, dropped - added)) END                    AS least_credits,
           CASE WHEN unknown_lines > 0 THEN NULL
                WHEN prorations = 0 OR $proration = 'none' THEN whole
                WHEN $proration = 'proportional' AND unshared = 0
                     THEN greatest(0, CAST(ceil(whole + coalesce(shared, 0)) AS DECIMAL(38, 9)) + 1)
                ELSE whole + greatest(0, added - dropped) END                               AS most_credits
    FROM total
    UNION ALL
    SELECT money_id, plan, 1, CAST(NULL AS TIMESTAMP), CAST(NULL AS TEXT), 'usage', 'line', 0, 0, 0 FROM usage_grant
)
SELECT coalesce(b.money_id, l.money_id)            AS money_id,
       b.plan, b.periods, b.period_end, b.price_name, b.rule, b.known_by,
       CASE WHEN m.amount <> 0 THEN m.amount
            WHEN m.subtotal > 0 THEN coalesce(b.listed_minor, 0) ELSE 0 END AS worth_minor,   -- a trial's is nothing
       CAST(b.least_credits AS DECIMAL(38, 9))     AS least_credits,
       CAST(b.most_credits AS DECIMAL(38, 9))      AS most_credits,
       CASE WHEN b.money_id IS NULL THEN l.likeness END AS likeness,
       CASE WHEN b.money_id IS NULL THEN l.of_them END  AS of_them,
       CASE WHEN b.money_id IS NULL THEN l.credited END AS credited
FROM bounded AS b
FULL JOIN likely_purchase AS l ON l.money_id = b.money_id
LEFT JOIN stripe_money AS m    ON m.money_id = coalesce(b.money_id, l.money_id)
""",
)

UNCREDITED_MONEY = Derived(
    name="uncredited_money",
    holds="The paid money that owes credits, or by others like it does, and that no entry gives any for; the account "
    "that paid it, where that is known.",
    optional=ENTRY_LINKS,
    sql="""
SELECT m.money_id, m.customer_id, coalesce(m.account_id, k.account_id) AS account_id, m.currency, m.amount, m.credited,
       o.worth_minor, m.created_at, m.paid_at, coalesce(m.paid_at, m.created_at) AS paid_or_made_at, m.is_delayed,
       m.livemode, m.other_application, o.plan, o.price_name, o.rule, o.known_by, o.least_credits,
       o.likeness, o.of_them, o.credited AS alike_credited
FROM money_owed AS o
JOIN stripe_money AS m          ON m.money_id = o.money_id
LEFT JOIN money_credit AS c     ON c.money_id = m.money_id
LEFT JOIN customer_account AS k ON k.customer_id = m.customer_id
WHERE m.state = 'paid'
  AND coalesce(c.credit_entries, 0) = 0
  AND (o.least_credits > 0 OR o.likeness IS NOT NULL)
""",
)

OWED: tuple[Derived, ...] = (SOLD_LINE, LINE_TERMS, OWED_LINE, USAGE_GRANT, MONEY_OWED, UNCREDITED_MONEY)
