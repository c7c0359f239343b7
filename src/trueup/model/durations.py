"""The spans of time that the checks' SQL computes with, each with its reason."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """Spans that are the same for every business. A query binds a field by its name, as ``$day_seconds``."""

    day_seconds: int = DAY_SECONDS
    """A day."""
    same_period_seconds: int = 25 * DAY_SECONDS
    """25 days. Months begin at least 28 days apart, and a grant may be late: two that are nearer are of one period."""
    month_limit_seconds: int = 35 * DAY_SECONDS
    """35 days: the longest month, plus a late run. Invoices no further apart are each for one month."""
    invoice_reach_seconds: int = 366 * DAY_SECONDS
    """366 days: an invoice may pay for a year, so it can back a grant until the year ends."""
    payment_reach_seconds: int = 60 * DAY_SECONDS
    """60 days: how long after a payment or a checkout an entry may still be about it."""
    delivery_seconds: int = 3 * DAY_SECONDS
    """3 days: how long Stripe tries to deliver an event (https://docs.stripe.com/webhooks#retries)."""
    lapse_grace_seconds: int = 2 * DAY_SECONDS
    """2 days: a job that takes lapsed credits away runs every night, and may fail once."""
    resend_days: int = 30
    """30 days: how long Stripe keeps an event and can send it again on request."""

    def parameters(self) -> dict[str, object]:
        """The values that a check may bind, by name."""
        return dataclasses.asdict(self)
