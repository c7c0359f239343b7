"""The spans of time that the checks' SQL reckons with, each with its reason."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """Spans that no business sets otherwise. A query binds a field by its name, as ``$day_seconds``."""

    day_seconds: int = DAY_SECONDS
    """A day."""
    same_period_seconds: int = 25 * DAY_SECONDS
    """25 days. Months begin at least 28 days apart, and a grant may be late: two nearer than this are of one period."""
    month_limit_seconds: int = 35 * DAY_SECONDS
    """35 days: the longest month, and a late run. Invoices no further apart are a month's each."""
    invoice_reach_seconds: int = 366 * DAY_SECONDS
    """366 days: an invoice may pay for a year, and back a grant until its end."""
    payment_reach_seconds: int = 60 * DAY_SECONDS
    """60 days: how long after a payment or a checkout an entry may still be about it."""
    delivery_seconds: int = 3 * DAY_SECONDS
    """3 days: how long Stripe tries to deliver an event (https://docs.stripe.com/webhooks#retries)."""
    resend_days: int = 30
    """30 days: how long Stripe keeps an event, and sends it again by request."""

    def parameters(self) -> dict[str, object]:
        """The values that checks may bind, by name."""
        return dataclasses.asdict(self)
