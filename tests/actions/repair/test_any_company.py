"""Whatever the company, whatever is offered: repaired, it is gone, nothing new is found, and the sums are the same."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.support.repairable import REASON, app_of
from tests.support.small_companies import CONFIG, NOW, SmallCompany, small_companies
from tests.support.thoroughness import tried
from trueup.actions.repair import repair
from trueup.model.repair import Applied

SUMS = "SELECT user_id, sum(amount) FROM credit_transactions GROUP BY user_id HAVING sum(amount) <> 0 ORDER BY user_id"

RANKS = "SELECT id, CASE plan WHEN 'FREE' THEN 0 WHEN 'PRO' THEN 1 ELSE 2 END FROM users ORDER BY id"


def _repaired_and_audited_again(company: SmallCompany, draw: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "app.db"
        company.write(path)
        app = app_of(f"sqlite:///{path}", CONFIG, Path(home), now=NOW)
        before = {finding.id: finding for finding in app.report().findings()}
        offered = sorted(issue for issue, finding in before.items() if finding.repairable)
        assume(offered)
        chosen = draw.draw(st.sampled_from(offered))
        sums, ranks = app.rows(SUMS), app.rows(RANKS)
        result = repair(chosen, reason=REASON, actor="test", config=app.config, catalogue=app.checks, now=app.now)
        assert isinstance(result, Applied), result
        after = {finding.id for finding in app.report().findings()}
        assert chosen not in after
        assert after <= before.keys()
        assert app.rows(SUMS) == sums
        assert all(int(str(now[1])) <= int(str(then[1])) for then, now in zip(ranks, app.rows(RANKS), strict=True))
        assert app.journal_is_sound() == 1


_QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much]


@pytest.mark.slow
@settings(max_examples=4, deadline=None, suppress_health_check=_QUIET, print_blob=True)
@given(company=small_companies(), draw=st.data())
def test_a_repaired_finding_is_gone_and_nothing_new_is_found(company: SmallCompany, draw: st.DataObject) -> None:
    _repaired_and_audited_again(company, draw)


@pytest.mark.slow
@settings(max_examples=tried(40, 8), deadline=None, suppress_health_check=_QUIET, print_blob=True)
@given(company=small_companies(), draw=st.data())
def test_a_repaired_finding_is_gone_in_many_companies(company: SmallCompany, draw: st.DataObject) -> None:
    _repaired_and_audited_again(company, draw)
