"""Whether a finding is worse than it was: the one definition, for runs, alerts and the release gate.

A finding is worse where its severity is higher, or where more is at risk. The caller chooses how much more: a run
notes every growth, because it only lists what changed; an alert and a gate interrupt people, so they require a clear
growth. The functions use operators only: they take numbers and return a bool, or take columns of the store and
return the condition in SQL, so that SQL needs no second definition.
"""

from __future__ import annotations

from typing import Any

ANY_GROWTH = 1
"""More at risk than before, however little."""

CLEAR_GROWTH = 2
"""At least twice as much at risk as before. A balance that drifts a little in every run then alerts a few times,
not in every run."""


def is_worse(*, rank: Any, risk: Any, before_rank: Any, before_risk: Any, growth: int) -> Any:
    """Return whether a finding is worse: of a higher severity, or with so many times as much at risk as before."""
    return is_more_severe(rank, before_rank) | has_grown(risk, before_risk, growth=growth)


def is_more_severe(rank: Any, before_rank: Any) -> Any:
    """Return whether a severity's rank is above the one before."""
    return rank > before_rank


def has_grown(risk: Any, before_risk: Any, *, growth: int) -> Any:
    """Return whether more is at risk than before, and at least ``growth`` times as much. Risks are never negative."""
    return (risk > before_risk) & (risk >= before_risk * growth)
