"""One finding in full: its evidence, both sides around it, why it matters, what a repair would change."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from trueup.actions.audit import copied_books, moment_of, needed_of_stripe, report_on
from trueup.actions.checks import chosen
from trueup.actions.explain.happenings import EntryInFull, Shown
from trueup.actions.explain.owed_lines import owed_lines_of
from trueup.actions.explain.paid_time import spans_of
from trueup.actions.explain.timeline import TIMELINE_OF_STRIPE, shown_around, timeline_of
from trueup.books.file import Books
from trueup.books.opening import open_books
from trueup.books.place import private_folder
from trueup.config import Config
from trueup.model.check import Check
from trueup.model.errors import ConfigurationError
from trueup.model.finding import Finding
from trueup.model.outcome import Checked
from trueup.model.owed import OwedLine
from trueup.model.paid_span import PaidSpan
from trueup.model.policy import Policy
from trueup.model.report import Report
from trueup.model.source import Progress
from trueup.model.timeline import Timeline

_BRIEF_MINUTES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A finding and what surrounds it: both sides on one ``timeline``.

    ``entries`` are the lines that are ledger entries, in full; ``earlier_entries`` counts those before them.
    ``paid_time`` are the latest spans of the account's time, where the check judges by them, and ``owed`` the lines of
    what was paid, with the credits that each owes.
    ``finding`` is None when this audit did not find the issue; ``report`` says whether it could look.
    ``of_account_alone`` says that only the rows of the finding's accounts were read.
    """

    check: Check
    finding: Finding | None
    report: Report
    account_id: str | None
    timeline: Timeline
    entries: tuple[EntryInFull, ...]
    earlier_entries: int
    paid_time: tuple[PaidSpan, ...] = ()
    owed: tuple[OwedLine, ...] = ()
    of_account_alone: bool = False

    @property
    def is_gone(self) -> bool:
        """Whether the issue was looked for where it would be, and is not there."""
        (ran,) = self.report.outcomes
        is_sure = not (self.of_account_alone and self.check.compares_accounts)
        return self.finding is None and is_sure and isinstance(ran.outcome, Checked)


def explain(
    issue_id: str, *, config: Config, catalogue: Sequence[Check], now: datetime, progress: Progress
) -> Explanation:
    """Look for this issue in the database now. Raises ``ConfigurationError`` when no check has such an id.

    Stripe is read too, for at most two minutes where the check itself needs nothing of it.
    """
    check = _check_of(issue_id, catalogue)
    reading = config if needed_of_stripe((check,), everything=False) else _briefly(config)
    with copied_books(
        reading, checks=(check,), now=now, progress=progress, everything=True, also_of_stripe=TIMELINE_OF_STRIPE
    ) as books:
        return explained(books, check, issue_id, config.policy, now, progress, stripe_account=config.stripe.account)


def _briefly(config: Config) -> Config:
    """The config with a short time limit for Stripe, because a person who asked about the ledger is waiting."""
    minutes = min(config.stripe.deadline_minutes, _BRIEF_MINUTES)
    return dataclasses.replace(config, stripe=dataclasses.replace(config.stripe, deadline_minutes=minutes))


def explain_books(
    issue_id: str,
    *,
    path: Path,
    policy: Policy,
    catalogue: Sequence[Check],
    now: datetime | None,
    progress: Progress,
    stripe_account: str | None = None,
) -> Explanation:
    """Look for this issue in kept books. ``stripe_account`` is the account that links lead to."""
    check = _check_of(issue_id, catalogue)
    with private_folder() as folder, open_books(path, spill=folder / "spill") as books:
        moment = now or moment_of(books, path)
        return explained(books, check, issue_id, policy, moment, progress, stripe_account=stripe_account)


def _check_of(issue_id: str, catalogue: Sequence[Check]) -> Check:
    name, colon, subject = issue_id.partition(":")
    if not colon or not subject:
        raise ConfigurationError(f'"{issue_id}" is not an issue id; one looks like credit-balance:user_123.')
    return chosen(catalogue, [name])[0]


def explained(
    books: Books,
    check: Check,
    issue_id: str,
    policy: Policy,
    now: datetime,
    progress: Progress,
    *,
    stripe_account: str | None = None,
    of_account_alone: bool = False,
    stripe: Books | None = None,
    reported: Finding | None = None,
) -> Explanation:
    """Look for this issue in open books. The report of an account alone has no guardrails.

    ``stripe`` are other books that hold Stripe's side for the timeline. ``reported`` is the finding as an audit saw it:
    where the check cannot be asked here, the timeline is of that.
    """
    report = report_on(
        books, checks=(check,), policy=policy, now=now, progress=progress, is_judged=not of_account_alone
    )
    finding = next((open_finding for open_finding in report.findings() if open_finding.id == issue_id), None)
    could_look = isinstance(report.outcomes[0].outcome, Checked)
    about = finding or (None if could_look else reported)
    shown = shown_around(books, check, about, stripe=stripe) if about else Shown()
    if not shown.happenings:
        about = finding
    return Explanation(
        check=check,
        finding=finding,
        report=report,
        account_id=_account_of(about),
        timeline=timeline_of(books, shown, account=stripe_account, stripe=stripe) if about else Timeline(),
        entries=shown.entries,
        earlier_entries=shown.earlier_entries,
        paid_time=spans_of(books, check, _account_of(finding), policy, now) if finding else (),
        owed=owed_lines_of(books, check, finding, policy, now) if finding else (),
        of_account_alone=of_account_alone,
    )


def _account_of(finding: Finding | None) -> str | None:
    if finding is None:
        return None
    account = finding.evidence.get("account_id")
    return str(account) if account is not None else finding.subject
