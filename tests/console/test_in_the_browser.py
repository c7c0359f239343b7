"""The console in Debian's Chromium: no page breaks its own rules, and the keyboard and plain forms are enough."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.console.conftest import Console
from tests.support.chromium import Watched, sign_in, watching
from trueup.model.access import Role

if TYPE_CHECKING:
    from playwright.sync_api import Browser

REASON = "by keyboard, as the design says"
WIDTHS = (390, 1280, 1920)


def walk(browser: Browser, console: Console, *, width: int, scheme: str, judge: bool) -> list[str]:
    """Open every page and say what is wrong with any."""
    faults: list[str] = []
    viewport = {"width": width, "height": 900}
    with watching(browser, console.origin, viewport=viewport, color_scheme=scheme) as watched:
        sign_in(watched, console.tokens[Role.ADMIN])
        for path in console.pages:
            watched.open(path)
            wide = watched.page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                faults.append(f"{path} is {wide} wide at {width}")
            if judge:
                faults += watched.axe()
        faults += watched.faults
    return faults


@pytest.mark.slow
def test_no_page_breaks_a_rule(browser: Browser, console: Console) -> None:
    assert walk(browser, console, width=1280, scheme="light", judge=True) == []


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_breaks_a_rule_at_any_width(browser: Browser, console: Console, width: int, scheme: str) -> None:
    assert walk(browser, console, width=width, scheme=scheme, judge=True) == []


def test_the_page_before_the_sign_in_breaks_no_rule_either(browser: Browser, console: Console) -> None:
    with watching(browser, console.origin) as watched:
        watched.page.goto(f"{console.origin}/findings?severity=error")
        assert "/sign-in?next=" in watched.page.url
        assert watched.axe() == watched.faults == []


def focus(watched: Watched, text: str, *, most: int = 120) -> None:
    """Press Tab until the focus is on what has this text."""
    for _ in range(most):
        watched.page.keyboard.press("Tab")
        focused = watched.page.evaluate("document.activeElement.innerText || document.activeElement.name || ''")
        if text in focused:
            return
    raise AssertionError(f"Tab never reaches {text!r}")


def test_from_the_sign_in_to_an_applied_repair_by_keyboard_alone(browser: Browser, console: Console) -> None:
    """The on-call story: from an alert's link, through the sign-in, to the repair."""
    issue = console.repairable[0]
    with watching(browser, console.origin) as watched:
        page, keys = watched.page, watched.page.keyboard
        page.goto(f"{console.origin}/findings/{issue}")
        page.wait_for_function("document.activeElement.name === 'token'")
        keys.type(console.tokens[Role.ADMIN])
        keys.press("Enter")
        page.wait_for_url(re.compile(r":\d+/findings/"), wait_until="load")
        focus(watched, "Preview the repair")
        keys.press("Enter")
        page.wait_for_url(re.compile(r":\d+/repair"), wait_until="load")
        focus(watched, "reason")
        keys.type(REASON)
        keys.press("Enter")
        page.wait_for_url(re.compile("repaired="))
        assert "no longer so in the database" in page.inner_text("main")
        assert watched.faults == []


def test_from_an_address_to_the_statement_in_four_steps(browser: Browser, console: Console) -> None:
    """The support story: a customer's e-mail address is all that is known."""
    with watching(browser, console.origin) as watched:
        sign_in(watched, console.tokens[Role.ADMIN])
        page, keys = watched.page, watched.page.keyboard
        watched.open(f"/accounts/{console.account}")
        address = re.search(r"\S+@example\.com", page.inner_text("main"))
        assert address is not None
        watched.open("/")
        keys.press("/")
        keys.type(address[0])
        keys.press("Enter")
        page.wait_for_url(re.compile(f"/accounts/{console.account}$"))
        assert "Balance of the ledger" in page.inner_text("main")
        assert watched.faults == []


@pytest.mark.slow
def test_two_people_repair_from_an_alert_s_link(browser: Browser, console: Console) -> None:
    """The on-call story where a second person is needed: Ada opens the link, asks, Bob approves, Ada applies."""
    issue = console.two_person
    with watching(browser, console.origin) as ada, watching(browser, console.origin) as bob:
        ada.page.goto(f"{console.origin}/findings/{issue}")
        ada.page.get_by_label("API token").fill(console.people["ada"])
        ada.page.get_by_role("button", name="Sign in").click()
        ada.page.get_by_role("link", name="Preview the repair").click()
        ada.page.get_by_text("Does it need a second person?").click()
        ada.page.get_by_label("Reason, for the second person").fill(REASON)
        ada.page.get_by_role("button", name="Ask for approval").click()
        ada.page.wait_for_url(re.compile("/approvals$"))
        waiting = ada.page.locator("section.panel", has_text=issue)
        assert "you cannot approve it now" in waiting.inner_text()
        sign_in(bob, console.people["bob"], next_path="/approvals")
        request = bob.page.locator("section.panel", has_text=issue)
        request.get_by_label("Reason").fill(REASON)
        request.get_by_role("button", name="Approve").click()
        request.wait_for(state="detached")
        ada.page.reload()
        ada.page.get_by_role("row", name=re.compile(issue)).get_by_role("link", name="Apply it").click()
        ada.page.get_by_label("Reason, for the journal").fill(REASON)
        ada.page.get_by_role("button", name="Apply this repair").click()
        ada.page.wait_for_url(re.compile("repaired="))
        assert "no longer so in the database" in ada.page.inner_text("main")
        assert ada.axe() == ada.faults == bob.faults == []


def test_finance_sees_what_is_at_risk_and_what_changed_since_last_month(browser: Browser, console: Console) -> None:
    """The finance story, from the first page: two amounts by currency, one link, and each change by name."""
    with watching(browser, console.origin) as watched:
        sign_in(watched, console.tokens[Role.ADMIN])
        risk = watched.page.get_by_role("region", name="At risk in open findings").inner_text()
        assert re.search(r"[0-9,]+\.[0-9]{2} USD", risk), risk
        assert re.search(r"Credits\s+[0-9,.]+", risk), risk
        watched.page.get_by_role("link", name="What changed since last month").click()
        watched.page.wait_for_url(re.compile(r"/runs/[0-9a-f-]+\.\.[0-9a-f-]+$"))
        rows = watched.page.get_by_role("table", name="Before and after").locator("tbody tr").all_inner_texts()
        assert any(re.match(r"Money, USD\s+[0-9,.]+ USD\s+[0-9,.]+ USD", row) for row in rows), rows
        assert "Resolved: " in watched.page.inner_text("main")
        assert watched.faults == []


@pytest.mark.slow
def test_marked_findings_are_exempted_by_keyboard_as_the_list_that_was_shown(
    browser: Browser, console: Console
) -> None:
    with watching(browser, console.origin) as watched:
        sign_in(watched, console.tokens[Role.ADMIN], next_path="/findings?category=revenue")
        page, keys = watched.page, watched.page.keyboard
        for key in "jxjx":
            keys.press(key)
        assert page.locator("tr[data-selected]").count() == 2
        focus(watched, "Exempt")
        keys.press("Enter")
        page.wait_for_url(re.compile("/selection[?]"), wait_until="load")
        assert page.inner_text("h1") == "Exempt 2 findings"
        focus(watched, "owner")
        keys.type("finance")
        page.get_by_label("Last day it holds").fill("2027-06-30")
        page.get_by_label("Reason, for each exemption").fill(REASON)
        keys.press("Enter")
        page.wait_for_url(re.compile("/selection/exemptions"), wait_until="load")
        assert "2 applied" in page.inner_text("main")
        assert watched.axe() == watched.faults == []


@pytest.mark.slow
def test_a_page_follows_an_audit_until_its_run_is_there(browser: Browser, console: Console) -> None:
    with watching(browser, console.origin) as watched:
        sign_in(watched, console.tokens[Role.ADMIN])
        page = watched.page
        newest = page.goto(f"{console.origin}/runs")
        assert newest is not None
        before = page.locator("tbody tr").count()
        release = console.hold_audits()
        try:
            watched.open("/")
            page.get_by_role("button", name="Run an audit now").click()
            page.wait_for_url(re.compile("/runs$"))
            assert "An audit is under way" in page.get_by_role("status").inner_text()
            assert page.locator("tbody tr").count() == before
        finally:
            release()
        page.get_by_role("status").wait_for(state="detached")
        assert page.locator("tbody tr").count() == before + 1
        assert watched.faults == []


@pytest.mark.slow
def test_the_keys_move_select_open_and_go(browser: Browser, console: Console) -> None:
    with watching(browser, console.origin) as watched:
        sign_in(watched, console.tokens[Role.ADMIN], next_path="/findings")
        page, keys = watched.page, watched.page.keyboard
        keys.press("j")
        keys.press("j")
        keys.press("k")
        keys.press("j")
        second = page.locator("[data-row] [data-open]").nth(1)
        assert second.evaluate("element => element === document.activeElement")
        target = second.get_attribute("href")
        keys.press("Enter")
        page.wait_for_url(f"{console.origin}{target}")
        keys.press("?")
        assert page.locator("#keys").is_visible()
        keys.press("Escape")
        keys.press("g")
        keys.press("r")
        page.wait_for_url(f"{console.origin}/runs")
        page.go_back()
        page.wait_for_url(f"{console.origin}{target}")
        watched.open("/accounts")
        page.get_by_label("Account", exact=True).type("jkx?/")
        assert page.get_by_label("Account", exact=True).input_value() == "jkx?/"
        assert watched.faults == []


@pytest.mark.slow
def test_with_scripts_off_the_same_walk_works(browser: Browser, console: Console) -> None:
    issue = console.repairable[1]
    with watching(browser, console.origin, java_script_enabled=False) as watched:
        page = watched.page
        page.goto(f"{console.origin}/findings/{issue}")
        page.get_by_label("API token").fill(console.tokens[Role.ADMIN])
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("link", name="Preview the repair").click()
        page.get_by_label("Reason, for the journal").fill(REASON)
        page.get_by_role("button", name="Apply this repair").click()
        page.wait_for_url(re.compile("repaired="))
        assert "Repaired." in page.inner_text("main")
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url(re.compile("/sign-in"))


@pytest.mark.slow
def test_back_and_reload_show_the_same(browser: Browser, console: Console) -> None:
    with watching(browser, console.origin) as watched:
        sign_in(watched, console.tokens[Role.ADMIN])
        for before, path in zip(console.pages, console.pages[1:], strict=False):
            watched.open(before)
            heading = watched.page.inner_text("h1")
            watched.open(path)
            watched.page.go_back()
            watched.page.reload()
            assert watched.page.inner_text("h1") == heading, before
        assert watched.faults == []


@pytest.mark.slow
def test_what_is_printed_is_the_content_alone(browser: Browser, console: Console) -> None:
    with watching(browser, console.origin) as watched:
        sign_in(watched, console.tokens[Role.ADMIN])
        watched.page.emulate_media(media="print")
        for path in (f"/accounts/{console.account}", f"/findings/{console.repairable[2]}"):
            watched.open(path)
            assert not watched.page.locator("nav, header.top, footer, form").filter(visible=True).count(), path
            assert watched.page.locator("main table").first.is_visible()


@pytest.mark.slow
def test_a_page_that_breaks_the_rules_would_be_seen(browser: Browser, console: Console) -> None:
    """The judges themselves: a script inside a page is reported, and a picture without words is a fault."""
    with watching(browser, console.origin) as watched:
        sign_in(watched, console.tokens[Role.ADMIN])
        watched.page.evaluate("""() => {
            document.querySelector("main").insertAdjacentHTML("beforeend", "<img src=/static/none.svg onclick='1'>");
        }""")
        assert any("image-alt" in fault for fault in watched.axe())
        watched.page.wait_for_function(
            "document.images.length > 1 && [...document.images].every(each => each.complete)"
        )
        assert watched.faults
