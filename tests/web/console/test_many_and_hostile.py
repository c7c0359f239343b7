"""Findings whose texts attack a page, and more findings than fit on one."""

from __future__ import annotations

import dataclasses
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.api import NOW, Client, Clock, asking, config_in, token_for
from tests.support.pages import HTML, Page
from trueup.actions.audit.record_run import remember
from trueup.checks import catalogue
from trueup.model.access import Role
from trueup.model.finding import Area, Finding, subject_text
from trueup.model.outcome import Checked, CheckOutcome
from trueup.model.relations import Exemption
from trueup.model.report import RelationRead, Report
from trueup.model.severity import Severity
from trueup.store import open_store
from trueup.web import create_app

CHECKS = catalogue()
MANY = 100_000
SECONDS_LIMIT = 0.15

MARK = "xss1937"
ATTACKS = (
    "<script>{}</script>",
    "</script><script>{}</script>",
    "<img src=x onerror={}>",
    '"><svg onload={}>',
    "' onmouseover='{}",
    '" autofocus onfocus="{}',
    "javascript:{}",
    "</title><script>{}</script>",
    "</textarea><script>{}</script>",
    "{{{{ {} }}}}",
    "{{% import '{}' %}}",
    "${{{}}}",
    "<!--{}",
    "--><script>{}</script>",
    "]]><script>{}</script>",
    "&lt;script&gt;{}&lt;/script&gt;",
    "&#x3c;script&#x3e;{}",
    "\\u003cscript\\u003e{}",
    "<a href='javascript:{}'>x</a>",
    "<style>@import '{}'</style>",
)
WRAPS = ("{}", "x{}", "{}\u202e", "\u200f{}", "a@b.example {}", "{}<", "{}\\", "%3C{}", "\u017f{}", "=1+1{}")
HOSTILE = tuple(wrap.replace("{}", attack.format(MARK)) for attack in ATTACKS for wrap in WRAPS)


def finding(subject: str, **fields: object) -> Finding:
    """A finding of the first check about this subject, with the same text wherever there may be one."""
    values: dict[str, object] = {
        "check": "credit-balance",
        "area": Area.CREDITS,
        "severity": Severity.ERROR,
        "title": "Cached balance differs from the ledger",
        "subject": subject_text(subject),
        "message": f"{subject} is wrong",
        "evidence": {"diagnosis": subject, "account_id": subject, "stripe_event_id": subject},
    }
    return Finding(**(values | fields))  # type: ignore[arg-type]


def report_of(findings: Sequence[Finding]) -> Report:
    """A complete report of these findings."""
    return Report(
        run_id=str(uuid.uuid4()),
        generated_at=NOW,
        environment="production",
        period_days=45,
        database_as_of=NOW,
        relations=(RelationRead(relation="account", table="users", rows=500_000),),
        outcomes=tuple(
            CheckOutcome(
                check=check.id,
                outcome=Checked(population=500_000, findings=tuple(findings) if check.id == "credit-balance" else ()),
                milliseconds=1,
            )
            for check in CHECKS
        ),
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """A reader of a console over a report that was made by hand; no database is behind it."""

    client: Client
    token: str

    def page(self, path: str, status: int = 200) -> Page:
        """The page, which must answer so."""
        answer = self.client.ask("GET", path, token=self.token, headers=HTML)
        assert answer.status_code == status, (path, answer.text[:300])
        return Page(answer.text, answer.status_code)


@dataclass(frozen=True, slots=True)
class Place:
    """A folder for a console."""

    folder: Path

    def console(self, findings: Sequence[Finding]) -> Iterator[Reading]:
        """A console of these findings."""
        with open_store(f"sqlite:///{self.folder}/store.db") as store:
            config = dataclasses.replace(config_in(self.folder), environment="production")
            app = create_app(config, store=store, catalogue=CHECKS, clock=Clock(NOW))
            remember(report_of(findings), store=store, trigger="command", milliseconds=1, catalogue=CHECKS)
            with asking(app) as client:
                yield Reading(client, token_for(store, Role.ADMIN))
            app.state.services.close()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reading]:
    """A console whose every finding attacks it, some of them exempted with a hostile reason."""
    exempted = Exemption(check_id="credit-balance", subject="x", owner=HOSTILE[0], reason=HOSTILE[2])
    findings = [finding(text, exemption=exempted if n % 10 == 0 else None) for n, text in enumerate(HOSTILE)]
    yield from Place(tmp_path_factory.mktemp("hostile")).console(findings)


def is_harmless(page: Page) -> None:
    """Nothing of an attack became an element, an attribute that runs, or an address that runs."""
    assert not page.open_tags
    scripts = page.all("script")
    assert len(scripts) == 1
    assert str(scripts[0].attributes["src"]).startswith("/static/console.")
    assert not page.all("style")
    for tag in page.tags:
        assert not [name for name in tag.attributes if name.startswith("on")], tag
        for name in ("href", "src", "action"):
            assert not str(tag.attributes.get(name) or "").strip().lower().startswith("javascript:"), tag
    assert not [tag for tag in page.all("img") if not str(tag.attributes["src"]).startswith("/static/mark.")]


def test_two_hundred_hostile_texts_stay_texts_in_the_lists(hostile: Reading) -> None:
    assert len(set(HOSTILE)) >= 200
    address, seen = "/findings", 0
    while address:
        page = hostile.page(address)
        is_harmless(page)
        seen += page.html.count(MARK)
        address = next((str(tag.attributes["href"]) for tag in page.all("a", rel="next")), "")
    assert seen > 2 * len(HOSTILE) * 0.8
    is_harmless(hostile.page("/findings?state=exempt"))
    is_harmless(hostile.page("/"))


@pytest.mark.parametrize("text", HOSTILE[::7])
def test_a_hostile_text_stays_a_text_on_its_own_page_and_as_a_search(hostile: Reading, text: str) -> None:
    subject = subject_text(text)
    page = hostile.page("/findings/credit-balance:" + quote(subject, safe=""))
    is_harmless(page)
    assert MARK in page.text
    if text.isprintable():
        is_harmless(hostile.page("/findings?q=" + quote(text, safe="")))


@pytest.mark.slow
def test_the_first_page_of_a_hundred_thousand_findings_is_fast_and_small(tmp_path: Path) -> None:
    levels = (Severity.CRITICAL, Severity.ERROR, Severity.WARNING)
    findings = [finding(f"user_{n:06}", severity=levels[n % 3]) for n in range(MANY)]
    for reading in Place(tmp_path).console(findings):
        for address in ("/findings", "/findings?severity=error", "/findings?q=user_0999", "/findings?sort=risk", "/"):
            taken = []
            for _ in range(5):
                started = time.process_time()
                answer = reading.client.ask("GET", address, token=reading.token, headers=HTML)
                taken.append(time.process_time() - started)
                assert (answer.status_code, len(answer.text) <= 100_000) == (200, True), (address, len(answer.text))
            assert min(taken) <= SECONDS_LIMIT, (address, taken)
