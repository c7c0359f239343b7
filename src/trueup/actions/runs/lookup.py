"""Look up a run, or what the store holds about a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from trueup.engines.sql import subject_column
from trueup.store import Sort, State, StoredFinding

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from trueup.config import Config
    from trueup.model.check import Check
    from trueup.store import IssueCount, IssueFilters, IssuePage, Keyset, ResolvedPage, Store, StoredRun


def newest_run(store: Store, config: Config, *, until: datetime | None = None) -> StoredRun | None:
    """Return the newest run over the config's period, of ``until`` or earlier; None where there is none yet.

    Raises ``StoreUnavailable``.
    """
    return store.runs.newest(config.environment, period_days=config.policy.period_days, until=until)


def newest_complete_run(store: Store, config: Config) -> StoredRun | None:
    """Return the newest run that asked every check and got its answer. Raises ``StoreUnavailable``."""
    return store.runs.newest(config.environment, complete=True)


def run_of_id(run_id: str, *, store: Store, environment: str) -> StoredRun | None:
    """Return the run of this id; None for an unknown one and for one of another environment.

    Raises ``StoreUnavailable``.
    """
    run = store.runs.get(run_id)
    return run if run is not None and run.environment == environment else None


def stored_finding(issue_id: str, *, store: Store, environment: str) -> StoredFinding | None:
    """Return what the store holds about an issue: from the runs that update findings, or from the newest run.

    Raises ``StoreUnavailable``.
    """
    finding = store.findings.get(environment, issue_id)
    if finding is not None:
        return finding
    check, _, subject = issue_id.partition(":")
    run = store.runs.newest(environment)
    issues = store.runs.issues(run.run_id, check=check, subject=subject, limit=1).issues if run else ()
    if run is None or not issues:
        return None
    (issue,) = issues
    return StoredFinding(
        issue_id=issue.issue_id,
        fingerprint=issue.fingerprint,
        check=issue.check,
        subject=issue.subject,
        severity=issue.severity,
        risk=issue.risk,
        state=State.OPEN,
        first_seen=issue.first_seen,
        last_seen=run.generated_at,
        resolved_at=None,
        times_reopened=0,
        document=issue.document,
    )


def findings_about(
    subjects: Collection[str],
    *,
    entries: Collection[str] = (),
    store: Store,
    catalogue: Sequence[Check],
    environment: str,
    limit: int,
) -> tuple[StoredFinding, ...]:
    """Return the findings of these subjects, past and present, open ones first; without their documents.

    ``entries`` are ledger entries, of which only checks of entries are about: another account may have the same id.
    Raises ``StoreUnavailable``.
    """
    of_entries = {check.id for check in catalogue if subject_column(check.violations) == "entry_id"}
    findings = store.findings.about(environment, {*subjects, *entries}, limit=limit)
    return tuple(f for f in findings if f.subject in (entries if f.check in of_entries else subjects))


def issues_of_run(
    store: Store,
    run_id: str,
    *,
    limit: int,
    after: Keyset | None = None,
    sort: str = Sort.SEVERITY,
    state: str | None = None,
    **filters: Unpack[IssueFilters],
) -> IssuePage:
    """Return a page of a run's issues; empty for a run that does not exist. ``after`` is the end of the page before.

    A filter that is None lets everything through. Raises ``StoreUnavailable``.
    """
    return store.runs.issues(run_id, after=after, limit=limit, sort=sort, state=state, **filters)


def count_issues(store: Store, run_id: str, **filters: Unpack[IssueFilters]) -> tuple[IssueCount, ...]:
    """Return how many issues of a run match the filters, by what a list of them is narrowed by.

    Raises ``StoreUnavailable``.
    """
    return store.runs.count_issues(run_id, **filters)


def resolved_findings(
    store: Store,
    environment: str,
    *,
    limit: int,
    after: tuple[str, str] | None = None,
    **filters: Unpack[IssueFilters],
) -> ResolvedPage:
    """Return a page of the resolved findings, last resolved first. Raises ``StoreUnavailable``."""
    return store.findings.resolved(environment, after=after, limit=limit, **filters)
