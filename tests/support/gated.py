"""A small company with plan gates on disk: a SQLite database, a matrix, the app's rules, and a config."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from trueup.actions.audit.run_audit import audit, audit_books
from trueup.actions.checks.catalogue import chosen
from trueup.checks import catalogue
from trueup.config import Config, load_config
from trueup.model.gate import Allowance, PlanGate
from trueup.model.outcome import Outcome
from trueup.model.report import Report
from trueup.model.source import Silent

NOW = datetime(2026, 3, 1, 12)
GATES = ("gate-regression", "gate-uncovered", "gate-unreachable")
MATRIX = """
[features]
exports = { min_plan = "PRO" }
sso = { team_only = true }
[limits]
seats = { FREE = 1, PRO = 5, TEAM = 50 }
"""
RULES = """
FEATURES = {
    "exports": {"PRO", "TEAM"},
    "sso": {"TEAM"},
}
SEATS = {"FREE": 1, "PRO": 5, "TEAM": 50}
def allowed(plan, feature):
    return SEATS[plan] if feature == "seats" else plan in FEATURES[feature]
def features():
    return [*FEATURES, "seats"]
"""
CONFIG = """
preset = "canonical"
[database]
url = "sqlite:///{folder}/app.db"
[stripe]
enabled = false
[relations.account]
allow_empty = true
[gates]
matrix = "gates.toml"
"""
CALLABLE = """
[gates.probes.app]
kind = "callable"
callable = "rules:allowed"
lists = "rules:features"
timeout_seconds = 20
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gated:
    """The company's folder."""

    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / "trueup.toml"

    @property
    def lock(self) -> Path:
        return self.folder / "gates.lock"

    def config(self) -> Config:
        return load_config(self.path, {}, known_checks=[check.id for check in catalogue()])

    def change(self, old: str, new: str, *, file: str = "rules.py") -> None:
        """Change one place of a file."""
        text = (self.folder / file).read_text(encoding="utf-8")
        assert text.count(old) == 1
        (self.folder / file).write_text(text.replace(old, new), encoding="utf-8")
        for compiled in self.folder.glob("**/*.pyc"):  # Python takes one of the same second and size for the file's own
            compiled.unlink()

    def report(self, *, keep_books: Path | None = None) -> Report:
        """An audit by the checks of plan gates."""
        checks = chosen(catalogue(), GATES)
        return audit(self.config(), checks=checks, now=NOW, progress=Silent(), keep_books=keep_books)

    def report_of_books(self, books: Path, *, with_config: bool = True) -> Report:
        """The same, of kept books."""
        checks = chosen(catalogue(), GATES)
        config = self.config() if with_config else None
        return audit_books(books, config=config, checks=checks, now=None, progress=Silent())


def gated(folder: Path, *, probes: str = CALLABLE) -> Gated:
    """The company, in ``folder``; its app does what its matrix says."""
    with closing(sqlite3.connect(folder / "app.db")) as connection:
        connection.execute("CREATE TABLE users (id TEXT PRIMARY KEY, plan TEXT)")
        connection.commit()
    (folder / "rules.py").write_text(RULES, encoding="utf-8")
    (folder / "gates.toml").write_text(MATRIX, encoding="utf-8")
    (folder / "trueup.toml").write_text(CONFIG.format(folder=folder) + probes, encoding="utf-8")
    return Gated(folder=folder)


def outcome(report: Report, check: str) -> Outcome:
    """What became of a check."""
    return next(made.outcome for made in report.outcomes if made.check == check)


def issue_ids(report: Report) -> list[str]:
    """The ids of all findings."""
    return sorted(finding.id for finding in report.findings())


def cell(report: Report, feature: str, plan: str) -> PlanGate:
    """One plan gate."""
    return next(gate for gate in report.plan_gates if (gate.feature, gate.plan) == (feature, plan))


def row(report: Report, feature: str) -> list[Allowance | None]:
    """What each plan gets of a feature, by rank."""
    return [gate.actual for gate in report.plan_gates if gate.feature == feature]
