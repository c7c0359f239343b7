"""The page of every finding of the demo company says what a look at the whole books says."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path

import pytest

from tests.support.demo import NOW
from tests.support.repairable import App, app_of
from trueup.actions.audit.run_audit import audit
from trueup.actions.explain import explain_books
from trueup.actions.repair import open_reading_session, timeline
from trueup.demo import make_company
from trueup.model.source import Silent

COMPARES_WITH_OTHERS = frozenset({"large-credit-movement"})
"""The check that says what is usual for everybody: here, what is usual for the account."""

LOOKED_AT = 20
"""So many checks at least have findings that their own rows show."""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> App:
    folder = tmp_path_factory.mktemp("every-finding")
    place = f"sqlite:///{folder / 'app.db'}"
    with make_company(accounts=400, now=NOW) as made:
        made.write(place)
        made.write_gates(folder)
        return app_of(place, made.config_text("${PLACE}"), folder)


@pytest.mark.slow
def test_each_finding_by_itself_is_what_the_whole_books_say_of_it(company: App, tmp_path: Path) -> None:
    config, checks = dataclasses.replace(company.config, repair_url=company.config.database_url), company.checks
    books = tmp_path / "books"
    report = audit(config, checks=checks, now=NOW, progress=Silent(), keep_books=books)
    shown = set()
    with contextlib.closing(open_reading_session(config, checks)) as session:
        for finding in report.findings():
            page = timeline(finding.id, config=config, catalogue=checks, now=NOW, session=session)
            if page.finding is None:
                continue
            whole = explain_books(
                finding.id, path=books, policy=config.policy, catalogue=checks, now=NOW, progress=Silent()
            )
            shown.add(finding.check)
            if finding.check not in COMPARES_WITH_OTHERS:
                assert page.finding == whole.finding == finding
            assert page.account_id == whole.account_id
            assert page.timeline.lines == whole.timeline.lines, finding.id
            assert page.timeline.earlier_app == whole.timeline.earlier_app
            assert (page.entries, page.earlier_entries) == (whole.entries, whole.earlier_entries)
    assert len(shown) >= LOOKED_AT
