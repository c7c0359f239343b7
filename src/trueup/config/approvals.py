"""Turn ``[approvals]`` into settings: checks must exist, and an identity is of one person only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.config.config_errors import complaint, refuse_unknown_check
from trueup.config.declared_keys import settings_from
from trueup.model.approval import EVERY, ApprovalSettings

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from trueup.config.document import ApprovalsSection


def approval_settings(
    section: ApprovalsSection, *, known_checks: Collection[str] | None, path: Path
) -> ApprovalSettings:
    """Return who must approve what. Raises ``ConfigurationError`` for a name that means nothing: it would protect
    nothing.
    """
    settings = settings_from(ApprovalSettings, section, above_money=dict(section.above_money))
    for name, checks in (("repairs", settings.repairs), ("exemptions", settings.exemptions)):
        for position, check in enumerate(checks):
            if check != EVERY:
                refuse_unknown_check(check, known_checks, ("approvals", name, position), path)
    owners: dict[str, str] = {}
    for person, identities in settings.people.items():
        for identity in identities:
            if owners.setdefault(identity, person) != person:
                says = f"names {identity}, which is {owners[identity]}'s already: an identity is of one person"
                raise complaint(path, ("approvals", "people", person), says)
    return settings
