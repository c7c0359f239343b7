"""What was owed for a money, line by line, as the checks of credits judge it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from trueup.actions.explain.paid_time import derived_behind
from trueup.engines.duckdb import DuckDB
from trueup.model.owed import OwedLine

if TYPE_CHECKING:
    from trueup.books.file import Books
    from trueup.model.check import Check
    from trueup.model.finding import Finding
    from trueup.model.policy import Policy

LENGTH = 50
"""How many of the lines are shown."""

_LINES = f"""
SELECT line_id, price_id, price_name, plan, quantity, amount, currency, proration, periods, rule, known_by,
       fewest_credits, most_credits
FROM owed_line
WHERE money_id = $money
ORDER BY line_id
LIMIT {LENGTH}
"""


def owed_lines_of(books: Books, check: Check, finding: Finding, policy: Policy, now: datetime) -> tuple[OwedLine, ...]:
    """Return the lines of the money that the finding is about; none where the check does not judge by them."""
    if books.prepared is not None or "owed_line" not in derived_behind(check.violations):
        return ()
    money = str(finding.evidence.get("money_id") or finding.subject)
    engine = DuckDB(books.run, {**policy.parameters(now), "money": money}, shares=False)
    return tuple(
        OwedLine(
            line_id=str(row["line_id"]),
            price_id=cast("str | None", row["price_id"]),
            price_name=cast("str | None", row["price_name"]),
            plan=cast("str | None", row["plan"]),
            quantity=cast("int", row["quantity"]),
            amount=cast("int", row["amount"]),
            currency=str(row["currency"]),
            is_proration=bool(row["proration"]),
            periods=cast("int", row["periods"]),
            rule=cast("str | None", row["rule"]),
            known_by=str(row["known_by"]),
            fewest_credits=_credits(row["fewest_credits"]),
            most_credits=_credits(row["most_credits"]),
        )
        for row in engine.rows(_LINES)
    )


def _credits(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))
