"""One audit: copy one snapshot of the app's database into the books, run the checks over it, report."""

from __future__ import annotations

import dataclasses
import functools
import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from trueup.actions.audit.check_runner import run_checks
from trueup.actions.audit.configured import supply_configured
from trueup.actions.audit.gate_cells import plan_gates_of
from trueup.actions.audit.guardrails import guarded
from trueup.actions.audit.probe_gates import supply_gates
from trueup.actions.audit.snapshot import copied_books
from trueup.books.file import Books
from trueup.books.opening import open_books
from trueup.books.place import private_folder
from trueup.config import Config
from trueup.model.check import Check
from trueup.model.errors import BooksUnreadable
from trueup.model.history import HistoryChange
from trueup.model.kept_books import Rereading
from trueup.model.outcome import Checked, CheckOutcome
from trueup.model.policy import Policy
from trueup.model.relations import relation_name
from trueup.model.report import Report
from trueup.model.settings import ReleaseSettings
from trueup.model.source import Progress

_OF_SOME_CHECKS = "an audit of some checks reads all rows of what they need, and leaves the kept books as they are"


def audit(
    config: Config,
    *,
    checks: Sequence[Check],
    now: datetime,
    progress: Progress,
    keep_books: Path | None = None,
    covers_all_checks: bool = True,
    fresh: bool = False,
) -> Report:
    """Audit the database that ``config`` names, as of ``now`` (naive UTC).

    A database that goes away in the middle makes an incomplete report that says what was read. Raises
    ``SourceUnavailable`` for one that cannot be reached at all, ``ConfigurationError`` for a mapping that does not fit.
    ``keep_books`` names a new file that keeps the books; ``covers_all_checks`` says that ``checks`` is the whole
    catalogue. Where books are kept from audit to audit, ``fresh`` asks for every row all the same, and an audit of some
    checks leaves them alone: it reads fewer columns, and the next audit would have to read everything.
    """
    with copied_books(
        config,
        checks=checks,
        now=now,
        progress=progress,
        keep_books=keep_books,
        may_reread=covers_all_checks,
        fresh=fresh,
    ) as books:
        leaves_kept_books = config.books.keep and not covers_all_checks
        rereading = Rereading(problem=_OF_SOME_CHECKS) if leaves_kept_books else books.rereading
        return report_on(
            dataclasses.replace(books, rereading=rereading),
            checks=checks,
            policy=config.policy,
            now=now,
            progress=progress,
            covers_all_checks=covers_all_checks,
            release=config.release,
        )


def audit_books(
    path: Path,
    *,
    config: Config | None,
    checks: Sequence[Check],
    now: datetime | None,
    progress: Progress,
    covers_all_checks: bool = True,
) -> Report:
    """Audit books that were kept, with no database. ``now`` defaults to the moment of the books.

    With a config, its plans, exemptions and policy hold; without one, those of the books and the default policy.
    Raises ``BooksUnreadable``.
    """
    with private_folder() as folder, open_books(path, spill=folder / "spill") as books:
        if config is not None:
            supply_configured(books, config, for_this_run=True)
            if config.gates is not None:
                supply_gates(books, config.gates, for_this_run=True)
        moment = now or moment_of(books, path)
        policy = config.policy if config else Policy()
        release = config.release if config else None
        return report_on(
            books,
            checks=checks,
            policy=policy,
            now=moment,
            progress=progress,
            covers_all_checks=covers_all_checks,
            release=release,
        )


def moment_of(books: Books, path: Path) -> datetime:
    """The moment of kept books. Raises ``BooksUnreadable`` when they hold no snapshot."""
    if books.as_of is None:
        raise BooksUnreadable(f"{path} holds no snapshot; make the books again.")
    return books.as_of


def report_on(
    books: Books,
    *,
    checks: Sequence[Check],
    policy: Policy,
    now: datetime,
    progress: Progress,
    covers_all_checks: bool = True,
    release: ReleaseSettings | None = None,
    is_judged: bool = True,
) -> Report:
    """Report on these books. ``release`` is the config's section on releases, where there is one.

    Where it is not ``is_judged``, it has neither guardrails nor populations, only findings.
    """
    policy = _with_history(policy, books)
    report = Report(
        run_id=str(uuid.uuid4()),
        generated_at=now,
        environment=books.environment,
        period_days=policy.period_days,
        database_as_of=books.as_of,
        relations=books.copies(),
        outcomes=_as_offered(
            run_checks(books, checks=checks, policy=policy, now=now, progress=progress, counts_population=is_judged),
            books,
        ),
        plan_gates=plan_gates_of(books, checks=checks, policy=policy),
        stripe_as_of=books.stripe_as_of,
        plan_from=policy.plan_from,
        rereading=books.rereading,
    )
    return (
        guarded(report, books, policy=policy, covers_all_checks=covers_all_checks, release=release)
        if is_judged
        else report
    )


def _with_history(policy: Policy, books: Books) -> Policy:
    """The policy, to which history is absent where these books were not compared with earlier ones."""
    if books.rereading is not None and books.rereading.compared_with is not None:
        return policy
    reason = "no books of an earlier audit are kept (books.keep = true keeps them)"
    if books.rereading is not None:
        has_read = bool(books.rereading.relations)
        reason = (not has_read and books.rereading.problem) or "there are no books of an earlier audit to compare with"
    return dataclasses.replace(policy, absent={**policy.absent, relation_name(HistoryChange): reason})


def _as_offered(outcomes: tuple[CheckOutcome, ...], books: Books) -> tuple[CheckOutcome, ...]:
    """The outcomes, with a repair only where it would not be refused."""
    if books.offer is None:
        return outcomes
    judge = functools.partial(books.offer.judge, unsaid_decimals=books.scale.unsaid)
    return tuple(
        dataclasses.replace(
            result,
            outcome=dataclasses.replace(result.outcome, findings=tuple(map(judge, result.outcome.findings))),
        )
        if isinstance(result.outcome, Checked)
        else result
        for result in outcomes
    )


def with_period(config: Config, period_days: int | None) -> Config:
    """The config, with another period where the caller gives one."""
    if period_days is None:
        return config
    return dataclasses.replace(config, policy=dataclasses.replace(config.policy, period_days=period_days))
