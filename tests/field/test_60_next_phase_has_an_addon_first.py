"""Significant-Gravitas/AutoGPT PR #12865 (2026-04-21): the first item of the next phase was taken for the plan.

vm0-ai/vm0 issue #25415 (2026-08-06): a subscription of several items.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.field.company import MAPPING, PLANS, FieldCompany
from tests.support.field.stripe_side import DAY_SECONDS, NOW, Json, ago
from trueup.actions.audit.run_audit import audit
from trueup.actions.checks.catalogue import full_catalogue
from trueup.config import load_config
from trueup.model.source import Silent

BEGAN, ENDS = ago(9), ago(-21)


def items(*prices: str) -> list[Json]:
    """The items of a phase, as a schedule has them today."""
    return [{"price": price, "quantity": 1} for price in prices]


def company(phases: Sequence[tuple[str, Json]]) -> FieldCompany:
    """Each account is on TEAM with an add-on until the end of the period, and then this phase begins."""
    company = FieldCompany()
    for price, amount in (("price_pro", 2900), ("price_team", 9900), ("price_addon", 500)):
        company.stripe.price(price, amount)
    for number, (_, later) in enumerate(phases, start=1):
        schedule = f"sub_sched_{number}"
        company.stripe.customer(f"cus_{number}", f"u{number}@example.com")
        company.stripe.subscription(
            f"sub_{number}",
            f"cus_{number}",
            [("price_team", 1), ("price_addon", 1)],
            period=(BEGAN, ENDS),
            schedule=schedule,
        )
        now = {"start_date": BEGAN, "end_date": ENDS, "items": items("price_team", "price_addon")}
        company.stripe.put(
            "subscription_schedules",
            {
                "id": schedule,
                "object": "subscription_schedule",
                "status": "active",
                "subscription": f"sub_{number}",
                "customer": f"cus_{number}",
                "livemode": True,
                "created": BEGAN,
                "current_phase": {"start_date": BEGAN, "end_date": ENDS},
                "end_behavior": "release",
                "phases": [now, {"start_date": ENDS, "end_date": ENDS + 30 * DAY_SECONDS, **later}],
            },
        )
    users: dict[str, dict[str, object]] = {
        name: {"plan": "team", "stripe_customer_id": f"cus_{number}"}
        for number, (name, _) in enumerate(phases, start=1)
    }
    company.users(**users)
    return company


def test_the_highest_plan_of_the_next_phase_is_the_plan_then(tmp_path: Path) -> None:
    """u1 loses TEAM for PRO, though an add-on comes first; u2 keeps TEAM."""
    report = company(
        (
            ("u1", {"items": items("price_addon", "price_pro")}),
            ("u2", {"items": items("price_addon", "price_team")}),
        )
    ).expect(tmp_path, MAPPING + PLANS, must={"ending-plan:u1"}, looked={"ending-plan", "plan-mismatch"})
    (ending,) = [finding for finding in report.findings() if finding.check == "ending-plan"]
    assert (ending.evidence["ending_plan"], ending.evidence["plan_then"]) == ("TEAM", "PRO")


@pytest.mark.slow
@pytest.mark.parametrize(
    "old",
    [
        pytest.param({"plans": [{"plan": "price_addon"}, {"plan": "price_pro"}]}, id="plans, which only name plans"),
        pytest.param({"plans": [{"plan": {"id": "price_pro", "object": "plan"}}]}, id="a plan that is expanded"),
        pytest.param({"items": [{"price": None, "plan": "price_pro"}]}, id="an item that names its plan"),
    ],
)
def test_a_phase_of_the_old_form_is_read(tmp_path: Path, old: Json) -> None:
    company((("u1", old),)).expect(tmp_path, MAPPING + PLANS, must={"ending-plan:u1"}, looked={"ending-plan"})


@pytest.mark.slow
def test_a_phase_of_which_no_price_is_in_a_plan_is_unknown(tmp_path: Path) -> None:
    company((("u1", {"items": items("price_addon")}),)).expect(tmp_path, MAPPING + PLANS, looked={"ending-plan"})


@pytest.mark.slow
def test_files_without_a_line_silence_no_check_of_plans(tmp_path: Path) -> None:
    """Nothing names an invoice, so that an empty file of them is taken at its word for their payments, too."""
    company((("u1", {"items": items("price_pro")}),)).write(tmp_path, MAPPING + PLANS)
    path = tmp_path / "trueup.toml"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line for line in lines if not line.startswith("may_be_empty")))
    report = audit(load_config(path, {}), checks=full_catalogue(None), now=NOW, progress=Silent())
    assert {finding.id for finding in report.findings()} == {"ending-plan:u1"}
