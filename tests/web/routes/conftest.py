"""What the tests of the routes share: a company that was audited once. Tests that change it make their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.admin_api import REPORT, AdminApi, admin_api


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdminApi]:
    """An app whose newest run is fresh."""
    with admin_api(tmp_path_factory.mktemp("company")) as made:
        made.get(REPORT)
        yield made
