"""Approve or reject what another person asked for. A refused try is put on record beside the request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from trueup.actions.approvals.people import is_known, names_of
from trueup.model.approval import Approval, ApprovalState
from trueup.model.attribution import clean_reason
from trueup.model.errors import ConfigurationError

if TYPE_CHECKING:
    from datetime import datetime

    from trueup.config import Config
    from trueup.store import Store

FRESH_MINUTES = 5
"""How old the sign-in, or the token, of a person who approves may be: a role that was taken away is seen only there."""

_SKEW = timedelta(minutes=1)


class UnknownApproval(ConfigurationError):
    """This environment has no such approval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalCaller:
    """The person who decides. ``proven_at`` is when the identity was last proven, naive UTC; None where it was not."""

    actor: str
    proven_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRefused:
    """Why the decision does not count. ``needs_sign_in`` where a new sign-in would help, ``late`` where another
    decision, or the end of the request, was first.
    """

    reason: str
    needs_sign_in: bool = False
    late: bool = False


def approve(
    approval_id: str, *, caller: ApprovalCaller, reason: str, config: Config, store: Store, now: datetime
) -> Approval | DecisionRefused:
    """Approve what another person asked for; of two people who decide at once one wins. ``now`` is naive UTC.

    Raises ``UnknownApproval``, ``ConfigurationError`` for an invalid reason, and ``StoreUnavailable``.
    """
    cleaned = clean_reason(reason)
    approval = _found(approval_id, config=config, store=store)
    obstacle = find_obstacle(approval, caller, config=config, store=store, now=now)
    if obstacle is not None:
        return _on_record(approval, caller, obstacle, store=store, now=now)
    return _decide(approval, ApprovalState.APPROVED, caller, cleaned, config=config, store=store, now=now)


def reject(
    approval_id: str, *, caller: ApprovalCaller, reason: str, config: Config, store: Store, now: datetime
) -> Approval | DecisionRefused:
    """Reject a request. The person who asked may do so too, and thereby withdraws it. Raises as ``approve`` does."""
    cleaned = clean_reason(reason)
    approval = _found(approval_id, config=config, store=store)
    return _decide(approval, ApprovalState.REJECTED, caller, cleaned, config=config, store=store, now=now)


def find_obstacle(
    approval: Approval, caller: ApprovalCaller, *, config: Config, store: Store, now: datetime
) -> DecisionRefused | None:
    """Say why this person cannot approve this request now; None where they can. Raises ``StoreUnavailable``."""
    if not is_known(caller.actor, config=config, store=store):
        return DecisionRefused(
            reason=f"{caller.actor} does not say who the person is: sign in at the identity provider, or list the "
            "identity in [approvals.people].",
        )
    mine = names_of(caller.actor, config=config, store=store)
    if mine & names_of(approval.requested_by, config=config, store=store):
        return DecisionRefused(reason="This is your own request; another person must approve it.")
    age = None if caller.proven_at is None else now - caller.proven_at
    if age is None or not -_SKEW <= age <= timedelta(minutes=FRESH_MINUTES):
        return DecisionRefused(
            reason=f"Approving needs a sign-in, or a token, of at most {FRESH_MINUTES} minutes ago; sign in again.",
            needs_sign_in=True,
        )
    state = approval.state_at(now)
    if state is not ApprovalState.REQUESTED:
        return DecisionRefused(reason=f"It cannot be decided any more: it is {state}.", late=True)
    return None


def _found(approval_id: str, *, config: Config, store: Store) -> Approval:
    approval = store.approvals.get(config.environment, approval_id)
    if approval is None:
        raise UnknownApproval("There is no such approval; `trueup approvals list` shows them.")
    return approval


def _decide(
    approval: Approval,
    state: ApprovalState,
    caller: ApprovalCaller,
    reason: str,
    *,
    config: Config,
    store: Store,
    now: datetime,
) -> Approval | DecisionRefused:
    is_first = store.approvals.decide(approval.approval_id, state, decided_by=caller.actor, reason=reason, now=now)
    after = _found(approval.approval_id, config=config, store=store)
    if is_first:
        return after
    late = DecisionRefused(reason=f"It cannot be decided any more: it is {after.state_at(now)}.", late=True)
    return _on_record(approval, caller, late, store=store, now=now)


def _on_record(
    approval: Approval, caller: ApprovalCaller, refused: DecisionRefused, *, store: Store, now: datetime
) -> DecisionRefused:
    store.approvals.note_refusal(approval.approval_id, actor=caller.actor, reason=refused.reason, now=now)
    return refused
