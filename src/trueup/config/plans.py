"""Turn ``[plans]`` into plans and their prices: a Stripe price means one plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.config.config_errors import complaint
from trueup.model.relations import Interval, Plan, PlanPrice

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from trueup.config.price_sections import PlanSection


def plans_and_prices(
    sections: Mapping[str, PlanSection], *, path: Path
) -> tuple[tuple[Plan, ...], tuple[PlanPrice, ...]]:
    """The plans in order of rank, and the prices that mean them. Raises ``ConfigurationError``."""
    plans = tuple(_plan(name, section, path=path) for name, section in sections.items())
    prices: dict[str, PlanPrice] = {}
    for name, section in sections.items():
        for position, price in enumerate(section.prices or ()):
            taken = prices.get(price.id)
            if taken is not None:
                key = ("plans", name, "prices", position)
                raise complaint(path, key, f'is "{price.id}", which plans.{taken.plan} already names')
            interval = Interval(price.interval or section.interval or Interval.MONTH)
            prices[price.id] = PlanPrice(price_id=price.id, plan=name, interval=interval)
    return tuple(sorted(plans, key=lambda plan: plan.rank)), tuple(prices.values())


def _plan(name: str, section: PlanSection, *, path: Path) -> Plan:
    if not name.strip() or not name.isprintable():
        raise complaint(path, ("plans", name), "is not a name for a plan: it must be printable and not empty")
    if section.rank is None:
        raise complaint(path, ("plans", name, "rank"), "is missing: 0 for the free plan, higher for more")
    if section.price is not None and len(section.price) != 1:
        raise complaint(path, ("plans", name, "price"), "must name one currency, such as { usd = 4900 }")
    currency, minor = next(iter((section.price or {}).items()), (None, None))
    return Plan(
        plan=name,
        rank=section.rank,
        paid=section.rank > 0 if section.paid is None else section.paid,
        interval=Interval(section.interval or Interval.MONTH),
        credits_per_period=section.credits_per_period,
        price_minor=minor,
        price_currency=currency,
    )
