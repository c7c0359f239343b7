"""What one snapshot shows that the config does not say: proposals, each with the rows that it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import cast

from trueup.actions.audit import copied_books, hits_of_joins
from trueup.actions.doctor.diagnostic import Health, Symptom
from trueup.actions.doctor.judged_mapping import judge_mapping
from trueup.config import Config
from trueup.engines.duckdb import DuckDB
from trueup.model.check import Check
from trueup.model.errors import ConfigurationError, SourceUnavailable
from trueup.model.money import credits_text
from trueup.model.source import Progress

FEWEST_SALES = 2
"""One sale says nothing about the next."""

FEWEST_ACCOUNTS = 10
"""How many accounts must begin at one balance before it is taken for a rule."""

# Only sales of one thing show what that thing gives. What comes back is one row per price that the config leaves out.
_SOLD = """
WITH line AS (
    SELECT l.invoice_id AS money_id, l.price_id, coalesce(l.quantity, 1) AS quantity, m.price_name
    FROM stripe_invoice_line AS l
    JOIN stripe_invoice AS i     ON i.invoice_id = l.invoice_id AND i.status = 'paid'
    LEFT JOIN price_meaning AS m ON m.price_id IS NOT DISTINCT FROM l.price_id
                                AND m.lookup_key IS NOT DISTINCT FROM l.lookup_key
                                AND m.product_id IS NOT DISTINCT FROM l.product_id
    WHERE NOT l.metered AND NOT l.proration AND l.amount > 0 AND l.price_id IS NOT NULL
),
sale AS (
    SELECT money_id, min(price_id) AS price_id, min(quantity) AS quantity
    FROM line
    GROUP BY money_id
    HAVING count(*) = 1 AND min(price_name) IS NULL
    UNION ALL
    SELECT d.money_id, d.price_id, coalesce(d.quantity, 1)
    FROM direct_purchase AS d
    WHERE d.price_id IS NOT NULL AND d.money_id NOT IN (SELECT money_id FROM purchase_price)
),
followed AS (
    SELECT s.price_id, s.money_id, CAST(coalesce(c.granted, 0) AS DOUBLE) / s.quantity AS credits
    FROM sale AS s
    JOIN stripe_money AS m      ON m.money_id = s.money_id
    LEFT JOIN money_credit AS c ON c.money_id = s.money_id
    WHERE m.livemode = $livemode
      AND s.quantity > 0
      AND (m.created_at >= (SELECT min(created_at) FROM ledger_entry) OR c.credit_entries > 0)
      AND coalesce(m.paid_at, m.created_at) < $settled_before
),
size AS (
    SELECT price_id, credits, count(*) AS sales FROM followed GROUP BY price_id, credits
)
SELECT price_id,
       CAST(sum(sales) AS BIGINT)                                            AS sales,
       arg_max(credits, CASE WHEN credits > 0 THEN sales ELSE 0 END)         AS credits,
       CAST(max(CASE WHEN credits > 0 THEN sales ELSE 0 END) AS BIGINT)      AS followed
FROM size
GROUP BY price_id
ORDER BY sum(sales) DESC, price_id
"""

_BEGINNINGS = """
SELECT count(*) AS accounts, sum(CASE WHEN starts_at = 0 THEN 1 ELSE 0 END) AS at_zero
FROM (
    SELECT account_id,
           arg_min(balance_after - amount, (coalesce(sequence, -1), created_at, entry_id)) AS starts_at
    FROM ledger_entry
    WHERE posted
    GROUP BY account_id
) AS beginning
"""


def examine_data(config: Config, checks: Sequence[Check], *, now: datetime, progress: Progress) -> Iterator[Symptom]:
    """Read one snapshot, and propose what it shows. Yields what was read, and never changes the config."""
    try:
        with copied_books(config, checks=checks, now=now, progress=progress, everything=True) as books:
            engine = DuckDB(books.run, config.policy.parameters(now))
            mapped = books.mapped_columns()
            yield from judge_mapping(books, config, engine, now=now)
            yield from _prices(engine)
            if config.policy.ledger_starts_at is None and {"amount", "balance_after"} <= mapped.get(
                "ledger_entry", frozenset()
            ):
                yield from _beginnings(engine)
            for hits in (joined for joined in hits_of_joins(engine, mapped) if joined.named):
                says = f"ledger_entry.{hits.column}: Stripe's side has {hits.known:,} of {hits.named:,} different ids"
                health = Health.FINE if 2 * hits.known >= hits.named else Health.WARNING
                yield Symptom(health=health, about="joins", says=says)
    except SourceUnavailable as error:
        yield Symptom(health=Health.UNREACHABLE, about="data", says=str(error))
    except ConfigurationError as error:
        yield Symptom(health=Health.WRONG, about="data", says=str(error))


def _prices(engine: DuckDB) -> Iterator[Symptom]:
    for row in engine.rows(_SOLD):
        sales, followed = cast("int", row["sales"]), cast("int", row["followed"])
        name = str(row["price_id"])
        if sales < FEWEST_SALES:
            continue
        if not followed:
            says = f"none of {sales:,} sales of {name} led to credits"
            mend = f'[prices.{name}] sells = "nothing", or the credits that it owes'
            yield Symptom(health=Health.WARNING, about="prices", says=f"{says}: say {mend}")
            continue
        credits_each = credits_text(Decimal(str(row["credits"])))
        others = sales - followed
        says = f"{followed:,} of {sales:,} paid units of {name} were followed by {credits_each} credits"
        says += f"; {others:,} {'was' if others == 1 else 'were'} not" if others else ""
        mend = f"[prices.{name}] credits = {credits_each}"
        yield Symptom(health=Health.WARNING, about="prices", says=f"{says}: say {mend}")


def _beginnings(engine: DuckDB) -> Iterator[Symptom]:
    (row,) = engine.rows(_BEGINNINGS)
    accounts, at_zero = cast("int", row["accounts"]), int(cast("int", row["at_zero"] or 0))
    if accounts >= FEWEST_ACCOUNTS and 100 * at_zero >= 99 * accounts:
        says = f"{at_zero:,} of {accounts:,} ledgers begin at 0: say ledger_starts_at = 0 in [relations.ledger_entry]"
        yield Symptom(health=Health.WARNING, about="ledger", says=f"{says}, and a changed first row is found")
