"""Exempt a subject, or a plan, from a check: its owner answers for it, for a reason, until a day."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import date, datetime

from trueup.actions.audit import takes_plan
from trueup.actions.checks import chosen
from trueup.actions.exemptions.approval import find_approval
from trueup.config import Config
from trueup.model.attribution import clean_name, clean_reason
from trueup.model.check import Check
from trueup.model.errors import ConfigurationError, nearest
from trueup.model.finding import SUBJECT_LENGTH
from trueup.model.redact import redact
from trueup.model.relations import Exemption
from trueup.store import Store, StoredExemption


class UnknownExemption(ConfigurationError):
    """The store holds no such exemption to remove."""


def refuse_exempted_plans(config: Config, catalogue: Sequence[Check]) -> None:
    """Refuse a config that exempts a plan from a check whose findings name no plan: it would silence nothing.

    Raises ``ConfigurationError``.
    """
    for exemption in config.exemptions:
        if exemption.plan is not None:
            _refuse_planless(next((check for check in catalogue if check.id == exemption.check_id), None))


def exempt(
    *,
    store: Store,
    config: Config,
    catalogue: Sequence[Check],
    check: str,
    owner: str,
    reason: str,
    expires_at: date,
    actor: str,
    now: datetime,
    subject: str | None = None,
    plan: str | None = None,
) -> StoredExemption:
    """Exempt ``subject``, as the issue's id names it, or every finding about an account on ``plan``.

    ``expires_at`` is the last day it holds. A secret in the reason is masked before it is stored. Raises
    ``ConfigurationError`` for values that cannot be right, ``AlreadyExempted``, and ``NeedsApproval`` or
    ``ApprovalGone`` where ``[approvals]`` wants a second person.
    """
    exemption = propose_exemption(
        config=config,
        catalogue=catalogue,
        check=check,
        subject=subject,
        plan=plan,
        owner=owner,
        reason=reason,
        expires_at=expires_at,
        now=now,
    )
    approval_id = find_approval(exemption, config=config, store=store, now=now)
    return store.exemptions.add(
        exemption, environment=config.environment, created_by=actor, now=now, approval_id=approval_id
    )


def propose_exemption(
    *,
    config: Config,
    catalogue: Sequence[Check],
    check: str,
    owner: str,
    reason: str,
    expires_at: date,
    now: datetime,
    subject: str | None = None,
    plan: str | None = None,
) -> Exemption:
    """Return the exemption as it would be stored. Raises ``ConfigurationError`` for values that cannot be right."""
    scope = exempted_scope(config, catalogue, check=check, subject=subject, plan=plan)
    if expires_at < now.date():
        raise ConfigurationError(f"An exemption that ended on {expires_at} exempts nothing; give a day in the future.")
    return dataclasses.replace(
        scope,
        owner=redact(clean_name(owner.strip(), what="owner")),
        reason=redact(clean_reason(reason)),
        expires_at=expires_at,
    )


def exempted_scope(
    config: Config, catalogue: Sequence[Check], *, check: str, subject: str | None, plan: str | None
) -> Exemption:
    """Return what is exempted, still without an owner. Raises ``ConfigurationError`` where it cannot exist."""
    (known,) = chosen(catalogue, [check])
    if (subject is None) == (plan is None):
        raise ConfigurationError("Name either a subject or a plan, whose findings are accepted.")
    if subject is not None:
        return Exemption(check_id=check, subject=clean_name(subject, what="subject", longest=SUBJECT_LENGTH))
    plans = [plan_settings.plan for plan_settings in config.plans]
    if plan not in plans:
        raise ConfigurationError(f'There is no plan "{plan}" under [plans]{nearest(str(plan), plans)}')
    _refuse_planless(known)
    return Exemption(check_id=check, plan=plan)


def end_exemption(
    *,
    store: Store,
    environment: str,
    check: str,
    actor: str,
    now: datetime,
    subject: str | None = None,
    plan: str | None = None,
) -> None:
    """Remove an exemption. A record of it stays. Raises ``UnknownExemption`` when the store holds none."""
    if (subject is None) == (plan is None):
        raise ConfigurationError("Name either a subject or a plan, whose exemption is removed.")
    scope = Exemption(check_id=check, subject=subject, plan=plan)
    if not store.exemptions.remove(scope, environment=environment, removed_by=actor, now=now):
        raise UnknownExemption(
            f"The store exempts no {scope.scope_text} from {check} in {environment}; `trueup exempt list` shows its "
            "exemptions. Remove one of trueup.toml in that file."
        )


def _refuse_planless(check: Check | None) -> None:
    if check is not None and not takes_plan(check):
        raise ConfigurationError(
            f"{check.id} has findings that are about no account, so no plan can be exempted from it; name a subject."
        )
