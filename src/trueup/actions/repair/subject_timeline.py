"""Explain one finding from the few rows that concern it: fast on a ledger of any size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from trueup.actions.explain import Explanation, explained
from trueup.actions.repair.subject_reader import SubjectReader
from trueup.actions.repair.subject_snapshot import load, read_subject
from trueup.model.errors import SourceUnavailable
from trueup.model.source import Silent
from trueup.targets.target import Trouble

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from trueup.actions.repair.session import RepairSession
    from trueup.model.check import Check


def looked_at(
    session: RepairSession, check: Check, subject: str, *, now: datetime, accounts: Collection[str] = ()
) -> Explanation:
    """The finding about ``subject`` as the database has it now, with its account's ledger.

    ``accounts`` are those that it is known to be about, where the subject does not say so.

    A check that compares with all accounts (what is usual for a kind) compares only with the account's own rows here.
    As many look at once as there are processors. The report has no guardrails. Raises ``SourceUnavailable``.
    """
    issue_id = f"{check.id}:{subject}"
    try:
        with session.turn(), session.target.reading() as connection, session.scratch_books() as books:
            reader = SubjectReader(session, connection, session.layout().mappings)
            load(books, read_subject(reader, check, subject, accounts=accounts), session)
            books.books.begin(environment=session.config.environment, as_of=now)
            account = session.config.stripe.account
            policy = session.config.policy
            return explained(
                books.books, check, issue_id, policy, now, Silent(), stripe_account=account, of_account_alone=True
            )
    except DBAPIError as error:
        if session.target.trouble(error) is Trouble.UNFIT:
            session.forget()
        raise SourceUnavailable(
            f"{session.target.place} cannot be read: {session.target.describe_error(error)}."
        ) from None
