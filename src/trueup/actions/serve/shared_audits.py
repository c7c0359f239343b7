"""The newest run when it is fresh enough; otherwise a new one, started once whatever the number of callers."""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from trueup.actions.alerts import notify
from trueup.actions.audit import audit_and_record
from trueup.actions.serve.stopping import Stoppable
from trueup.config import Config
from trueup.model.check import Check
from trueup.model.errors import StoreUnavailable, TrueupError
from trueup.model.source import Progress, Silent
from trueup.store import Store, StoredRun

Origin = Literal["stored", "started"]

MAX_AGE_SECONDS = 300
"""The highest age of a run, where a caller gives none."""

WAIT_SECONDS = 120.0
"""How long a caller waits for an audit. The audit goes on without it."""

_LEASE_SECONDS = 30
_POLL_SECONDS = 0.2
_GIVE_UP_SECONDS = 3600.0
_AUDITS_AT_ONCE = 2
_MOST_WAITING = 8

_NEVER = datetime.max  # noqa: DTZ901 - naive UTC, as everywhere
_AT_ONCE = timedelta(seconds=1)
"""Callers that ask within this time count as asking at once: one audit answers them all."""


class AuditUnderway(TrueupError):
    """The requested report is still being made; ask again later."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Flight:
    """One audit that callers wait for.

    A run of another replica satisfies all of them when it is of ``since`` or later, and a run that existed before they
    asked when it is of ``young`` or later.

    ``begun`` is the moment it judges as of, once it began. ``landed``: its run is chosen, and no more callers may join.
    """

    period_days: int
    since: datetime
    young: datetime
    trigger: str
    begun: datetime | None = None
    landed: bool = False
    future: Future[StoredRun] = field(default_factory=Future)
    stoppable: Stoppable = field(default_factory=Stoppable)

    def takes(self, since: datetime) -> bool:
        """Whether a caller who needs a run of ``since`` or later can wait for this one."""
        return not self.landed and (self.begun is None or self.begun >= since)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningAudit:
    """An audit that is under way. ``step`` is None where another replica makes it; ``begun`` is naive UTC."""

    begun: datetime
    step: tuple[str, int, int | None] | None


class SharedAudits:
    """The runs of one store, kept fresh for one config. Safe to use from any thread.

    Callers of one process share an audit, and so do replicas of one store: the one that holds the lease audits, the
    others wait for its run to appear, and take over when the lease runs out.
    """

    def __init__(
        self, *, config: Config, catalogue: Sequence[Check], store: Store, clock: Callable[[], datetime]
    ) -> None:
        self._config = config
        self._catalogue = catalogue
        self._store = store
        self._clock = clock
        self._holder = uuid.uuid4().hex
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._flights: list[_Flight] = []
        self._failed_at: datetime | None = None
        self._executor = ThreadPoolExecutor(_AUDITS_AT_ONCE, thread_name_prefix="audit")

    def stored(
        self, period_days: int, max_age_seconds: int = MAX_AGE_SECONDS, *, asked_at: datetime
    ) -> StoredRun | None:
        """The newest run of this period when it was at most ``max_age_seconds`` old at ``asked_at``.

        0 never accepts a stored run.
        """
        if not max_age_seconds:
            return None
        run = self._store.runs.newest(self._config.environment, period_days=period_days)
        oldest = asked_at - timedelta(seconds=max_age_seconds)
        return run if run is not None and run.generated_at >= oldest else None

    def started(
        self, period_days: int, max_age_seconds: int = 0, *, asked_at: datetime, trigger: str = "request"
    ) -> Future[StoredRun]:
        """The run of an audit that was started for this caller, or for another one just before.

        Raises ``AuditUnderway`` when too many audits already wait for their turn.
        """
        since = asked_at - max(timedelta(seconds=max_age_seconds), _AT_ONCE)
        young = asked_at - timedelta(seconds=max_age_seconds) if max_age_seconds else _NEVER
        with self._lock:
            for flight in self._flights:
                if flight.period_days == period_days and flight.takes(since):
                    flight.since, flight.young = max(flight.since, since), max(flight.young, young)
                    return flight.future
            if len(self._flights) >= _MOST_WAITING or self._closed.is_set():
                raise AuditUnderway("Too many audits already wait for their turn; ask again later.")
            flight = _Flight(period_days=period_days, since=since, young=young, trigger=trigger)
            flight.future = self._executor.submit(self._fly, flight)
            self._flights.append(flight)
            return flight.future

    def find_running(self, period_days: int) -> RunningAudit | None:
        """The audit of this period that is under way, here or in another replica; None where there is none."""
        with self._lock:
            flight = next((each for each in self._flights if each.period_days == period_days), None)
            if flight is not None and flight.begun is not None:
                return RunningAudit(begun=flight.begun, step=flight.stoppable.step)
        lease = self._store.leases.get(self._lease_name(period_days), now=self._clock())
        if lease is not None:
            return RunningAudit(begun=lease.taken_at, step=None)
        return None if flight is None else RunningAudit(begun=flight.since, step=None)

    @property
    def failed_at(self) -> datetime | None:
        """When the last audit of this process ended without a run; None where it made one."""
        with self._lock:
            return self._failed_at

    def close(self) -> None:
        """Start no more audits. A running one goes on to its end, and gives its lease back."""
        self._closed.set()
        self._executor.shutdown(wait=False, cancel_futures=True)

    def stop(self, *, patience_seconds: float) -> bool:
        """Close, and end the running audits: their callers get ``AuditStopped``. Returns whether all ended in time."""
        self.close()
        deadline = time.monotonic() + patience_seconds
        while running := self._running():
            for flight in running:
                flight.stoppable.stop()
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def _running(self) -> list[_Flight]:
        with self._lock:
            return [flight for flight in self._flights if not flight.future.done()]

    def _fly(self, flight: _Flight) -> StoredRun:
        failed_at: datetime | None = self._clock()
        try:
            run = self._found_or_made(flight)
            failed_at = None
            return run
        finally:
            with self._lock:
                flight.landed = True
                self._failed_at = failed_at
                self._flights.remove(flight)

    def _found_or_made(self, flight: _Flight) -> StoredRun:
        name = self._lease_name(flight.period_days)
        deadline = time.monotonic() + _GIVE_UP_SECONDS
        before = self._newest(flight)
        while time.monotonic() < deadline and not self._closed.is_set():
            if (run := self._landed(flight, before)) is not None:
                return run
            if self._taken(name):
                with self._held(name):
                    # The holder before has recorded its run before it let go.
                    return self._landed(flight, before) or self._made(flight)
            self._closed.wait(_POLL_SECONDS)
        raise underway()

    def _lease_name(self, period_days: int) -> str:
        return f"audit:{self._config.environment}:{period_days}"

    def _taken(self, name: str) -> bool:
        """Take the lease. A lease that is held is only read: taking it is a write, and its holder may be writing."""
        now, leases = self._clock(), self._store.leases
        return leases.get(name, now=now) is None and leases.take(name, self._holder, seconds=_LEASE_SECONDS, now=now)

    def _newest(self, flight: _Flight) -> StoredRun | None:
        return self._store.runs.newest(self._config.environment, period_days=flight.period_days)

    def _landed(self, flight: _Flight, before: StoredRun | None) -> StoredRun | None:
        """The newest run, when it satisfies every waiting caller. ``before`` is the run that existed already."""
        run = self._newest(flight)
        if run is None:
            return None
        was_there = before is not None and run.run_id == before.run_id
        with self._lock:
            flight.landed = run.generated_at >= (flight.young if was_there else flight.since)
        return run if flight.landed else None

    def _made(self, flight: _Flight) -> StoredRun:
        with self._lock:
            flight.begun = now = self._clock()
        with flight.stoppable as progress:
            return audit_and_notify(
                self._config,
                catalogue=self._catalogue,
                store=self._store,
                trigger=flight.trigger,
                now=now,
                period_days=flight.period_days,
                progress=progress,
            )

    @contextlib.contextmanager
    def _held(self, name: str) -> Iterator[None]:
        """Keep the lease while the audit runs, and give it back in every case."""
        done = threading.Event()
        keeper = threading.Thread(target=self._keep, args=(name, done), name="audit-lease", daemon=True)
        keeper.start()
        try:
            yield
        finally:
            done.set()
            keeper.join()
            self._store.leases.release(name, self._holder)

    def _keep(self, name: str, done: threading.Event) -> None:
        while not done.wait(_LEASE_SECONDS / 3):
            # A store that is away for a moment is asked again; losing the lease only costs a second audit.
            with contextlib.suppress(StoreUnavailable):
                self._store.leases.renew(name, self._holder, seconds=_LEASE_SECONDS, now=self._clock())


def audit_and_notify(
    config: Config,
    *,
    catalogue: Sequence[Check],
    store: Store,
    trigger: str,
    now: datetime,
    period_days: int | None = None,
    progress: Progress | None = None,
) -> StoredRun:
    """Audit as of ``now`` (naive UTC), record the run, and store the alerts that it causes. Return the run.

    Another period than the config's asks another question: its run opens and resolves no finding and causes no alert.
    Raises what ``audit_and_record`` and the store raise.
    """
    audited = audit_and_record(
        config,
        checks=catalogue,
        catalogue=catalogue,
        store=store,
        trigger=trigger,
        now=now,
        progress=progress or Silent(),
        period_days=period_days,
    )
    run_id = audited.report.run_id
    notify(store, environment=config.environment, run_id=run_id, settings=config.alerts, now=now)
    run = store.runs.get(run_id)
    if run is None:
        raise StoreUnavailable(f"The run {run_id} was recorded but is gone; does another program prune the store?")
    return run


def underway() -> AuditUnderway:
    """The answer to a caller whose wait ended before the audit did."""
    return AuditUnderway("The audit is still running; ask again later, its report will be there.")
