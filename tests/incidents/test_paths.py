"""Incidents of a way rather than of rows: Stripe's pages and shapes, a refused run, an old report, a repair's trace."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from tests.incidents.cast import PARTS, company_of, incident
from tests.support.incidents.company import Company, departures, exported, open_findings
from tests.support.incidents.stage import NOW
from tests.support.repairable import REASON
from tests.support.stripe.server import StripeServer, stripe_server
from tests.support.stripe.versions import old_shape
from tests.support.stripe.world import KEY, TEST_KEY
from trueup import journal
from trueup.actions.audit import aged
from trueup.actions.audit.run_audit import audit
from trueup.actions.repair import repair
from trueup.checks import catalogue
from trueup.config import load_config
from trueup.model.errors import ConfigurationError
from trueup.model.finding import Finding
from trueup.model.guardrail import GuardrailStatus
from trueup.model.relations import WebhookEvent
from trueup.model.repair import Applied
from trueup.model.source import Silent
from trueup.targets import open_target


def by_api(server: StripeServer) -> str:
    """What a config says of a test server."""
    return f'api_key = "${{KEY}}"\napi_base = "{server.url}"\ncache = "off"'


def found_by_api(company: Company, folder: Path) -> tuple[Sequence[Finding], StripeServer]:
    """What is found where Stripe is asked, page by page."""
    with stripe_server(company.world) as server:
        return open_findings(company.audited(folder, stripe=by_api(server))), server


@pytest.mark.slow
def test_a_live_subscription_behind_a_page_of_abandoned_ones_is_read(tmp_path: Path) -> None:
    """Failure 30: the reader pages to the end."""
    company = company_of(incident(30))
    found, server = found_by_api(company, tmp_path)
    assert departures(company.expected, found) == []
    assert server.counts["/v1/subscriptions"] > 1


@pytest.mark.slow
def test_all_incidents_are_found_exactly_through_stripe_s_api(tmp_path: Path) -> None:
    company = company_of(*PARTS)
    found, _ = found_by_api(company, tmp_path)
    assert departures(company.expected, found) == []


@pytest.mark.slow
def test_objects_of_the_old_shape_say_the_same(tmp_path: Path) -> None:
    """Failure 45: an invoice names its subscription in one place or in another."""
    company = company_of(*map(incident, (16, 38, 45)))
    world = company.world
    section = exported(world, tmp_path / "old", lambda one: dict(old_shape(world, one)))
    assert '"subscription_details": {"metadata"' in (tmp_path / "old" / "invoices.jsonl").read_text(encoding="utf-8")
    assert departures(company.expected, open_findings(company.audited(tmp_path, stripe=section))) == []


def test_a_test_key_in_production_stops_the_run(tmp_path: Path) -> None:
    """Failure 44: no finding could be right."""
    path = company_of(incident(44)).write(tmp_path, stripe='api_key = "${KEY}"')
    with pytest.raises(ConfigurationError, match="is a test key"):
        audit(load_config(path, {"KEY": TEST_KEY}), checks=catalogue(), now=NOW, progress=Silent())


def test_a_database_of_test_mode_alone_stops_the_run(tmp_path: Path) -> None:
    """Failure 44, the other way about: the key is right and the database is that of a test environment."""
    company = company_of(incident(44))
    company.rows = [
        dataclasses.replace(row, livemode=False) if isinstance(row, WebhookEvent) else row for row in company.rows
    ]
    path = company.write(tmp_path, stripe='api_key = "${KEY}"')
    with pytest.raises(ConfigurationError, match="webhook events of the database are of test mode"):
        audit(load_config(path, {"KEY": KEY}), checks=catalogue(), now=NOW, progress=Silent())


@pytest.mark.slow
def test_a_report_that_nobody_renewed_allows_nothing(tmp_path: Path) -> None:
    """Failure 15: whoever serves the last report of a job that does not run any more says how old it is."""
    report = company_of(incident(15)).audited(tmp_path)
    made, read = report.generated_at, report.database_as_of
    for minutes, is_said in ((60, False), (61, True)):
        shown = aged(report.guardrails, generated_at=made, as_of=read, now=NOW + timedelta(minutes=minutes))
        assert any("audit again" in reason for one in shown for reason in one.reasons) is is_said
        if is_said:
            assert all(one.status is not GuardrailStatus.ALLOWED for one in shown)


@pytest.mark.slow
def test_a_repair_of_ours_records_what_was_there_before(tmp_path: Path) -> None:
    """Failure 43: a backfill could not be undone, because nobody knew what it had overwritten."""
    company = company_of(incident(3))
    (expected,) = company.expected
    config = load_config(company.write(tmp_path), {"KEY": KEY})
    with open_target(config.database_url).transaction() as connection:
        journal.install(connection)
        connection.commit()
    done = repair(expected.id, reason=REASON, actor="test", config=config, catalogue=catalogue(), now=NOW)
    assert isinstance(done, Applied), done
    with open_target(config.database_url).transaction() as connection:
        (entry,) = journal.entries(connection)
    assert "credits" in str(entry.before)
    assert entry.before != entry.after
    assert departures((), open_findings(audit(config, checks=catalogue(), now=NOW, progress=Silent()))) == []
