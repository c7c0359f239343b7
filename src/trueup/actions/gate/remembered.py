"""Runs that the store remembers, as facts."""

from __future__ import annotations

from collections.abc import Iterator

from trueup.actions.compare import named
from trueup.actions.gate.document import facts_of
from trueup.model.errors import ReportUnreadable
from trueup.model.release import Facts
from trueup.store import Keyset, Store, StoredRun

_PAGE = 1_000


def facts_of_run(run: str, *, store: Store, environment: str) -> Facts:
    """The facts of the run of this id, or of the one whose id begins like this; ``newest`` as ``newest_run`` has it.

    Raises ``UnknownRun``, ``ConfigurationError`` where a beginning fits several, ``ReportUnreadable`` and
    ``StoreUnavailable``.
    """
    found = newest_run(store, environment) if run == "newest" else named(run, store=store, environment=environment)
    return _facts(found, store)


def newest_run(store: Store, environment: str) -> StoredRun:
    """The newest run in which every check was asked. Raises ``ReportUnreadable`` where there is none."""
    found = store.runs.newest(environment)
    if found is None:
        raise ReportUnreadable(f"The store holds no run of {environment} that asked every check; run `trueup audit`.")
    return found


def baseline_of(environment: str, *, store: Store, report: Facts) -> Facts:
    """The newest complete run of this environment from before the report, over as many days.

    Raises ``ReportUnreadable`` where there is none: what is new is unknown then.
    """
    for run in _newest_first(store, environment):
        if run.complete and run.period_days == report.period_days and run.generated_at < report.generated_at:
            return _facts(run, store)
    raise ReportUnreadable(
        f"The store holds no complete run of {environment} over {report.period_days} days from before this report, so "
        "nothing can tell what is new; run `trueup audit` there first."
    )


def _newest_first(store: Store, environment: str) -> Iterator[StoredRun]:
    before: str | None = None
    while page := store.runs.list(environment, limit=_PAGE, before=before):
        yield from page
        before = page[-1].run_id


def _facts(run: StoredRun, store: Store) -> Facts:
    documents = list(_documents(run, store))
    if len(documents) != run.issues:
        raise ReportUnreadable(f"The store holds {len(documents):,} of the {run.issues:,} issues of run {run.run_id}.")
    # The head is a JSON object without what is paged; what is missing is put in before its end.
    text = f'{run.head.rstrip()[:-1]}, "nextCursor": null, "issues": [{", ".join(documents)}]}}'
    return facts_of(text, place=f"run {run.run_id} of the store")


def _documents(run: StoredRun, store: Store) -> Iterator[str]:
    after: Keyset | None = None
    while True:
        page = store.runs.issues(run.run_id, after=after, limit=_PAGE)
        yield from (issue.document for issue in page.issues)
        if page.after is None:
            return
        after = page.after
