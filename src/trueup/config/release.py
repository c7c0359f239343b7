"""``[release]``, read by itself too: a gate that judges a report needs no database, and none of the secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.config.config_errors import refuse_unknown_check
from trueup.config.file import document_at
from trueup.model.policy import Policy
from trueup.model.settings import ReleaseSettings
from trueup.model.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from trueup.config.document import Document


def load_release_settings(path: Path, *, known_checks: Collection[str] | None = None) -> ReleaseSettings:
    """What the config at ``path`` says about releases, with no reference of it resolved.

    ``known_checks`` are the ids that ``[release.shadow]`` may name; ``None`` lets any stand. Raises
    ``ConfigurationError``.
    """
    return release_settings(document_at(path), known_checks, path=path)


def release_settings(document: Document, known_checks: Collection[str] | None, *, path: Path) -> ReleaseSettings:
    """What the file says about releases. Raises ``ConfigurationError`` for a check that does not exist."""
    section = document.release
    for check in section.shadow:
        refuse_unknown_check(check, known_checks, ("release", "shadow", check), path)
    return ReleaseSettings(
        environment=document.environment,
        period_days=document.policy.period_days or Policy().period_days,
        fail_on=Severity(section.fail_on),
        baseline_environment=section.baseline_environment,
        max_age_minutes=section.max_age_minutes,
        shadow=dict(section.shadow),
    )
