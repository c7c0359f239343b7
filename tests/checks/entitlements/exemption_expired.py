"""More cases of `exemption-expired`, beside those that its own file teaches with."""

from __future__ import annotations

from datetime import date

from trueup.model.check import Case
from trueup.model.relations import Exemption

CASES: tuple[Case, ...] = (
    Case(
        name="of a whole plan, still inside its date",
        given=(Exemption(check_id="stale-paid-plan", plan="PARTNER", expires_at=date(2026, 12, 31)),),
    ),
    Case(
        name="of a whole plan, ended yesterday",
        given=(Exemption(check_id="stale-paid-plan", plan="PARTNER", expires_at=date(2026, 2, 28)),),
        fires=("stale-paid-plan:plan PARTNER",),
        evidence={"stale-paid-plan:plan PARTNER": {"exempt_plan": "PARTNER", "exempt_subject": None}},
    ),
    Case(
        name="one of a plan renews none of an account that is on it",
        given=(
            Exemption(check_id="stale-paid-plan", subject="user_1", expires_at=date(2026, 2, 28)),
            Exemption(check_id="stale-paid-plan", plan="PARTNER", expires_at=date(2026, 12, 31)),
        ),
        fires=("stale-paid-plan:user_1",),
    ),
    Case(
        name="one account exempted from two checks, one of them still",
        given=(
            Exemption(check_id="unlimited-credits", subject="user_1", expires_at=date(2026, 2, 1)),
            Exemption(check_id="paid-without-customer", subject="user_1", expires_at=date(2026, 4, 1)),
        ),
        fires=("unlimited-credits:user_1",),
    ),
)
