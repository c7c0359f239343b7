"""The page about what is sold: its price list is a config, and its commands print what it shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.actions.audit.test_compare_configs import THEN, company
from tests.support.command import trueup
from tests.support.console import Command, commands, fences
from tests.support.deployed import ROOT
from tests.support.field.company import MAPPING
from trueup.config import load_config
from trueup.model.price_list import PriceCredits, SoldPrice

PAGE = (ROOT / "docs" / "what-is-sold.md").read_text("utf-8")
FENCES = fences(PAGE)


def price_list() -> str:
    (block,) = [fence.text for fence in FENCES if fence.language == "toml"]
    return block


def missing(command: Command, printed: str) -> list[str]:
    """What the page shows, between its marks for what is left out, and was not printed."""
    shown = (part for line in command.said for part in line.split("…") if part.strip())
    return [part for part in shown if part not in printed]


def test_the_price_list_says_what_its_comments_say(tmp_path: Path) -> None:
    path = tmp_path / "trueup.toml"
    mapping = MAPPING.replace('TEAM = ["team"]\n', "")
    path.write_text(f'[database]\nurl = "sqlite:///app.db"\n{mapping}{price_list()}', encoding="utf-8")
    config = load_config(path, {})

    assert {price.price_id for price in config.plan_prices} == {
        *("price_pro", "price_pro_2024", "price_pro_yearly", "price_team", "price_forever", "price_instalment")
    }
    prices = {row.price_name: row for row in config.price_list if isinstance(row, SoldPrice)}
    assert prices["prod_shirt"].sells_nothing
    assert prices["price_instalment"].lifetime_after == 5
    assert [row.credits for row in config.price_list if isinstance(row, PriceCredits)] == [500, 600, 12000, 500]


def test_every_key_of_a_price_is_in_the_list() -> None:
    reference = (ROOT / "docs" / "configuration.md").read_text("utf-8").split("## `[prices.NAME]`")[1].split("## `")[0]
    keys = {name.partition(".")[0] for name in re.findall(r"^\| `([\w.]+)`", reference, flags=re.MULTILINE)}

    assert {key for key in keys if not re.search(rf"^{key} =", price_list(), flags=re.MULTILINE)} == set()


@pytest.mark.slow
def test_the_commands_print_what_the_page_shows(tmp_path: Path) -> None:
    company(tmp_path)
    text = (tmp_path / "trueup.toml").read_text("utf-8")
    said = f"{text}\n[prices.price_pro_2024]\ncredits = 500\n"
    (tmp_path / "with-prices.toml").write_text(said, encoding="utf-8")
    shown = [command for fence in FENCES if fence.language == "console" for command in commands(fence)]
    explain, compare = shown

    printed = trueup("compare", *THEN, "with-prices.toml", cwd=tmp_path).out
    assert not missing(compare, printed), printed
    (tmp_path / "trueup.toml").write_text(said, encoding="utf-8")
    printed = trueup("explain", *THEN, "wrong-grant-amount:in_3", cwd=tmp_path).out
    assert not missing(explain, printed), printed
