"""Read the reports of stored runs."""

from __future__ import annotations

from collections.abc import Iterator

from trueup.actions.runs import NEWEST, named
from trueup.formats.report_reader import StoredReport, parse_json, report_of
from trueup.model.errors import ConfigurationError, ReportUnreadable
from trueup.model.report import Report
from trueup.store import GATE_TRIGGER, Keyset, Store, StoredRun

_PAGE = 1_000


def read_run(run: str, *, store: Store, environment: str) -> StoredReport:
    """The report of the run with this id, or with an id that begins like this; ``newest`` asked every check.

    Raises ``UnknownRun``, ``ConfigurationError`` where a beginning fits several, ``ReportUnreadable`` and
    ``StoreUnavailable``.
    """
    return _read(_run_named(run, store, environment, gates=True), store)


def baseline_run(run: str, *, store: Store, environment: str) -> StoredReport:
    """The report of this run as a baseline: ``newest`` is the newest audit. Raises as ``read_run`` does.

    Raises ``ConfigurationError`` for a run that a gate made: what that gate refused would count as known.
    """
    stored = _run_named(run, store, environment, gates=False)
    if stored.trigger == GATE_TRIGGER:
        raise ConfigurationError(
            f"Run {stored.run_id} was made by `trueup gate`, whose runs are never a baseline; name the run of an "
            "audit, as `trueup runs` lists them."
        )
    return _read(stored, store)


def _run_named(run: str, store: Store, environment: str, *, gates: bool) -> StoredRun:
    if run != NEWEST:
        return named(run, store=store, environment=environment)
    newest = store.runs.newest(environment, gates=gates)
    if newest is None:
        raise ReportUnreadable(f"The store holds no run of {environment} that asked every check; run `trueup audit`.")
    return newest


def baseline_of(environment: str, *, store: Store, report: Report) -> StoredReport:
    """The newest complete audit of this environment from before the report, over as many days.

    A run that an earlier gate made is not one: what it refused would count as known. Raises ``ReportUnreadable`` where
    there is none, because what is new is unknown then.
    """
    for run in _newest_first(store, environment):
        is_like = run.complete and run.period_days == report.period_days and run.trigger != GATE_TRIGGER
        if is_like and run.generated_at < report.generated_at:
            return _read(run, store)
    raise ReportUnreadable(
        f"The store holds no complete run of {environment} over {report.period_days} days from before this report, so "
        "what is new is unknown; run `trueup audit` there first."
    )


def _newest_first(store: Store, environment: str) -> Iterator[StoredRun]:
    before: str | None = None
    while page := store.runs.list(environment, limit=_PAGE, before=before):
        yield from page
        before = page[-1].run_id


def _read(run: StoredRun, store: Store) -> StoredReport:
    documents = list(_documents(run, store))
    if len(documents) != run.issues:
        raise ReportUnreadable(f"The store holds {len(documents):,} of the {run.issues:,} issues of run {run.run_id}.")
    place = f"run {run.run_id} of the store"
    issues = [parse_json(document, place=place) for document in documents]
    whole = {**parse_json(run.head, place=place), "issues": issues, "nextCursor": None}
    return report_of(whole, place=place)


def _documents(run: StoredRun, store: Store) -> Iterator[str]:
    after: Keyset | None = None
    while True:
        page = store.runs.issues(run.run_id, after=after, limit=_PAGE)
        yield from (issue.document for issue in page.issues)
        if page.after is None:
            return
        after = page.after
