"""Decide what a run changes about alerts, and store that with the messages about it in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from trueup.actions.alerts.compose import findings_alert
from trueup.model.episode import REMIND_AFTER, AlertReading, Judgement, Memory, Telling, judge, set_fingerprint
from trueup.model.money import Impact
from trueup.model.outcome import Answered
from trueup.model.settings import AlertSettings
from trueup.store import Store
from trueup.store.alerts import OpenEpisode, RunFacts, SeenIssue, Topic, TopicState, Turn
from trueup.store.outbox import last_told, put


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a run changed. ``messages`` counts those that now wait to be sent: one for each channel that gets one.

    ``telling`` is None when no message is sent. ``passed_over`` says why the run decided nothing at all.
    """

    telling: Telling | None = None
    still_open: int = 0
    opened: int = 0
    worsened: int = 0
    resolved: int = 0
    messages: int = 0
    passed_over: str | None = None


def notify(store: Store, *, environment: str, run_id: str, settings: AlertSettings, now: datetime) -> Decision:
    """Decide what this recorded run changes and which channels get a message. Nothing is sent here.

    ``now`` is naive UTC.

    Any number of replicas may call it for the same run: one of them decides. Raises ``StoreUnavailable``.
    """
    run = store.alerts.run(environment, run_id)
    if run is None:
        return Decision(passed_over=f"The store holds no run {run_id} of {environment}.")
    if not run.updates_state:
        return Decision(passed_over="A later run has decided, or it looked at another period than the config's.")
    state = store.alerts.state(environment, Topic.FINDINGS)
    if state and _came_later(state, run):
        return _TOO_LATE
    seen = {issue.sighting.fingerprint: issue for issue in store.alerts.seen(run)}
    with store.alerts.turn(environment, Topic.FINDINGS, now=now) as turn:
        if _came_later(turn.state, run):
            return _TOO_LATE
        return _decide(turn, run, seen, settings=settings, now=now)


_TOO_LATE = Decision(passed_over="This run was decided before, or a later run was.")


def _came_later(state: TopicState, run: RunFacts) -> bool:
    """Whether this run, or one after it, was decided already."""
    return state.run_seq is not None and run.seq <= state.run_seq


def _decide(
    turn: Turn, run: RunFacts, seen: Mapping[str, SeenIssue], *, settings: AlertSettings, now: datetime
) -> Decision:
    channels = [channel.name for channel in settings.channels]
    before = turn.episodes()
    told_at = _told_at(turn, before, channels, now=now)
    alerted_at = min(told_at.values(), default=turn.state.alerted_at)
    memory = Memory(episodes=tuple(open_episode.episode for open_episode in before), alerted_at=alerted_at)
    judgement = judge(memory, _look(turn, run, before, seen.values()), now=now)
    words = {open_episode.episode.fingerprint: open_episode.words for open_episode in before}
    words |= {fingerprint: issue.words for fingerprint, issue in seen.items()}
    turn.write(before, judgement.memory.episodes, words, at=run.generated_at)
    began_at = turn.state.began_at or run.generated_at
    messages = 0
    if judgement.telling is not None:
        alert = findings_alert(
            judgement,
            judgement.telling,
            run=run,
            environment=turn.environment,
            words=words,
            at_risk=sum((issue.impact for issue in seen.values()), Impact()),
            began_at=began_at,
            public_url=settings.public_url,
            now=now,
        )
        told_channels: Collection[str] = channels
        if judgement.telling is Telling.REMINDER:
            told_channels = [channel for channel, moment in told_at.items() if now - moment >= REMIND_AFTER]
        messages = put(turn.connection, alert, channels=told_channels, hour=run.generated_at, now=now)
    is_open = bool(judgement.memory.episodes)
    turn.remember(
        TopicState(
            since=turn.state.since,
            run_seq=run.seq,
            began_at=began_at if is_open else None,
            alerted_at=(now if judgement.telling else turn.state.alerted_at) if is_open else None,
        )
    )
    turn.tidy(now)
    return _decision(judgement, messages)


def _look(turn: Turn, run: RunFacts, before: Iterable[OpenEpisode], seen: Iterable[SeenIssue]) -> AlertReading:
    outcomes = {answer["check"]: answer["outcome"] for answer in run.head["outcomes"]}
    off = {check for check, outcome in outcomes.items() if outcome in {Answered.OFF, Answered.NOT_APPLICABLE}}
    if run.covers_all_checks:
        # It asked every check of the catalogue. A check that it does not name is no longer in the catalogue.
        off |= {open_episode.episode.check for open_episode in before} - outcomes.keys()
    return AlertReading(
        at=run.generated_at,
        answered=run.answered,
        sightings=tuple(issue.sighting for issue in seen),
        decided=turn.decided(run),
        off=frozenset(off),
    )


def _told_at(
    turn: Turn, before: Iterable[OpenEpisode], channels: Collection[str], *, now: datetime
) -> dict[str, datetime]:
    """When each channel last got a message about the set that is open. A late message is not repeated early."""
    if turn.state.alerted_at is None:
        return {}
    fingerprint = set_fingerprint(turn.environment, (open_episode.episode.fingerprint for open_episode in before))
    told_at = last_told(turn.connection, fingerprint, now=now)
    return {channel: told_at.get(channel, turn.state.alerted_at) for channel in channels}


def _decision(judgement: Judgement, messages: int) -> Decision:
    return Decision(
        telling=judgement.telling,
        still_open=len(judgement.memory.episodes),
        opened=len(judgement.opened),
        worsened=len(judgement.worsened),
        resolved=len(judgement.resolved),
        messages=messages,
    )
