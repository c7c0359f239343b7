"""Nothing about the credits of an account with several balances is repaired."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import sqlalchemy

from tests.support.several_places import NOW
from tests.support.wallets import COLUMNS, SUMMED, TABLE, fill, loaded
from trueup import journal
from trueup.actions.repair import repair
from trueup.checks import catalogue
from trueup.model.repair import Refused
from trueup.model.repair_offer import SEVERAL_BALANCES
from trueup.targets import open_target


@pytest.fixture(params=["sqlite_url", "postgres_url", "mariadb_url"])
def place(request: pytest.FixtureRequest) -> str:
    """The address of an empty database of each kind."""
    return str(request.getfixturevalue(request.param))


@pytest.mark.parametrize("text", [COLUMNS, TABLE, SUMMED], ids=["columns", "table", "summed"])
def test_a_wrong_balance_of_a_wallet_is_refused_and_left(place: str, tmp_path: Path, text: str) -> None:
    fill(
        place,
        "UPDATE users SET bonus_credits = 500, total = 570 WHERE id = 'ann'",
        "UPDATE balances SET amount = 500 WHERE user_id = 'ann' AND bucket = 'BONUS'",
    )
    with open_target(place).transaction() as connection:
        journal.install(connection)
        connection.commit()
    config = dataclasses.replace(loaded(place, tmp_path, text), repair_url=place)
    result = repair(
        "credit-balance:ann", reason="Agreed with finance.", actor="ann", config=config, catalogue=catalogue(), now=NOW
    )
    assert result == Refused(issue_id="credit-balance:ann", reason=SEVERAL_BALANCES)
    with open_target(place).transaction() as connection:
        left = connection.execute(sqlalchemy.text("SELECT bonus_credits FROM users WHERE id = 'ann'")).scalar_one()
    assert left == 500
