"""Paging over many findings: each exactly once, in every list, while new runs are recorded in between."""

from __future__ import annotations

import dataclasses
import itertools
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.admin_api import REPORT
from tests.support.api import NOW, Client, Clock, asking, config_in, token_for
from tests.support.reports import finding
from trueup.actions.audit.record_run import remember
from trueup.checks import catalogue
from trueup.model.access import Role
from trueup.model.outcome import Checked, CheckOutcome
from trueup.model.report import RelationRead, Report
from trueup.store import Store, open_store
from trueup.web import create_app

FINDINGS = 2500
ENVIRONMENT = "paging"
SORTS = ("severity", "risk", "subject", "first_seen")
CHECKS = catalogue()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An app over a store in which runs are recorded by hand; no database stands behind them."""

    store: Store
    clock: Clock
    client: Client
    token: str

    def record(self, subjects: Sequence[str]) -> None:
        """A run that found these subjects, and nothing else."""
        report = report_of(subjects, self.clock.now)
        remember(report, store=self.store, trigger="command", milliseconds=1, catalogue=CHECKS)

    def get(self, path: str) -> Any:
        """The JSON of an answer."""
        answer = self.client.ask("GET", path, token=self.token)
        assert answer.status_code == 200, answer.text
        return answer.json()


def report_of(subjects: Sequence[str], now: datetime) -> Report:
    """A complete report in which one check found these."""
    found = tuple(finding("credit-balance", subject, f"{subject} is wrong") for subject in subjects)
    return Report(
        run_id=str(uuid.uuid4()),
        generated_at=now,
        environment=ENVIRONMENT,
        period_days=45,
        database_as_of=now,
        relations=(RelationRead(relation="account", table="users", rows=500_000),),
        outcomes=tuple(
            CheckOutcome(
                check=check.id,
                outcome=Checked(population=500_000, findings=found if check.id == "credit-balance" else ()),
                milliseconds=1,
            )
            for check in CHECKS
        ),
    )


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    """A store with one run of many findings."""
    folder: Path = tmp_path_factory.mktemp("paging")
    url = f"sqlite:///{folder}/store.db"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_server").create_database()
    clock = Clock(NOW)
    with open_store(url) as store:
        config = dataclasses.replace(config_in(folder), environment=ENVIRONMENT)
        app = create_app(config, store=store, catalogue=CHECKS, clock=clock)
        with asking(app) as client:
            made = Recorded(store=store, clock=clock, client=client, token=token_for(store, Role.ADMIN))
            made.record([f"{'Aä-_z'[number % 5]}{number:05}" for number in range(FINDINGS)])
            yield made


def pages(recorded: Recorded, path: str, name: str) -> Iterator[list[dict[str, Any]]]:
    """The pages of a list; before each next one, a run is recorded that finds other things and fewer."""
    cursor = ""
    for turn in itertools.count(1):
        page = recorded.get(path + cursor)
        yield page[name]
        if page["nextCursor"] is None:
            return
        cursor = f"&cursor={page['nextCursor']}"
        recorded.clock.forward(seconds=1)
        recorded.record([f"z{number:05}" for number in range(turn)])


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (f"{REPORT}?limit=400", "issues"),
        *(
            (f"/api/v1/findings?limit=700&sort={sort}", "findings")
            for sort in ("severity", "risk", "subject", "first_seen")
        ),
        ("/api/v1/findings?limit=700&severity=critical&check=credit-balance", "findings"),
    ],
)
def test_each_finding_is_seen_once_while_runs_are_recorded(recorded: Recorded, path: str, name: str) -> None:
    recorded.clock.forward(seconds=1)
    subjects = [f"{'Aä-_z'[number % 5]}{number:05}" for number in range(FINDINGS)]
    recorded.record(subjects)
    seen = [one["subject"] for page in pages(recorded, path, name) for one in page]
    assert len(seen) == FINDINGS
    assert sorted(seen) == sorted(subjects)


@pytest.mark.slow
def test_resolved_findings_are_each_listed_once_while_runs_are_recorded(recorded: Recorded) -> None:
    recorded.clock.forward(seconds=1)
    subjects = [f"gone-{number:05}" for number in range(FINDINGS)]
    recorded.record(subjects)
    recorded.clock.forward(seconds=1)
    recorded.record(["z00000"])
    seen = [
        one["subject"]
        for page in pages(recorded, "/api/v1/findings?limit=700&state=resolved", "findings")
        for one in page
    ]
    assert len(seen) == len(set(seen))
    assert set(subjects) <= set(seen)


def test_a_page_of_a_large_report_counts_the_whole(recorded: Recorded) -> None:
    recorded.clock.forward(seconds=1)
    recorded.record([f"user_{number}" for number in range(FINDINGS)])
    page = recorded.get(REPORT)
    assert (len(page["issues"]), page["nextCursor"] is None) == (500, False)
    assert page["summary"]["severities"]["critical"] == FINDINGS
    assert page["summary"]["checkedUsers"] == 500_000
