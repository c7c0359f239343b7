"""Worse has one definition: a higher severity, or so many times as much at risk."""

from __future__ import annotations

import pytest

from trueup.model.worsening import ANY_GROWTH, CLEAR_GROWTH, is_worse


@pytest.mark.parametrize(
    ("now", "before", "noted", "clear"),
    [
        ((1, 100.0), (1, 100.0), False, False),
        ((1, 100.5), (1, 100.0), True, False),
        ((1, 199.0), (1, 100.0), True, False),
        ((1, 200.0), (1, 100.0), True, True),
        ((1, 1.0), (1, 0.0), True, True),
        ((1, 0.0), (1, 0.0), False, False),
        ((1, 0.0), (1, 100.0), False, False),
        ((2, 0.0), (1, 100.0), True, True),
        ((0, 100.0), (1, 100.0), False, False),
        ((0, 200.0), (1, 100.0), True, True),
    ],
)
def test_a_run_notes_any_growth_and_an_alert_or_a_gate_asks_for_a_clear_one(
    now: tuple[int, float], before: tuple[int, float], noted: bool, clear: bool
) -> None:
    for growth, expected in ((ANY_GROWTH, noted), (CLEAR_GROWTH, clear)):
        worse = is_worse(rank=now[0], risk=now[1], before_rank=before[0], before_risk=before[1], growth=growth)
        assert worse is expected
