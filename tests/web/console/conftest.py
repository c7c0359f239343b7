"""What the tests of the console's pages share: a demo company that was audited once, and a reader of its pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.admin_api import REPORT, AdminApi, admin_api
from tests.support.pages import Reader


@pytest.fixture(scope="package")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """A reader of a console whose newest run is fresh. Tests that change the company make their own."""
    with admin_api(tmp_path_factory.mktemp("console")) as api:
        api.get(REPORT)
        yield Reader(api)


@pytest.fixture
def api(reader: Reader) -> AdminApi:
    """The API of the same company."""
    return reader.api
