"""What the tests of the web share: a store, a clock, and an app over them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from tests.support.api import Client, Clock, asking, config_in
from trueup.checks import catalogue
from trueup.store import Store, open_store
from trueup.web import create_app
from trueup.web.services import Services


@pytest.fixture
def clock() -> Clock:
    """The app's clock."""
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store in the test's folder."""
    with open_store(f"sqlite:///{tmp_path}/store.db") as opened:
        yield opened


@pytest.fixture
def app(tmp_path: Path, store: Store, clock: Clock) -> FastAPI:
    """The admin API with API tokens, over an app database that nobody has made."""
    return create_app(config_in(tmp_path), store=store, catalogue=catalogue(), clock=clock)


@pytest.fixture
def client(app: FastAPI) -> Iterator[Client]:
    """Asks the app."""
    with asking(app) as made:
        yield made


@pytest.fixture
def services(tmp_path: Path, clock: Clock) -> Services:
    """What routes of a test's own work with. They need no store, and so none is made."""
    return Services(config=config_in(tmp_path), catalogue=(), clock=clock)
