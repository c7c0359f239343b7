"""Serve: audits that callers share, and audits and alerts in the background."""

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

__all__ = [
    "MAX_AGE_SECONDS",
    "WAIT_SECONDS",
    "AuditUnderway",
    "Background",
    "Origin",
    "RunningAudit",
    "SharedAudits",
    "underway",
]
