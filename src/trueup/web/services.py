"""The resources of the routes, opened when they are first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, cast

from starlette.requests import Request

from trueup.config import Config
from trueup.model.check import Check
from trueup.web.cursors import Cursors
from trueup.web.logs import logger
from trueup.web.meters import Meters
from trueup.web.pages import Pages
from trueup.web.shared_answer import SharedAnswer

if TYPE_CHECKING:
    from trueup.actions.plan_gates import Looked
    from trueup.actions.serve import SharedAudits, StripeSide
    from trueup.store import Store
    from trueup.web.repair_sessions import RepairSessions


@dataclass(slots=True, kw_only=True)
class Services:
    """One app's resources. A mounted app's lifespan never runs, so nothing may depend on it.

    ``clock`` is the door's: now, naive UTC. ``stopping`` is set when no more requests should be sent here. ``meters``
    count events of this process, ``pages`` caches rendered pages, ``gate_answers`` what the plan gates answered last.
    """

    config: Config
    catalogue: Sequence[Check]
    clock: Callable[[], datetime]
    given_store: Store | None = None
    stopping: threading.Event = field(default_factory=threading.Event)
    meters: Meters = field(default_factory=Meters, repr=False)
    pages: Pages = field(default_factory=Pages, repr=False)
    gate_answers: SharedAnswer[Looked] = field(default_factory=SharedAnswer, repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _store: Store | None = field(default=None, repr=False)
    _runs: SharedAudits | None = field(default=None, repr=False)
    _repair_sessions: RepairSessions | None = field(default=None, repr=False)
    _stripe_side: StripeSide | None = field(default=None, repr=False)
    _cursors: Cursors | None = field(default=None, repr=False)

    @property
    def store(self) -> Store:
        """The store. Raises ``StoreUnavailable`` when it cannot be opened; the next call tries again."""
        from trueup.actions.store import open_store  # noqa: PLC0415 - heavy

        if self.given_store is not None:
            return self.given_store
        with self._lock:
            if self._store is None:
                self._store = open_store(self.config)
            return self._store

    @property
    def runs(self) -> SharedAudits:
        """The newest run, or a new one."""
        from trueup.actions.serve import SharedAudits  # noqa: PLC0415 - heavy

        with self._lock:
            if self._runs is None:
                self._runs = SharedAudits(
                    config=self.config, catalogue=self.catalogue, store=self.store, clock=self.clock
                )
            return self._runs

    @property
    def cursors(self) -> Cursors:
        """The cursors of the store's lists."""
        with self._lock:
            if self._cursors is None:
                self._cursors = Cursors(self.store.secrets.key("cursor"))
            return self._cursors

    @property
    def repair_sessions(self) -> RepairSessions:
        """The sessions in which repairs are made and findings looked at."""
        from trueup.web.repair_sessions import RepairSessions  # noqa: PLC0415 - heavy

        with self._lock:
            if self._repair_sessions is None:
                self._repair_sessions = RepairSessions(self.catalogue)
            return self._repair_sessions

    @property
    def stripe_side(self) -> StripeSide:
        """Stripe's side of all accounts, for pages about one of them."""
        from trueup.actions.serve import StripeSide  # noqa: PLC0415 - heavy

        with self._lock:
            if self._stripe_side is None:
                self._stripe_side = StripeSide(config=self.config, clock=self.clock, note=_note_unreadable)
            return self._stripe_side

    def close(self) -> None:
        """Close what was opened here. A store that was given is closed by its giver."""
        with self._lock:
            runs, self._runs = self._runs, None
            store, self._store = self._store, None
            repair_sessions, self._repair_sessions = self._repair_sessions, None
            stripe_side, self._stripe_side = self._stripe_side, None
        if stripe_side is not None:
            stripe_side.close()
        if runs is not None:
            runs.close()
        if repair_sessions is not None:
            repair_sessions.close()
        if store is not None:
            store.close()


def _note_unreadable(reason: str) -> None:
    logger().warning("cannot read Stripe's side for the pages", reason=reason)


async def services(request: Request) -> Services:
    """The app's services, for a route's signature: ``Annotated[Services, Depends(services)]``.

    A coroutine, because the framework uses a thread for a plain function, and this does not block.
    """
    return cast("Services", request.app.state.services)
