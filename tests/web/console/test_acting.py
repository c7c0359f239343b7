"""What a reader does from the console, with forms alone: as a signed-in person, without a script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.admin_api import REPORT, AdminApi, admin_api
from tests.support.api import asking
from tests.support.browser import HERE, Browser
from tests.support.pages import Page
from trueup.model.access import Role

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


def test_an_audit_is_run_from_the_overview(own: AdminApi, person: Browser) -> None:
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
