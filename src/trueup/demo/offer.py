"""What the demo company sells: its plans, their prices, and its credit packs."""

from __future__ import annotations

from dataclasses import dataclass

API_VERSION = "2026-10-28.endive"
"""The Stripe API version its webhook endpoint is pinned to."""

SIGNUP_CREDITS = 50
TRIAL_CREDITS = 200
TRIAL_DAYS = 14
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


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedPrice:
    """A price in Stripe. ``interval`` is how often it bills; None is paid once."""

    price_id: str
    product: str
    cents: int
    interval: str | None = None

    @property
    def days(self) -> int:
        """How long a period of it is in a scene, where months have thirty days."""
        return 365 if self.interval == "year" else 30


PRO_MONTHLY = OfferedPrice(price_id="price_demo_pro_monthly", product="prod_demo_pro", cents=2900, interval="month")
PRO_YEARLY = OfferedPrice(price_id="price_demo_pro_yearly", product="prod_demo_pro", cents=29000, interval="year")
TEAM_MONTHLY = OfferedPrice(price_id="price_demo_team_monthly", product="prod_demo_team", cents=9900, interval="month")
SEAT = OfferedPrice(price_id="price_demo_seat", product="prod_demo_team", cents=700, interval="month")
"""An add-on beside TEAM, one for each member."""
DESKTOP = OfferedPrice(price_id="price_demo_desktop", product="prod_demo_desktop", cents=1200, interval="month")
"""Another application on the same Stripe account."""
PACK_PRICES = {
    pack: OfferedPrice(price_id=f"price_demo_pack_{pack}", product="prod_demo_credits", cents=cents)
    for pack, cents in zip(PACKS, (500, 1100, 2000), strict=True)
}
PRICES = (PRO_MONTHLY, PRO_YEARLY, TEAM_MONTHLY, SEAT, DESKTOP, *PACK_PRICES.values())
MONTHLY = {"PRO": PRO_MONTHLY, "TEAM": TEAM_MONTHLY}
PRODUCTS = ("prod_demo_pro", "prod_demo_team")
"""The products that this application's subscriptions are for."""


def pack_cents(pack: int) -> int:
    """What a pack of credits costs; one that is not on the list, by the credit."""
    return PACK_PRICES[pack].cents if pack in PACK_PRICES else pack * 4
