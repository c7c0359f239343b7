"""The score: one pure function with published promises.

- It is 100 exactly when nothing above ``info`` was found.
- It never rises when a finding is added.
- An open critical caps it at 59, an open error at 84.
- A check's penalty grows with its severity and with its findings over its population.

What could not be checked lowers ``confidence``, never the score.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from trueup.model.outcome import Broken, Checked, CheckOutcome, NotApplicable, Off, Skipped
from trueup.model.severity import Severity

WEIGHTS = {Severity.CRITICAL: 40.0, Severity.ERROR: 20.0, Severity.WARNING: 6.0, Severity.INFO: 0.0}
"""The penalty of a check whose whole population is broken, in points."""

CAPS = {Severity.CRITICAL: 59, Severity.ERROR: 84, Severity.WARNING: 99, Severity.INFO: 100}
"""The best score that is left once a finding of this severity is open."""

BASE_SHARE = 0.25
"""The share of its weight that a check costs as soon as one subject is broken, however large the population."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLine:
    """One line of the published calculation: a check's open findings of one severity."""

    check: str
    severity: Severity
    findings: int
    population: int

    @property
    def penalty(self) -> float:
        """Points lost: weight x (base share + the rest x square root of findings over population).

        The square root makes the first few broken subjects of a large population count; it is capped at one, because
        a population can be smaller than its findings (two entries of one account).
        """
        share = min(1.0, self.findings / self.population) if self.population else 1.0
        return round(WEIGHTS[self.severity] * (BASE_SHARE + (1 - BASE_SHARE) * math.sqrt(share)), 2)


def breakdown(outcomes: Iterable[CheckOutcome]) -> tuple[ScoreLine, ...]:
    """The lines of the calculation, in the order of the outcomes, most severe first. Exempted findings do not count."""
    lines: list[ScoreLine] = []
    for result in outcomes:
        if not isinstance(result.outcome, Checked):
            continue
        for severity in reversed(Severity):
            count = sum(1 for f in result.outcome.findings if f.severity is severity and f.exemption is None)
            if count:
                line = ScoreLine(
                    check=result.check, severity=severity, findings=count, population=result.outcome.population
                )
                lines.append(line)
    return tuple(lines)


def score(lines: Iterable[ScoreLine]) -> int:
    """0 to 100, rounded down so that nothing broken ever shows as 100."""
    kept = tuple(lines)
    cap = min((CAPS[line.severity] for line in kept), default=100)
    return max(0, min(cap, math.floor(100 - sum(line.penalty for line in kept))))


def confidence(outcomes: Iterable[CheckOutcome]) -> float:
    """The share of the checks that are on and apply which could be answered: 0.0 to 1.0, two digits, rounded down."""
    kept = [result.outcome for result in outcomes if not isinstance(result.outcome, (Off, NotApplicable))]
    if not kept:
        return 0.0
    unanswered = sum(isinstance(outcome, (Skipped, Broken)) for outcome in kept)
    return math.floor(100 * (len(kept) - unanswered) / len(kept)) / 100
