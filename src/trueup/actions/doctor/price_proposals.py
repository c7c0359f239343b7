"""What prices sell, as the sales of a snapshot show it: proposals for ``[prices]``, each with what it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import cast

from trueup.books.opening import open_books
from trueup.config import Config
from trueup.engines.duckdb import DuckDB
from trueup.model.money import credits_text

FEWEST_SALES = 2
"""One sale says nothing about the next."""

SALES = """
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
    SELECT money_id, min(price_id) AS price_id, min(quantity) AS quantity, min(price_name) AS price_name
    FROM line
    GROUP BY money_id
    HAVING count(*) = 1
    UNION ALL
    SELECT d.money_id, d.price_id, coalesce(d.quantity, 1), b.price_name
    FROM direct_purchase AS d
    LEFT JOIN purchase_price AS b ON b.money_id = d.money_id
    WHERE d.price_id IS NOT NULL
),
followed AS (
    SELECT s.price_id, s.price_name, s.money_id, m.customer_id, coalesce(m.paid_at, m.created_at) AS paid_at,
           CAST(coalesce(c.granted, 0) AS DOUBLE) / s.quantity AS credits
    FROM sale AS s
    JOIN stripe_money AS m      ON m.money_id = s.money_id
    LEFT JOIN money_credit AS c ON c.money_id = s.money_id
    WHERE m.livemode = $livemode
      AND s.quantity > 0
      AND (m.created_at >= (SELECT min(created_at) FROM ledger_entry) OR c.credit_entries > 0)
      AND coalesce(m.paid_at, m.created_at) < $settled_before
)"""
"""Only sales of one thing show what that thing gives: each such sale, the name that the config has for its price, and
the credits that followed for one unit."""

# One row per price that the config leaves out, or that means a plan of which it does not say what it gives. A plan may
# well give nothing, so of those only such as gave something are proposed.
_SOLD = (
    SALES
    + """,
said AS (
    SELECT money_id FROM owed_line WHERE most_credits IS NOT NULL OR rule <> 'plan'
),
size AS (
    SELECT price_id, credits, count(*) AS sales, count(price_name) AS of_plan
    FROM followed
    WHERE price_name IS NULL OR money_id NOT IN (SELECT money_id FROM said)
    GROUP BY price_id, credits
)
SELECT price_id,
       CAST(sum(sales) AS BIGINT)                                            AS sales,
       arg_max(credits, CASE WHEN credits > 0 THEN sales ELSE 0 END)         AS credits,
       CAST(max(CASE WHEN credits > 0 THEN sales ELSE 0 END) AS BIGINT)      AS followed
FROM size
GROUP BY price_id
HAVING max(credits) > 0
    OR sum(of_plan) = 0 AND EXISTS (SELECT 1 FROM money_credit WHERE credit_entries > 0)   -- else none names money
ORDER BY sum(sales) DESC, price_id
"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceProposal:
    """What one price seems to sell. ``credits`` is for one unit; None: no sale of it led to any."""

    price_name: str
    credits: Decimal | None
    says: str

    @property
    def mend(self) -> str:
        """The config in one line, as a message shows it."""
        if self.credits is None:
            return f'[prices.{self.price_name}] sells = "nothing", or the credits that it owes'
        return f"[prices.{self.price_name}] credits = {credits_text(self.credits)}"

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of a config file, what they rest on in a comment before them."""
        value = 'sells = "nothing"' if self.credits is None else f"credits = {credits_text(self.credits)}"
        return (f"# {self.says}", f"[prices.{self.price_name}]", value)


def learn_prices(path: Path, config: Config, *, now: datetime) -> tuple[PriceProposal, ...]:
    """Return what the sales in kept books propose for ``[prices]``. Raises ``BooksUnreadable``."""
    with open_books(path) as books:
        return tuple(propose_prices(DuckDB(books.run, config.policy.parameters(now))))


def propose_prices(engine: DuckDB) -> Iterator[PriceProposal]:
    """Propose what each price sells that was sold at least twice and that the config does not name."""
    for row in engine.rows(_SOLD):
        sales, followed = cast("int", row["sales"]), cast("int", row["followed"])
        name = str(row["price_id"])
        if sales < FEWEST_SALES:
            continue
        if not followed:
            says = f"none of {sales:,} sales of {name} led to credits"
            yield PriceProposal(price_name=name, credits=None, says=says)
            continue
        unit = Decimal(str(row["credits"]))
        others = sales - followed
        says = f"{followed:,} of {sales:,} paid units of {name} were followed by {credits_text(unit)} credits"
        says += f"; {others:,} {'was' if others == 1 else 'were'} not" if others else ""
        yield PriceProposal(price_name=name, credits=unit, says=says)
