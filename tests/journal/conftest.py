"""A database of each kind, one test after the other."""

from __future__ import annotations

import pytest

from tests.support.journals import installed
from trueup.targets.target import Target


@pytest.fixture(params=["sqlite_url", "postgres_url", "mariadb_url"])
def place(request: pytest.FixtureRequest) -> str:
    """The address of a fresh, empty database."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture
def target(place: str) -> Target:
    """A database in which the journal is installed."""
    return installed(place)
