"""A repair of a balance with eighteen digits after the point writes every one of them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy

from tests.support.several_places import NOW, config_of, report_of
from trueup import journal
from trueup.actions.repair import repair
from trueup.checks import catalogue
from trueup.model.change import Change, Refusal
from trueup.model.repair import Applied, Refused
from trueup.targets import open_target

LEFT = Decimal("12.345678901234567891")
TABLES = (
    "CREATE TABLE users (id VARCHAR(20) PRIMARY KEY, credits NUMERIC(38, 18))",
    """CREATE TABLE movements (id INTEGER {numbered}, user_id VARCHAR(20) NOT NULL REFERENCES users (id),
    kind VARCHAR(20), amount NUMERIC(38, 18), balance NUMERIC(38, 18), reason VARCHAR(500), at TIMESTAMP(6) NULL)""",
    "INSERT INTO users VALUES ('ann', 12.345678901234567899), ('bob', 1.5)",
    """INSERT INTO movements (user_id, kind, amount, balance, reason, at) VALUES
    ('ann', 'purchase', 12.345678901234567892, 12.345678901234567892, 'r', '2026-02-01 10:00:00'),
    ('ann', 'usage', -0.000000000000000001, 12.345678901234567891, 'r', '2026-02-02 10:00:00'),
    ('bob', 'purchase', 1.5, 1.5, 'r', '2026-02-01 10:00:00')""",
)
NUMBERED = {
    "postgresql": "GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    "mysql": "PRIMARY KEY AUTO_INCREMENT",
    "sqlite": "PRIMARY KEY",
}
DECIMALS = "[books]\ncredit_decimals = 18\n"
CONFIG = """
[database]
url = "${PLACE}"
repair_url = "${PLACE}"
[stripe]
enabled = false
[gates]
enabled = false
[relations.account]
table = "users"
columns = { account_id = "id", credits = "credits" }
[relations.ledger_entry]
table = "movements"
columns = { entry_id = "id", account_id = "user_id", kind = "kind", amount = "amount", balance_after = "balance", \
created_at = "at", reason = "reason" }
"""
ISSUE = "credit-balance:ann"


@pytest.fixture(params=["postgres_url", "mariadb_url"])
def place(request: pytest.FixtureRequest) -> str:
    """The address of a database whose credits have eighteen digits after the point."""
    url = str(request.getfixturevalue(request.param))
    with open_target(url).transaction() as connection:
        for statement in TABLES:
            connection.execute(sqlalchemy.text(statement.format(numbered=NUMBERED[url.partition(":")[0]])))
        journal.install(connection)
        connection.commit()
    return url


@pytest.mark.slow
def test_every_digit_is_compared_and_written(place: str, tmp_path: Path) -> None:
    config = config_of(place, tmp_path, CONFIG + DECIMALS)
    (finding,) = report_of(config).open_findings()
    assert (finding.id, finding.evidence["drift"]) == (ISSUE, Decimal("0.000000000000000008"))
    assert isinstance(finding.repair, Change)

    result = repair(ISSUE, reason="Agreed with finance.", actor="ann", config=config, catalogue=catalogue(), now=NOW)

    assert isinstance(result, Applied), result
    with open_target(place).transaction() as connection:
        left = connection.execute(sqlalchemy.text("SELECT credits FROM users WHERE id = 'ann'")).scalar_one()
    assert left == LEFT
    assert not list(report_of(config).open_findings())


def test_without_the_number_of_decimals_it_is_neither_offered_nor_done(place: str, tmp_path: Path) -> None:
    config = config_of(place, tmp_path, CONFIG)
    (finding,) = report_of(config).open_findings()
    result = repair(ISSUE, reason="Agreed with finance.", actor="ann", config=config, catalogue=catalogue(), now=NOW)
    assert isinstance(result, Refused)
    assert isinstance(finding.repair, Refusal)
    assert "credit_decimals" in finding.repair.reason
