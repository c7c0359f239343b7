"""A guardrail: whether something that could make it worse may go ahead."""

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
"""The checks that say whether the app's paid plans are Stripe's."""

UNRECORDED = "missing-idempotency-record"
REPLAY_CHECKS = (UNRECORDED, "duplicate-event-grant", "duplicate-payment-grant", "duplicate-invoice-grant")
"""The checks that say whether the app would know an event, a payment and an invoice again."""

UNREADABLE = "unreadable-row"
GATE_REGRESSION, GATE_UNCOVERED, GATE_UNREACHABLE = "gate-regression", "gate-uncovered", "gate-unreachable"
GATE_CHECKS = (GATE_REGRESSION, GATE_UNCOVERED, GATE_UNREACHABLE)
"""The checks that say whether each plan gets what it should."""


class GuardrailStatus(StrEnum):
    """What a guardrail says. ``unknown`` is not ``allowed``: nobody could look."""

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
"""How many of what is wrong a sentence names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairEvidence:
    """Whether trueup's journal and the app's own rows agree. ``disagreements`` and ``doubts`` are whole sentences.

    ``marked`` names the rows that carry our mark and that no entry of a journal is about. ``excused`` is
    how many repairs have lost their row together with their whole account.
    """

    state: JournalState
    problem: str | None = None
    marked: str | None = None
    disagreements: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    excused: int = 0


def named(found: Sequence[tuple[Any, ...]], noun: str) -> str:
    """How many there are of these, and the first of them by name. A row is a name, and how many it stands for.

    >>> named([("user_1", 1), ("user_2", 3)], "row")
    '4 rows (user_1; user_2)'
    """
    count = sum(row[1] for row in found)
    names = "; ".join(str(row[0]) for row in found[:NAMED])
    more = f" and {len(found) - NAMED:,} more" if len(found) > NAMED else ""
    return f"{count:,} {noun}{'' if count == 1 else 's'} ({names}{more})"
