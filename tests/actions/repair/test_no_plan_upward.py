"""Whatever a repair asks for, and whichever check asks: no account has a higher plan afterwards."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from tests.support.repairable import App, app_of
from tests.support.small_companies import CONFIG, NOW, SmallCompany
from trueup.actions.repair import open_repair_session, preview
from trueup.model.change import Append, Change, Replace
from trueup.model.check import Check
from trueup.model.finding import Area, Finding
from trueup.model.repair import PlannedRepair, Refused
from trueup.model.severity import Severity

PLANS = ("FREE", "TRIAL", "PRO", "TEAM", "LEGACY")
RANKS = {"FREE": 0, "TRIAL": 0, "PRO": 1, "TEAM": 2}
CLAIMS = ("", "the-highest")


def _check(new: str, claim: str, column: str = "plan") -> Check:
    """A customer's own check that would write this plan, and may claim that it begins at the highest one."""

    def repaired(finding: Finding) -> Change:
        old = "TEAM" if claim else finding.evidence["plan"]
        values = {"account_id": finding.subject, "from_plan": old, "to_plan": new}
        return Change(
            kind="own",
            summary=f"plan {old} -> {new}",
            replace=Replace(relation="account", row_key=finding.subject, column=column, old=old, new=new),
            append=Append(relation="plan_change", values=values),
        )

    return Check(
        id=f"own-{new.lower()}{'-claiming' if claim else ''}-{column}",
        area=Area.ENTITLEMENTS,
        severity=Severity.ERROR,
        title="own",
        why="own",
        population="SELECT count(*) FROM account",
        violations="SELECT account_id AS subject, plan FROM account",
        message="own",
        repair=repaired,
        cases=(),
    )


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> App:
    folder = tmp_path_factory.mktemp("app")
    path = folder / "app.db"
    users = [_user(f"on_{plan.lower()}", plan) for plan in PLANS]
    SmallCompany(rows={"users": users}).write(path)
    return app_of(f"sqlite:///{path}", f"{CONFIG}[plans.TRIAL]\nrank = 0\n", folder, now=NOW)


def _user(named: str, plan: str) -> dict[str, object]:
    plain: dict[str, object] = {"id": named, "plan": plan, "role": "user", "credits": 0}
    return plain | {"unlimited_credits": False, "active": True, "created_at": "2020-01-01 00:00:00"}


def _previewed(app: App, checks: tuple[Check, ...], old: str) -> dict[str, PlannedRepair | Refused]:
    found: dict[str, PlannedRepair | Refused] = {}
    catalogue = (*checks, *app.checks)
    with contextlib.closing(open_repair_session(app.config, catalogue)) as session:
        for check in checks:
            issue_id = f"{check.id}:on_{old.lower()}"
            result = preview(issue_id, config=app.config, catalogue=catalogue, now=NOW, session=session)
            assert isinstance(result, (PlannedRepair, Refused)), result
            found[check.id] = result
    return found


@pytest.mark.parametrize("old", PLANS)
def test_of_all_pairs_of_plans_only_those_downward_to_an_unpaid_one_can_be_planned(app: App, old: str) -> None:
    checks = tuple(_check(new, claim) for new, claim in product(PLANS, CLAIMS))
    planned = _previewed(app, checks, old)
    allowed = {name for name, result in planned.items() if isinstance(result, PlannedRepair)}
    down = [new for new in ("FREE", "TRIAL") if RANKS.get(old, -1) > RANKS[new]]
    truthful = CLAIMS if old == "TEAM" else ("",)
    assert allowed == {_check(new, claim).id for new, claim in product(down, truthful)}
    refused = [result for result in planned.values() if isinstance(result, Refused)]
    assert all(result.reason.startswith("Not a downgrade: ") for result in refused)


def test_where_plans_stand_nothing_else_is_written(app: App, tmp_path: Path) -> None:
    """A column of ours that is mapped to the column of plans is no way around."""
    account = app.config.relations["account"]
    columns = {**account.columns, "stripe_subscription_id": account.columns["plan"]}
    mapped = {**app.config.relations, "account": replace(account, columns=columns)}
    aliased = replace(app, config=replace(app.config, relations=mapped))
    check = _check("FREE", "", "stripe_subscription_id")
    plan = _previewed(aliased, (check,), "TEAM")[check.id]
    assert isinstance(plan, Refused)
    assert "is the column of plans" in plan.reason
