"""One finding in full: its evidence, the account's ledger around it, why it matters, what a repair would change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from trueup.actions.audit import moment_of, report_on
from trueup.actions.catalogue import chosen
from trueup.actions.snapshot import copied_books
from trueup.books.file import Books, opened_books
from trueup.books.place import private_folder
from trueup.engines.duckdb import DuckDB
from trueup.mapping.config import Config
from trueup.model.check import Check, EvidenceRow
from trueup.model.errors import ConfigurationError
from trueup.model.finding import Finding
from trueup.model.policy import Policy
from trueup.model.report import Report
from trueup.model.source import Progress

TIMELINE_LENGTH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A finding and what surrounds it. ``timeline`` is the end of the account's ledger, oldest first.

    ``finding`` is None when this audit did not find the issue; ``report`` says whether it could look.
    """

    check: Check
    finding: Finding | None
    report: Report
    account_id: str | None
    timeline: tuple[EvidenceRow, ...]
    earlier_entries: int


def explain(
    issue_id: str, *, config: Config, catalogue: Sequence[Check], now: datetime, progress: Progress
) -> Explanation:
    """Look for this issue in the database now. Raises ``ConfigurationError`` when no check has its id."""
    check = _check_of(issue_id, catalogue)
    with copied_books(config, checks=(check,), now=now, progress=progress, everything=True) as books:
        return explained(books, check, issue_id, config.policy, now, progress)


def explain_books(
    issue_id: str, *, path: Path, policy: Policy, catalogue: Sequence[Check], now: datetime | None, progress: Progress
) -> Explanation:
    """Look for this issue in books that were kept."""
    check = _check_of(issue_id, catalogue)
    with private_folder() as folder, opened_books(path, spill=folder / "spill") as books:
        return explained(books, check, issue_id, policy, now or moment_of(books, path), progress)


def _check_of(issue_id: str, catalogue: Sequence[Check]) -> Check:
    name, colon, subject = issue_id.partition(":")
    if not colon or not subject:
        raise ConfigurationError(f'"{issue_id}" is not an issue id; one looks like credit-balance:user_123.')
    return chosen(catalogue, [name])[0]


def explained(
    books: Books, check: Check, issue_id: str, policy: Policy, now: datetime, progress: Progress
) -> Explanation:
    """Look for this issue in open books."""
    report = report_on(books, checks=(check,), policy=policy, now=now, progress=progress)
    finding = next((found for found in report.findings() if found.id == issue_id), None)
    engine = DuckDB(books.run, {"account_id": _account_of(finding), "length": TIMELINE_LENGTH})
    timeline = tuple(engine.rows(_TIMELINE)) if finding else ()
    entries = engine.number("SELECT count(*) FROM ledger_entry WHERE account_id = $account_id") if finding else 0
    return Explanation(
        check=check,
        finding=finding,
        report=report,
        account_id=_account_of(finding),
        timeline=timeline[::-1],
        earlier_entries=entries - len(timeline),
    )


def _account_of(finding: Finding | None) -> str | None:
    if finding is None:
        return None
    account = finding.evidence.get("account_id")
    return str(account) if account is not None else finding.subject


_TIMELINE = """
SELECT e.created_at, e.entry_id, e.kind, e.amount, e.balance_after, e.posted, e.reason,
       coalesce(e.stripe_event_id, e.stripe_invoice_id, e.stripe_payment_intent_id) AS stripe_id,
       w.status AS webhook_status
FROM ledger_entry AS e
LEFT JOIN webhook_event AS w ON w.event_id = e.stripe_event_id
WHERE e.account_id = $account_id
ORDER BY e.sequence DESC NULLS LAST, e.created_at DESC, e.entry_id DESC
LIMIT $length
"""
