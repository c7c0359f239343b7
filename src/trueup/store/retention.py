"""How long the store keeps runs: enough to compare and to show, and always the last complete one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, or_, select

from trueup.store.records import GATE_TRIGGER
from trueup.store.tables import FINDING, RUN

_NEWEST_FIRST = (RUN.c.generated_at.desc(), RUN.c.seq.desc())


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How much is kept, for each environment.

    The newest ``runs`` runs, but only as many as hold ``issues`` issues together: a company with a hundred
    thousand findings would otherwise fill the disk. A finding is deleted ``finding_days`` after it was last seen.
    """

    runs: int = 200
    issues: int = 1_000_000
    finding_days: int = 400


def prune(connection: Connection, environment: str, *, retention: Retention, now: datetime) -> None:
    """Delete what is older than that; ``now`` is the moment of the newest run. Issues are deleted with their run."""
    ranked = (
        select(
            RUN.c.seq,
            func.row_number().over(order_by=_NEWEST_FIRST).label("place"),
            func.sum(RUN.c.issues).over(order_by=_NEWEST_FIRST, rows=(None, 0)).label("issues"),
        )
        .where(RUN.c.environment == environment)
        .subquery()
    )
    too_old = select(ranked.c.seq).where(or_(ranked.c.place > retention.runs, ranked.c.issues > retention.issues))
    victims = set(connection.execute(too_old).scalars()) - _kept(connection, environment)
    if victims:
        connection.execute(delete(RUN).where(RUN.c.seq.in_(sorted(victims))))
    age = min(timedelta(days=retention.finding_days), now - datetime.min)  # noqa: DTZ901 - naive UTC, as all times here
    oldest = now - age
    connection.execute(delete(FINDING).where(FINDING.c.environment == environment, FINDING.c.last_seen < oldest))


def _kept(connection: Connection, environment: str) -> set[int]:
    """The last run of all, the last that updated findings, and the last complete one stay whatever the limits say.

    A run of `trueup gate` is neither of the last two: it is never a baseline, and would leave none.
    """
    kept = set()
    audit = RUN.c.trigger != GATE_TRIGGER
    for of in ((), (RUN.c.decides,), (RUN.c.whole, audit), (RUN.c.whole, RUN.c.complete, audit)):
        newest = select(RUN.c.seq).where(RUN.c.environment == environment, *of).order_by(*_NEWEST_FIRST).limit(1)
        kept |= set(connection.execute(newest).scalars())
    return kept
