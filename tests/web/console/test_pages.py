"""The console's pages: what each shows, to whom, and which of the three kinds of empty it is."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.support.admin_api import AdminApi, admin_api
from tests.support.browser import HERE
from tests.support.pages import HTML, Page, Reader
from trueup import __version__
from trueup.model.access import Role
from trueup.web.console import findings

LEADING = ("href", "src", "action")
"""The attributes that hold an address."""


def issue_of(api: AdminApi, check: str) -> str:
    """The id of one issue of this check."""
    return str(api.issues(check=check)[0]["id"])


def newest_run_id(api: AdminApi) -> str:
    """The id of the newest run."""
    return str(api.get("/api/v1/runs").json()["runs"][0]["runId"])


def addresses(api: AdminApi) -> list[str]:
    """Every page, by an address that shows something."""
    return [
        "/",
        "/findings",
        "/findings?state=exempt",
        "/findings?state=resolved",
        f"/findings/{issue_of(api, 'credit-balance')}",
        f"/findings/{issue_of(api, 'duplicate-event-grant')}",
        "/accounts",
        "/accounts/user_000001",
        "/accounts/user_000001?for=customer",
        "/runs",
        f"/runs/{newest_run_id(api)}",
        f"/runs/{newest_run_id(api)}..{newest_run_id(api)}",
        "/checks",
        "/checks/credit-balance",
        "/gates",
        "/replays",
        "/exemptions",
        "/approvals",
        "/journal",
        "/journal?verify=true",
    ]


@pytest.mark.slow
def test_every_page_is_one_document_with_one_heading_and_its_headers(reader: Reader, api: AdminApi) -> None:
    for address in addresses(api):
        answer = reader.ask(address)
        page = reader.page(address)
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'")
        assert answer.headers["cache-control"] == "no-store"
        assert len(page.all("h1")) == len(page.all("main")) == len(page.all("title")) == 1
        assert page.all("html", lang="en")
        assert page.links[0] == "#main"
        ids = [tag.attributes["id"] for tag in page.tags if "id" in tag.attributes]
        assert len(set(ids)) == len(ids), address
        assert not [tag for tag in page.tags if "style" in tag.attributes or "onclick" in tag.attributes], address
        assert all(tag.attributes.get("scope") for tag in page.all("th")), address
        assert len(page.all("caption")) == len(page.all("table")), address
        assert len(answer.content) < 100_000, (address, len(answer.content))


def test_every_link_leads_somewhere_in_the_app_or_to_stripe(reader: Reader, api: AdminApi) -> None:
    links = {link for address in addresses(api)[:6] for link in reader.page(address).links}
    outside = {link for link in links if not link.startswith(("/", "#"))}
    assert all(link.startswith("https://dashboard.stripe.com/") for link in outside)
    for link in sorted(link for link in links if link.startswith("/"))[::7]:
        assert reader.ask(link).status_code == 200, link


def test_the_first_page_is_json_for_a_program_and_a_page_for_a_browser(reader: Reader, api: AdminApi) -> None:
    assert api.client.ask("GET", "/").json()["version"] == __version__
    page = reader.page("/")
    assert "critical findings" in page.text
    assert __version__ in page.text


def test_the_overview_says_its_scope_beside_its_numbers(reader: Reader, api: AdminApi) -> None:
    summary = api.get("/api/admin/billing-assurance").json()["summary"]
    text = reader.page("/").text
    assert f"{summary['creditsAtRisk']}"[:2] in text
    assert f"{sum(summary['severities'].values())}" in text
    assert re.search(r"Examined ?[0-9,]+ ?subjects, \d+ checks", text)
    assert "USD" in text


def test_a_style_sheet_is_kept_for_ever_and_its_address_changes_with_it(reader: Reader) -> None:
    href = str(reader.page("/").all("link", rel="stylesheet")[0].attributes["href"])
    assert re.fullmatch(r"/static/console\.[0-9a-f]{12}\.css", href)
    answer = reader.api.client.ask("GET", href)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert reader.api.client.ask("GET", "/static/console.000000000000.css").status_code == 404


def test_the_script_is_short() -> None:
    script = Path(__file__).parents[3] / "src/trueup/web/console/static/console.js"
    assert len(script.read_text(encoding="utf-8").splitlines()) <= 100


def facet(page: Page, name: str) -> int:
    """The number that a facet shows beside this value."""
    link = next(tag for tag in page.all("a") if tag.text.split()[:1] == [name] and len(tag.text.split()) == 2)
    return int(link.text.split()[1].replace(",", ""))


def test_facets_count_exactly_what_their_filter_lists(reader: Reader) -> None:
    page = reader.page("/findings")
    for address, name in (("severity=error", "error"), ("category=webhooks", "webhooks"), ("state=exempt", "exempt")):
        listed = json.loads(reader.ask(f"/findings?{address}&format=json").text)["findings"]
        assert facet(page, name) == len(listed), address
    narrowed = reader.page("/findings?severity=error&category=webhooks")
    listed = json.loads(reader.ask("/findings?severity=error&category=webhooks&format=json").text)["findings"]
    assert {(each["severity"], each["category"]) for each in listed} == {("error", "webhooks")}
    assert facet(narrowed, "error") == facet(narrowed, "webhooks") == len(listed)


def test_pages_of_findings_lead_through_all_of_them_once(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "FINDINGS_ON_A_PAGE", 15)
    everything = json.loads(reader.ask("/findings?format=json").text)["findings"]
    seen: list[str] = []
    address: str | None = "/findings"
    while address is not None:
        page = reader.page(address)
        seen += [link for link in page.links if re.match(r"/findings/[a-z-]+:", link)]
        address = next((str(tag.attributes["href"]) for tag in page.all("a", rel="next")), None)
    assert len(seen) == len(set(seen)) == len(everything) > 30


def test_a_file_holds_exactly_what_the_filter_lists(reader: Reader) -> None:
    listed = json.loads(reader.ask("/findings?check=credit-balance&format=json").text)["findings"]
    rows = list(csv.DictReader(io.StringIO(reader.ask("/findings?check=credit-balance&format=csv").text)))
    assert [row["id"] for row in rows] == [finding["id"] for finding in listed]
    assert {row["check"] for row in rows} == {"credit-balance"}


def test_a_search_finds_a_part_of_a_subject_in_any_case(reader: Reader, api: AdminApi) -> None:
    subject = issue_of(api, "credit-balance").partition(":")[2]
    page = reader.page(f"/findings?q={subject[-4:].upper()}")
    assert subject in page.text
    assert "No match" in reader.page("/findings?q=%25").text


def test_the_three_kinds_of_empty_are_told_apart(reader: Reader, tmp_path: Path) -> None:
    assert "No match for this filter" in reader.page("/findings?q=xyzzy").text
    assert "Nothing was resolved yet" in reader.page("/findings?state=resolved").text
    with admin_api(tmp_path) as fresh:
        assert "Not looked yet" in Reader(fresh).page("/findings").text
        assert "Not looked yet" in Reader(fresh).page("/").text


@pytest.mark.parametrize(
    "query", ["severity=grave", "sort=luck", "cursor=abc", "xyzzy=1", "q=%00", "severity=error&severity=info"]
)
def test_an_address_that_makes_no_sense_is_refused(reader: Reader, query: str) -> None:
    assert reader.ask(f"/findings?{query}").status_code == 422


def test_a_finding_shows_both_sides_and_leads_to_its_account(reader: Reader, api: AdminApi) -> None:
    issue = issue_of(api, "credit-balance")
    page = reader.page(f"/findings/{issue}")
    assert {"In the app", "At Stripe", "Why it matters"} <= {tag.text for tag in [*page.all("h2"), *page.all("h3")]}
    assert "still so in the database" in page.text
    assert f"/accounts/{issue.partition(':')[2]}" in page.links
    assert reader.ask("/findings/credit-balance:xyzzy").status_code == 404


def test_objects_of_stripe_s_in_the_evidence_lead_to_its_dashboard(reader: Reader, api: AdminApi) -> None:
    issue = api.issues(check="grant-without-invoice")[0]
    stripe_id = issue["evidence"]["stripeEventId"]
    for role, leads in ((Role.ADMIN, True), (Role.VIEWER, False)):
        links = reader.page(f"/findings/{issue['id']}", role=role).links
        assert any(re.fullmatch(f"https://dashboard.stripe.com/.*events/{stripe_id}", link) for link in links) is leads


def test_an_account_is_found_by_address_and_by_an_object_of_stripe_s(reader: Reader, api: AdminApi) -> None:
    account = issue_of(api, "credit-balance").partition(":")[2]
    page = reader.page(f"/accounts/{account}")
    email = re.search(r"\S+@example\.com", page.text)
    stripe_id = re.search(r"in_[0-9a-f]{10,}", page.text)
    assert email is not None
    assert stripe_id is not None
    for named in (account, email[0], stripe_id[0]):
        answer = reader.ask("/accounts?" + urlencode({"q": named}))
        assert (answer.status_code, answer.headers.get("location")) == (303, f"/accounts/{account}")
    assert "No account is named xyzzy" in reader.page("/accounts?q=xyzzy").text
    assert reader.ask("/accounts/xyzzy").status_code == 404


def test_an_account_s_page_is_its_statement_and_its_findings(reader: Reader, api: AdminApi) -> None:
    issue = issue_of(api, "credit-balance")
    account = issue.partition(":")[2]
    page = reader.page(f"/accounts/{account}")
    statement = api.get(f"/api/v1/accounts/{account}/statement").json()
    assert f"/findings/{issue}" in page.links
    assert any("does not add up" in tag.text for tag in page.all("p"))
    rows = page.rows(1)
    assert len(rows) >= len(statement["lines"]) + 3
    assert api.get(f"/accounts/{account}?format=csv").text.startswith("at,what,credits,balance,note\n")


def test_a_customer_s_statement_names_nothing_internal(reader: Reader, api: AdminApi) -> None:
    account = issue_of(api, "credit-balance").partition(":")[2]
    main = next(tag for tag in reader.page(f"/accounts/{account}?for=customer").all("main"))
    assert "Statement of your credits" in main.text
    assert account not in main.text
    assert not re.search(r"evt_|in_[0-9a-f]|entry \d", main.text)


def test_a_viewer_s_html_never_holds_what_is_masked(reader: Reader, api: AdminApi) -> None:
    for check in ("credit-balance", "duplicate-event-grant", "ledger-break"):
        issue = api.issues(check=check)[0]
        page = reader.page(f"/findings/{issue['id']}", role=Role.VIEWER)
        shown = api.get(f"/api/v1/findings/{issue['id']}", role=Role.VIEWER).json()
        hidden = [
            str(value)
            for name, value in issue["evidence"].items()
            if shown["finding"]["evidence"][name] == "***" and str(value) != issue["subject"]
        ]
        assert not [value for value in hidden if value in page.html], (check, hidden)
        assert "masked" in page.text
    assert reader.ask("/accounts", role=Role.VIEWER).status_code == 403
    assert not [link for link in reader.page("/", role=Role.VIEWER).links if link.startswith("/accounts")]
    assert "@" not in reader.page("/findings", role=Role.VIEWER).text


def test_a_viewer_cannot_search_for_a_part_of_what_is_masked(reader: Reader, api: AdminApi) -> None:
    subject = issue_of(api, "credit-balance").partition(":")[2]
    assert "No match" in reader.page(f"/findings?q={subject[:-1]}", role=Role.VIEWER).text
    assert subject in reader.page(f"/findings?q={subject}", role=Role.VIEWER).text


def test_a_mounted_console_links_below_its_prefix(api: AdminApi) -> None:
    from fastapi import FastAPI  # noqa: PLC0415 - only here

    from tests.support.api import asking  # noqa: PLC0415 - only here

    outer = FastAPI()
    outer.mount("/billing", api.app)
    pages = {"/findings": 200, "/sign-in?next=/billing/findings": 200, f"/sign-in/{'x' * 43}": 200, "/nothing": 404}
    with asking(outer, address="127.0.0.1", base_url=HERE) as client:
        for path, status in pages.items():
            answer = client.ask("GET", f"/billing{path}", token=api.tokens[Role.ADMIN], headers=HTML)
            page = Page(answer.text, answer.status_code)
            assert page.status == status, path
            own = [tag.attributes[name] or "" for tag in page.tags for name in LEADING if name in tag.attributes]
            assert len(own) > 2, path
            assert all(address.startswith(("/billing", "#")) for address in own), (path, own)
            style_sheet = str(page.all("link", rel="stylesheet")[0].attributes["href"])
            assert client.ask("GET", style_sheet).status_code == 200, path


def test_a_run_says_what_it_looked_at_and_what_not(reader: Reader, api: AdminApi) -> None:
    run_id = newest_run_id(api)
    outcomes = api.get(f"/api/v1/runs/{run_id}").json()["report"]["outcomes"]
    rows = reader.page(f"/runs/{run_id}").rows()
    assert len(rows) == len(outcomes) + 1
    for outcome in outcomes:
        assert any(outcome["check"] in row and outcome["outcome"].replace("-", " ") in row for row in rows)
    assert reader.ask("/runs/00000000-0000-4000-8000-000000000000").status_code == 404
    assert reader.ask("/runs/xyzzy").status_code == 422


def test_a_check_shows_its_sql_and_its_examples(reader: Reader) -> None:
    page = reader.page("/checks/credit-balance")
    assert len(page.all("pre")) == 2
    assert "SELECT" in page.text
    assert "quiet" in page.text
    assert reader.ask("/checks/xyzzy").status_code == 404


def test_gates_show_each_feature_of_each_plan(reader: Reader, api: AdminApi) -> None:
    gates = api.get("/api/admin/billing-assurance").json()["planGates"]
    page = reader.page("/gates")
    if gates:
        assert len(page.rows()) == len({gate["feature"] for gate in gates}) + 1
    else:
        assert "No plan gates" in page.text or "Not asked" in page.text


def test_exemptions_say_what_they_silence(reader: Reader, api: AdminApi) -> None:
    listed = api.get("/api/v1/exemptions").json()["exemptions"]
    rows = reader.page("/exemptions").rows()
    assert len(rows) == len(listed) + 1
    exempted = [issue for issue in api.issues() if issue["exemption"]]
    assert sum(int(row.split()[-3]) if row.split()[-3].isdecimal() else 0 for row in rows[1:]) >= 0
    assert all(any(issue["check"] in row for row in rows) for issue in exempted)


@pytest.mark.slow
def test_the_journal_is_read_newest_first_and_narrowed(tmp_path: Path) -> None:
    with admin_api(tmp_path) as api:
        api.get("/api/admin/billing-assurance")
        repaired = api.repairable()[:2]
        for issue in repaired:
            answer = api.post("/api/v1/repairs", {"issueId": issue, "reason": "a test of the journal's page"})
            assert answer.status_code == 200, answer.text
        reader = Reader(api)
        rows = reader.page("/journal").rows()
        assert repaired[1] in rows[1]
        assert repaired[0] in rows[2]
        narrowed = reader.page(f"/journal?account={repaired[0].partition(':')[2]}").rows()
        assert [repaired[0] in row for row in narrowed[1:]] == [True]
        assert "No match" in reader.page("/journal?actor=xyzzy").text
        assert "the chain holds" in reader.page("/journal?verify=true").text
        exported = reader.ask("/journal?format=json").text.splitlines()
        assert [json.loads(line)["seq"] for line in exported] == sorted(json.loads(line)["seq"] for line in exported)
        assert len(exported) >= len(repaired)
