"""A second person's approval of an exemption: where one is needed, and which one is of exactly this exemption."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import TYPE_CHECKING

import rfc8785

from trueup.model.approval import ApprovalKind
from trueup.model.errors import ConfigurationError
from trueup.model.money import Impact

if TYPE_CHECKING:
    from datetime import datetime

    from trueup.config import Config
    from trueup.model.relations import Exemption
    from trueup.store import Store

_TAG = b"trueup-exemption-1\0"


class NeedsApproval(ConfigurationError):
    """A second person must approve exactly this exemption first."""


def find_approval(exemption: Exemption, *, config: Config, store: Store, now: datetime) -> str | None:
    """Return the id of the approval that this exemption may use; None where it needs none. Raises ``NeedsApproval``."""
    amount = _amount(exemption, config=config, store=store)
    needed = config.approvals.reason_for_exemption(exemption.check_id, amount)
    target = exemption_target(exemption)
    approval = store.approvals.approved(config.environment, ApprovalKind.EXEMPTION, target, now=now)
    if approval is not None and approval.plan_hash == exemption_hash(exemption, config.environment):
        return approval.approval_id
    if needed is None:
        return None
    cause = needed if approval is None else "what was approved has another owner, reason or end"
    raise NeedsApproval(f"This exemption needs a second person's approval: {cause}.")


def exemption_target(exemption: Exemption) -> str:
    """Return what is exempted, as an approval names it."""
    if exemption.plan is not None:
        return f"{exemption.check_id} of plan {exemption.plan}"
    return f"{exemption.check_id}:{exemption.subject}"


def exemption_hash(exemption: Exemption, environment: str) -> str:
    """Return the SHA-256, in hex, over everything that the exemption says."""
    form = {
        "environment": environment,
        "check": exemption.check_id,
        "subject": exemption.subject,
        "plan": exemption.plan,
        "owner": exemption.owner,
        "reason": exemption.reason,
        "expires": str(exemption.expires_at),
    }
    return hashlib.sha256(_TAG + rfc8785.dumps(form)).hexdigest()


def _amount(exemption: Exemption, *, config: Config, store: Store) -> Impact | None:
    """What the finding puts at risk, as the last audit saw it; None where that is not known, as for a plan."""
    if exemption.subject is None:
        return None
    finding = store.findings.get(config.environment, f"{exemption.check_id}:{exemption.subject}")
    if finding is None or finding.document is None:
        return None
    risk = json.loads(finding.document)["impact"]
    return Impact(money=risk.get("money", {}), credits=Decimal(risk.get("credits", 0)))
