"""Read ``[release]`` by itself: a gate that judges a report needs no database, and none of the secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.config.config_errors import refuse_unknown_check
from trueup.config.file import document_at
from trueup.model.policy import Policy
from trueup.model.settings import ReleaseSettings

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from trueup.config.document import Document


def load_release_settings(path: Path, *, known_checks: Collection[str] | None = None) -> ReleaseSettings:
    """The config's section on releases, with no reference resolved.

    ``known_checks`` are the ids that ``[release.shadow]`` may name; ``None`` accepts any. Raises
    ``ConfigurationError``.
    """
    return release_settings(document_at(path), known_checks, path=path)


def release_settings(document: Document, known_checks: Collection[str] | None, *, path: Path) -> ReleaseSettings:
    """Read the file's section on releases. Raises ``ConfigurationError`` for a check that does not exist."""
    # Pydantic is imported here so that ``trueup --help`` does not pay for it.
    from trueup.config.declared_keys import settings_from  # noqa: PLC0415 - see above

    period_days = settings_from(Policy, document.policy).period_days
    settings = settings_from(
        ReleaseSettings, document.release, environment=document.environment, period_days=period_days
    )
    for check in settings.shadow:
        refuse_unknown_check(check, known_checks, ("release", "shadow", check), path)
    return settings
