"""A trend over runs: the numbers of a chart and of the table beneath it, and where the chart draws them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from trueup.model.severity import Severity

if TYPE_CHECKING:
    from trueup.store import StoredRun

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 170, 34, 30, 8, 20
"""The chart in its own units; the margins hold the words of the axes."""

HIGHEST_SCORE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPoint:
    """One run: its score, its open findings by severity, and what was at risk."""

    run_id: str
    at: datetime
    status: str
    score: int
    open: Mapping[str, int]
    money: Mapping[str, int]
    credits: str

    @property
    def total(self) -> int:
        """The number of open findings."""
        return sum(self.open.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A rectangle of the chart."""

    level: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Points, oldest first, and the chart of them: bars of open findings, and a line of the score."""

    points: Sequence[TrendPoint]

    @property
    def currencies(self) -> Sequence[str]:
        """Every currency of which something was at risk."""
        return sorted({code for point in self.points for code in point.money})

    @property
    def most(self) -> int:
        """The highest number of open findings."""
        return max((point.total for point in self.points), default=0)

    @property
    def bars(self) -> Sequence[Bar]:
        """The open findings of each run, the most severe at the bottom."""
        room = (WIDTH - LEFT - RIGHT) / max(1, len(self.points))
        bars: list[Bar] = []
        for place, point in enumerate(self.points):
            foot = float(HEIGHT - BOTTOM)
            for level in reversed(Severity):
                height = (HEIGHT - TOP - BOTTOM) * point.open.get(level, 0) / max(1, self.most)
                foot -= height
                if height:
                    x = LEFT + room * (place + 0.2)
                    bars.append(
                        Bar(
                            level=level,
                            x=round(x, 1),
                            y=round(foot, 1),
                            width=round(room * 0.6, 1),
                            height=round(height, 1),
                        )
                    )
        return bars

    @property
    def dots(self) -> Sequence[tuple[float, float]]:
        """Where the score of each run is."""
        room = (WIDTH - LEFT - RIGHT) / max(1, len(self.points))
        depth = HEIGHT - TOP - BOTTOM
        return [
            (round(LEFT + room * (place + 0.5), 1), round(TOP + depth * (1 - point.score / HIGHEST_SCORE), 1))
            for place, point in enumerate(self.points)
        ]

    @property
    def sentence(self) -> str:
        """The chart in words."""
        first, last = self.points[0], self.points[-1]
        return (
            f"Score {first.score} to {last.score} and open findings {first.total:,} to {last.total:,}, "
            f"from {first.at:%Y-%m-%d} to {last.at:%Y-%m-%d}."
        )


def trend_of(runs: Iterable[StoredRun]) -> Trend:
    """Return the trend of these runs, which come oldest first."""
    return Trend(points=tuple(_point(run) for run in runs))


def _point(run: StoredRun) -> TrendPoint:
    summary: Mapping[str, Any] = json.loads(run.head)["summary"]
    return TrendPoint(
        run_id=run.run_id,
        at=run.generated_at,
        status=run.status,
        score=run.score,
        open=summary["severities"],
        money=summary["moneyAtRisk"],
        credits=summary["creditsAtRisk"],
    )
