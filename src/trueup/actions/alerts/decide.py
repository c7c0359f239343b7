"""What a run changed about alerts, written down with the messages about it in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from trueup.actions.alerts.compose import findings_alert
from trueup.model.episode import REMIND_AFTER, Judgement, Look, Memory, Telling, judge, set_fingerprint
from trueup.model.money import Impact
from trueup.model.settings import AlertSettings
from trueup.store import Store
from trueup.store.alerts import OpenEpisode, RunFacts, SeenIssue, Topic, TopicState, Turn
from trueup.store.outbox import last_told, put


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a run changed. ``messages`` is how many now wait to be sent: one per channel that is told.

    ``telling`` is None when nobody is told. ``passed_over`` says why the run decided nothing at all.
    """

    telling: Telling | None = None
    still_open: int = 0
    opened: int = 0
    worsened: int = 0
    resolved: int = 0
    messages: int = 0
    passed_over: str | None = None


def notify(store: Store, *, environment: str, run_id: str, settings: AlertSettings, now: datetime) -> Decision:
    """Decide what this recorded run changes and whom to tell. Nothing is sent here. ``now`` is naive UTC.

    Any number of replicas may call it for the same run: one decides. Raises ``StoreUnavailable``.
    """
    run = store.alerts.run(environment, run_id)
    if run is None:
        return Decision(passed_over=f"The store holds no run {run_id} of {environment}.")
    if not run.decides:
        return Decision(passed_over="A later run has spoken, or it looked at another period than the config's.")
    state = store.alerts.state(environment, Topic.FINDINGS)
    if state and _came_later(state, run):
        return _TOO_LATE
    seen = {issue.sighting.fingerprint: issue for issue in store.alerts.seen(run)}
    with store.alerts.turn(environment, Topic.FINDINGS, now=now) as turn:
        if _came_later(turn.state, run):
            return _TOO_LATE
        return _decide(turn, run, seen, channels=[channel.name for channel in settings.channels], now=now)


_TOO_LATE = Decision(passed_over="It was decided before, or a later run was.")


def _came_later(state: TopicState, run: RunFacts) -> bool:
    """Whether this run, or one after it, was decided already."""
    return state.run_seq is not None and run.seq <= state.run_seq


def _decide(
    turn: Turn, run: RunFacts, seen: Mapping[str, SeenIssue], *, channels: Collection[str], now: datetime
) -> Decision:
    before = turn.episodes()
    told_at = _told_at(turn, before, channels, now=now)
    alerted_at = min(told_at.values(), default=turn.state.alerted_at)
    memory = Memory(episodes=tuple(one.episode for one in before), alerted_at=alerted_at)
    judgement = judge(memory, _look(turn, run, before, seen.values()), now=now)
    words = {one.episode.fingerprint: one.words for one in before}
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
            now=now,
        )
        told = channels
        if judgement.telling is Telling.REMINDER:
            told = [channel for channel, moment in told_at.items() if now - moment >= REMIND_AFTER]
        messages = put(turn.connection, alert, channels=told, hour=run.generated_at, now=now)
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


def _look(turn: Turn, run: RunFacts, before: Iterable[OpenEpisode], seen: Iterable[SeenIssue]) -> Look:
    outcomes = {made["check"]: made["outcome"] for made in run.head["outcomes"]}
    off = {check for check, outcome in outcomes.items() if outcome == "off"}
    if run.whole:
        # It asked every check there is. One that it does not name was taken out of the catalogue.
        off |= {one.episode.check for one in before} - outcomes.keys()
    return Look(
        at=run.generated_at,
        answered=run.answered,
        sightings=tuple(issue.sighting for issue in seen),
        decided=turn.decided(run),
        off=frozenset(off),
    )


def _told_at(
    turn: Turn, before: Iterable[OpenEpisode], channels: Collection[str], *, now: datetime
) -> dict[str, datetime]:
    """When each channel was last told of the set that is open. What came late is not repeated early."""
    if turn.state.alerted_at is None:
        return {}
    fingerprint = set_fingerprint(turn.environment, (one.episode.fingerprint for one in before))
    told = last_told(turn.connection, fingerprint, now=now)
    return {channel: told.get(channel, turn.state.alerted_at) for channel in channels}


def _decision(judgement: Judgement, messages: int) -> Decision:
    return Decision(
        telling=judgement.telling,
        still_open=len(judgement.memory.episodes),
        opened=len(judgement.opened),
        worsened=len(judgement.worsened),
        resolved=len(judgement.resolved),
        messages=messages,
    )
