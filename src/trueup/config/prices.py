"""Turn ``[prices]`` into the list of what is sold: the plan of a price, and what one unit of it owes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.config.config_errors import complaint, suggestion
from trueup.config.field_types import NOTHING
from trueup.model.money import CREDIT_DECIMALS, minor_units
from trueup.model.price_list import PriceCredits, PriceRate, PriceRow, SoldPrice
from trueup.model.relations import Interval, PlanPrice

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from trueup.config.price_sections import SoldPriceSection
    from trueup.model.relations import Plan

_METADATA = "metadata."
_CREDIT_RULES = ("credits", "credits_per", "credits_from")
"""Keys that say how many credits are owed, each by another rule."""


def price_list(sections: Mapping[str, SoldPriceSection], *, path: Path) -> tuple[PriceRow, ...]:
    """Return what each price sells. Raises ``ConfigurationError`` where two of its keys contradict each other."""
    for name, section in sections.items():
        _refuse_contradiction(name, section, path)
    return tuple(row for name, section in sections.items() for row in _rows(name, section))


def add_priced_plans(
    prices: Sequence[PlanPrice], sections: Mapping[str, SoldPriceSection], plans: Sequence[Plan], *, path: Path
) -> tuple[PlanPrice, ...]:
    """Return the prices of ``[plans]`` and those that ``[prices]`` gives a plan. Raises ``ConfigurationError``."""
    known = {plan.plan: plan for plan in plans}
    named = {price.price_id: price for price in prices}
    for name, section in sections.items():
        if section.plan is None:
            continue
        if section.plan not in known:
            problem = f'is "{section.plan}", which [plans] does not name{suggestion(section.plan, tuple(known))}'
            raise complaint(path, ("prices", name, "plan"), problem)
        taken = named.get(name)
        if taken is not None and taken.plan != section.plan:
            raise complaint(path, ("prices", name, "plan"), f'is "{section.plan}", but plans.{taken.plan} names it too')
        named.setdefault(
            name, PlanPrice(price_id=name, plan=section.plan, interval=Interval(known[section.plan].interval))
        )
    return tuple(named.values())


def _rows(name: str, section: SoldPriceSection) -> Iterator[PriceRow]:
    yield SoldPrice(
        price_name=name,
        seats=section.seats,
        included_seats=section.included_seats,
        lifetime=section.lifetime,
        lifetime_after=section.lifetime_after,
        sells_nothing=section.sells == NOTHING,
        credits_from=section.credits_from.removeprefix(_METADATA) if section.credits_from else None,
    )
    if section.credits is not None:
        yield PriceCredits(price_name=name, credits=section.credits)
    for number in section.history:
        yield PriceCredits(price_name=name, since=number.since, credits=number.credits)
    for currency, rate in section.credits_per.items():
        yield PriceRate(price_name=name, currency=currency, credits=rate / minor_units(currency))


def _refuse_contradiction(name: str, section: SoldPriceSection, path: Path) -> None:
    where = ("prices", name)
    if not name.strip() or not name.isprintable():
        raise complaint(path, where, "is not a name for a price: write its id, its lookup key or its product's id")
    rules = [key for key in _CREDIT_RULES if getattr(section, key) not in (None, {})]
    if len(rules) > 1:
        raise complaint(
            path, (*where, rules[1]), f"says how many credits are owed, as {rules[0]} does; keep one of them"
        )
    if section.sells is not None and (rules or section.history or section.plan):
        raise complaint(path, (*where, "sells"), f'is "{NOTHING}", but other keys say what the price sells')
    if section.credits_from is not None and not section.credits_from.removeprefix(_METADATA).strip():
        raise complaint(path, (*where, "credits_from"), 'must name a key of the metadata, such as "metadata.credits"')
    for currency, rate in section.credits_per.items():
        if rate.scaleb(CREDIT_DECIMALS) % minor_units(currency):
            problem = (
                f"is too fine: one of {minor_units(currency)} parts of it has more than {CREDIT_DECIMALS} decimals"
            )
            raise complaint(path, (*where, "credits_per", currency), problem)
    days = [number.since for number in section.history]
    if len(set(days)) < len(days):
        raise complaint(path, (*where, "history"), "names one day twice")
