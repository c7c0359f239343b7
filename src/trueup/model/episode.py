"""Alert episodes: which findings operations were alerted about, and when to alert again. Pure: no clock, no store.

An *episode* is one alerting finding from the run that opened it until it is resolved. The open episodes of an
environment are a set, and the set has one fingerprint.

- A changed set alerts at once: something opened, got worse, or was resolved.
- The same set alerts at most once in ``REMIND_AFTER``.
- A set that becomes empty sends a resolve message.
- An episode is resolved after ``CLEAN_LOOKS`` looks in a row that answered its check and did not find it. A run that
did not answer the check does not count as a look. A person's decision (an exemption, a lower severity, a check that
was switched off) resolves it at once, because a decision does not flicker.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from trueup.model.severity import Severity
from trueup.model.worsening import CLEAR_GROWTH, is_worse

REMIND_AFTER = timedelta(minutes=60)
"""The least time between two alerts about the same set."""

CLEAN_LOOKS = 2
"""How many looks in a row must not find an episode's finding before it is resolved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One alerting finding as a run saw it. ``risk`` is never negative and compares only risks of the same finding."""

    fingerprint: str
    check: str
    severity: Severity
    risk: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One open episode. ``told_severity`` and ``told_risk`` are those of the last alert about it.

    ``clean_looks`` counts the looks in a row that did not find it. Moments are naive UTC.
    """

    fingerprint: str
    check: str
    severity: Severity
    risk: float
    opened_at: datetime
    told_severity: Severity
    told_risk: float
    clean_looks: int = 0

    @property
    def worsened(self) -> bool:
        """Whether the finding is clearly worse than in the last alert about it."""
        worse: bool = is_worse(
            rank=self.severity.rank,
            risk=self.risk,
            before_rank=self.told_severity.rank,
            before_risk=self.told_risk,
            growth=CLEAR_GROWTH,
        )
        return worse


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertReading:
    """What one run can say about alerts.

    ``answered`` holds the checks that ran over complete data. ``decided`` holds the fingerprints of findings that are
    there and must not alert (exempted, or of a lower severity now), and ``off`` the checks that are switched off or no
    longer exist.
    """

    at: datetime
    answered: frozenset[str]
    sightings: tuple[Sighting, ...]
    decided: frozenset[str] = frozenset()
    off: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is known before a look: the open episodes, and when their set last alerted."""

    episodes: tuple[Episode, ...] = ()
    alerted_at: datetime | None = None


class Telling(StrEnum):
    """Why an alert is sent."""

    OPENED = "opened"
    CHANGED = "changed"
    REMINDER = "reminder"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a look changed. ``memory`` is what to remember; without a ``telling``, no alert is sent.

    ``memory`` also holds ``opened`` and ``worsened``, and no longer holds ``resolved``.
    """

    memory: Memory
    opened: tuple[Episode, ...]
    worsened: tuple[Episode, ...]
    resolved: tuple[Episode, ...]
    telling: Telling | None


def judge(memory: Memory, look: AlertReading, *, now: datetime) -> Judgement:
    """Judge a look: what it changes, and whether an alert is due. ``now`` (naive UTC) is the moment of the decision."""
    seen = _by_fingerprint(look.sightings)
    known = {episode.fingerprint for episode in memory.episodes}
    opened = tuple(_opened(sighting, look.at) for key, sighting in seen.items() if key not in known)
    kept: list[Episode] = []
    resolved: list[Episode] = []
    for episode in memory.episodes:
        sighting = seen.get(episode.fingerprint)
        later = _after(episode, look, sighting)
        (resolved if sighting is None and _is_over(later, look) else kept).append(later)
    worsened = tuple(episode for episode in kept if episode.worsened)
    still_open = (*kept, *opened)
    changed = bool(opened or worsened or resolved)
    telling = _telling(memory, is_open=bool(still_open), changed=changed, now=now)
    return Judgement(
        memory=Memory(
            episodes=tuple(map(_told, still_open)) if telling else still_open,
            alerted_at=now if telling else memory.alerted_at,
        ),
        opened=opened,
        worsened=worsened,
        resolved=tuple(resolved),
        telling=telling,
    )


def set_fingerprint(environment: str, fingerprints: Iterable[str]) -> str:
    """The fingerprint of a set of open findings: 32 hex digits, the same whatever their order."""
    return _digest("trueup-alert-set-1", environment, *sorted(set(fingerprints)))


def heartbeat_fingerprint(environment: str, *, missed: bool) -> str:
    """The fingerprint of an alert that is not about findings: no audit was completed, or audits are complete again."""
    return _digest("trueup-heartbeat-1", environment, "missed" if missed else "heard")


def trouble_key(environment: str, topic: str, began_at: datetime) -> str:
    """The identity of one trouble from its first message to its resolution: 32 hex digits."""
    return _digest("trueup-trouble-1", environment, topic, began_at.isoformat())


def _digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _by_fingerprint(sightings: Iterable[Sighting]) -> dict[str, Sighting]:
    """One sighting per fingerprint, the worst of several."""
    by_fingerprint: dict[str, Sighting] = {}
    for sighting in sorted(sightings, key=lambda seen: (seen.severity.rank, seen.risk)):
        by_fingerprint[sighting.fingerprint] = sighting
    return by_fingerprint


def _opened(sighting: Sighting, at: datetime) -> Episode:
    return Episode(
        fingerprint=sighting.fingerprint,
        check=sighting.check,
        severity=sighting.severity,
        risk=sighting.risk,
        opened_at=at,
        told_severity=sighting.severity,
        told_risk=sighting.risk,
    )


def _after(episode: Episode, look: AlertReading, sighting: Sighting | None) -> Episode:
    if sighting is not None:
        if (episode.clean_looks, episode.severity, episode.risk) == (0, sighting.severity, sighting.risk):
            return episode
        return dataclasses.replace(episode, severity=sighting.severity, risk=sighting.risk, clean_looks=0)
    if episode.check in look.answered:
        return dataclasses.replace(episode, clean_looks=episode.clean_looks + 1)
    return episode


def _is_over(episode: Episode, look: AlertReading) -> bool:
    by_a_person = episode.fingerprint in look.decided or episode.check in look.off
    return by_a_person or episode.clean_looks >= CLEAN_LOOKS


def _told(episode: Episode) -> Episode:
    if (episode.told_severity, episode.told_risk) == (episode.severity, episode.risk):
        return episode
    return dataclasses.replace(episode, told_severity=episode.severity, told_risk=episode.risk)


def _telling(memory: Memory, *, is_open: bool, changed: bool, now: datetime) -> Telling | None:
    if not is_open:
        return Telling.RESOLVED if memory.episodes else None
    if not memory.episodes:
        return Telling.OPENED
    if changed:
        return Telling.CHANGED
    due = memory.alerted_at is None or now - memory.alerted_at >= REMIND_AFTER
    return Telling.REMINDER if due else None
