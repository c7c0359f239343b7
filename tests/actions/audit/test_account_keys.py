"""Account ids are one where the app's own database takes them for one, in audits and in repairs."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from tests.support.keyed import Entry, Keys, balances, issues, keyed_app, problems, repair_unattended
from tests.support.repairable import REASON
from trueup.actions.audit.snapshot import copied_books
from trueup.actions.repair import open_repair_session, preview, repair
from trueup.actions.repair.subject_reader import SubjectReader
from trueup.actions.repair.subject_snapshot import read_subject
from trueup.model.repair import Applied, PlannedRepair, Refused
from trueup.model.source import Silent

KINDS = ("sqlite", "postgres", "mariadb")


def _url(request: pytest.FixtureRequest, kind: str) -> str:
    return str(request.getfixturevalue(f"{kind}_url"))


UPPER, LOWER = "3F25D0A1", "3f25d0a1"
SPENT: list[Entry] = [(UPPER, 100, 100), (UPPER, -5, 95), (LOWER, 50, 145)]
"""One account, which one part of the app spells in small letters."""

FOLDING = [
    pytest.param("sqlite", Keys(account="TEXT COLLATE NOCASE", entry="TEXT COLLATE NOCASE"), id="sqlite-nocase"),
    pytest.param("mariadb", Keys(account="varchar(64)", entry="varchar(64)"), id="mariadb-default"),
    pytest.param(
        "mariadb",
        Keys(account="varchar(64) COLLATE utf8mb4_unicode_ci", entry="varchar(64) COLLATE utf8mb4_unicode_ci"),
        id="mariadb-unicode",
    ),
    pytest.param(
        "mariadb",
        Keys(
            account="varchar(64) CHARACTER SET latin1 COLLATE latin1_swedish_ci",
            entry="varchar(64) CHARACTER SET latin1 COLLATE latin1_swedish_ci",
        ),
        id="mariadb-latin1",
    ),
    pytest.param("mariadb", Keys(account="char(36)", entry="char(36)"), id="mariadb-char"),
]


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("kind", "keys"), FOLDING)
def test_an_id_in_other_letters_is_the_same_account(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, keys: Keys
) -> None:
    app = keyed_app(_url(request, kind), tmp_path, keys, users=[(UPPER, 145)], entries=SPENT)
    report = app.report()
    assert problems(report) == {}
    assert issues(report) == set()
    assert repair_unattended(app, report) == []
    assert balances(app) == [(UPPER, 145)]


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("kind", "keys"), FOLDING)
def test_a_wrong_balance_is_repaired_from_every_spelling(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, keys: Keys
) -> None:
    app = keyed_app(_url(request, kind), tmp_path, keys, users=[(UPPER, 95)], entries=SPENT)
    report = app.report()
    assert issues(report) == {f"credit-balance:{UPPER}"}
    (result,) = repair_unattended(app, report)
    assert isinstance(result, Applied), result
    assert balances(app) == [(UPPER, 145)]
    assert issues(app.report()) == set()
    assert app.journal_is_sound() == 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_ids_in_other_letters_are_two_accounts_where_the_database_compares_bytes(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    exact = {"sqlite": "TEXT", "postgres": "text", "mariadb": "varchar(64) COLLATE utf8mb4_bin"}[kind]
    app = keyed_app(
        _url(request, kind),
        tmp_path,
        Keys(account=exact, entry=exact),
        users=[(UPPER, 95), (LOWER, 40)],
        entries=[(UPPER, 100, 100), (UPPER, -5, 95), (LOWER, 50, 50)],
    )
    report = app.report()
    assert issues(report) == {f"credit-balance:{LOWER}"}
    (result,) = repair_unattended(app, report)
    assert isinstance(result, Applied), result
    assert balances(app) == sorted([(UPPER, 95), (LOWER, 50)])


SPELLINGS = [
    pytest.param("mariadb", "varchar(64)", "José", ["JOSE", "josé", "José  "], id="mariadb-accents"),
    pytest.param("mariadb", "varchar(64)", "straße", ["strase"], id="mariadb-general-sharp-s"),
    pytest.param("mariadb", "varchar(64) COLLATE utf8mb4_unicode_ci", "straße", ["STRASSE"], id="mariadb-expansion"),
    pytest.param("mariadb", "varchar(64) COLLATE utf8mb4_bin", "a1", ["a1 ", "a1   "], id="mariadb-bin-pads"),
    pytest.param("mariadb", "varchar(64) COLLATE utf8mb4_nopad_bin", "a1", [], id="mariadb-nopad"),
    pytest.param("mariadb", "char(8)", "a1", ["A1"], id="mariadb-char"),
    pytest.param("sqlite", "TEXT COLLATE NOCASE", "Ab'c", ["aB'C", "AB'C"], id="sqlite-nocase"),
    pytest.param("sqlite", "TEXT COLLATE RTRIM", "a1", ["a1 ", "a1   "], id="sqlite-rtrim"),
    pytest.param("sqlite", "INTEGER", 7, ["07", "7.0"], id="sqlite-integer"),
    pytest.param("postgres", "char(8)", "a1", ["a1 ", "a1   "], id="postgres-char"),
    pytest.param("postgres", "varchar(64)", "a1", [], id="postgres-varchar"),
    pytest.param("postgres", "bigint", 7, ["07", " 7"], id="postgres-bigint"),
    pytest.param("mariadb", "bigint", 7, ["07"], id="mariadb-bigint"),
    pytest.param(
        "postgres",
        "uuid",
        "3f25d0a1-0000-4000-8000-000000000001",
        ["3F25D0A1-0000-4000-8000-000000000001", "{3f25d0a100004000800000000000 0001}".replace(" ", "")],
        id="postgres-uuid",
    ),
    pytest.param(
        "mariadb",
        "uuid",
        "3f25d0a1-0000-4000-8000-000000000001",
        ["3F25D0A1-0000-4000-8000-000000000001"],
        id="mariadb-uuid",
    ),
]


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("kind", "type_", "key", "others"), SPELLINGS)
def test_every_spelling_that_the_database_takes_for_the_account_is_the_account(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, type_: str, key: str | int, others: list[str]
) -> None:
    entries: list[Entry] = [(key, 100, 100)]
    entries += [(other, 10, 110 + 10 * number) for number, other in enumerate(others)]
    total = 100 + 10 * len(others)
    keys = Keys(account=type_, entry=type_)
    app = keyed_app(_url(request, kind), tmp_path, keys, users=[(key, total)], entries=entries)
    report = app.report()
    assert problems(report) == {}
    assert issues(report) == set()
    app.execute("UPDATE users SET credits = 1")
    report = app.report()
    assert issues(report) == {f"credit-balance:{key}"}
    (result,) = repair_unattended(app, report)
    assert isinstance(result, Applied), result
    assert balances(app) == [(str(key), total)]
    assert issues(app.report()) == set()


def test_accents_tell_accounts_apart_where_the_collation_says_so(mariadb_url: str, tmp_path: Path) -> None:
    exact = "varchar(64) COLLATE utf8mb4_bin"
    app = keyed_app(
        mariadb_url,
        tmp_path,
        Keys(account=exact, entry=exact),
        users=[("José", 10), ("Jose", 20)],
        entries=[("José", 10, 10), ("Jose", 20, 20)],
    )
    report = app.report()
    assert (problems(report), issues(report)) == ({}, set())


ORPHANED = [
    pytest.param("sqlite", "TEXT COLLATE NOCASE", id="sqlite"),
    pytest.param("mariadb", "varchar(64)", id="mariadb"),
]


@pytest.mark.parametrize(("kind", "type_"), ORPHANED)
def test_entries_of_an_account_that_is_gone_are_one_ledger_in_every_spelling(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, type_: str
) -> None:
    entries: list[Entry] = [("Gone", 100, 100), ("GONE", -5, 95), ("gone", 50, 145)]
    keys = Keys(account=type_, entry=type_)
    app = keyed_app(_url(request, kind), tmp_path, keys, users=[("other", 0)], entries=entries)
    assert not {issue for issue in issues(app.report()) if issue.startswith(("ledger-break", "credit-balance"))}


@pytest.mark.parametrize(("kind", "type_"), ORPHANED)
def test_two_accounts_that_are_one_key_to_the_database_are_on_record_and_not_repaired(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, type_: str
) -> None:
    app = keyed_app(
        _url(request, kind),
        tmp_path,
        Keys(account=type_, entry=type_, unique=False),
        users=[("A1", 95), ("a1", 50)],
        entries=[("A1", 95, 95), ("a1", 50, 145)],
    )
    assert any(issue.startswith("unreadable-row:account") for issue in issues(app.report()))
    for issue in ("credit-balance:A1", "credit-balance:a1"):
        result = preview(issue, config=app.config, catalogue=app.checks, now=app.now)
        assert not isinstance(result, PlannedRepair)
        assert isinstance(result, Refused), result
        assert "two accounts" in result.reason


UNKNOWN = [
    pytest.param("sqlite", Keys(account="TEXT COLLATE NOCASE", entry="TEXT"), UPPER, LOWER, id="sqlite-nocase-binary"),
    pytest.param("sqlite", Keys(account="TEXT", entry="TEXT COLLATE NOCASE"), UPPER, LOWER, id="sqlite-binary-nocase"),
    pytest.param("sqlite", Keys(account="INTEGER", entry="TEXT"), 7, "07", id="sqlite-integer-text"),
    pytest.param("mariadb", Keys(account="bigint", entry="varchar(20)"), 7, "07", id="mariadb-bigint-varchar"),
    pytest.param(
        "mariadb",
        Keys(account="varchar(20)", entry="varchar(20) COLLATE utf8mb4_bin"),
        UPPER,
        LOWER,
        id="mariadb-two-collations",
    ),
    pytest.param(
        "postgres",
        Keys(account="uuid", entry="text"),
        "3f25d0a1-0000-4000-8000-000000000001",
        "3F25D0A1-0000-4000-8000-000000000001",
        id="postgres-uuid-text",
    ),
    pytest.param("postgres", Keys(account="bigint", entry="text"), 7, "07", id="postgres-bigint-text"),
    pytest.param("postgres", Keys(account="char(8)", entry="text"), "a1", "a1 ", id="postgres-char-text"),
]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("kind", "keys", "key", "other"), UNKNOWN)
def test_where_it_is_not_known_whether_two_ids_are_one_nothing_is_found_and_nothing_repaired(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, keys: Keys, key: str | int, other: str
) -> None:
    entries: list[Entry] = [(key, 100, 100), (key, -5, 95), (other, 50, 145)]
    app = keyed_app(_url(request, kind), tmp_path, keys, users=[(key, 145)], entries=entries)
    report = app.report()
    assert "may be ids of the same account" in problems(report)["ledger_entry"]
    assert not {issue for issue in issues(report) if issue.startswith("credit-balance")}
    result = preview(f"credit-balance:{key}", config=app.config, catalogue=app.checks, now=app.now)
    assert isinstance(result, Refused), result
    assert "credit_transactions.user_id and users.id" in result.reason
    assert "exact_keys" in result.reason
    assert balances(app) == [(str(key), 145)]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("kind", "keys", "key", "other"), UNKNOWN)
def test_ids_of_two_types_are_checked_where_each_is_spelled_as_its_account_is(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, keys: Keys, key: str | int, other: str
) -> None:
    assert other != str(key)
    entries: list[Entry] = [(str(key), 100, 100), (str(key), -5, 95), ("nobody", 50, 50)]
    app = keyed_app(_url(request, kind), tmp_path, keys, users=[(key, 145)], entries=entries)
    report = app.report()
    assert problems(report) == {}
    assert f"credit-balance:{key}" in issues(report)
    (result,) = repair_unattended(app, report)
    assert isinstance(result, Refused), result
    assert balances(app) == [(str(key), 145)]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("kind", "keys", "key", "other"), UNKNOWN)
def test_the_config_may_say_that_every_id_is_spelled_exactly_and_the_journal_keeps_it(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, keys: Keys, key: str | int, other: str
) -> None:
    assert other != str(key)
    entries: list[Entry] = [(str(key), 100, 100), (str(key), -5, 95)]
    exact = "[relations.ledger_entry]\nexact_keys = true\n"
    app = keyed_app(_url(request, kind), tmp_path, keys, users=[(key, 145)], entries=entries, config=exact)
    (result,) = repair_unattended(app, app.report())
    assert isinstance(result, Applied), result
    assert balances(app) == [(str(key), 95)]
    after = "`after`" if kind == "mariadb" else '"after"'
    ((journaled,),) = app.rows(f"SELECT {after} FROM trueup_journal WHERE repair_id IS NOT NULL")
    assert '"exact_keys"' in str(journaled)
    assert "ledger_entry" in str(journaled)


@pytest.mark.parametrize(("kind", "type_"), ORPHANED)
def test_a_repair_that_names_the_account_in_another_spelling_changes_nothing(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, type_: str
) -> None:
    keys = Keys(account=type_, entry=type_)
    app = keyed_app(_url(request, kind), tmp_path, keys, users=[(UPPER, 95)], entries=SPENT)
    result = repair(
        f"credit-balance:{LOWER}", reason=REASON, actor="test", config=app.config, catalogue=app.checks, now=app.now
    )
    assert not isinstance(result, Applied)
    assert balances(app) == [(UPPER, 95)]


TEAM = [
    (
        "CREATE TABLE plan_changes (user_id {key}, from_plan varchar(20), to_plan varchar(20), changed_at {moment}, "
        "actor varchar(80), reason varchar(200))"
    ),
    "CREATE TABLE members (account_id {key}, member_id {key}, role varchar(20), billable boolean)",
    (
        "CREATE TABLE stripe_webhook_events (event_id varchar(64) {collate} PRIMARY KEY, type varchar(80), "
        "status varchar(20), received_at {moment}, processed_at {moment})"
    ),
]


@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
def test_seats_and_plan_changes_are_the_accounts_in_any_spelling(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    is_sqlite = kind == "sqlite"
    key, moment = ("TEXT COLLATE NOCASE", "text") if is_sqlite else ("varchar(64)", "datetime(6)")
    tables = [sql.format(key=key, moment=moment, collate="") for sql in TEAM]
    rows = [
        "INSERT INTO members VALUES ('ORG', '3f25d0a1', 'member', 1), ('org', 'ALICE', 'member', 1)",
        f"INSERT INTO plan_changes VALUES ('{LOWER}', 'FREE', 'FREE', '2026-02-01 00:00:00', NULL, NULL)",
    ]
    app = keyed_app(
        _url(request, kind),
        tmp_path,
        Keys(account=key, entry=key),
        before=[*tables, *rows],
        users=[(UPPER, 95), ("Org", 0), ("alice", 0)],
        entries=SPENT,
    )
    assert problems(app.report()) == {}
    with copied_books(app.config, checks=app.checks, now=app.now, progress=Silent(), everything=True) as books:
        seats = books.connection.execute("SELECT account_id, member_id FROM member ORDER BY ALL").fetchall()
        changes = books.connection.execute("SELECT account_id FROM plan_change").fetchall()
    assert seats == [("Org", UPPER), ("Org", "alice")]
    assert changes == [(UPPER,)]
    check = next(check for check in app.checks if check.id == "credit-balance")
    with (
        contextlib.closing(open_repair_session(app.config, app.checks)) as session,
        session.target.reading() as connection,
    ):
        reader = SubjectReader(session, connection, session.layout().mappings)
        found = read_subject(reader, check, LOWER)
    assert found.accounts == {UPPER}
    assert {row[1] for row in found.rows["ledger_entry"]} == {UPPER}
    assert [row[:2] for row in found.rows["member"]] == [("Org", UPPER)]
    assert sorted(str(row[0]) for row in found.rows["account"]) == [UPPER, "Org"]


@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
def test_an_event_of_stripe_in_other_letters_is_another_event(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    is_sqlite = kind == "sqlite"
    key, moment = ("TEXT COLLATE NOCASE", "text") if is_sqlite else ("varchar(64)", "datetime(6)")
    collate = "COLLATE NOCASE" if is_sqlite else ""
    tables = [sql.format(key=key, moment=moment, collate=collate) for sql in TEAM]
    rows = ["INSERT INTO stripe_webhook_events (event_id, type, status) VALUES ('evt_a', 'invoice.paid', 'processed')"]
    app = keyed_app(
        _url(request, kind),
        tmp_path,
        Keys(account=key, entry=key),
        before=[*tables, *rows],
        users=[(UPPER, 145)],
        entries=SPENT,
    )
    with (
        contextlib.closing(open_repair_session(app.config, app.checks)) as session,
        session.target.reading() as connection,
    ):
        reader = SubjectReader(session, connection, session.layout().mappings)
        assert reader.read("webhook_event", {"event_id": {"evt_A"}}) == []
        assert [row[0] for row in reader.read("webhook_event", {"event_id": {"evt_a", "evt_A"}})] == ["evt_a"]
