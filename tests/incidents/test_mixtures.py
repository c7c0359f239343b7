"""Any mixture of incidents and innocents is found exactly; what departs is said with its seed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.incidents.mixtures import MIXABLE, Mixture, draw_plans, judged
from tests.support.incidents import offer

FAST, SLOW = range(1, 51), range(51, 1051)


def said(seeds: range, folder: Path) -> list[str]:
    """Every departure of these mixtures."""
    return [departure for one in judged(seeds, folder) for departure in one.departures]


def test_fifty_mixtures_are_found_exactly(tmp_path: Path) -> None:
    assert said(FAST, tmp_path) == []


@pytest.mark.slow
def test_a_mixture_alone_is_judged_as_it_is_among_others(tmp_path: Path) -> None:
    """What the checks learn from the whole company must not depend on who else was told of."""
    assert said(range(7, 8), tmp_path) == []


def test_a_seed_means_one_mixture_and_all_that_can_be_mixed_is() -> None:
    assert Mixture.of(3) == Mixture.of(3)
    assert {part for seed in (*FAST, *SLOW) for part in Mixture.of(seed).parts} == set(MIXABLE)


def test_companies_are_drawn_whose_plans_and_whose_prices_say_what_is_owed() -> None:
    assert {draw_plans(seed) for seed in (FAST[0], SLOW[0])} == {offer.PLANS, offer.PRICES}


@pytest.mark.slow
def test_a_thousand_mixtures_are_found_exactly(tmp_path: Path) -> None:
    assert said(SLOW, tmp_path) == []


@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.parametrize("seed", range(2001, 2031))
def test_a_mixture_is_found_exactly_in_a_company_of_its_own(seed: int, tmp_path: Path) -> None:
    assert said(range(seed, seed + 1), tmp_path) == []
