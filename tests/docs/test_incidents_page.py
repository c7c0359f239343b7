"""The page about incidents is what the scenarios say today."""

from __future__ import annotations

from docs.generate import FOLDER
from docs.incidents import FILE, page
from tests.incidents.cast import SCENARIOS


def test_the_page_is_that_of_the_scenarios_as_they_are() -> None:
    assert FILE.read_text(encoding="utf-8") == page(), "run `python -m docs.incidents`"


def test_every_check_that_it_names_has_a_page() -> None:
    named = {check for scenario in SCENARIOS for check in scenario.catches}
    assert {check for check in named if not (FOLDER / f"{check}.md").is_file()} == set()
