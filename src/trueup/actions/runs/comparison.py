"""Compare a run with the one before it, or with another."""

from __future__ import annotations

from dataclasses import dataclass

from trueup.model.errors import ConfigurationError
from trueup.store import RunDifference, Store, StoredRun, UnknownRun

NEWEST = "newest"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunComparison:
    """A run, the one it is compared with (None when there is none), and what changed."""

    run: StoredRun
    earlier: StoredRun | None
    difference: RunDifference


def compare(
    run: str, *, store: Store, environment: str, against: str | None = None, limit: int | None = None
) -> RunComparison:
    """What changed from the run before to this one, or from ``against``; ``limit`` of each kind, all where it is None.

    A run is named by its id, by the beginning of it, or as ``newest``. Raises ``UnknownRun``, ``ConfigurationError``
    when a beginning fits several, and ``StoreUnavailable``.
    """
    stored = named(run, store=store, environment=environment)
    other = named(against, store=store, environment=environment) if against is not None else None
    difference = run_difference(stored.run_id, store=store, earlier=other.run_id if other else None, limit=limit)
    earlier = store.runs.get(difference.with_run_id) if difference.with_run_id else None
    return RunComparison(run=stored, earlier=earlier, difference=difference)


def run_before(run_id: str, *, store: Store) -> StoredRun | None:
    """Return the run with which the run of this id is compared; None where there was none.

    Raises ``UnknownRun`` and ``StoreUnavailable``.
    """
    return store.runs.before(run_id)


def run_difference(run_id: str, *, store: Store, earlier: str | None = None, limit: int | None = None) -> RunDifference:
    """Return what changed to the run of this id from the one before, or from ``earlier``.

    ``limit`` is how many findings of each kind are listed; None lists all. Raises ``UnknownRun`` and
    ``StoreUnavailable``.
    """
    return store.runs.difference(run_id, earlier, limit=limit)


def named(run: str, *, store: Store, environment: str) -> StoredRun:
    """Find the run that a person means by this. Raises as ``compare`` does."""
    if run == NEWEST:
        newest = store.runs.list(environment, limit=1)
        if not newest:
            raise UnknownRun(f"The store holds no run of {environment} yet; `trueup audit` records one.")
        return newest[0]
    matches = store.runs.starting(run)
    if not run or not matches:
        raise UnknownRun(f'The store holds no run "{run}"; `trueup runs` lists its runs.')
    exact = next((match for match in matches if match.run_id == run), None)
    if exact is None and len(matches) > 1:
        raise ConfigurationError(f'Several runs begin with "{run}"; write more of the id.')
    return exact or matches[0]
