"""The request for a repair: one issue, a reason, an actor. It is checked here for every door."""

from __future__ import annotations

import hashlib
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import rfc8785

from trueup.actions.checks import chosen
from trueup.model.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueup.model.approval import Approval
    from trueup.model.check import Check
    from trueup.model.customer_lookup import LookupAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairRequest:
    """One requested repair. ``now`` is naive UTC; ``attempt_id`` identifies this attempt for ever."""

    issue_id: str
    check: Check
    subject: str
    reason: str
    actor: str
    now: datetime
    idempotency_key: str | None = None
    request_id: str | None = None
    plan_hash: str | None = None
    dry_run: bool = False
    unattended: bool = False
    answer: LookupAnswer | None = None
    """Stripe's answer about the account, if it was asked."""
    approval: Approval | None = None
    """A second person's approval of one plan. The repair has its id, so that the database lets it be used once."""
    attempt_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    undoes: str | None = None
    """The id of the repair that is undone; None for a repair."""
    begun: float = field(default_factory=time.monotonic, compare=False)

    @property
    def repair_id(self) -> str:
        """The repair's id for ever: the approval's, where there is one, and otherwise this attempt's."""
        return self.approval.approval_id if self.approval is not None else self.attempt_id

    @property
    def moment(self) -> datetime:
        """``now``, and the time that has passed since: when something is decided late, this is late as well."""
        return self.now + timedelta(seconds=time.monotonic() - self.begun)

    @property
    def body_hash(self) -> str:
        """SHA-256, in hex, of the request: the same key with another body is another call."""
        body = {"issueId": self.issue_id, "reason": self.reason, "planHash": self.plan_hash}
        if self.undoes is not None:
            body["undoes"] = self.undoes
        return hashlib.sha256(rfc8785.dumps(body)).hexdigest()


def issue_of(issue_id: str, catalogue: Sequence[Check]) -> tuple[Check, str]:
    """The check and the subject of an issue id. Raises ``ConfigurationError``."""
    name, colon, subject = issue_id.partition(":")
    if not colon or not subject:
        raise ConfigurationError(f'"{issue_id}" is not an issue id; one looks like credit-balance:user_123.')
    return chosen(catalogue, [name])[0], subject
