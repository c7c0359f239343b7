"""A relation whose rows come from several tables, or from a query, is audited as one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.several_places import SOUND, config_of, fill, report_of
from trueup.model.outcome import Checked, Skipped
from trueup.model.report import Report


@pytest.fixture(params=["sqlite_url", "postgres_url", "mariadb_url"])
def place(request: pytest.FixtureRequest) -> str:
    """The address of an empty database of each kind."""
    return str(request.getfixturevalue(request.param))


def issues(report: Report) -> set[str]:
    return {finding.id for finding in report.open_findings()}


def outcome(report: Report, check: str) -> object:
    return next(result.outcome for result in report.outcomes if result.check == check)


def test_sound_rows_of_four_tables_give_no_finding(place: str, tmp_path: Path) -> None:
    fill(place)
    report = report_of(config_of(place, tmp_path))
    assert issues(report) == set()
    rows = {read.relation: (read.table, read.rows) for read in report.relations}
    assert rows == {
        "account": ("users, organisations", 4),
        "ledger_entry": ("payments, consumption", 5),
    }
    assert isinstance(outcome(report, "credit-balance"), Checked)


@pytest.mark.slow
def test_what_is_wrong_in_each_table_is_found_under_its_prefix(place: str, tmp_path: Path) -> None:
    fill(
        place,
        "UPDATE users SET balance = 71 WHERE id = 1",
        "UPDATE organisations SET credit = 400 WHERE id = 1",
        "INSERT INTO consumption VALUES (9, NULL, 77, 5, '2026-02-12 10:00:00')",
        "INSERT INTO payments VALUES (9, 2, NULL, 100, 'pi_2', '2026-02-12 10:00:00')",
        "UPDATE users SET balance = 200 WHERE id = 2",
    )
    report = report_of(config_of(place, tmp_path))
    assert issues(report) == {
        "credit-balance:u1",
        "credit-balance:org_1",
        "ledger-orphan:org_77",
        "duplicate-payment-grant:pi_2",
    }


def test_ids_that_collide_are_put_on_record(place: str, tmp_path: Path) -> None:
    fill(place)
    text = SOUND.replace('_prefix = "u"', '_prefix = "x"').replace('_prefix = "org_"', '_prefix = "x"')
    report = report_of(config_of(place, tmp_path, text))
    assert {"unreadable-row:account:x1", "unreadable-row:account:x2"} <= issues(report)


@pytest.mark.slow
def test_a_column_that_one_place_lacks_without_saying_so_counts_as_unmapped(place: str, tmp_path: Path) -> None:
    fill(place)
    text = SOUND.replace('absent = ["stripe_payment_intent_id"]\n', "", 1)
    report = report_of(config_of(place, tmp_path, text))
    assert outcome(report, "duplicate-payment-grant") == Skipped(
        reason="not mapped: ledger_entry.stripe_payment_intent_id or ledger_entry.stripe_charge_id"
    )
    assert isinstance(outcome(report, "credit-balance"), Checked)


def test_parts_of_one_table_differ_by_their_conditions(place: str, tmp_path: Path) -> None:
    fill(place, "INSERT INTO organisations VALUES (3, 'group', NULL, 5, 1)")
    text = f"""{SOUND.partition("[[relations")[0]}
[relations.account]
table = "organisations"
where = "id < 3"
columns = {{ account_id = "id", credits = "credit" }}
[[relations.account.from]]
where = "kind = 'group'"
columns = {{ plan = "'PRO'" }}
[[relations.account.from]]
where = "kind IS NULL"
columns = {{ plan = "'FREE'" }}
"""
    report = report_of(config_of(place, tmp_path, text))
    assert [(read.relation, read.rows) for read in report.relations] == [("account", 2)]


QUERY = """
[relations.account]
query = '''
SELECT CASE WHEN u.id = 1 THEN 'u1' ELSE 'u2' END AS account_id, u.balance AS credits, upper(u.tier) AS plan_word
FROM users AS u
UNION ALL
SELECT CASE WHEN o.id = 1 THEN 'org_1' ELSE 'org_2' END, o.credit, CASE WHEN o.kind IS NULL THEN 'FREE' ELSE 'PRO' END
FROM organisations AS o;
'''
columns = { plan = "plan_word" }
"""


def test_a_query_supplies_columns_by_their_names(place: str, tmp_path: Path) -> None:
    fill(place, "UPDATE users SET balance = 71 WHERE id = 1")
    head, _, rest = SOUND.partition("[[relations.account.from]]")
    text = head + QUERY + rest[rest.index("[relations.ledger_entry]") :]
    report = report_of(config_of(place, tmp_path, text))
    assert issues(report) == {"credit-balance:u1"}
    assert {read.relation: read.rows for read in report.relations}["account"] == 4
