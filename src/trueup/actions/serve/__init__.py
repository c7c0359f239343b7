"""Serve: audits that callers share, audits and alerts in the background, and Stripe's side for pages."""

from trueup.actions.serve.background import Background
from trueup.actions.serve.shared_audits import (
    MAX_AGE_SECONDS,
    WAIT_SECONDS,
    AuditUnderway,
    Origin,
    RunningAudit,
    SharedAudits,
    underway,
)
from trueup.actions.serve.stripe_side import StripeSide, StripeSideState

__all__ = [
    "MAX_AGE_SECONDS",
    "WAIT_SECONDS",
    "AuditUnderway",
    "Background",
    "Origin",
    "RunningAudit",
    "SharedAudits",
    "StripeSide",
    "StripeSideState",
    "underway",
]
