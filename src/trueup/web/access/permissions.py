"""What each role may do. A permission that is not granted here is denied."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from trueup.model.access import Role


class Permission(StrEnum):
    """A permission that a route may require. Each route declares exactly one."""

    HEALTH_READ = "health:read"
    SIGN_IN = "session:begin"
    SIGN_OUT = "session:end"
    SCHEMA_READ = "schema:read"
    METRICS_READ = "metrics:read"
    CHECK_READ = "check:read"
    RUN_READ = "run:read"
    FINDING_READ = "finding:read"
    EXEMPTION_READ = "exemption:read"
    REPORT_READ = "report:read"
    """The whole report, as the contract's GET returns it."""
    EVIDENCE_READ = "evidence:read"
    """Evidence, subjects and messages in full; without this permission they are masked."""
    JOURNAL_READ = "journal:read"
    ALERT_READ = "alert:read"
    AUDIT_START = "audit:start"
    REPAIR_PREVIEW = "repair:preview"
    REPAIR_APPLY = "repair:apply"
    EXEMPTION_WRITE = "exemption:write"
    NOTE_WRITE = "note:write"
    GATE_ACCEPT = "gate:accept"
    APPROVAL_READ = "approval:read"
    APPROVAL_DECIDE = "approval:decide"
    TOKEN_MANAGE = "token:manage"  # noqa: S105 - a permission's name


ANYONE = frozenset({Permission.HEALTH_READ, Permission.SIGN_IN})
"""The permission of routes that need no authentication and reveal nothing about the company."""

_VIEWER = ANYONE | {
    Permission.SIGN_OUT,
    Permission.SCHEMA_READ,
    Permission.METRICS_READ,
    Permission.CHECK_READ,
    Permission.RUN_READ,
    Permission.FINDING_READ,
    Permission.EXEMPTION_READ,
}
_ADMIN = _VIEWER | {
    Permission.REPORT_READ,
    Permission.EVIDENCE_READ,
    Permission.JOURNAL_READ,
    Permission.ALERT_READ,
    Permission.AUDIT_START,
    Permission.REPAIR_PREVIEW,
    Permission.REPAIR_APPLY,
    Permission.EXEMPTION_WRITE,
    Permission.NOTE_WRITE,
    Permission.GATE_ACCEPT,
    Permission.APPROVAL_READ,
    Permission.APPROVAL_DECIDE,
}

ROLES: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.VIEWER: _VIEWER,
        Role.ADMIN: _ADMIN,
        Role.SUPER_ADMIN: _ADMIN | {Permission.TOKEN_MANAGE},
    }
)
