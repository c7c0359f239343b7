"""Acting on many findings at once: exactly the list that was frozen, whatever happened since."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI

from tests.support.admin_api import REPORT, AdminApi, admin_api
from tests.support.api import asking
from tests.support.browser import HERE, Browser
from tests.support.pages import Page, Reader
from tests.web.console.test_acting import REASON, form_of
from trueup.actions.bulk import BulkLine
from trueup.model.access import Role
from trueup.model.approval import Approval, ApprovalKind, ApprovalSettings
from trueup.model.errors import SourceUnavailable
from trueup.store import StoredIssue
from trueup.web import create_app
from trueup.web.console import findings, selection

EXEMPTION = {"owner": "finance", "expires": "2027-06-30", "reason": REASON}


@pytest.fixture
def own(tmp_path: Path) -> Iterator[AdminApi]:
    """A company of one test's own, audited once."""
    with admin_api(tmp_path) as api:
        api.get(REPORT)
        yield api


@pytest.fixture
def person(own: AdminApi) -> Iterator[Browser]:
    """A person who is signed in as an administrator."""
    with signed_in(own) as browser:
        yield browser


@contextlib.contextmanager
def signed_in(api: AdminApi, app: FastAPI | None = None) -> Iterator[Browser]:
    """A browser of an administrator."""
    with asking(app or api.app, base_url=HERE, address="127.0.0.1") as client:
        browser = Browser(client=client)
        browser.sign_in(api.tokens[Role.ADMIN])
        yield browser


def frozen(person: Browser, query: str, act: str) -> tuple[str, str, list[str]]:
    """The address of a frozen list, the number in its button, and the ids that it shows."""
    answer = person.open(f"/selection/all?{query}&act={act}")
    assert answer.status_code == 303, answer.text
    page = Page(person.open(answer.headers["location"]).text, 200)
    (button,) = [tag.text for tag in page.all("button") if "exactly these" in tag.text]
    number = re.search(r"\d+", button)
    assert number is not None
    return answer.headers["location"], number[0], [row.split()[1] for row in page.rows()[1:]]


def results(answer_text: str) -> dict[str, str]:
    """What became of each finding, by its id."""
    rows = [row.split(maxsplit=1) for row in Page(answer_text, 200).rows()[1:]]
    return {row[0]: row[1] for row in rows}


@pytest.mark.slow
def test_exactly_the_frozen_findings_are_repaired_and_what_changed_or_appeared_is_not(
    own: AdminApi, person: Browser
) -> None:
    address, number, listed = frozen(person, "check=credit-balance", "repair")
    assert int(number) == len(listed) == len(own.issues(check="credit-balance")) > 2
    form = form_of(person.open(address), "/selection/repairs") | {"verb": "apply", "reason": REASON}
    changed, repaired = listed[0].partition(":")[2], listed[1]
    named = ", ".join(repr(issue["subject"]) for issue in own.issues())
    (agreeing,) = own.company.rows(f"SELECT id FROM users WHERE credits > 100 AND id NOT IN ({named}) LIMIT 1")[0]
    own.company.execute(f"UPDATE users SET credits = credits + 3 WHERE id IN ('{changed}', '{agreeing}')")
    done = results(person.send("/selection/repairs", form).text)
    assert list(done) == listed
    assert done[listed[0]].startswith("changed since It would now be:")
    assert done[repaired].startswith("applied")
    own.clock.forward(hours=1)
    own.post("/api/v1/runs", {})
    still = {issue["id"] for issue in own.issues(check="credit-balance")}
    assert {listed[0], f"credit-balance:{agreeing}"} <= still
    assert repaired not in still
    assert person.send("/selection/repairs", form).status_code == 409


@pytest.mark.slow
def test_the_marked_findings_alone_are_exempted_and_a_list_of_another_length_is_refused(
    own: AdminApi, person: Browser
) -> None:
    page = Page(person.open("/findings?category=webhooks").text, 200)
    boxes = [str(tag.attributes["value"]) for tag in page.all("input", type="checkbox")]
    assert len(boxes) == len(own.issues(category="webhooks", exemption=None)) > 2
    marked = form_of(person.open("/findings?category=webhooks"), "/selection") | {"act": "exempt"}
    assert person.send("/selection", marked).status_code == 422
    led = person.send("/selection", [*marked.items(), ("issue", boxes[0]), ("issue", boxes[2])])
    shown = person.open(led.headers["location"])
    listed = [row.split()[1] for row in Page(shown.text, 200).rows()[1:]]
    assert len(listed) == 2
    form = form_of(shown, "/selection/exemptions") | EXEMPTION | {"verb": "apply"}
    assert form["count"] == "2"
    assert person.send("/selection/exemptions", {**form, "count": "3"}).status_code == 409
    form = form_of(person.open(led.headers["location"]), "/selection/exemptions") | EXEMPTION | {"verb": "apply"}
    done = results(person.send("/selection/exemptions", form).text)
    assert done == dict.fromkeys(listed, "applied exempt until 2027-06-30")
    own.clock.forward(hours=1)
    own.post("/api/v1/runs", {})
    assert {issue["id"] for issue in own.issues(category="webhooks") if issue["exemption"]} >= set(listed)
    form = form_of(person.open(led.headers["location"]), "/selection/exemptions") | EXEMPTION | {"verb": "apply"}
    again = results(person.send("/selection/exemptions", form).text)
    assert all(line.startswith("refused") and "is already exempted" in line for line in again.values())


@pytest.mark.slow
def test_marks_on_a_later_page_are_of_the_run_that_is_being_paged_through(
    own: AdminApi, person: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "FINDINGS_ON_A_PAGE", 15)
    run_id = own.get("/api/v1/runs").json()["runs"][0]["runId"]
    first = Page(person.open("/findings").text, 200)
    (later,) = {str(tag.attributes["href"]) for tag in first.all("a", rel="next")}
    own.clock.forward(hours=1)
    own.post("/api/v1/runs", {})
    assert form_of(person.open(later), "/selection")["runId"] == run_id
    assert form_of(person.open("/findings"), "/selection")["runId"] != run_id


@pytest.mark.slow
def test_every_request_of_a_long_list_is_shown_and_hides_no_earlier_one(own: AdminApi, person: Browser) -> None:
    for number in range(250):
        approval = Approval(
            approval_id=str(uuid.uuid4()),
            kind=ApprovalKind.EXEMPTION,
            target=f"ledger-break:user_{number}",
            plan_hash=f"{number:064}",
            summary="finance answers for it",
            asked={},
            reason=REASON,
            requested_by="oidc:grace",
            requested_at=own.clock() + timedelta(seconds=number),
            expires_at=own.clock() + timedelta(hours=4),
        )
        own.store.approvals.request(approval, environment=own.company.config.environment)
    shown = person.open("/approvals").text
    assert re.findall("Waiting for a second person: (.*?)<", shown) == ["250"]
    assert "ledger-break:user_0" in shown


@pytest.mark.slow
def test_a_list_ends_where_several_in_a_row_fail(
    own: AdminApi, person: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def gone(finding: StoredIssue, **_: object) -> BulkLine:
        tried.append(finding.issue_id)
        raise SourceUnavailable("the database is gone")

    monkeypatch.setattr(selection, "exempt_frozen", gone)
    address, number, listed = frozen(person, "state=open", "exempt")
    form = form_of(person.open(address), "/selection/exemptions") | EXEMPTION | {"verb": "apply"}
    done = results(person.send("/selection/exemptions", form).text)
    assert list(done) == listed
    assert tried == listed[:5]
    assert all("Not tried" in done[issue] for issue in listed[5:])
    assert int(number) > 5


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("run={run}&issues=0-999999999", 409),
        ("run={run}&issues=99999", 409),
        ("run={run}&issues=1;2", 422),
        ("run=00000000-0000-4000-8000-000000000000&issues=1", 404),
        ("issues=1", 422),
    ],
)
def test_a_list_that_is_not_there_is_refused(reader: Reader, api: AdminApi, query: str, status: int) -> None:
    run = str(api.get("/api/v1/runs").json()["runs"][0]["runId"])
    assert reader.ask(f"/selection?{query.format(run=run)}").status_code == status


@pytest.mark.slow
def test_where_a_second_person_is_needed_a_list_is_refused_asked_for_and_then_applied(own: AdminApi) -> None:
    approvals = ApprovalSettings(repairs=("all",), exemptions=("all",))
    config = dataclasses.replace(own.company.config, approvals=approvals)
    app = create_app(config, store=own.store, catalogue=own.company.checks, clock=own.clock)
    with signed_in(own, app) as person:
        repairs, _, listed = frozen(person, "check=credit-balance", "repair")
        exemptions, _, accepted = frozen(person, "check=duplicate-event-grant", "exempt")
        asked = 0
        for address, action, more, ids in (
            (repairs, "/selection/repairs", {"reason": REASON}, listed),
            (exemptions, "/selection/exemptions", EXEMPTION, accepted),
        ):
            for verb, outcome in (("apply", "refused"), ("ask", "requested"), ("ask", "refused")):
                form = form_of(person.open(address), action) | more | {"verb": verb}
                done = results(person.send(action, form).text)
                assert list(done) == ids
                assert {line.split()[0] for line in done.values()} <= {outcome, "refused"}, (action, verb, done)
                asked += sum(line.startswith("requested") for line in done.values())
        waiting = Page(person.open("/approvals").text, 200)
        assert f"Waiting for a second person: {asked}" in waiting.text
        assert asked > len(accepted) > 0
    app.state.services.close()
