"""Exempt one finding of a frozen list, or request approval for that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.actions.approvals import request_exemption
from trueup.actions.bulk.frozen import BulkLine, BulkOutcome
from trueup.actions.exemptions import exempt
from trueup.model.approval import Approval
from trueup.model.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime

    from trueup.config import Config
    from trueup.model.check import Check
    from trueup.store import Store, StoredExemption, StoredIssue


def exempt_frozen(
    finding: StoredIssue,
    *,
    ask: bool = False,
    owner: str,
    reason: str,
    expires_at: date,
    actor: str,
    config: Config,
    catalogue: Sequence[Check],
    store: Store,
    now: datetime,
) -> BulkLine:
    """Exempt a finding, or with ``ask`` ask for a second person; a refusal is a line too. ``now`` is naive UTC.

    Raises ``StoreUnavailable``.
    """
    verb: Callable[..., StoredExemption | Approval] = request_exemption if ask else exempt
    try:
        result = verb(
            check=finding.check,
            subject=finding.subject,
            owner=owner,
            reason=reason,
            expires_at=expires_at,
            actor=actor,
            config=config,
            catalogue=catalogue,
            store=store,
            now=now,
        )
    except ConfigurationError as refused:
        return BulkLine(issue_id=finding.issue_id, outcome=BulkOutcome.REFUSED, detail=str(refused))
    if isinstance(result, Approval):
        return BulkLine(issue_id=finding.issue_id, outcome=BulkOutcome.REQUESTED, detail=result.summary)
    return BulkLine(issue_id=finding.issue_id, outcome=BulkOutcome.APPLIED, detail=f"exempt until {expires_at}")
