"""Two-person approvals: which changes need a second person, and what an approval says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from trueup.model.config_key import Whole, key
from trueup.model.money import Impact, credits_text, money_text

EVERY = "all"
"""In a list of checks: every one of them."""

DAY_MINUTES = 1440


class ApprovalKind(StrEnum):
    """What is approved."""

    REPAIR = "repair"
    EXEMPTION = "exemption"
    UNDO = "undo"


class ApprovalState(StrEnum):
    """The state of an approval. Only a requested one can be decided, only an approved one can be used."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    USED = "used"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalSettings:
    """``[approvals]``: which repairs and exemptions need a second person, and which identities are one person."""

    repairs: tuple[str, ...] = key(default=())
    """Checks whose repairs need a second person whatever their amount, such as ``credit-balance``; ``all``."""
    exemptions: tuple[str, ...] = key(default=())
    """Checks whose exemptions need a second person whatever their amount; ``all``."""
    above_credits: Decimal | None = key(default=None, not_negative=True)
    """A repair that moves, or an exemption that accepts, more credits than this needs a second person. So does an
    exemption whose amount is not known, such as that of a plan."""
    above_money: Mapping[str, int] = field(default_factory=dict)
    expire_minutes: int = key(default=4 * 60, within=Whole(5, 7 * DAY_MINUTES))
    """How long after the request it can be approved and applied."""
    people: Mapping[str, tuple[str, ...]] = key(default_factory=dict)
    """A person = that person's identities, as the journal has them: ``ada = ["oidc:2482", "token:3f9c2a71d05be846"]``.
    No person approves what one of their own identities has asked for. An API token can approve only where it is listed
    here, or was made by an identity that can."""

    def reason_for_repair(self, check: str, amount: Impact) -> str | None:
        """Return why a repair of this check and amount needs a second person; None where it does not."""
        if check in self.repairs or EVERY in self.repairs:
            return f"[approvals] repairs names {check if check in self.repairs else EVERY}"
        return self._excess(amount)

    def reason_for_exemption(self, check: str, amount: Impact | None) -> str | None:
        """Return why an exemption from this check needs a second person; ``amount`` None is unknown."""
        if check in self.exemptions or EVERY in self.exemptions:
            return f"[approvals] exemptions names {check if check in self.exemptions else EVERY}"
        if amount is None:
            has_limit = self.above_credits is not None or bool(self.above_money)
            return "how much it would accept is not known" if has_limit else None
        return self._excess(amount)

    def _excess(self, amount: Impact) -> str | None:
        if self.above_credits is not None and amount.credits > self.above_credits:
            return f"{credits_text(amount.credits)} credits are more than {credits_text(self.above_credits)}"
        for currency, limit in sorted(self.above_money.items()):
            if amount.money.get(currency, 0) > limit:
                return f"{money_text(amount.money[currency], currency)} is more than {money_text(limit, currency)}"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A request for a second person, and what became of it.

    ``plan_hash`` is of exactly what may be written; ``target`` is the issue, or what is exempted. ``asked`` is the
    request as a document: what a person who decides must see, and what is applied. Times are naive UTC.
    """

    approval_id: str
    kind: ApprovalKind
    target: str
    plan_hash: str
    summary: str
    asked: Mapping[str, object] = field(repr=False)
    reason: str
    requested_by: str
    requested_at: datetime
    expires_at: datetime
    state: ApprovalState = ApprovalState.REQUESTED
    decided_by: str | None = None
    decided_at: datetime | None = None
    decision_reason: str | None = None
    used_by: str | None = None
    used_at: datetime | None = None

    def state_at(self, now: datetime) -> ApprovalState:
        """Return the state at this moment: an approval that was not used in time has expired."""
        is_waiting = self.state in {ApprovalState.REQUESTED, ApprovalState.APPROVED}
        return ApprovalState.EXPIRED if is_waiting and now >= self.expires_at else self.state
