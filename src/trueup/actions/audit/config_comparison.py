"""What another config would find in the same snapshot: nothing is recorded, and the database is read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from trueup.actions.audit.configured import supply_configured
from trueup.actions.audit.run_audit import moment_of, report_on
from trueup.actions.audit.snapshot import copied_books
from trueup.books.file import Books
from trueup.books.opening import open_books
from trueup.books.place import private_folder
from trueup.config import Config
from trueup.model.check import Check
from trueup.model.errors import ConfigurationError
from trueup.model.finding import Finding
from trueup.model.report import Report
from trueup.model.source import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigComparison:
    """The reports of one snapshot by two configs, and the findings in which they differ, in the order of their ids."""

    before: Report
    after: Report
    new: tuple[Finding, ...]
    gone: tuple[Finding, ...]
    changed: tuple[tuple[Finding, Finding], ...]
    """Findings of both whose severity or evidence differ: as it is, and as it would be."""

    @property
    def differs(self) -> bool:
        """Whether the other config finds anything else."""
        return bool(self.new or self.gone or self.changed)


def compare_configs(
    config: Config,
    changed: Config,
    *,
    checks: Sequence[Check],
    now: datetime | None,
    progress: Progress,
    books: Path | None = None,
) -> ConfigComparison:
    """Return what ``changed`` would find that ``config`` does not, and the reverse.

    Plans, prices, exemptions and the policy may differ. The database is read once, or ``books`` that were kept are.
    Raises ``ConfigurationError`` where the two read other rows, and what an audit raises.
    """
    if (config.database_url, config.relations) != (changed.database_url, changed.relations):
        raise ConfigurationError(
            f"{changed.path} reads other rows than {config.path}: only [plans], [prices], [policy] and [[exemptions]] "
            "can be compared in one snapshot."
        )
    if books is not None:
        with private_folder() as folder, open_books(books, spill=folder / "spill") as opened:
            supply_configured(opened, config, for_this_run=True)
            return _compare(opened, config, changed, checks, now or moment_of(opened, books), progress)
    if now is None:
        raise ValueError("without kept books, the moment must be given")
    with copied_books(config, checks=checks, now=now, progress=progress, everything=True) as copied:
        return _compare(copied, config, changed, checks, now, progress)


def _compare(
    books: Books, config: Config, changed: Config, checks: Sequence[Check], now: datetime, progress: Progress
) -> ConfigComparison:
    before = report_on(books, checks=checks, policy=config.policy, now=now, progress=progress, release=config.release)
    supply_configured(books, changed, for_this_run=True)
    after = report_on(books, checks=checks, policy=changed.policy, now=now, progress=progress, release=changed.release)
    old = {finding.id: finding for finding in before.findings()}
    new = {finding.id: finding for finding in after.findings()}
    return ConfigComparison(
        before=before,
        after=after,
        new=tuple(new[name] for name in sorted(new.keys() - old.keys())),
        gone=tuple(old[name] for name in sorted(old.keys() - new.keys())),
        changed=tuple(
            (old[name], new[name]) for name in sorted(old.keys() & new.keys()) if _differ(old[name], new[name])
        ),
    )


def _differ(now: Finding, other: Finding) -> bool:
    return (now.severity, now.message, now.exemption is None) != (
        other.severity,
        other.message,
        other.exemption is None,
    )
