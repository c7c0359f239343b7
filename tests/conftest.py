"""Fixtures and options that every test may use."""

from __future__ import annotations

import pytest
from hypothesis import settings

# A loaded machine is slow, not wrong; and a failing seed is printed so that it can become a permanent test.
settings.register_profile("trueup", deadline=None, print_blob=True)
settings.register_profile("quick", settings.get_profile("trueup"), max_examples=25)
settings.load_profile("trueup")

pytest_plugins = ["tests.support.databases", "tests.support.postgres15", "tests.support.receivers"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--slow`` also runs the tests that take more than a few seconds, and tries four times as many examples."""
    parser.addoption("--slow", action="store_true", help="also run the tests marked slow, and more examples of others")


def pytest_configure(config: pytest.Config) -> None:
    """Fewer examples, unless slow tests were asked for."""
    if not config.getoption("--slow"):
        settings.load_profile("quick")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip slow tests unless they were asked for."""
    if config.getoption("--slow"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="slow: give --slow"))
