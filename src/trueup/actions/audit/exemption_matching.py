"""Which findings are exempted: by their subject, or by the plan that their account is on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING

from trueup.engines.sql import names_selected, subject_column
from trueup.model.relations import Exemption

if TYPE_CHECKING:
    from trueup.engines.engine import Engine
    from trueup.model.check import Check, EvidenceRow

PLAN_OF_ACCOUNT = "plan_of_account"
"""The column that a check's violations get where a plan is exempted from the check."""

_WITH_PLAN = f"""
SELECT violation.*, holder.plan AS {PLAN_OF_ACCOUNT}
FROM ({{violations}}
) AS violation
LEFT JOIN account AS holder ON holder.account_id = violation.{{account}}
"""


class LiveExemptions:
    """The exemptions that hold on one day. Where a subject and its plan are both exempted, the subject's is shown."""

    def __init__(self, exemptions: Iterable[Exemption]) -> None:
        held = tuple(exemptions)
        self._by_subject: dict[tuple[str, str | None], Exemption] = {
            (exemption.check_id, exemption.subject): exemption for exemption in held if exemption.subject is not None
        }
        self._by_plan: dict[tuple[str, str | None], Exemption] = {
            (exemption.check_id, exemption.plan): exemption for exemption in held if exemption.plan is not None
        }

    def violations(self, check: Check) -> str:
        """The check's query, with the plan of each finding's account where a plan is exempted from the check.

        One join for all its findings; a check that no plan is exempted from is left as it is.
        """
        account = account_named(check)
        if account is None or not any(check_id == check.id for check_id, _ in self._by_plan):
            return check.violations
        return _WITH_PLAN.format(violations=check.violations, account=account)

    def of(self, check: Check, subject: str, row: EvidenceRow) -> Exemption | None:
        """The exemption that holds for this finding, if one does. ``row`` is one of ``violations``."""
        return self._by_subject.get((check.id, subject)) or self._by_plan.get((check.id, _plan_of(row)))


def live_exemptions(engine: Engine, today: date) -> LiveExemptions:
    """The exemptions of the books that have not expired on ``today``."""
    rows = engine.rows("SELECT check_id, subject, plan, owner, reason, expires_at FROM exemption")
    exemptions = (_exemption(row) for row in rows)
    return LiveExemptions(
        exemption for exemption in exemptions if exemption.expires_at is None or exemption.expires_at >= today
    )


def account_named(check: Check) -> str | None:
    """The column of the check's violations that names the account a finding is about; it may be the subject."""
    if "account_id" in names_selected(check.violations):
        return "account_id"
    return "subject" if subject_column(check.violations) == "account_id" else None


def takes_plan(check: Check) -> bool:
    """Whether the check's findings can be exempted by plan: each names an account, or else a plan itself."""
    return account_named(check) is not None or "plan" in names_selected(check.violations)


def _plan_of(row: EvidenceRow) -> str | None:
    """The plan that a finding is about: its account's, or the one it names where it is about no account.

    A finding about several accounts is about no one plan.
    """
    if row.get("accounts") not in (None, 1):
        return None
    plan = row[PLAN_OF_ACCOUNT] if PLAN_OF_ACCOUNT in row else row.get("plan")
    return plan if isinstance(plan, str) else None


def _exemption(row: EvidenceRow) -> Exemption:
    expires, subject, plan = row["expires_at"], row["subject"], row["plan"]
    return Exemption(
        check_id=str(row["check_id"]),
        subject=None if subject is None else str(subject),
        plan=None if plan is None else str(plan),
        owner=str(row["owner"]),
        reason=str(row["reason"]),
        expires_at=expires.date() if isinstance(expires, datetime) else None,
    )
