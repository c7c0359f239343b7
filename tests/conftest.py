"""Fixtures and options that every test may use."""

from __future__ import annotations

import pytest

pytest_plugins = ["tests.support.databases"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--slow`` also runs the tests that take more than a few seconds."""
    parser.addoption("--slow", action="store_true", help="also run the tests marked slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip slow tests unless they were asked for."""
    if config.getoption("--slow"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="slow: give --slow"))
