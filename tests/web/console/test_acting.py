"""What a reader does from the console, with forms alone: as a signed-in person, without a script."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.admin_api import REPORT, AdminApi, admin_api
from tests.support.api import asking
from tests.support.browser import HERE, Browser
from tests.support.pages import Page
from trueup.actions import plan_gates
from trueup.actions.tokens import create_token
from trueup.model.access import Role
from trueup.model.approval import ApprovalSettings
from trueup.web import create_app
from trueup.web.console import acting

REASON = "as the walk through the console says"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdminApi]:
    """A company of this module's own, which its tests change."""
    with admin_api(tmp_path_factory.mktemp("acting")) as api:
        api.get(REPORT)
        yield api


@pytest.fixture
def person(own: AdminApi) -> Iterator[Browser]:
    """A person who is signed in as an administrator."""
    with asking(own.app, base_url=HERE, address="127.0.0.1") as client:
        browser = Browser(client=client)
        browser.sign_in(own.tokens[Role.ADMIN])
        yield browser


def form_of(answer: httpx.Response, action: str) -> dict[str, str]:
    """The fields of the form with this action that the page fills in itself."""
    page = Page(answer.text, answer.status_code)
    place = next(n for n, tag in enumerate(page.tags) if tag.name == "form" and tag.attributes["action"] == action)
    rest = page.tags[place + 1 :]
    end = next((n for n, tag in enumerate(rest) if tag.name == "form"), len(rest))
    hidden = [tag.attributes for tag in rest[:end] if tag.attributes.get("type") == "hidden"]
    return {str(each["name"]): str(each["value"]) for each in hidden}


@pytest.mark.slow
def test_an_audit_is_run_from_the_overview(own: AdminApi, person: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acting, "AUDIT_WAIT_SECONDS", 45.0)
    own.clock.forward(minutes=1)
    overview = person.client.ask(
        "GET", "/", headers={"Accept": "text/html", "Cookie": "; ".join(f"{k}={v}" for k, v in person.cookies.items())}
    )
    answer = person.send("/runs", form_of(overview, "/runs"))
    assert answer.status_code == 303, answer.text
    newest = own.get("/api/v1/runs").json()["runs"][0]["runId"]
    assert answer.headers["location"] == f"/runs/{newest}"


def test_a_repair_is_previewed_and_then_exactly_that_is_applied(own: AdminApi, person: Browser) -> None:
    issue = own.repairable()[0]
    assert f"/repair?issue={issue.replace(':', '%3A')}" in person.open(f"/findings/{issue}").text
    preview = person.open(f"/repair?issue={issue}")
    form = form_of(preview, "/repair")
    assert form["issueId"] == issue
    short = person.send("/repair", {**form, "reason": "short"})
    assert (short.status_code, "10 to 500 characters" in short.text) == (422, True)
    done = person.send("/repair", {**form, "reason": REASON})
    assert done.status_code == 303, done.text
    text = Page(person.open(done.headers["location"]).text, 200).text
    assert "Repaired." in text
    assert "no longer so in the database" in text
    again = person.send("/repair", {**form, "reason": REASON})
    assert again.status_code == 409
    assert REASON in person.open("/journal").text


def test_a_plan_that_no_longer_holds_is_refused_as_a_page(own: AdminApi, person: Browser) -> None:
    issue = own.repairable()[1]
    form = form_of(person.open(f"/repair?issue={issue}"), "/repair")
    refused = person.send("/repair", {**form, "planHash": "0" * 64, "reason": REASON})
    assert (refused.status_code, "<h1>" in refused.text) == (409, True)


def test_a_finding_is_exempted_and_the_exemption_ended(own: AdminApi, person: Browser) -> None:
    issue = own.issues(check="duplicate-event-grant")[0]["id"]
    check, _, subject = issue.partition(":")
    form = form_of(person.open(f"/findings/{issue}"), "/exemptions")
    filled = {**form, "owner": "finance", "reason": REASON, "expires": "2027-06-30"}
    added = person.send("/exemptions", filled)
    assert added.status_code == 303, added.text
    listed = person.open(added.headers["location"]).text
    assert subject in listed
    ending = f"/exemptions/end?check={check}&subject={subject}"
    assert f"{ending.replace('&', '&amp;')}" in listed
    ended = person.send("/exemptions/end", form_of(person.open(ending), "/exemptions/end"))
    assert ended.status_code == 303, ended.text
    assert subject not in person.open("/exemptions").text


def test_a_form_of_another_session_or_origin_changes_nothing(own: AdminApi, person: Browser) -> None:
    issue = own.repairable()[1]
    form = {**form_of(person.open(f"/repair?issue={issue}"), "/repair"), "reason": REASON}
    foreign = {"Origin": "https://evil.example.com", "Sec-Fetch-Site": "cross-site"}
    assert person.send("/repair", form, headers=foreign).status_code == 403
    with asking(own.app, base_url=HERE, address="127.0.0.1") as client:
        other = Browser(client=client)
        other.sign_in(own.tokens[Role.SUPER_ADMIN])
        assert other.send("/repair", form).status_code == 403
    assert person.send("/repair", {**form, "form_token": "xyzzy"}).status_code == 403
    assert own.post("/api/v1/repairs/preview", {"issueId": issue}).status_code == 200


def test_a_viewer_is_shown_no_form_that_it_may_not_send(own: AdminApi, tmp_path: Path) -> None:
    with asking(own.app, base_url=HERE, address="127.0.0.1") as client:
        viewer = Browser(client=client)
        viewer.sign_in(own.tokens[Role.VIEWER])
        for address in ("/findings", f"/findings/{own.repairable()[1]}", "/exemptions", "/runs"):
            page = Page(viewer.open(address).text, 200)
            posting = [tag.attributes["action"] for tag in page.all("form", method="post")]
            assert posting == ["/sign-out"], address


def test_a_request_waits_for_another_person_and_is_never_one_s_own(own: AdminApi, person: Browser) -> None:
    issue = own.repairable()[2]
    form = form_of(person.open(f"/repair?issue={issue}"), "/approvals/repairs")
    asked = person.send("/approvals/repairs", {**form, "reason": REASON})
    assert (asked.status_code, asked.headers.get("location")) == (303, "/approvals"), asked.text
    waiting = person.open("/approvals")
    assert "you cannot approve it now" in waiting.text
    decision = {**form_of(waiting, "/approvals"), "verdict": "approve", "reason": REASON}
    assert person.send("/approvals", decision).status_code == 403
    rejected = person.send(
        "/approvals", {**form_of(person.open("/approvals"), "/approvals"), "verdict": "reject", "reason": REASON}
    )
    assert rejected.status_code == 303, rejected.text
    assert "Nothing waits" in person.open("/approvals").text


@pytest.mark.slow
def test_two_people_undo_a_repair_and_exempt_a_finding_from_the_pages(tmp_path: Path) -> None:
    """Ada asks, Bob approves, Ada does exactly that: both of them by forms alone."""
    with admin_api(tmp_path) as api, contextlib.ExitStack() as held:
        api.get(REPORT)
        api.clock.forward(hours=1)
        new = {
            name: create_token(
                api.store, name=name, role=Role.ADMIN, lifetime_days=1, created_by="command:root", now=api.clock.now
            )
            for name in ("ada", "bob")
        }
        people = {name: (f"token:{token.stored.token_id}",) for name, token in new.items()}
        approvals = ApprovalSettings(exemptions=("all",), people=people)
        config = dataclasses.replace(api.company.config, approvals=approvals)
        app = create_app(config, store=api.store, catalogue=api.company.checks, clock=api.clock)
        browsers = {}
        for name, token in new.items():
            client = held.enter_context(asking(app, base_url=HERE, address="127.0.0.1"))
            browsers[name] = Browser(client=client)
            browsers[name].sign_in(token.text)
        ada, bob = browsers["ada"], browsers["bob"]

        def approve() -> None:
            decision = form_of(bob.open("/approvals"), "/approvals") | {"verdict": "approve", "reason": REASON}
            assert bob.send("/approvals", decision).status_code == 303

        issue = next(each for each in api.repairable() if each.startswith("credit-balance:"))
        value = f"SELECT credits FROM users WHERE id = '{issue.partition(':')[2]}'"
        before = api.company.rows(value)
        repair = form_of(ada.open(f"/repair?issue={issue}"), "/repair") | {"reason": REASON}
        done = ada.open(ada.send("/repair", repair).headers["location"])
        undo = next(link for link in Page(done.text, 200).links if link.startswith("/undo?repair="))
        assert undo in Page(ada.open("/journal").text, 200).links
        asking_page = ada.open(undo)
        assert "Undo it as approved" not in asking_page.text
        assert ada.send("/undo", form_of(asking_page, "/undo") | {"reason": REASON}).status_code == 422
        asked = ada.send("/approvals/undos", form_of(ada.open(undo), "/undo") | {"reason": REASON})
        assert asked.status_code == 303, asked.text
        approve()
        assert undo in Page(ada.open("/approvals").text, 200).links
        undone = ada.send("/undo", form_of(ada.open(undo), "/undo") | {"reason": REASON})
        assert undone.status_code == 303, undone.text
        assert api.company.rows(value) == before
        assert "still so in the database" in ada.open(undone.headers["location"]).text

        form = form_of(ada.open(f"/findings/{issue}"), "/exemptions")
        form |= {"owner": "finance", "reason": REASON, "expires": "2027-06-30"}
        assert ada.send("/exemptions", form).status_code == 422
        form["form_token"] = form_of(ada.open(f"/findings/{issue}"), "/exemptions")["form_token"]
        assert ada.send("/approvals/exemptions", form).status_code == 303
        approve()
        assert ada.send("/exemptions", form_of(ada.open("/approvals"), "/exemptions")).status_code == 303
        assert issue.partition(":")[2] in ada.open("/exemptions").text
        app.state.services.close()


def test_plan_gates_are_accepted_exactly_as_they_were_shown(own: AdminApi, person: Browser) -> None:
    gates = own.company.config.gates
    assert gates is not None
    lock = Path(gates.lock_file)
    before = lock.read_text() if lock.exists() else ""
    form = form_of(person.open("/gates/accept"), "/gates/accept") | {"reason": REASON}
    other = person.send("/gates/accept", {**form, "digest": "0" * 64})
    assert (other.status_code, lock.read_text() if lock.exists() else "") == (409, before)
    with_its_space = REASON.replace(" ", "\u00a0", 1)  # as it is pasted from a document
    form = form_of(person.open("/gates/accept"), "/gates/accept") | {"reason": with_its_space}
    accepted = person.send("/gates/accept", form)
    assert (accepted.status_code, accepted.headers.get("location")) == (303, "/gates"), accepted.text
    assert with_its_space in person.open("/gates").text
    assert "Nothing to accept" in person.open("/gates/accept").text


def test_looking_at_the_plan_gates_asks_them_once_a_minute(
    own: AdminApi, person: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[datetime] = []
    look = plan_gates.look

    def counted(*args: Any, now: datetime, **about: Any) -> plan_gates.Looked:
        asked.append(now)
        return look(*args, now=now, **about)

    monkeypatch.setattr(plan_gates, "look", counted)
    pages = []
    for _ in range(2):
        own.clock.forward(minutes=1)
        pages += [person.open("/gates/accept") for _ in range(3)]
    assert {page.status_code for page in pages} == {200}
    assert len(asked) == 2
