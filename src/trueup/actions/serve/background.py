"""What ``trueup serve`` does in the background: audits when they are due, and alerts when something changed."""

from __future__ import annotations

import os
import socket
import threading
import time
import traceback
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import Protocol

from trueup.actions.alerts import deliver, heartbeat, notify
from trueup.actions.serve.shared_audits import SharedAudits
from trueup.actions.serve.stopping import AuditStopped
from trueup.config import Config
from trueup.config.schedule import last_due
from trueup.model.errors import TrueupError
from trueup.store import Store, StoredRun

AUDIT_LOOK_SECONDS = 5.0
ALERT_LOOK_SECONDS = 5.0
MESSAGES_AT_ONCE = 5
"""The time limit for each channel and look: a stop waits for at most one of them."""

RETRY_SECONDS = 60.0
"""The pause after an audit that failed. The next due moment does not wait for it."""

STOP_SECONDS = 20.0
"""How long a stop waits for running work before it leaves that to the end of the process."""


class Log(Protocol):
    """The log: an event's name and its facts."""

    def info(self, event: str, **facts: object) -> object:
        """An event that is as it should be."""

    def error(self, event: str, **facts: object) -> object:
        """An event that a person should look at."""


class Background:
    """Two threads beside the server: one audits, one alerts. Neither ever ends because something failed.

    Any number of replicas may run this on one store. The replica that holds the lease audits, and the others find its
    run; each message of an alert is sent by one of them. ``clock`` is now, naive UTC. Raises ``ConfigurationError`` for
    a schedule that cannot be read.
    """

    def __init__(
        self,
        *,
        config: Config,
        store: Store,
        runs: SharedAudits,
        clock: Callable[[], datetime],
        stopping: threading.Event,
        log: Log,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        last_due(config.schedule, now=clock())
        self._config = config
        self._store = store
        self._runs = runs
        self._clock = clock
        self._stopping = stopping
        self._log = log
        self._worker = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._notified_last: str | None = None
        self._retry_seconds = retry_seconds
        self._not_before = 0.0
        self._threads = (
            threading.Thread(target=self._audit, name="schedule"),
            threading.Thread(target=self._alert, name="alerts"),
        )

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> bool:
        """End both threads and every audit of this process; return whether they ended in time.

        ``stopping`` is set then.
        """
        self._stopping.set()
        deadline = time.monotonic() + STOP_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _audit(self) -> None:
        keep_doing(self.audit_if_due, every_seconds=AUDIT_LOOK_SECONDS, stopping=self._stopping, log=self._log)
        # At once, while the server still lets requests end: some of them wait for an audit.
        self._runs.stop(patience_seconds=STOP_SECONDS)

    def _alert(self) -> None:
        keep_doing(self.alert, every_seconds=ALERT_LOOK_SECONDS, stopping=self._stopping, log=self._log)

    def audit_if_due(self) -> None:
        """Audit when a due moment has come since the newest run; otherwise do nothing."""
        now = self._clock()
        due = last_due(self._config.schedule, now=now)
        if due is None or time.monotonic() < self._not_before:
            return
        period_days = self._config.policy.period_days
        newest = self._store.runs.newest(self._config.environment, period_days=period_days)
        if newest is not None and newest.generated_at >= due:
            return
        age = -((due - now) // timedelta(seconds=1))
        self._finish(self._runs.started(period_days, age, asked_at=now, trigger="schedule"))

    def _finish(self, future: Future[StoredRun]) -> None:
        while not self._stopping.is_set() and not future.done():
            wait([future], timeout=0.5)
        if self._stopping.is_set():
            return
        error = future.exception()
        if error is not None:
            self._not_before = time.monotonic() + self._retry_seconds
            raise error
        run = future.result()
        self._log.info("audited", runId=run.run_id, status=run.status, score=run.score, milliseconds=run.milliseconds)

    def alert(self) -> None:
        """Decide what the newest run changes, look at the heartbeat, and send what waits."""
        environment, settings, now = self._config.environment, self._config.alerts, self._clock()
        newest = self._store.runs.newest(environment, period_days=self._config.policy.period_days)
        if newest is not None and newest.run_id != self._notified_last:
            notify(self._store, environment=environment, run_id=newest.run_id, settings=settings, now=now)
            self._notified_last = newest.run_id
        heartbeat(self._store, environment=environment, schedule=self._config.schedule, settings=settings, now=now)
        done = deliver(
            self._store, settings, environment=environment, now=now, worker=self._worker, limit=MESSAGES_AT_ONCE
        )
        for channel in done.channels:
            self._log.info(
                "alerts sent",
                channel=channel.channel,
                sent=channel.sent,
                postponed=channel.postponed,
                givenUp=channel.given_up,
                trouble=channel.trouble,
            )


def keep_doing(turn: Callable[[], None], *, every_seconds: float, stopping: threading.Event, log: Log) -> None:
    """Take a turn again and again until ``stopping`` is set. A turn that fails is logged, and the next one comes."""
    # A turn's end is looked at as a value: a failure of any kind must not end the schedule.
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix=threading.current_thread().name) as runner:
        while not stopping.is_set():
            _write_down(runner.submit(turn).exception(), log)
            stopping.wait(every_seconds)


def _write_down(error: BaseException | None, log: Log) -> None:
    match error:
        case None | AuditStopped():
            return
        case TrueupError():
            log.error("cannot do its work now", reason=str(error))
        case _:
            log.error("failed", exception="".join(traceback.format_exception(error)))
