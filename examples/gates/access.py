"""The access rules of the application: who may use what, and how much of it.

Everything that asks, the routes and trueup's probe, asks here.
"""

from __future__ import annotations

FEATURES = {
    "api": {"FREE", "PRO", "TEAM"},
    "exports": {"PRO", "TEAM"},
    "audit_log": {"TEAM"},
}
LIMITS = {
    "seats": {"FREE": 1, "PRO": 5, "TEAM": 50},
    "exports_per_month": {"FREE": 0, "PRO": 100, "TEAM": 1000},
}


def allowance(plan: str, feature: str) -> bool | int:
    """Whether this plan has the feature, or how much of it. Raises ``KeyError`` for a feature that there is not."""
    if feature in LIMITS:
        return LIMITS[feature].get(plan, 0)
    return plan in FEATURES[feature]


def features() -> list[str]:
    """The names of everything that a plan may have or lack."""
    return [*FEATURES, *LIMITS]
