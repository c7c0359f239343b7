"""The spans of an account's time, as the checks of plans judge them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, cast

from trueup.engines.duckdb import DuckDB
from trueup.engines.requirements import is_optional
from trueup.engines.sql import derived_of, derived_sql
from trueup.model.paid_span import PaidSpan

if TYPE_CHECKING:
    from trueup.books.file import Books
    from trueup.model.check import Check
    from trueup.model.policy import Policy

LENGTH = 20
"""How many of the spans are shown, the latest."""

_SPANS = f"""
SELECT span, plan, starts_at, ends_at, is_running, source_id, known_by
FROM account_time
WHERE account_id = $account
ORDER BY coalesce(ends_at, CAST('9999-12-31' AS TIMESTAMP)) DESC, starts_at DESC, span, source_id
LIMIT {LENGTH}
"""


def spans_of(books: Books, check: Check, account_id: str | None, policy: Policy, now: datetime) -> tuple[PaidSpan, ...]:
    """Return the account's latest spans, oldest first; none where the check does not judge by them."""
    if account_id is None or books.prepared is not None or not _judges_time(check):
        return ()
    engine = DuckDB(books.run, {**policy.parameters(now), "account": account_id}, shares=False)
    return tuple(
        PaidSpan(
            span=str(row["span"]),
            plan=cast("str | None", row["plan"]),
            starts_at=cast("datetime | None", row["starts_at"]),
            ends_at=cast("datetime | None", row["ends_at"]),
            is_running=bool(row["is_running"]),
            source_id=cast("str | None", row["source_id"]),
            known_by=str(row["known_by"]),
        )
        for row in reversed(list(engine.rows(_SPANS)))
    )


def _judges_time(check: Check) -> bool:
    """Return whether the check reads the spans, and cannot do without Stripe's subscriptions."""
    return "account_time" in derived_behind(check.violations) and not is_optional(check, "stripe_subscription")


def derived_behind(sql: str) -> frozenset[str]:
    """Return the derived relations that the SQL reads, itself or through others."""
    names = derived_of(sql)
    return names.union(*(derived_behind(derived_sql()[name]) for name in names))
