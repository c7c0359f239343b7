"""Explain one finding from the few rows that concern it: fast on a ledger of any size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.actions.explain import Explanation, explained
from trueup.actions.repair.snapshot_books import open_snapshot_books
from trueup.actions.repair.subject_snapshot import read_subject
from trueup.model.source import Silent

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from trueup.actions.repair.session import RepairSession
    from trueup.actions.repair.subject_reader import SubjectReader
    from trueup.actions.repair.subject_snapshot import SubjectSnapshot
    from trueup.books.file import Books
    from trueup.model.check import Check
    from trueup.model.finding import Finding


def looked_at(
    session: RepairSession,
    check: Check,
    subject: str,
    *,
    now: datetime,
    accounts: Collection[str] = (),
    stripe: Books | None = None,
    reported: Finding | None = None,
) -> Explanation:
    """The finding about ``subject`` as the database has it now, with its account's ledger.

    ``accounts`` are those that it is known to be about, where the subject does not say so. ``stripe`` and ``reported``
    are as ``explained`` takes them.

    A check that compares with all accounts (what is usual for a kind) compares only with the account's own rows here.
    As many look at once as there are processors. The report has no guardrails. Raises ``SourceUnavailable``.
    """
    issue_id = f"{check.id}:{subject}"
    policy, account = session.config.policy, session.config.stripe.account

    def read(reader: SubjectReader) -> SubjectSnapshot:
        return read_subject(reader, check, subject, accounts=accounts)

    with open_snapshot_books(session, read, now=now) as (books, _):
        return explained(
            books,
            check,
            issue_id,
            policy,
            now,
            Silent(),
            stripe_account=account,
            of_account_alone=True,
            stripe=stripe,
            reported=reported,
        )
