"""How fast Stripe is asked, how long is waited after a failure, and when it is enough."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from trueup.stripe.failures import NotRead

USUAL_REQUESTS_PER_SECOND = 15
MOST_LIVE = 25
MOST_TEST = 6
"""A quarter of what Stripe takes: 100 requests a second in live mode, 25 in a sandbox, shared with the app itself."""

_GLANCE_SECONDS = 0.2
_MINUTE_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often a request is tried, and how the waits between grow: doubling, with jitter."""

    attempts: int = 7
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 16.0

    def wait_seconds(self, attempt: int) -> float:
        """How long to wait after this many attempts that failed."""
        longest = min(self.first_wait_seconds * 2.0 ** (attempt - 1), self.longest_wait_seconds)
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - so that two readers do not knock together


def allowed_rate(asked: int | None, *, livemode: bool) -> float:
    """Requests a second: what was asked for, and never more than a quarter of what Stripe takes."""
    return min(asked or USUAL_REQUESTS_PER_SECOND, MOST_LIVE if livemode else MOST_TEST)


def _duration(seconds: float) -> str:
    return f"{seconds / 60:g} minutes" if seconds >= _MINUTE_SECONDS else f"{seconds:g} seconds"


class RateLimiter:
    """Spaces requests evenly. While it waits it calls ``glance``, whose error ends the waiting."""

    def __init__(
        self, *, requests_per_second: float | None, deadline_seconds: float, glance: Callable[[], None]
    ) -> None:
        self._between = 1 / requests_per_second if requests_per_second else 0.0
        self._deadline_seconds = deadline_seconds
        self._ends_at = time.monotonic() + deadline_seconds
        self._next_at = 0.0
        self._glance = glance

    @property
    def left_seconds(self) -> float:
        """How long there is until the deadline."""
        return self._ends_at - time.monotonic()

    def wait(self) -> None:
        """Wait until the next request may go. Raises ``NotRead`` where that is past the deadline."""
        self._glance()
        if max(self._next_at, time.monotonic()) > self._ends_at:
            raise NotRead(f"the deadline of {_duration(self._deadline_seconds)} had passed")
        while (left := self._next_at - time.monotonic()) > 0:
            time.sleep(min(left, _GLANCE_SECONDS))
            self._glance()
        self._next_at = max(self._next_at, time.monotonic()) + self._between

    def hold(self, seconds: float) -> None:
        """Let nothing go for so long."""
        self._next_at = max(self._next_at, time.monotonic() + seconds)
