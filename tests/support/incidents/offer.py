"""What the company of all incidents sells: the plans of its config, and their prices at Stripe."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.stripe import products, stories
from tests.support.stripe.objects import JSON
from tests.support.stripe.world import StripeWorld

PRODUCT = "prod_app"
PRO_AGAIN = "price_pro_again"
"""Another price of PRO, which the config knows by its lookup key."""
OTHER_PRODUCT = "prod_other"
CREDITS = {"PRO": 1000, "MAX": 5000, "LEGACY": 300}
"""Credits of a month. The other plans have none."""
CENTS = {
    "price_basic": 900,
    "price_legacy": 1900,
    "price_pro": 2900,
    "price_pro_yearly": 29_000,
    "price_max": 9900,
    "price_max_yearly": 99_000,
    "price_team": 1500,
    "price_addon": 500,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A plan with credits, and what a month of it costs."""

    plan: str

    @property
    def price(self) -> str:
        """Its monthly price."""
        return f"price_{self.plan.lower()}"

    @property
    def yearly_price(self) -> str:
        """Its yearly price, where it has one."""
        return f"{self.price}_yearly"

    @property
    def credits(self) -> int:
        """Those of a month."""
        return CREDITS[self.plan]

    @property
    def cents(self) -> int:
        """What a month costs."""
        return CENTS[self.price]


PRO = Tier(plan="PRO")
TIERS = (PRO, Tier(plan="MAX"), Tier(plan="LEGACY"))

PLANS = """
[plans.FREE]
rank = 0
[plans.BASIC]
rank = 1
prices = ["price_basic"]
price = { usd = 900 }
[plans.LEGACY]
rank = 2
prices = ["price_legacy"]
credits_per_period = 300
price = { usd = 1900 }
[plans.PRO]
rank = 3
prices = ["price_pro", "pro_since_2026", { id = "price_pro_yearly", interval = "year" }]
credits_per_period = 1000
price = { usd = 2900 }
[plans.MAX]
rank = 4
prices = ["price_max", { id = "price_max_yearly", interval = "year" }]
credits_per_period = 5000
price = { usd = 9900 }
[plans.TEAM]
rank = 5
prices = ["price_team"]
price = { usd = 1500 }
"""

PRICES = (
    "\n".join(line for line in PLANS.splitlines() if not line.startswith(("prices", "credits_per_period")))
    + """
[prices.price_basic]
plan = "BASIC"
[prices.price_legacy]
plan = "LEGACY"
credits = 300
[prices.price_pro]
plan = "PRO"
credits = 1000
[prices.pro_since_2026]
plan = "PRO"
credits = 1000
[prices.price_pro_yearly]
plan = "PRO"
credits = 12000
[prices.price_max]
plan = "MAX"
credits = 5000
[prices.price_max_yearly]
plan = "MAX"
credits = 60000
[prices.price_team]
plan = "TEAM"
"""
)
"""The same plans, with what each price owes in place of what each plan does."""


def sell(world: StripeWorld, *, created: int) -> None:
    """Put the products and prices into the world."""
    ours = world.add(products.product(PRODUCT, created=created, updated=created))
    for named, cents in CENTS.items():
        interval = "year" if named.endswith("_yearly") else "month"
        stories.new_price(world, id=named, product=ours, interval=interval, unit_amount=cents, created=created)
    stories.new_price(
        world, id=PRO_AGAIN, product=ours, unit_amount=CENTS["price_pro"], lookup_key="pro_since_2026", created=created
    )
    metered = {"interval": "month", "interval_count": 1, "meter": "mtr_1", "usage_type": "metered"}
    stories.new_price(world, id="price_metered", product=ours, recurring=metered, unit_amount=2, created=created)
    other = world.add(products.product(OTHER_PRODUCT, created=created, updated=created))
    stories.new_price(world, id="price_other", product=other, unit_amount=1200, created=created)


def price(world: StripeWorld, named: str) -> JSON:
    """One of the prices."""
    return world.get(named)
