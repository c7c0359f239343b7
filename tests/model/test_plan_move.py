"""A repair writes a plan downward, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.catalogue import all_cases, checked
from trueup.checks import catalogue
from trueup.model.change import Append, Change, Replace
from trueup.model.plan_move import PlanMove, plan_moves, upward
from trueup.model.relations import Plan

_names = st.sampled_from(["FREE", "TRIAL", "PRO", "TEAM", "LEGACY"])
_plans = st.lists(
    st.builds(Plan, plan=_names, rank=st.integers(-2, 3), paid=st.booleans()), max_size=5, unique_by=lambda p: p.plan
)
_words = _names | st.none() | st.just("free")


@given(plans=_plans, old=_words, new=_words, standing=_words)
def test_only_a_known_move_to_a_lower_unpaid_plan_is_let_through(
    plans: list[Plan], old: str | None, new: str | None, standing: str | None
) -> None:
    known = {plan.plan: plan for plan in plans}
    says = upward(PlanMove(account_id="user_1", old=old, new=new), standing=standing, plans=plans)
    if says is None:
        assert old is not None
        assert new is not None
        assert old == standing
        assert known[new].rank < known[old].rank
        assert not known[new].paid
    elif old == standing and old in known and new in known:
        assert known[new].paid or known[new].rank >= known[old].rank


def test_a_plan_is_written_in_the_account_and_in_the_history() -> None:
    values = {"account_id": "user_1", "from_plan": "TEAM", "to_plan": "FREE"}
    change = Change(
        kind="k",
        summary="s",
        replace=Replace(relation="account", row_key="user_1", column="plan", old="PRO", new="FREE"),
        append=Append(relation="plan_change", values=values),
    )
    assert list(plan_moves(change)) == [
        PlanMove(account_id="user_1", old="PRO", new="FREE"),
        PlanMove(account_id="user_1", old="TEAM", new="FREE"),
    ]


@pytest.mark.slow
def test_no_repair_of_the_catalogue_offers_a_move_upward_and_only_one_offers_any() -> None:
    """Over every case of every check that has a repair."""
    moving = set()
    for check in (check for check in catalogue() if check.repair is not None):
        for case in (case for case in all_cases(check) if case.fires):
            plans = [row for row in case.given if isinstance(row, Plan)]
            for finding in checked(check, case).findings:
                moves = list(plan_moves(finding.repair)) if isinstance(finding.repair, Change) else []
                assert all(upward(move, standing=move.old, plans=plans) is None for move in moves), finding.id
                moving |= {check.id for _ in moves}
    assert moving == {"paid-without-customer"}
