"""Send the messages in the outbox, each channel by itself: a slow or broken receiver delays no other channel."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from trueup.channels import Channel, open_channel
from trueup.model.alert import Alert, alert_of
from trueup.model.errors import ConfigurationError, DeliveryFailed
from trueup.model.redact import redact
from trueup.model.settings import AlertSettings, ChannelSettings
from trueup.store import Store
from trueup.store.outbox import ClaimedMessage
from trueup.store.records import Delivery

CLAIM_SECONDS = 60
"""How long a claim lasts: far longer than any channel takes, so that only a worker that died loses one."""

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=15)
GIVE_UP_AFTER = timedelta(hours=72)
"""A message that could not be sent for this long expires. A receiver may be down over a long weekend."""

RETRY_WITHIN = timedelta(hours=24)
"""The highest age of a message that failed for good and is tried again: younger ones are still worth reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelDelivery:
    """What happened on one channel. ``trouble`` is the last thing that went wrong, without secrets."""

    channel: str
    sent: int = 0
    postponed: int = 0
    given_up: int = 0
    trouble: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What happened on each channel that had a message to send."""

    channels: tuple[ChannelDelivery, ...] = ()

    @property
    def sent(self) -> int:
        """How many messages the receivers have accepted."""
        return sum(channel.sent for channel in self.channels)

    @property
    def troubles(self) -> tuple[str, ...]:
        """What went wrong, one sentence per channel that had trouble; it names the channel."""
        return tuple(channel.trouble for channel in self.channels if channel.trouble)


def deliver(
    store: Store,
    settings: AlertSettings,
    *,
    environment: str,
    now: datetime,
    worker: str,
    limit: int = 100,
    claim_seconds: float = CLAIM_SECONDS,
) -> Delivered:
    """Send the messages that are due, at most ``limit`` per channel.

    ``now`` is naive UTC, ``worker`` names this process.

    A message is sent once, unless this process dies or stalls for longer than its claim after the receiver accepted it
    and before that is stored; then it is sent again with the same ``message_id``. Raises ``StoreUnavailable``, never
    for a receiver that fails.
    """
    channels = settings.channels
    gone_before = now - GIVE_UP_AFTER
    store.outbox.expire(environment, channels=[channel.name for channel in channels], before=gone_before, now=now)
    due = store.outbox.due(environment, now=now)
    waiting = [channel for channel in channels if channel.name in due]
    if not waiting:
        return Delivered()
    clock = _running_from(now)

    def drained(channel: ChannelSettings) -> ChannelDelivery:
        queue = _Queue(
            store=store,
            environment=environment,
            channel=channel.name,
            worker=worker,
            claim_seconds=claim_seconds,
            clock=clock,
        )
        return _drained(queue, channel, settings, limit=limit)

    with ThreadPoolExecutor(max_workers=len(waiting), thread_name_prefix="trueup-deliver") as pool:
        return Delivered(channels=tuple(pool.map(drained, waiting)))


def retry_soon(store: Store, *, environment: str, now: datetime) -> None:
    """Make messages due at once: those that wait for their next attempt, and those that failed within ``RETRY_WITHIN``.

    Nothing is sent here. Raises ``StoreUnavailable``.
    """
    store.outbox.again(environment, since=now - RETRY_WITHIN, now=now)
    store.outbox.hurry(environment, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Queue:
    """One channel's messages, as this worker may take them."""

    store: Store
    environment: str
    channel: str
    worker: str
    claim_seconds: float
    clock: Callable[[], datetime]

    def claim(self) -> ClaimedMessage | None:
        return self.store.outbox.claim(
            self.environment, self.channel, worker=self.worker, now=self.clock(), seconds=self.claim_seconds
        )


def _running_from(now: datetime) -> Callable[[], datetime]:
    """A clock that starts at ``now``: receivers take their time, and a claim counts from when it is made."""
    started = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - started)


def _drained(queue: _Queue, channel: ChannelSettings, settings: AlertSettings, *, limit: int) -> ChannelDelivery:
    try:
        sink = open_channel(channel, private_hosts=settings.private_hosts)
    except ConfigurationError as error:
        # A person has to correct the config; until then everything waits.
        return ChannelDelivery(channel=channel.name, trouble=redact(str(error)))
    sent = postponed = given_up = 0
    trouble: str | None = None
    for _ in range(limit):
        claimed = queue.claim()
        if claimed is None:
            break
        failure = _failure(sink, claimed)
        if failure is None:
            queue.store.outbox.sent(claimed, now=queue.clock())
            sent += 1
            continue
        trouble = redact(str(failure))
        if _set_back(queue, claimed, failure, trouble) is Delivery.WAITING:
            postponed += 1
        else:
            given_up += 1
    return ChannelDelivery(channel=channel.name, sent=sent, postponed=postponed, given_up=given_up, trouble=trouble)


def _failure(sink: Channel, claimed: ClaimedMessage) -> DeliveryFailed | None:
    alert = _alert(claimed)
    if alert is None:
        waits = f'The channel "{claimed.channel}" waits: a newer trueup wrote its message and has to send it.'
        return DeliveryFailed(waits, permanent=False)
    try:
        sink.send(alert)
    except DeliveryFailed as failure:
        return failure
    return None


def _alert(claimed: ClaimedMessage) -> Alert | None:
    try:
        return alert_of(claimed.document)
    except (KeyError, ValueError):
        return None


def _set_back(queue: _Queue, claimed: ClaimedMessage, failure: DeliveryFailed, reason: str) -> Delivery:
    """Postpone the message or give it up, and say which."""
    now = queue.clock()
    state = Delivery.WAITING
    if failure.permanent:
        state = Delivery.FAILED
    elif now - claimed.made_at >= GIVE_UP_AFTER:
        state = Delivery.EXPIRED
    if state is Delivery.WAITING:
        wait = waiting_time(claimed.attempts, number=claimed.number, asked_seconds=failure.retry_after_seconds)
        queue.store.outbox.postpone(claimed, due_at=now + wait, reason=reason)
    else:
        queue.store.outbox.give_up(claimed, state=state, reason=reason, now=now)
    return state


def waiting_time(attempts: int, *, number: int, asked_seconds: float | None = None) -> timedelta:
    """How long to wait after so many failed attempts: doubled each time, with a spread, at most a quarter of an hour.

    The spread comes from the message and the attempt, so that channels that failed together do not return together.
    ``asked_seconds`` is how long the receiver asks to wait.
    """
    digest = hashlib.sha256(f"{number}:{attempts}".encode()).digest()
    spread = 0.5 + int.from_bytes(digest[:2]) / 131_072
    wait = min(LONGEST_WAIT, FIRST_WAIT * (1 << min(attempts - 1, 16))) * spread
    return min(LONGEST_WAIT, max(wait, timedelta(seconds=asked_seconds or 0)))
