"""What the demo company sells: its plans, their prices, and its credit packs."""

from __future__ import annotations

from dataclasses import dataclass

API_VERSION = "2026-10-28.endive"
"""The Stripe API version its webhook endpoint is pinned to."""

SIGNUP_CREDITS = 50
TRIAL_CREDITS = 200
GOODWILL_CREDITS = 25

PACKS = (100, 250, 500)
"""Credits that can be bought at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedPlan:
    """A plan. ``prices`` are Stripe price ids with their billing interval; ``price_cents`` is one month in USD."""

    name: str
    rank: int
    credits_per_month: int
    price_cents: int
    prices: tuple[tuple[str, str], ...] = ()


FREE = OfferedPlan(name="FREE", rank=0, credits_per_month=0, price_cents=0)
PRO = OfferedPlan(
    name="PRO",
    rank=1,
    credits_per_month=1000,
    price_cents=2900,
    prices=(("price_demo_pro_monthly", "month"), ("price_demo_pro_yearly", "year")),
)
TEAM = OfferedPlan(
    name="TEAM", rank=2, credits_per_month=5000, price_cents=9900, prices=(("price_demo_team_monthly", "month"),)
)
PLANS = {plan.name: plan for plan in (FREE, PRO, TEAM)}
