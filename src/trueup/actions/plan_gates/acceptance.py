"""Look at the plan gates alone, and accept them as they are now."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from trueup.actions.audit import (
    ask_the_app,
    check_probes,
    copied_books,
    plan_gates_of,
    run_checks,
    supply_configured,
    supply_gates,
)
from trueup.books.file import Books
from trueup.books.opening import books_in_memory
from trueup.config import Config
from trueup.config.gate_lock import Lock, list_accepted_cells, read_lock, write_lock
from trueup.engines.requirements import NO_MATRIX, reads_gates
from trueup.model.attribution import clean_name
from trueup.model.check import Check
from trueup.model.errors import ConfigurationError, TrueupError
from trueup.model.gate import PlanGate
from trueup.model.outcome import Broken
from trueup.model.redact import redact
from trueup.model.relations import GateAcceptance
from trueup.model.settings import GateSettings
from trueup.model.source import Progress
from trueup.probes import needs_books

LONGEST_REASON = 500


class GatesChanged(TrueupError):
    """The plan gates answer otherwise than they did when a person looked at them."""


class GateUnanswered(TrueupError):
    """A plan gate could not be asked, so nothing can be accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """The plan gates now, and the lock as it is. ``unanswered`` says what could not be asked, if anything.

    ``gone`` are cells of the lock that neither the matrix nor the app has any more.
    """

    gates: tuple[PlanGate, ...]
    lock: Lock | None
    gone: tuple[GateAcceptance, ...]
    unanswered: str | None

    @property
    def digest(self) -> str:
        """The identity of the present answers: what a person has seen before they accept it."""
        cells = [(cell.feature, cell.plan, cell.is_limit, cell.accepted) for cell in list_accepted_cells(self.gates)]
        return hashlib.sha256(json.dumps(cells).encode()).hexdigest()

    @property
    def changed(self) -> tuple[PlanGate, ...]:
        """The plan gates that differ from the lock: other answers, and new gates. Without a lock there are none."""
        if self.lock is None:
            return ()
        return tuple(g for g in self.gates if g.changed or (g.accepted is None and g.actual is not None))


def look(config: Config, *, checks: tuple[Check, ...], now: datetime, progress: Progress) -> Looked:
    """Ask only the probes: the database is read only where a probe reads it.

    ``now`` is naive UTC. Raises ``ConfigurationError`` where there are no plan gates, and for a lock that was edited by
    hand; ``SourceUnavailable`` where a probe needs a database that cannot be reached.
    """
    gates = _gates(config)
    about = tuple(check for check in checks if reads_gates(check))
    with _asked(config, gates, about, now=now, progress=progress) as books:
        plan_gates = plan_gates_of(books, checks=about, policy=config.policy)
        inconclusive = tuple(check for check in about if check.inconclusive)
        outcomes = run_checks(books, checks=inconclusive, policy=config.policy, now=now, progress=progress)
    broken = [result.outcome.error for result in outcomes if isinstance(result.outcome, Broken)]
    lock = read_lock(gates.lock_file)
    known = {(gate.feature, gate.plan) for gate in plan_gates}
    gone = tuple(c for c in (lock.cells if lock else ()) if (c.feature, c.plan) not in known)
    return Looked(gates=plan_gates, lock=lock, gone=gone, unanswered="; ".join(broken) or None)


def accept(
    config: Config,
    *,
    checks: tuple[Check, ...],
    reason: str,
    actor: str,
    now: datetime,
    progress: Progress,
    digest: str | None = None,
) -> Looked:
    """Record what every plan gets now, and return what was recorded before.

    With a ``digest`` exactly the answers that a person looked at are recorded, or ``GatesChanged`` is raised. Raises
    ``GateUnanswered`` where a probe could not answer, ``ConfigurationError`` for an empty or unprintable reason and
    where ``look`` raises it.
    """
    accepted_reason = redact(clean_name(reason.strip(), what="reason", longest=LONGEST_REASON))
    before = look(config, checks=checks, now=now, progress=progress)
    if before.unanswered is not None:
        raise GateUnanswered(f"Nothing was accepted, because not everything could be asked: {before.unanswered}.")
    if digest is not None and digest != before.digest:
        raise GatesChanged("The plan gates answer otherwise than they did when they were shown.")
    lock = Lock(
        accepted_by=actor,
        accepted_at=now.replace(microsecond=0),
        reason=accepted_reason,
        cells=list_accepted_cells(before.gates),
    )
    write_lock(_gates(config).lock_file, lock)
    return before


def _gates(config: Config) -> GateSettings:
    if config.gates is None:
        raise ConfigurationError(f"{config.path} has {NO_MATRIX}.")
    return config.gates


@contextlib.contextmanager
def _asked(
    config: Config, gates: GateSettings, checks: tuple[Check, ...], *, now: datetime, progress: Progress
) -> Iterator[Books]:
    """Make books that hold the answers."""
    if any(needs_books(probe) for probe in gates.probes):
        with copied_books(config, checks=checks, now=now, progress=progress) as books:
            yield books
        return
    with books_in_memory() as books:
        supply_configured(books, config)
        check_probes(gates, now=now)
        supply_gates(books, gates)
        ask_the_app(books, config, now=now, progress=progress)
        yield books
