"""A report that is remembered: whole, however odd its words are, and what it may and may not decide."""

from __future__ import annotations

import dataclasses
import io
import json
import uuid
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.support.reports import CATALOGUE, NOW, QUICK, finding, reports
from trueup.actions.audit.record_run import remember
from trueup.actions.audit.stored_exemptions import with_stored_exemptions
from trueup.actions.exemptions.acceptance import end_exemption, exempt
from trueup.checks import catalogue
from trueup.config import Config, load_config
from trueup.formats import write
from trueup.model.change import Value
from trueup.model.errors import ConfigurationError
from trueup.model.finding import Finding
from trueup.model.outcome import Broken, Checked, CheckOutcome, Outcome, Skipped
from trueup.model.report import RelationRead, Report
from trueup.store import Keyset, RunDifference, State, Store, open_store

HOUR = timedelta(hours=1)
CHECKS = tuple(CATALOGUE.values())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A new store."""
    with open_store(f"sqlite:///{tmp_path / 'trueup.db'}") as opened:
        yield opened


def report(outcomes: dict[str, Outcome], *, at: datetime = NOW, **fields: Any) -> Report:
    """A report in which every other check of the catalogue found nothing."""
    known: dict[str, Outcome] = dict.fromkeys(CATALOGUE, Checked(population=5, findings=()))
    values: dict[str, Any] = {
        "run_id": str(uuid.uuid4()),
        "generated_at": at,
        "environment": "production",
        "period_days": 45,
        "database_as_of": at,
        "relations": (),
        "outcomes": tuple(
            CheckOutcome(check=check, outcome=outcome, milliseconds=1) for check, outcome in (known | outcomes).items()
        ),
    }
    return Report(**(values | fields))


def found(*subjects: str, **evidence: Value) -> Checked:
    """What a check found about these subjects."""
    return Checked(population=5, findings=tuple(balance(subject, **evidence) for subject in subjects))


def balance(subject: str, **evidence: Value) -> Finding:
    """A wrong balance."""
    return finding("credit-balance", subject, f"{subject} is wrong.", evidence=evidence)


def remembered(store: Store, made: Report, **asked: bool) -> RunDifference:
    """Remember it as a command does."""
    return remember(made, store=store, trigger="command", milliseconds=9, catalogue=CHECKS, **asked)


def written(made: Report, **asked: Any) -> dict[str, Any]:
    """The report's own JSON document."""
    out = io.StringIO()
    write(made, format="json", stream=out, **asked)
    document: dict[str, Any] = json.loads(out.getvalue())
    return document


def read_back(store: Store, run_id: str) -> dict[str, Any]:
    """The same document, put together from what the store holds."""
    run = store.runs.get(run_id)
    assert run is not None
    issues: list[Any] = []
    after: Keyset | None = None
    while True:
        page = store.runs.issues(run_id, after=after, limit=5)
        issues += [json.loads(one.document) for one in page.issues]
        after = page.after
        if after is None:
            return {**json.loads(run.head), "issues": issues, "nextCursor": None}


@pytest.mark.slow
@settings(QUICK, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=reports())
def test_the_document_comes_back_as_it_was_written_whatever_stands_in_it(store: Store, made: Report) -> None:
    unique = str(uuid.uuid4())
    made = dataclasses.replace(made, run_id=unique, environment=unique)
    remembered(store, made)
    assert read_back(store, unique) == written(made)


def test_the_second_document_says_when_a_finding_was_first_seen(store: Store) -> None:
    remembered(store, report({"credit-balance": found("user_1")}))
    later = report({"credit-balance": found("user_1", "user_2")}, at=NOW + HOUR)
    remembered(store, later)
    document = written(later, first_seen=store.runs.first_seen(later.run_id))
    assert [issue["firstSeen"] for issue in document["issues"]] == ["2026-03-01T12:00:05Z", "2026-03-01T13:00:05Z"]
    assert read_back(store, later.run_id) == document


@pytest.mark.parametrize("silent", [Skipped(reason="not mapped"), Broken(error="it broke")])
def test_a_check_that_could_not_answer_resolves_nothing(store: Store, silent: Outcome) -> None:
    remembered(store, report({"credit-balance": found("user_1")}))
    assert remembered(store, report({"credit-balance": silent}, at=NOW + HOUR)).resolved == ()
    newest = store.runs.newest("production")
    assert newest is not None
    assert not newest.complete


def test_a_copy_that_was_cut_short_resolves_nothing_at_all(store: Store) -> None:
    remembered(store, report({"credit-balance": found("user_1")}))
    cut = RelationRead(relation="ledger_entry", table="entries", rows=7, problem="the server went away")
    assert remembered(store, report({}, at=NOW + HOUR, relations=(cut,))).resolved == ()
    known = store.findings.get("production", "credit-balance:user_1")
    assert known is not None
    assert known.state is State.OPEN


def test_a_report_of_some_checks_decides_on_those_and_is_not_the_newest_state_of_everything(store: Store) -> None:
    event = finding("hollow-event", "evt_1", "It is hollow.")
    hollow = Checked(population=1, findings=(event,))
    whole = report({"credit-balance": found("user_1"), "hollow-event": hollow})
    remembered(store, whole)
    some = report({"credit-balance": found()}, at=NOW + HOUR)
    only = tuple(made for made in some.outcomes if made.check == "credit-balance")
    difference = remembered(store, dataclasses.replace(some, outcomes=only))
    assert [one.issue_id for one in difference.resolved] == ["credit-balance:user_1"]
    newest = store.runs.newest("production")
    assert newest is not None
    assert newest.run_id == whole.run_id


def test_what_grew_is_worse_and_what_shrank_is_not(store: Store) -> None:
    def at_risk(money: int, at: datetime) -> Report:
        one = dataclasses.replace(
            balance("user_1"), impact=dataclasses.replace(balance("u").impact, money={"usd": money})
        )
        return report({"credit-balance": Checked(population=1, findings=(one,))}, at=at)

    remembered(store, at_risk(100, NOW))
    assert len(remembered(store, at_risk(101, NOW + HOUR)).worse) == 1
    assert remembered(store, at_risk(90, NOW + 2 * HOUR)).worse == ()


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A config with one exemption of its own."""
    path = tmp_path / "trueup.toml"
    path.write_text(
        'environment = "production"\npreset = "canonical"\n[database]\nurl = "sqlite:///app.db"\n'
        '[[exemptions]]\ncheck = "paid-without-customer"\nsubject = "user_42"\nowner = "sales"\nreason = "by wire"\n'
    )
    return load_config(path, {})


def asked(store: Store, config: Config, **given: Any) -> None:
    """Exempt a subject as a command does."""
    known: dict[str, Any] = {
        "config": config,
        "catalogue": CHECKS,
        "check": "paid-without-customer",
        "subject": "user_42",
        "owner": "finance",
        "reason": "annual contract paid by bank transfer",
        "expires_at": date(2027, 1, 31),
        "actor": "command:ada",
        "now": NOW,
    }
    exempt(store=store, **(known | given))


def test_the_stores_exemption_stands_for_the_configs_of_the_same_check_and_subject(
    store: Store, config: Config
) -> None:
    assert with_stored_exemptions(config, store) is config
    asked(store, config)
    asked(store, config, subject="user_7")
    asked(store, dataclasses.replace(config, environment="staging"), subject="user_8")
    merged = with_stored_exemptions(config, store).exemptions
    assert [(one.subject, one.owner) for one in merged] == [("user_42", "finance"), ("user_7", "finance")]
    end_exemption(
        store=store,
        environment="production",
        check="paid-without-customer",
        subject="user_42",
        actor="command:ada",
        now=NOW,
    )
    merged = with_stored_exemptions(config, store).exemptions
    assert [(one.subject, one.owner) for one in merged] == [("user_42", "sales"), ("user_7", "finance")]


def test_an_exemption_of_a_plan_stands_beside_those_of_subjects_and_is_taken_back_by_its_plan(
    store: Store, config: Config
) -> None:
    asked(store, config, subject=None, plan="TEAM", catalogue=catalogue())
    merged = with_stored_exemptions(config, store).exemptions
    assert [(one.subject, one.plan) for one in merged] == [("user_42", None), (None, "TEAM")]
    named = {"environment": "production", "check": "paid-without-customer", "actor": "command:ada", "now": NOW}
    with pytest.raises(ConfigurationError, match=r"exempts no TEAM .*trueup\.toml"):
        end_exemption(store=store, subject="TEAM", **named)  # type: ignore[arg-type] # its keywords
    end_exemption(store=store, plan="TEAM", **named)  # type: ignore[arg-type] # its keywords
    assert store.exemptions.list("production") == ()


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"check": "paid-without-customers"}, 'did you mean "paid-without-customer"'),
        ({"expires_at": NOW.date() - timedelta(days=1)}, "a day in the future"),
        ({"reason": "because"}, "10 to 500 characters"),
        ({"owner": " "}, "The owner must be"),
        ({"subject": "a\u202eb"}, "The subject must be"),
        ({"subject": None}, "a subject or a plan"),
        ({"plan": "PRO"}, "a subject or a plan"),
        ({"subject": None, "plan": "PROO"}, 'did you mean "PRO"'),
        ({"check": "stuck-event", "subject": None, "plan": "PRO", "catalogue": catalogue()}, "about no account"),
    ],
)
def test_an_exemption_that_cannot_be_right_is_refused(
    store: Store, config: Config, given: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        asked(store, config, **given)
    assert store.exemptions.list("production") == ()


def test_taking_back_what_is_not_in_the_store_says_where_it_may_be(store: Store) -> None:
    with pytest.raises(ConfigurationError, match=r"trueup\.toml"):
        end_exemption(store=store, environment="production", check="a", subject="b", actor="command:ada", now=NOW)
