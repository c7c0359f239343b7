"""A demo company the whole way: made, written into a place, audited from there beside Stripe's objects."""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from trueup.actions.audit.run_audit import audit
from trueup.checks import catalogue
from trueup.config import load_config
from trueup.demo import Company, make_company
from trueup.demo.truth import Truth
from trueup.formats.document import as_json
from trueup.formats.json import issue
from trueup.model.report import Report
from trueup.model.source import Silent

NOW = datetime(2026, 11, 23, 7, 30, 15)


@functools.cache
def company_of(*, accounts: int, seed: int = 1, fault_share: float = 0.07) -> Company:
    """A company of this size as of ``NOW``, made once and kept for all that want its database somewhere.

    Its Stripe's objects can be written only once; whoever wants those makes a company of their own.
    """
    held = contextlib.ExitStack()
    atexit.register(held.close)
    return held.enter_context(make_company(accounts=accounts, seed=seed, now=NOW, fault_share=fault_share))


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """What an audit said of a company, and what it should have said."""

    truth: Truth
    report: Report

    @property
    def issue_ids(self) -> list[str]:
        """The ids of all findings, exempted ones too."""
        return sorted(finding.id for finding in self.report.findings())

    @property
    def exempted_ids(self) -> list[str]:
        """The ids of the findings that an exemption silences."""
        return sorted(finding.id for finding in self.report.findings() if finding.exemption)

    @property
    def issues(self) -> str:
        """The report's ``issues`` as JSON."""
        return issues_of(self.report)


def issues_of(report: Report) -> str:
    """The report's ``issues`` as JSON."""
    found = [as_json(issue(finding, first_seen=NOW)) for finding in report.findings()]
    return json.dumps(found, indent=1)


def audited(place: str, folder: Path, *, accounts: int, seed: int = 1, fault_share: float = 0.07) -> Audited:
    """Make a company, write it into ``place`` and audit it from there. ``folder`` gets the config."""
    with make_company(accounts=accounts, seed=seed, now=NOW, fault_share=fault_share) as company:
        company.write(place)
        return Audited(truth=company.truth, report=report_of(company, place, folder))


def report_of(company: Company, place: str, folder: Path, *, now: datetime = NOW) -> Report:
    """The report of an audit of a company that was written into ``place``."""
    checks = catalogue()
    company.write_gates(folder)
    company.write_stripe(folder / "stripe")
    path = folder / "trueup.toml"
    path.write_text(company.config_text("${DEMO_DATABASE_URL}", stripe=folder / "stripe"), encoding="utf-8")
    config = load_config(path, {"DEMO_DATABASE_URL": place}, known_checks=[check.id for check in checks])
    return audit(config, checks=checks, now=now, progress=Silent())
