"""One finding in full, from the few rows that bear on it: fast on a ledger of any size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from trueup.actions.explain import Explanation, explained
from trueup.actions.repair.rows import SubjectRows
from trueup.actions.repair.slice import load, read_slice
from trueup.model.errors import SourceUnavailable
from trueup.model.source import Silent
from trueup.targets.target import Trouble

if TYPE_CHECKING:
    from datetime import datetime

    from trueup.actions.repair.desk import Desk
    from trueup.model.check import Check


def looked_at(desk: Desk, check: Check, subject: str, *, now: datetime) -> Explanation:
    """The finding about ``subject`` as the database has it now, with its account's ledger.

    What a check compares with everybody else (what is usual for a kind) it compares here with the account's own rows.
    As many look at once as there are processors. The report has no guardrails. Raises ``SourceUnavailable``.
    """
    issue_id = f"{check.id}:{subject}"
    try:
        with desk.turn(), desk.target.reading() as connection, desk.scratch_books() as books:
            found = read_slice(SubjectRows(desk, connection, desk.layout().mappings), check, subject)
            load(books, found, desk)
            books.books.begin(environment=desk.config.environment, as_of=now)
            account = desk.config.stripe.account
            policy = desk.config.policy
            return explained(
                books.books, check, issue_id, policy, now, Silent(), stripe_account=account, is_judged=False
            )
    except DBAPIError as error:
        if desk.target.trouble(error) is Trouble.UNFIT:
            desk.forget()
        raise SourceUnavailable(f"{desk.target.place} cannot be read: {desk.target.said(error)}.") from None
