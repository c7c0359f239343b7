"""A guardrail: whether an action that could do damage may go ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from trueup.model.repair_evidence import JournalState

STRIPE, REPAIRS, REPLAY, RELEASE, COMPLETE = (
    "stripe-source-of-truth",
    "audited-repairs",
    "replay",
    "release",
    "complete-and-fresh",
)

STRIPE_CHECKS = (
    "paid-without-customer",
    "missing-customer",
    "paid-but-blocked",
    "unpaid-but-active",
    "plan-mismatch",
    "unmapped-price",
    "orphan-subscription",
)
"""The checks that say whether the app's paid plans agree with Stripe's."""

UNRECORDED = "missing-idempotency-record"
REPLAY_CHECKS = (UNRECORDED, "duplicate-event-grant", "duplicate-payment-grant", "duplicate-invoice-grant")
"""The checks that say whether the app would recognize an event, a payment and an invoice that it gets again."""

UNREADABLE = "unreadable-row"
GATE_REGRESSION, GATE_UNCOVERED, GATE_UNREACHABLE = "gate-regression", "gate-uncovered", "gate-unreachable"
GATE_CHECKS = (GATE_REGRESSION, GATE_UNCOVERED, GATE_UNREACHABLE)
"""The checks that say whether each plan gets what it should."""


class GuardrailStatus(StrEnum):
    """A guardrail's status. ``unknown`` is not ``allowed``: what it depends on could not be looked at."""

    ALLOWED = "allowed"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardrail:
    """One guardrail's answer. ``reasons`` are whole sentences; an allowed one may have none."""

    id: str
    status: GuardrailStatus
    reasons: tuple[str, ...] = ()


NAMED = 3
"""The most names that one sentence lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairEvidence:
    """Whether trueup's journal and the app's own rows agree. ``disagreements`` and ``doubts`` are whole sentences.

    ``marked`` names the rows that carry trueup's mark but that no journal entry mentions. ``excused`` counts the
    repairs whose row was deleted together with its whole account.
    """

    state: JournalState
    problem: str | None = None
    marked: str | None = None
    disagreements: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    excused: int = 0


def named(rows: Sequence[tuple[Any, ...]], noun: str) -> str:
    """How many rows there are, and the first of them by name. Each row is a name and the number of rows it counts for.

    >>> named([("user_1", 1), ("user_2", 3)], "row")
    '4 rows (user_1; user_2)'
    """
    count = sum(row[1] for row in rows)
    names = "; ".join(str(row[0]) for row in rows[:NAMED])
    more = f" and {len(rows) - NAMED:,} more" if len(rows) > NAMED else ""
    return f"{count:,} {noun}{'' if count == 1 else 's'} ({names}{more})"
