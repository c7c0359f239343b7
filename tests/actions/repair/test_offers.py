"""A repair is offered only where the mapping lets it be written; the repair itself is refused with the same words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.several_places import NOW, config_of, report_of
from tests.support.wallets import fill
from trueup import journal
from trueup.actions.repair import repair
from trueup.checks import catalogue
from trueup.model.change import Change, Refusal
from trueup.model.repair import Refused
from trueup.model.repair_offer import REPAIRS_ARE_OFF
from trueup.targets import open_target

LEDGER = """
[relations.ledger_entry]
table = "movements"
where = "user_id = 'bob'"
ledger_starts_at = 0
columns = { entry_id = "id", account_id = "user_id", kind = "kind", amount = "amount", balance_after = "balance", \
created_at = "at", reason = "intent" }
"""
CONFIG = f"""
[database]
url = "${{PLACE}}"
repair_url = "${{PLACE}}"
[stripe]
enabled = false
[gates]
enabled = false
[relations.account]
table = "users"
where = "id = 'bob'"
columns = {{ account_id = "id", credits = "total" }}
{LEDGER}
"""
USERS = 'table = "users"\nwhere = "id = \'bob\'"'
ISSUE = "credit-balance:bob"
WAYS = {
    "expression": (
        CONFIG.replace('"total"', '"total + 0"'),
        "account.credits is mapped to an expression; map it to the column itself so that it can be written.",
    ),
    "unmapped": (
        CONFIG.replace(', reason = "intent"', ""),
        "ledger_entry.reason is not mapped; map it to the column itself so that it can be written.",
    ),
    "query": (
        CONFIG.replace(USERS, "query = \"SELECT id, total FROM users WHERE id = 'bob'\""),
        "Account comes from a query of the config, and the rows of a result cannot be written.",
    ),
}


@pytest.fixture
def place(sqlite_url: str) -> str:
    """A database in which bob has more than his ledger says."""
    fill(sqlite_url, "UPDATE users SET total = 130 WHERE id = 'bob'")
    with open_target(sqlite_url).transaction() as connection:
        journal.install(connection)
        connection.commit()
    return sqlite_url


def offered(place: str, folder: Path, text: str) -> Change | Refusal:
    (finding,) = (each for each in report_of(config_of(place, folder, text)).open_findings() if each.id == ISSUE)
    assert isinstance(finding.repair, (Change, Refusal))
    return finding.repair


def test_it_is_offered_where_it_can_be_written(place: str, tmp_path: Path) -> None:
    assert isinstance(offered(place, tmp_path, CONFIG), Change)


def test_it_is_not_offered_while_repairs_are_off(place: str, tmp_path: Path) -> None:
    text = CONFIG.replace('repair_url = "${PLACE}"\n', "")
    assert offered(place, tmp_path, text) == Refusal(reason=REPAIRS_ARE_OFF)


@pytest.mark.parametrize("way", WAYS)
def test_what_the_report_does_not_offer_the_repair_refuses_with_the_same_words(
    place: str, tmp_path: Path, way: str
) -> None:
    text, reason = WAYS[way]
    assert offered(place, tmp_path, text) == Refusal(reason=reason)
    config = config_of(place, tmp_path, text)
    refused = repair(ISSUE, reason="Agreed with finance.", actor="ann", config=config, catalogue=catalogue(), now=NOW)
    assert refused == Refused(issue_id=ISSUE, reason=reason)
