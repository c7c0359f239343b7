"""The journal and the app's rows, compared: whoever changes one of the two alone is found out, in each database."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.demo import NOW
from tests.support.ledger_app import made
from tests.support.repairable import REASON, App, demo_app
from trueup.actions.audit.run_audit import audit, audit_books
from trueup.actions.repair import repair
from trueup.checks import catalogue
from trueup.config import load_config
from trueup.demo import make_company
from trueup.model.guardrail import Guardrail, GuardrailStatus
from trueup.model.repair import Applied
from trueup.model.report import Report
from trueup.model.source import Silent

KINDS = ("postgres", "mariadb", "sqlite")
READ_ENOUGH = ("unreadable-row", "missing-idempotency-record")
"""An audit of these reads what the comparison needs: the first is about the reading of every relation, the second
about events by their names. The comparison itself is the same, whatever is checked beside it."""

LEDGER, PLANS, EVENTS = "credit_transactions", "plan_changes", "stripe_webhook_events"


def audited_repairs(report: Report) -> Guardrail:
    (found,) = (guardrail for guardrail in report.guardrails if guardrail.id == "audited-repairs")
    return found


def compared(app: App) -> Guardrail:
    """What an audit says that reads everything, and runs few checks."""
    checks = [check for check in app.checks if check.id in READ_ENOUGH]
    return audited_repairs(audit(app.config, checks=checks, now=app.now, progress=Silent()))


def place_of(kind: str, request: pytest.FixtureRequest, folder: Path) -> str:
    """An empty database of this kind."""
    if kind == "sqlite":
        return f"sqlite:///{folder / 'app.db'}"
    return str(request.getfixturevalue(f"{kind}_server").create_database())


def repaired(app: App) -> dict[str, str]:
    """One repair of each kind, applied: its issue by the check's id."""
    chosen = {finding.check: finding.id for finding in app.repairable()}
    for issue in chosen.values():
        result = repair(issue, reason=REASON, actor="test", config=app.config, catalogue=app.checks, now=app.now)
        assert isinstance(result, Applied), result
    return chosen


@pytest.fixture(scope="module", params=KINDS)
def app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """A demo company in each kind of database, on which each of the four repairs was made once.

    Every test puts back what it tampered with, so that at the end the guardrail allows again.
    """
    folder = tmp_path_factory.mktemp("audited")
    made_here = demo_app(place_of(request.param, request, folder), folder)
    assert len(repaired(made_here)) == 4
    yield made_here
    assert compared(made_here).status is GuardrailStatus.ALLOWED


@contextlib.contextmanager
def tampered(app: App, table: str, sql: str) -> Iterator[Guardrail]:
    """What the guardrail says after this; the table is put back as it was."""
    app.execute(f"CREATE TABLE kept_rows AS SELECT * FROM {table}")
    try:
        app.execute(sql)
        yield compared(app)
    finally:
        app.execute(f"DELETE FROM {table}")
        with _unwritten_by_server(app, table):
            app.execute(f"INSERT INTO {table} SELECT * FROM kept_rows")
        app.execute("DROP TABLE kept_rows")


@contextlib.contextmanager
def _unwritten_by_server(app: App, table: str) -> Iterator[None]:
    """On Postgres, entries that are put back are not made into new ones by the journal's own trigger meanwhile."""
    if table != "trueup_journal" or not app.config.database_url.startswith("postgresql"):
        yield
        return
    app.execute(f"ALTER TABLE {table} DISABLE TRIGGER trueup_journal_write")
    yield
    app.execute(f"ALTER TABLE {table} ENABLE TRIGGER trueup_journal_write")


@pytest.mark.slow
def test_repairs_of_all_four_kinds_agree_with_the_apps_rows(app: App) -> None:
    assert audited_repairs(app.report()) == Guardrail(id="audited-repairs", status=GuardrailStatus.ALLOWED)


TAMPERING = {
    "the audit row of a balance is deleted": (
        LEDGER,
        f"DELETE FROM {LEDGER} WHERE reason LIKE 'trueup: balance synced%'",
        "is missing or was changed since: 1 repair (entry",
        "credit-balance:",
    ),
    "the audit row of a balance says another amount": (
        LEDGER,
        f"UPDATE {LEDGER} SET amount = 5 WHERE reason LIKE 'trueup: balance synced%'",
        "is missing or was changed since: 1 repair (entry",
        "credit-balance:",
    ),
    "the audit row of a balance says another balance": (
        LEDGER,
        f"UPDATE {LEDGER} SET balance_after = balance_after + 1 WHERE reason LIKE 'trueup: balance synced%'",
        "is missing or was changed since: 1 repair (entry",
        "credit-balance:",
    ),
    "the mark is taken off": (
        LEDGER,
        f"UPDATE {LEDGER} SET reason = 'goodwill' WHERE reason LIKE 'trueup: unlimited%'",
        "is missing or was changed since: 1 repair (entry",
        "unlimited-credits:",
    ),
    "the record of a downgrade is deleted": (
        PLANS,
        f"DELETE FROM {PLANS} WHERE actor = 'trueup'",
        "is missing or was changed since: 1 repair (entry",
        "paid-without-customer:",
    ),
    "the record of a downgrade names another plan": (
        PLANS,
        f"UPDATE {PLANS} SET to_plan = 'TEAM' WHERE actor = 'trueup'",
        "is missing or was changed since: 1 repair (entry",
        "paid-without-customer:",
    ),
    "the backfilled record is deleted": (
        EVENTS,
        f"DELETE FROM {EVENTS} WHERE type = 'unknown'",
        "is missing or was changed since: 1 repair (entry",
        "missing-idempotency-record:",
    ),
    "an entry of the journal is deleted": (
        "trueup_journal",
        "DELETE FROM trueup_journal WHERE target LIKE 'missing-idempotency-record:%'",
        "Recorded as applied, but missing in the journal: 1 repair (",
        "missing-idempotency-record:",
    ),
    "a repair is deleted": (
        "trueup_repair",
        "DELETE FROM trueup_repair WHERE check_id = 'unlimited-credits'",
        "In the journal, but not recorded as applied: 1 repair (entry",
        "unlimited-credits:",
    ),
    "a row with our mark is forged": (
        LEDGER,
        (
            f"UPDATE {LEDGER} SET reason = 'trueup: balance synced from 1 to 2' WHERE id = "
            f"(SELECT i FROM (SELECT min(id) AS i FROM {LEDGER}) AS first)"
        ),
        "Rows with trueup's mark that no repair in the journal added: 1 row (ledger_entry of ",
        "trueup: balance synced from 1 to 2",
    ),
    "a real row is copied": (
        LEDGER,
        (
            f"INSERT INTO {LEDGER} (id, user_id, type, amount, balance_after, posted, created_at, reason) "
            f"SELECT id + 1000000, user_id, type, amount, balance_after, posted, created_at, reason "
            f"FROM {LEDGER} WHERE reason LIKE 'trueup: balance synced%'"
        ),
        "Rows with trueup's mark that no repair in the journal added: 1 row (ledger_entry of ",
        "trueup: balance synced",
    ),
    "a downgrade is forged": (
        PLANS,
        f"UPDATE {PLANS} SET actor = 'trueup' WHERE id = (SELECT i FROM (SELECT min(id) AS i FROM {PLANS}) AS first)",
        "Rows with trueup's mark that no repair in the journal added: 1 row (plan_change of ",
        "plan_change of ",
    ),
    "the journal's head is put back": (
        "trueup_journal_head",
        "UPDATE trueup_journal_head SET seq = 3",
        "The journal's head knows 3 entries, and 4 are there, the last one numbered 4.",
        "head",
    ),
    "the journal's head is gone": (
        "trueup_journal_head",
        "DELETE FROM trueup_journal_head",
        "head row is missing",
        "head",
    ),
}


@pytest.mark.sampled(6)
@pytest.mark.parametrize(("table", "sql", "says", "names"), TAMPERING.values(), ids=TAMPERING)
def test_tampering_blocks_and_is_named(app: App, table: str, sql: str, says: str, names: str) -> None:
    with tampered(app, table, sql) as guardrail:
        assert guardrail.status is GuardrailStatus.BLOCKED
        assert any(says in reason and names in reason for reason in guardrail.reasons), guardrail.reasons


def test_a_deleted_entry_of_the_journal_also_leaves_the_apps_row_without_one(app: App) -> None:
    sql = "DELETE FROM trueup_journal WHERE target LIKE 'credit-balance:%'"
    with tampered(app, "trueup_journal", sql) as guardrail:
        assert len(guardrail.reasons) == 3
        assert any("Rows with trueup's mark" in reason for reason in guardrail.reasons)


def test_an_entry_that_cannot_be_read_as_one_is_unknown_and_its_row_is_nobodys(app: App) -> None:
    sql = "UPDATE trueup_journal SET after = '{{' WHERE target LIKE 'credit-balance:%'"
    if app.config.database_url.startswith("mysql"):
        sql = sql.replace("SET after", "SET `after`")
    with tampered(app, "trueup_journal", sql) as guardrail:
        assert guardrail.status is GuardrailStatus.BLOCKED
        assert any("Not to be compared" in reason for reason in guardrail.reasons)
        assert any("Rows with trueup's mark" in reason for reason in guardrail.reasons)


@pytest.mark.slow
def test_kept_books_hold_the_evidence(app: App, tmp_path: Path) -> None:
    sql = f"DELETE FROM {LEDGER} WHERE reason LIKE 'trueup: balance synced%'"
    with tampered(app, LEDGER, sql) as found:
        report = audit(
            app.config, checks=app.checks, now=app.now, progress=Silent(), keep_books=tmp_path / "kept.duckdb"
        )
        assert audited_repairs(report) == found
    again = audit_books(tmp_path / "kept.duckdb", config=None, checks=app.checks, now=None, progress=Silent())
    assert audited_repairs(again) == found
    assert found.status is GuardrailStatus.BLOCKED


def test_an_audit_of_one_check_does_not_miss_what_it_did_not_read(app: App) -> None:
    checks = [check for check in app.checks if check.id == "paid-without-customer"]
    report = audit(app.config, checks=checks, now=app.now, progress=Silent(), covers_all_checks=False)
    guardrail = audited_repairs(report)
    assert guardrail.status is GuardrailStatus.UNKNOWN
    assert guardrail.reasons == ("The idempotency records that were backfilled were not read in this audit.",)


@pytest.fixture
def own(sqlite_url: str, tmp_path: Path) -> App:
    """A repaired company of the test's own."""
    found = demo_app(sqlite_url, tmp_path)
    repaired(found)
    return found


@pytest.mark.slow
def test_an_account_that_was_erased_whole_takes_its_rows_along(own: App) -> None:
    (row,) = own.rows(f"SELECT user_id FROM {LEDGER} WHERE reason LIKE 'trueup: balance synced%'")
    own.execute(f"DELETE FROM {LEDGER} WHERE user_id = '{row[0]}'")
    assert compared(own).status is GuardrailStatus.BLOCKED
    own.execute(f"DELETE FROM users WHERE id = '{row[0]}'")
    assert compared(own) == Guardrail(
        id="audited-repairs",
        status=GuardrailStatus.ALLOWED,
        reasons=("Repairs whose row was deleted together with its whole account: 1.",),
    )


@pytest.mark.slow
def test_a_record_that_is_older_than_the_table_of_events_may_be_pruned(own: App) -> None:
    own.execute(f"DELETE FROM {EVENTS} WHERE type = 'unknown'")
    assert compared(own).status is GuardrailStatus.BLOCKED
    policy = dataclasses.replace(own.config.policy, idempotency_since=own.now.date())
    later = dataclasses.replace(own, config=dataclasses.replace(own.config, policy=policy))
    assert compared(later).status is GuardrailStatus.ALLOWED


@pytest.mark.slow
def test_a_table_that_is_no_longer_mapped_is_unknown(own: App) -> None:
    own.execute(f"ALTER TABLE {PLANS} RENAME TO plan_history")
    relations = {name: mapping for name, mapping in own.config.relations.items() if name != "plan_change"}
    config = dataclasses.replace(own.config, relations=relations)
    guardrail = compared(dataclasses.replace(own, config=config))
    assert guardrail.status is GuardrailStatus.UNKNOWN
    assert "no longer mapped" in guardrail.reasons[0]
    assert "paid-without-customer:" in guardrail.reasons[0]


def _small(folder: Path, *statements: str) -> Report:
    made(folder, *statements, users=[("user_1", "FREE", 0)])
    config = load_config(folder / "trueup.toml", {})
    return audit(config, checks=catalogue(), now=NOW, progress=Silent())


_FORGED = (
    "INSERT INTO credit_transactions (id, user_id, type, amount, balance_after, created_at, reason) "
    "VALUES (1, 'user_1', 'adjustment', 0, 0, '2026-02-01', '{reason}')"
)


def test_where_no_journal_was_installed_nothing_was_ever_repaired(tmp_path: Path) -> None:
    assert audited_repairs(_small(tmp_path)).status is GuardrailStatus.ALLOWED


def test_a_row_with_our_mark_where_there_is_no_journal_blocks(tmp_path: Path) -> None:
    found = audited_repairs(_small(tmp_path, _FORGED.format(reason="trueup: unlimited credits switched off")))
    assert found.status is GuardrailStatus.BLOCKED
    assert "there is no journal that could record them: 1 row (ledger_entry of user_1" in found.reasons[0]


def test_an_accountants_true_up_is_no_mark_of_ours(tmp_path: Path) -> None:
    found = audited_repairs(_small(tmp_path, _FORGED.format(reason="trueup: seats of the third quarter")))
    assert found.status is GuardrailStatus.ALLOWED


@pytest.mark.slow
def test_half_a_journal_is_unknown(own: App) -> None:
    own.execute("DROP TABLE trueup_journal_head")
    found = compared(own)
    assert found.status is GuardrailStatus.UNKNOWN
    assert "trueup_journal_head cannot be read" in found.reasons[0]


@pytest.mark.slow
def test_in_a_folder_of_files_there_is_no_journal(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    with make_company(accounts=120, seed=1, now=NOW, fault_share=0) as company:
        company.write(str(folder))
        company.write_gates(tmp_path)
        (tmp_path / "trueup.toml").write_text(company.config_text("${PLACE}"), encoding="utf-8")
    config = load_config(tmp_path / "trueup.toml", {"PLACE": str(folder)})
    report = audit(config, checks=catalogue(), now=NOW, progress=Silent())
    assert audited_repairs(report) == Guardrail(id="audited-repairs", status=GuardrailStatus.ALLOWED)
