"""An app that can be repaired: a demo company in a real database, its journal installed, its config loaded."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy

from tests.support.demo import NOW, company_of
from trueup import journal
from trueup.actions.audit.run_audit import audit
from trueup.checks import catalogue
from trueup.config import Config, load_config
from trueup.model.check import Check
from trueup.model.finding import Finding
from trueup.model.outcome import Checked
from trueup.model.report import Report
from trueup.model.source import Silent
from trueup.targets import open_target

REASON = "Agreed with finance in ticket 4711."


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """A database with a config that may read and repair it."""

    config: Config
    checks: tuple[Check, ...]
    now: datetime

    def report(self) -> Report:
        """An audit of it as it is now."""
        return audit(self.config, checks=self.checks, now=self.now, progress=Silent())

    def repairable(self, check: str = "") -> list[Finding]:
        """What an audit offers to repair, of one check or of all."""
        asked = [each for each in self.checks if each.repair is not None and check in ("", each.id)]
        return [finding for finding in self._asking(asked).findings() if finding.repairable]

    def is_found(self, issue_id: str) -> bool:
        """Whether an audit finds this; only its own check is asked."""
        asked = [each for each in self.checks if each.id == issue_id.partition(":")[0]]
        report = self._asking(asked)
        assert [type(each.outcome) for each in report.outcomes] == [Checked], report.outcomes
        return issue_id in {finding.id for finding in report.findings()}

    def _asking(self, checks: Sequence[Check]) -> Report:
        return audit(self.config, checks=checks, now=self.now, progress=Silent(), covers_all_checks=False)

    def rows(self, sql: str) -> Sequence[tuple[object, ...]]:
        """What the database answers to a query."""
        with contextlib.ExitStack() as held:
            connection = held.enter_context(open_target(self.config.database_url).transaction())
            return [tuple(row) for row in connection.execute(sqlalchemy.text(sql))]

    def execute(self, sql: str) -> None:
        """Change the database as somebody else would."""
        with open_target(self.config.database_url).transaction() as connection:
            connection.execute(sqlalchemy.text(sql))
            connection.commit()

    def journal_is_sound(self) -> int:
        """Verify the whole journal; how many rows it has."""
        with open_target(self.config.database_url).transaction() as connection:
            verdict = journal.verify(journal.entries(connection), head=journal.head_of(connection))
        assert isinstance(verdict, journal.Sound), verdict
        return verdict.count


def app_of(place: str, config_text: str, folder: Path, *, now: datetime = NOW) -> App:
    """The app at ``place``, whose tables are there already; its journal is installed."""
    checks = catalogue()
    path = folder / "trueup.toml"
    path.write_text(config_text, encoding="utf-8")
    config = load_config(path, {"PLACE": place}, known_checks=[check.id for check in checks])
    with open_target(place).transaction() as connection:
        journal.install(connection)
        connection.commit()
    return App(config=config, checks=checks, now=now)


def with_repair_url(text: str) -> str:
    """A config's text with repairs switched on, by the same address as its audits."""
    return text.replace("[database]\n", '[database]\nrepair_url = "${PLACE}"\n', 1)


def demo_app(place: str, folder: Path, *, accounts: int = 150, seed: int = 1, fault_share: float = 0.07) -> App:
    """A demo company with its planted faults in ``place``."""
    company = company_of(accounts=accounts, seed=seed, fault_share=fault_share)
    company.write(place)
    company.write_gates(folder)
    text = with_repair_url(company.config_text("${PLACE}"))
    return app_of(place, text, folder)
