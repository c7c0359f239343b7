"""Compose the one message about what changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from trueup.formats.wording import checks_of, counted, instant
from trueup.model.alert import Alert, AlertItem, AlertKind, ItemChange
from trueup.model.episode import (
    Episode,
    Judgement,
    Telling,
    heartbeat_fingerprint,
    set_fingerprint,
    trouble_key,
)
from trueup.model.money import Impact
from trueup.model.outcome import say_how_many_apply
from trueup.model.severity import Severity
from trueup.store.alerts import RunFacts, Topic, Words

MOST_ITEMS = 20
"""The most findings that one message names; it counts the others."""

MOST_LINKED = 3
"""The most findings that one message links to; the list of all is linked, too."""

_KINDS = {
    Telling.OPENED: AlertKind.OPENED,
    Telling.CHANGED: AlertKind.CHANGED,
    Telling.REMINDER: AlertKind.CHANGED,
    Telling.RESOLVED: AlertKind.RESOLVED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """One finding of the message."""

    episode: Episode
    change: ItemChange


def findings_alert(
    judgement: Judgement,
    telling: Telling,
    *,
    run: RunFacts,
    environment: str,
    words: Mapping[str, Words],
    at_risk: Impact,
    began_at: datetime,
    public_url: str | None = None,
    now: datetime,
) -> Alert:
    """Compose the message about the findings of this run. ``words`` hold every open and every resolved finding.

    It links to the pages of the console at ``public_url``, if there is one.
    """
    shown_items = sorted(_told(judgement), key=_most_urgent_first)
    items = tuple(_item(item, words[item.episode.fingerprint]) for item in shown_items[:MOST_ITEMS])
    still_open = judgement.memory.episodes
    return Alert(
        kind=_KINDS[telling],
        fingerprint=set_fingerprint(environment, (episode.fingerprint for episode in still_open)),
        dedup_key=trouble_key(environment, Topic.FINDINGS, began_at),
        environment=environment,
        severity=max((item.episode.severity for item in shown_items), key=lambda severity: severity.rank),
        title=_title(judgement, telling),
        at=now,
        summary=tuple(_summary(judgement, telling, run)),
        counts=_counts(still_open),
        money_at_risk=at_risk.money,
        credits_at_risk=at_risk.credits,
        items=items,
        run_id=run.run_id,
        links=_links(items, public_url) if public_url is not None else {},
    )


def _links(items: Iterable[AlertItem], public_url: str) -> dict[str, str]:
    """The console's list of findings, and the pages of the most urgent ones."""
    first = [item for item in items if item.change is not ItemChange.RESOLVED][:MOST_LINKED]
    pages = {item.issue_id: f"{public_url}/findings/{quote(item.issue_id, safe=':')}" for item in first}
    return {"All findings": f"{public_url}/findings", **pages}


def missed_alert(environment: str, *, last: datetime | None, deadline: datetime, now: datetime) -> Alert:
    """Compose the message that no audit was completed in time."""
    seen = f"the last complete one is of {instant(last)}" if last else "there never was a complete one"
    return Alert(
        kind=AlertKind.HEARTBEAT,
        fingerprint=heartbeat_fingerprint(environment, missed=True),
        dedup_key=trouble_key(environment, Topic.HEARTBEAT, deadline),
        environment=environment,
        severity=Severity.CRITICAL,
        title="no complete audit for twice the interval",
        at=now,
        summary=(
            f"An audit was due by {instant(deadline)}; {seen}.",
            "Until an audit is complete, it is unknown whether credits, payments and plans agree. See trueup runs.",
        ),
    )


def heard_alert(environment: str, *, last: datetime, deadline: datetime, now: datetime) -> Alert:
    """Compose the message that complete audits have started again."""
    return Alert(
        kind=AlertKind.RESOLVED,
        fingerprint=heartbeat_fingerprint(environment, missed=False),
        dedup_key=trouble_key(environment, Topic.HEARTBEAT, deadline),
        environment=environment,
        severity=Severity.CRITICAL,
        title="audits are complete again",
        at=now,
        summary=(f"The newest complete audit is of {instant(last)}.",),
    )


def notice_alert(environment: str, *, title: str, lines: Sequence[str], now: datetime) -> Alert:
    """Compose a critical message about something that no audit finds."""
    return Alert(
        kind=AlertKind.OPENED,
        fingerprint=set_fingerprint(environment, (title, *lines)),
        dedup_key=trouble_key(environment, "notice", now),
        environment=environment,
        severity=Severity.CRITICAL,
        title=title,
        at=now,
        summary=tuple(lines),
    )


def example_alert(environment: str, *, now: datetime) -> Alert:
    """Compose the message of ``trueup alerts test``."""
    return Alert(
        kind=AlertKind.TEST,
        fingerprint=set_fingerprint(environment, ()),
        dedup_key=trouble_key(environment, "test", now),
        environment=environment,
        severity=Severity.INFO,
        title="a test message",
        at=now,
        summary=("This is a test of the channel, and it arrived. There is nothing to do.",),
    )


def _told(judgement: Judgement) -> Iterable[_Told]:
    opened = {episode.fingerprint for episode in judgement.opened}
    worsened = {episode.fingerprint for episode in judgement.worsened}
    for episode in judgement.memory.episodes:
        is_worse = ItemChange.WORSE if episode.fingerprint in worsened else ItemChange.SAME
        yield _Told(episode=episode, change=ItemChange.NEW if episode.fingerprint in opened else is_worse)
    for episode in judgement.resolved:
        yield _Told(episode=episode, change=ItemChange.RESOLVED)


def _most_urgent_first(item: _Told) -> tuple[int, int, float, str]:
    """The order of the items: what changed first, then by severity and by risk, and always the same."""
    order = (ItemChange.NEW, ItemChange.WORSE, ItemChange.RESOLVED, ItemChange.SAME)
    episode = item.episode
    return order.index(item.change), -episode.severity.rank, -episode.risk, episode.fingerprint


def _item(item: _Told, words: Words) -> AlertItem:
    return AlertItem(
        issue_id=words.issue_id,
        severity=item.episode.severity,
        title=words.title,
        message=words.message,
        change=item.change,
    )


def _counts(episodes: Iterable[Episode]) -> dict[Severity, int]:
    """The number of open findings of each severity that alerts, most severe first."""
    counts = dict.fromkeys((Severity.CRITICAL, Severity.ERROR), 0)
    for episode in episodes:
        counts[episode.severity] += 1
    return counts


def _title(judgement: Judgement, telling: Telling) -> str:
    alerting = f"{counted(len(judgement.memory.episodes), 'finding')} to act on"
    match telling:
        case Telling.OPENED:
            return alerting
        case Telling.REMINDER:
            return f"still {alerting}"
        case Telling.RESOLVED:
            return "every finding that alerted is resolved"
        case Telling.CHANGED:
            parts = (
                (len(judgement.opened), "new"),
                (len(judgement.worsened), "worse"),
                (len(judgement.resolved), "resolved"),
            )
            changes = ", ".join(f"{count:,} {word}" for count, word in parts if count)
            return f"{changes}; {alerting}"


def _summary(judgement: Judgement, telling: Telling, run: RunFacts) -> Iterable[str]:
    worst = max((episode.severity for episode in judgement.memory.episodes), key=lambda s: s.rank, default=None)
    if telling is Telling.REMINDER:
        yield "Nothing has changed since the last message."
    if worst is not None:
        yield worst.asks
    if counts := checks_of(run.head):
        yield f"{say_how_many_apply(counts)}."
    if run.head["summary"]["status"] == "incomplete":
        yield "The audit was incomplete: what it did not look at counts neither as open nor as resolved."
