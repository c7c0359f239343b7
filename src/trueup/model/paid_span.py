"""A span of an account's time, and what is known of its payment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidSpan:
    """A span named for what it rests on: paid, trial, grace, lifetime, returned and the others of ``account_time``.

    ``ends_at`` is None where it has no end. ``is_running``: service is right now because of it. ``source_id`` is the
    invoice, payment or subscription that says so, and ``known_by`` how it does.
    """

    span: str
    plan: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    is_running: bool
    source_id: str | None
    known_by: str
