"""An exemption blocks the repair, whichever way it names the finding and whenever it was made."""

from __future__ import annotations

import contextlib
import dataclasses
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.attempts import Attempts
from tests.support.planted import REPAIRS, Planted, subject_of
from tests.support.repairable import REASON, App, demo_app
from trueup.actions.audit.stored_exemptions import with_stored_exemptions
from trueup.actions.exemptions.acceptance import exempt
from trueup.config import Config
from trueup.model.relations import Exemption
from trueup.model.repair import Applied, PlannedRepair, Refused
from trueup.store import open_store
from trueup.web.repair_sessions import RepairSessions

OWNER = "finance"


def with_exemption(config: Config, **scope: str) -> Config:
    made = Exemption(check_id=scope.pop("check"), owner=OWNER, reason="settled by hand", **scope)  # type: ignore[arg-type] # its scope
    return dataclasses.replace(config, exemptions=(*config.exemptions, made))


def plan_of(app: App, issue_id: str) -> str:
    """The plan of the account that an issue is about."""
    subject = subject_of(issue_id)
    if issue_id.startswith("missing-idempotency-record"):
        query = f"SELECT min(user_id) FROM credit_transactions WHERE stripe_event_id = '{subject}'"
        subject = str(app.rows(query)[0][0])
    return str(app.rows(f"SELECT plan FROM users WHERE id = '{subject}'")[0][0])


@pytest.mark.sampled(4)
@pytest.mark.parametrize("check", REPAIRS)
@pytest.mark.parametrize("scope", ["subject", "plan"])
def test_an_exemption_made_between_preview_and_apply_blocks_the_repair(
    app: Planted, here: Attempts, check: str, scope: str
) -> None:
    issue_id = app.take(check)
    before = app.state(issue_id)
    previewed = here.preview(issue_id)
    assert isinstance(previewed, PlannedRepair), previewed
    value = subject_of(issue_id) if scope == "subject" else plan_of(app.app, issue_id)
    exempted = with_exemption(here.session.config, check=check, **{scope: value})
    with contextlib.closing(here.session.for_config(exempted)) as session:
        result = dataclasses.replace(here, session=session).repair(issue_id)
    assert isinstance(result, Refused), result
    assert f"exempted by {OWNER}" in result.reason
    assert app.state(issue_id) == before
    assert isinstance(here.repair(issue_id), Applied)


@pytest.mark.slow
def test_another_plans_exemption_and_one_that_has_ended_block_nothing(app: Planted, here: Attempts) -> None:
    issue_id = app.take("credit-balance")
    plan = plan_of(app.app, issue_id)
    other = with_exemption(here.session.config, check="credit-balance", plan="TEAM" if plan != "TEAM" else "PRO")
    ended = dataclasses.replace(other.exemptions[-1], plan=plan, expires_at=here.now.date() - timedelta(days=1))
    config = dataclasses.replace(other, exemptions=(*other.exemptions, ended))
    with contextlib.closing(here.session.for_config(config)) as session:
        assert isinstance(dataclasses.replace(here, session=session).repair(issue_id), Applied)


def test_the_desk_of_the_api_takes_up_an_exemption_of_a_plan_at_once(sqlite_url: str, tmp_path: Path) -> None:
    app = demo_app(sqlite_url, tmp_path)
    issue_id = app.repairable("credit-balance")[0].id
    repair_sessions = RepairSessions(app.checks)
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store, contextlib.closing(repair_sessions):
        at = Attempts(session=repair_sessions.writing(with_stored_exemptions(app.config, store)), now=app.now)
        assert isinstance(at.preview(issue_id), PlannedRepair)
        exempt(
            store=store,
            config=app.config,
            catalogue=app.checks,
            check="credit-balance",
            plan=plan_of(app, issue_id),
            owner=OWNER,
            reason=REASON,
            expires_at=app.now.date(),
            actor="test",
            now=app.now,
        )
        at = Attempts(session=repair_sessions.writing(with_stored_exemptions(app.config, store)), now=app.now)
        result = at.repair(issue_id)
        assert isinstance(result, Refused)
        assert "exempted by finance" in result.reason
