"""Two-person approvals through the API and the command: asked, decided, applied, and every refused try on record."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.admin_api import REPORT, AdminApi, admin_api
from tests.support.api import Client, asking, is_problem
from tests.support.command import Ran
from tests.support.command import trueup as run
from trueup.actions.tokens import create_token
from trueup.model.access import Role
from trueup.model.approval import ApprovalSettings
from trueup.store import open_store
from trueup.web import create_app

REASON = "Agreed with finance in ticket 4711."
URL, REQUESTS = "/api/v1/approvals", "/api/v1/approval-requests"
EXEMPTION = {
    "check": "paid-without-customer",
    "subject": "user_42",
    "owner": "finance",
    "reason": REASON,
    "expires": "2027-01-31",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """An API that wants a second person for everything; Ada, Bob and a token of no person."""

    api: AdminApi
    client: Client
    tokens: dict[str, str]

    def post(self, path: str, body: object, *, by: str = "ada") -> httpx.Response:
        """A call by one of them."""
        return self.client.ask("POST", path, token=self.tokens[by], json=body)

    def get(self, path: str, *, by: str = "ada") -> dict[str, Any]:
        """What a GET answers."""
        answer: dict[str, Any] = self.client.ask("GET", path, token=self.tokens[by]).json()
        return answer


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Tokens that were made just now."""
    with admin_api(tmp_path_factory.mktemp("office")) as api:
        api.get(REPORT)
        new = {
            name: create_token(
                api.store, name=name, role=Role.ADMIN, lifetime_days=1, created_by="command:root", now=api.clock.now
            )
            for name in ("ada", "bob", "machine")
        }
        people = {name: (f"token:{new[name].stored.token_id}",) for name in ("ada", "bob")}
        approvals = ApprovalSettings(repairs=("all",), exemptions=("all",), people=people)
        config = dataclasses.replace(api.company.config, approvals=approvals)
        app = create_app(config, store=api.store, catalogue=api.company.checks, clock=api.clock)
        with asking(app) as client:
            yield Office(api=api, client=client, tokens={name: token.text for name, token in new.items()})
        app.state.services.close()


@pytest.mark.slow
def test_a_repair_is_refused_asked_for_approved_and_applied(office: Office) -> None:
    issue_id = office.api.repairable()[0]
    order = {"issueId": issue_id, "reason": REASON}
    for path in (REPORT, "/api/v1/repairs"):
        refused = office.post(path, order)
        assert is_problem(refused, 422)
        assert "second person" in refused.json()["detail"]
    asked = office.post(f"{REQUESTS}/repairs", order)
    assert asked.status_code == 201, asked.text
    approval = asked.json()
    assert approval["asked"]["issueId"] == issue_id
    assert is_problem(office.post(f"{REQUESTS}/repairs", order), 409)
    decide, body = f"{URL}/{approval['id']}/approve", {"reason": REASON}
    own = office.post(decide, body)
    assert is_problem(own, 403)
    assert "your own request" in own.json()["detail"]
    assert is_problem(office.post(decide, body, by="machine"), 403)
    assert is_problem(office.post("/api/v1/repairs", order), 422)
    assert office.post(decide, body, by="bob").json()["state"] == "approved"
    assert is_problem(office.post(decide, body, by="bob"), 409)
    done = office.post("/api/v1/repairs", order)
    assert done.status_code == 200, done.text
    assert done.json()["repairId"] == approval["id"]
    after = office.get(f"{URL}/{approval['id']}")
    assert after["state"] == "used"
    assert [event["event"] for event in after["events"]] == [
        "requested",
        "refused",
        "refused",
        "approved",
        "refused",
        "used",
    ]
    listed = office.get(f"{URL}?state=used")["approvals"]
    assert approval["id"] in {each["id"] for each in listed}


def test_a_repair_is_undone_by_two_people(office: Office) -> None:
    issue_id = next(each for each in office.api.repairable() if each.startswith("unlimited-credits:"))
    order = {"issueId": issue_id, "reason": REASON}
    first = office.post(f"{REQUESTS}/repairs", order).json()
    office.post(f"{URL}/{first['id']}/approve", {"reason": REASON}, by="bob")
    repair_id = office.post("/api/v1/repairs", order).json()["repairId"]
    undo = {"repairId": repair_id, "reason": REASON}
    assert is_problem(office.post("/api/v1/repairs/undo", undo), 422)
    second = office.post(f"{REQUESTS}/undos", undo)
    assert second.status_code == 201, second.text
    assert (second.json()["kind"], second.json()["asked"]["undoes"]) == ("undo", repair_id)
    office.post(f"{URL}/{second.json()['id']}/approve", {"reason": REASON}, by="bob")
    done = office.post("/api/v1/repairs/undo", undo)
    assert done.status_code == 200, done.text
    assert done.json()["kind"] == "undo-switch-off-unlimited"
    unknown = {"repairId": "00000000-0000-4000-8000-000000000000", "reason": REASON}
    for path in ("/api/v1/repairs/undo", f"{REQUESTS}/undos"):
        assert is_problem(office.post(path, unknown), 404)


def test_an_exemption_is_refused_asked_for_approved_and_added(office: Office) -> None:
    refused = office.post("/api/v1/exemptions", EXEMPTION)
    assert is_problem(refused, 422)
    approval = office.post(f"{REQUESTS}/exemptions", EXEMPTION).json()
    assert office.post(f"{URL}/{approval['id']}/approve", {"reason": REASON}, by="bob").status_code == 200
    assert is_problem(office.post("/api/v1/exemptions", {**EXEMPTION, "owner": "sales"}), 422)
    assert office.post("/api/v1/exemptions", EXEMPTION).status_code == 201


def test_a_rejected_request_cannot_be_applied_and_an_old_token_cannot_approve(office: Office) -> None:
    issue_id = office.api.repairable()[-1]
    approval = office.post(f"{REQUESTS}/repairs", {"issueId": issue_id, "reason": REASON}).json()
    office.api.clock.forward(minutes=6)
    stale = office.post(f"{URL}/{approval['id']}/approve", {"reason": REASON}, by="bob")
    assert is_problem(stale, 403)
    assert "sign in again" in stale.json()["detail"]
    assert office.post(f"{URL}/{approval['id']}/reject", {"reason": REASON}, by="bob").json()["state"] == "rejected"
    assert is_problem(office.post("/api/v1/repairs", {"issueId": issue_id, "reason": REASON}), 422)
    office.api.clock.forward(minutes=-6)


def test_what_is_not_there_is_not_decided(office: Office) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    assert is_problem(office.post(f"{URL}/{unknown}/approve", {"reason": REASON}, by="bob"), 404)
    assert is_problem(office.client.ask("GET", f"{URL}/{unknown}", token=office.tokens["ada"]), 404)
    body = {"issueId": "credit-balance:none-such", "reason": REASON}
    assert office.post(f"{REQUESTS}/repairs", body).status_code in {404, 409}


@pytest.mark.slow
def test_the_command_asks_and_decides_with_a_token_and_never_as_the_machine_s_user(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()

    def trueup(*arguments: str, token: str | None = None) -> Ran:
        return run(*arguments, cwd=folder, **({"TRUEUP_TOKEN": token} if token else {}))

    made = trueup("demo", "--folder", ".", "--no-serve", "--accounts", "100", "--format", "json")
    issues = json.loads(made.out)["issues"]
    issue_id = next(issue["id"] for issue in issues if issue["check"] == "unlimited-credits")
    config = folder / "trueup.toml"
    text = config.read_text().replace("[database]\n", '[database]\nrepair_url = "sqlite:///app.db"\n', 1)

    assert trueup("init", "--install").code == 0
    assert trueup("store", "init").code == 0
    token = trueup("token", "create", "bob", "--role", "admin").out.strip()
    token_id = token.split("_")[1]
    config.write_text(f'{text}\n[approvals]\nrepairs = ["all"]\npeople = {{ bob = ["token:{token_id}"] }}\n')
    refused = trueup("repair", issue_id, "--reason", REASON)
    assert refused.code == 1
    assert "second person" in refused.out
    assert "trueup approvals request" in refused.out
    asked = trueup("approvals", "request", issue_id, "--reason", REASON)
    assert asked.code == 0, asked.err
    approval_id = asked.out.split()[0]
    machine = trueup("approvals", "approve", approval_id, "--reason", REASON)
    assert machine.code == 1
    assert "does not say who the person is" in machine.out
    assert trueup("approvals", "approve", approval_id, "--reason", REASON, token=token).code == 0
    assert "approved" in trueup("approvals", "list").out
    done = trueup("repair", issue_id, "--reason", REASON, "--format", "json")
    assert done.code == 0
    repair_id = json.loads(done.out)["repairId"]
    assert trueup("undo", repair_id, "--reason", REASON).code == 1
    asked = trueup("approvals", "request", "--undo", repair_id, "--reason", REASON)
    assert asked.code == 0, asked.out
    assert trueup("approvals", "approve", asked.out.split()[0], "--reason", REASON, token=token).code == 0
    assert trueup("undo", repair_id, "--reason", REASON, "--dry-run").code == 0
    assert trueup("undo", repair_id, "--reason", REASON).code == 0
    assert trueup("undo", repair_id, "--reason", REASON).code == 1
    assert trueup("journal", "verify").code == 0
    with open_store(f"sqlite:///{folder}/trueup.db") as store:
        session = store.sessions.create(
            actor="oidc:ada", role=Role.ADMIN, lifetime_seconds=3600, now=datetime.now(UTC).replace(tzinfo=None)
        )
        assert trueup("token", "sign-out", "oidc:ada").out == "1 session of oidc:ada ended.\n"
        assert store.sessions.find(session, now=datetime(2026, 1, 1)) is None
    events = json.loads(trueup("approvals", "show", approval_id).out)["events"]
    assert [event["event"] for event in events] == ["requested", "refused", "approved", "used"]
