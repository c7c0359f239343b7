"""``[prices]``: what is sold, as data."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from trueup.config import Config, load_config
from trueup.model.errors import ConfigurationError
from trueup.model.price_list import PriceCredits, PriceRate, SoldPrice
from trueup.model.relations import PlanPrice

_BEFORE = """
[database]
url = "sqlite:///app.db"
[relations.account]
table = "users"
[relations.account.columns]
account_id = "id"
plan = "plan"
[relations.account.values.plan]
FREE = ["free"]
PRO = ["pro"]
[plans.FREE]
rank = 0
[plans.PRO]
rank = 1
prices = ["price_pro"]
credits_per_period = 1000
"""


def _config(folder: Path, prices: str) -> Config:
    path = folder / "trueup.toml"
    path.write_text(_BEFORE + prices, encoding="utf-8")
    return load_config(path, {})


def test_a_price_says_its_credits_and_from_which_day_others_hold(tmp_path: Path) -> None:
    config = _config(
        tmp_path,
        '[prices.price_old]\nplan = "PRO"\ncredits = 500\nhistory = [{ since = 2026-03-01, credits = 700 }, '
        '{ since = "2026-06-01", credits = 800 }]\n',
    )

    assert config.price_list == (
        SoldPrice(price_name="price_old"),
        PriceCredits(price_name="price_old", credits=Decimal(500)),
        PriceCredits(price_name="price_old", since=date(2026, 3, 1), credits=Decimal(700)),
        PriceCredits(price_name="price_old", since=date(2026, 6, 1), credits=Decimal(800)),
    )
    assert set(config.plan_prices) == {
        PlanPrice(price_id="price_pro", plan="PRO"),
        PlanPrice(price_id="price_old", plan="PRO"),
    }


def test_a_rate_is_kept_for_one_minor_unit_of_its_currency(tmp_path: Path) -> None:
    config = _config(tmp_path, '[prices.topup]\ncredits_per = { usd = "100", jpy = "0.5" }\n')

    assert config.price_list[1:] == (
        PriceRate(price_name="topup", currency="usd", credits=Decimal(1)),
        PriceRate(price_name="topup", currency="jpy", credits=Decimal("0.5")),
    )


def test_every_key_of_a_price_is_kept(tmp_path: Path) -> None:
    config = _config(
        tmp_path,
        "[prices.a]\nseats = 10\nincluded_seats = 2\n[prices.b]\nlifetime = true\n[prices.c]\nlifetime_after = 5\n"
        '[prices.d]\nsells = "nothing"\n[prices.e]\ncredits_from = "metadata.credits"\n',
    )

    assert config.price_list == (
        SoldPrice(price_name="a", seats=10, included_seats=2),
        SoldPrice(price_name="b", lifetime=True),
        SoldPrice(price_name="c", lifetime_after=5),
        SoldPrice(price_name="d", sells_nothing=True),
        SoldPrice(price_name="e", credits_from="credits"),
    )


def test_a_price_of_a_plan_may_say_its_credits_beside_the_short_form(tmp_path: Path) -> None:
    config = _config(tmp_path, "[prices.price_pro]\ncredits = 500\n")

    assert config.plan_prices == (PlanPrice(price_id="price_pro", plan="PRO"),)
    assert config.price_list[1] == PriceCredits(price_name="price_pro", credits=Decimal(500))


@pytest.mark.parametrize(
    ("prices", "problem"),
    [
        ('[prices.x]\nplan = "PRQ"\n', 'is "PRQ", which [plans] does not name; did you mean "PRO"?'),
        ('[prices.price_pro]\nplan = "FREE"\n', 'is "FREE", but plans.PRO names it too'),
        (
            "[prices.x]\ncredits = 1\ncredits_per = { usd = 1 }\n",
            "says how many credits are owed, as credits does; keep one of them",
        ),
        (
            '[prices.x]\ncredits = 0\ncredits_from = "credits"\n',
            "says how many credits are owed, as credits does; keep one of them",
        ),
        ('[prices.x]\nsells = "nothing"\ncredits = 1\n', 'is "nothing", but other keys say what the price sells'),
        ('[prices.x]\nsells = "shirts"\n', 'is not a word for what a price sells; known are "nothing"'),
        ('[prices.x]\nhistory = [{ since = "May", credits = 1 }]\n', "must be a day, such as 2026-03-01"),
        (
            "[prices.x]\nhistory = [{ since = 2026-03-01, credits = 1 }, { since = 2026-03-01, credits = 2 }]\n",
            "names one day twice",
        ),
        ("[prices.x]\ncredits_per = { dollars = 1 }\n", "three-letter currency code"),
        ('[prices.x]\ncredits_per = { usd = "0.00000001" }\n', "is too fine"),
        ("[prices.x]\ncredits = -1\n", "must not be negative"),
        ("[prices.x]\nlifetime_after = 0\n", "from 1 to"),
        ('[prices.x]\ncredits_from = "metadata."\n', "must name a key of the metadata"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(tmp_path: Path, prices: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        _config(tmp_path, prices)

    assert problem in str(refusal.value)
