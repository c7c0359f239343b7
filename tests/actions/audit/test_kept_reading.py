"""Books that are refreshed are those that reading everything would have made, whatever happened in between."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.support.databases import PostgresServer
from tests.support.histories import CONFIG, History, config_of, connected, seeds
from tests.support.thoroughness import tried
from trueup.actions.audit.check_runner import run_checks
from trueup.actions.audit.run_audit import audit
from trueup.actions.audit.snapshot import copied_books
from trueup.actions.kept_books import forget_account
from trueup.actions.kept_books.forgetting import BooksInUse
from trueup.books.file import Books
from trueup.books.kept import KeptFile
from trueup.checks import catalogue
from trueup.checks.credits.history_rewritten import CHECK as HISTORY_REWRITTEN
from trueup.config import Config
from trueup.model.kept_books import Rereading
from trueup.model.outcome import Checked, NotApplicable
from trueup.model.relations import MAPPED, relation_name
from trueup.model.source import Silent

NOW = datetime(2026, 3, 1, 12)
STEPS, AUDITS = 4, 6
RELATIONS = tuple(map(relation_name, MAPPED))


def content(books: Books) -> Mapping[str, object]:
    """Everything that the copy put into the books."""
    run = books.connection.execute
    return {
        **{name: run(f"SELECT * FROM {name} ORDER BY ALL").fetchall() for name in (*RELATIONS, "unreadable_row")},
        **{f"{name}'s types": run(f"DESCRIBE {name}").fetchall() for name in RELATIONS},
        "copies": run("SELECT * FROM trueup_copy ORDER BY relation").fetchall(),
        "counts": run("SELECT * FROM copied_relation ORDER BY relation").fetchall(),
    }


@contextlib.contextmanager
def books_of(config: Config, *, fresh: bool = False) -> Iterator[Books]:
    with copied_books(
        config, checks=(), now=NOW, progress=Silent(), everything=True, may_reread=True, fresh=fresh
    ) as books:
        yield books


def read(config: Config, *, fresh: bool = False) -> tuple[Mapping[str, object], Rereading | None]:
    with books_of(config, fresh=fresh) as books:
        return content(books), books.rereading


def judgement(books: Books, config: Config) -> Mapping[str, str]:
    """What every check says of the books, to the last digit. Only books that are kept have a history to judge."""
    checks = [check for check in catalogue() if check.id != HISTORY_REWRITTEN.id]
    outcomes = run_checks(books, checks=checks, policy=config.policy, now=NOW, progress=Silent())
    return {examined.check: repr(examined.outcome) for examined in outcomes}


def follow(url: str, seed: int, folder: Path, *, judged: Collection[int] = range(AUDITS)) -> Counter[str]:
    """Compare both kinds of audit while a history goes on; how often each relation was refreshed, or why it was not.

    ``judged`` are the audits of which the findings are compared too.
    """
    ways: Counter[str] = Counter()
    keeping, whole = config_of(url, folder, keep=True), config_of(url, folder, keep=False)
    with contextlib.closing(History(url, seed)) as history:
        happened: list[str] = []
        for number in range(AUDITS):
            with books_of(keeping) as books:
                refreshed, rereading = content(books), books.rereading
                findings = judgement(books, keeping) if number in judged else {}
            with books_of(whole) as books:
                expected = content(books)
                right = judgement(books, whole) if number in judged else {}
            for name, rows in expected.items():
                assert refreshed[name] == rows, f"seed {seed}, {name}, after {happened}"
            assert findings == right, f"seed {seed}, after {happened}"
            assert rereading is not None
            ways.update(each.because or f"{name} refreshed" for name, each in rereading.relations.items())
            happened += [history.go_on() for _ in range(STEPS)]
    return ways


@pytest.mark.slow
def test_a_history_in_postgres_is_read_as_it_is(postgres_url: str, tmp_path: Path) -> None:
    ways = follow(postgres_url, 0, tmp_path, judged={AUDITS - 1})
    assert all(ways[f"{name} refreshed"] for name in ("account", "ledger_entry", "webhook_event"))


@pytest.mark.slow
def test_many_histories_in_postgres_are_read_as_they_are(postgres_server: PostgresServer, tmp_path: Path) -> None:
    """``TRUEUP_HISTORIES`` says how many."""
    ways: Counter[str] = Counter()
    for seed in seeds(1, int(os.environ.get("TRUEUP_HISTORIES", tried(20, 5)))):
        url = postgres_server.create_database()
        folder = tmp_path / str(seed)
        folder.mkdir()
        ways.update(follow(url, seed, folder))
        shutil.rmtree(folder)
        postgres_server.drop_database(url)
    print(ways)  # noqa: T201 - how often what was tried
    assert ways["ledger_entry refreshed"] > ways.total() // 20


@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("place", ["mariadb_url", "sqlite_url"])
def test_a_history_elsewhere_is_read_as_it_is(
    request: pytest.FixtureRequest, tmp_path: Path, place: str, seed: int
) -> None:
    follow(str(request.getfixturevalue(place)), seed, tmp_path)


@pytest.fixture
def app(postgres_url: str) -> Iterator[History]:
    """An application whose ledger nobody writes meanwhile."""
    with contextlib.closing(History(postgres_url, 4)) as history:
        yield history


def reading_of(rereading: Rereading | None, relation: str) -> tuple[int | None, str | None]:
    assert rereading is not None
    read_again = rereading.relations[relation]
    return read_again.changed_rows, read_again.because


@pytest.mark.slow
def test_only_the_row_that_changed_is_read_and_the_report_says_when_all_are(app: History, tmp_path: Path) -> None:
    config = config_of(app.url, tmp_path, keep=True)
    _, first = read(config)
    assert reading_of(first, "ledger_entry") == (None, "no books were kept before")
    with connected(app.url) as execute:
        execute("UPDATE entries SET amount = 4711, balance = 1 WHERE id = (SELECT min(id) FROM entries)")
    rows, second = read(config)
    assert reading_of(second, "ledger_entry") == (1, None)
    assert reading_of(second, "account") == (0, None)
    assert second is not None
    assert second.full_read_in_runs == 999
    assert "4711" in str(rows["ledger_entry"])
    _, third = read(config, fresh=True)
    assert reading_of(third, "ledger_entry") == (None, "every row was asked for")


@pytest.mark.parametrize(
    ("statement", "because"),
    [
        ("TRUNCATE entries", "the table was written anew since, as by TRUNCATE, VACUUM FULL, CLUSTER or a restore"),
        ("ALTER TABLE entries ADD more text DEFAULT 'x'", "its mapping or its table changed"),
        ("ALTER TABLE entries DROP CONSTRAINT entries_pkey", "its mapping or its table changed"),
    ],
)
def test_what_row_versions_do_not_show_is_read_whole(
    app: History, tmp_path: Path, statement: str, because: str
) -> None:
    config = config_of(app.url, tmp_path, keep=True)
    read(config)
    with connected(app.url) as execute:
        execute(statement)
    assert reading_of(read(config)[1], "ledger_entry") == (None, because)


@pytest.mark.slow
def test_a_role_without_xmin_reads_everything_and_one_with_it_only_changes(
    postgres_server: PostgresServer, app: History, tmp_path: Path
) -> None:
    with psycopg.connect(postgres_server.admin_url, autocommit=True) as admin:
        admin.execute("DROP ROLE IF EXISTS narrow_audit")
        admin.execute("CREATE ROLE narrow_audit LOGIN PASSWORD 'narrow'")
    columns = {
        "users": "id, plan, credits, created_at",
        "entries": "id, user_id, kind, amount, balance, created_at, reason",
        "events": "id, type, status, created_at",
        "changes": "user_id, old, new, created_at",
    }
    with connected(app.url) as execute:
        execute("GRANT USAGE ON SCHEMA public TO narrow_audit")
        for table, names in columns.items():
            execute(f"GRANT SELECT ({names}) ON {table} TO narrow_audit")
    url = postgres_server.url(urlsplit(app.url).path[1:], user="narrow_audit", password="narrow")
    config = config_of(url, tmp_path, keep=True)
    read(config)
    assert reading_of(read(config)[1], "account") == (None, "the source does not say which of its rows changed")
    with connected(app.url) as execute:
        for table in columns:
            execute(f"GRANT SELECT (xmin) ON {table} TO narrow_audit")
    read(config)
    assert reading_of(read(config)[1], "account") == (0, None)


def test_a_second_audit_at_the_same_time_reads_everything_and_keeps_nothing(app: History, tmp_path: Path) -> None:
    config = config_of(app.url, tmp_path, keep=True)
    read(config)
    with KeptFile(Path(config.books.folder), config.environment).locked() as is_ours:
        assert is_ours
        rows, rereading = read(config)
    assert rereading == Rereading(problem="another audit was using the kept books, so this one read everything")
    assert rows == read(config)[0]


@pytest.mark.slow
def test_the_kept_books_are_this_users_alone_and_a_broken_file_is_read_over(app: History, tmp_path: Path) -> None:
    config = config_of(app.url, tmp_path, keep=True)
    rows, _ = read(config)
    file = KeptFile(Path(config.books.folder), config.environment).path
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert sorted(path.suffix for path in file.parent.iterdir()) == [".duckdb", ".lock"]
    for content_of_file in (file.read_bytes()[:5000], b"not a database", b""):
        file.write_bytes(content_of_file)
        again, rereading = read(config)
        assert (again, reading_of(rereading, "account")) == (rows, (None, "the kept books cannot be read"))
    assert reading_of(read(config)[1], "account") == (0, None)


def test_an_audit_of_some_checks_leaves_the_kept_books_alone_and_says_so(app: History, tmp_path: Path) -> None:
    config = config_of(app.url, tmp_path, keep=True)
    read(config)
    file = KeptFile(Path(config.books.folder), config.environment).path
    before = file.read_bytes()
    report = audit(config, checks=(HISTORY_REWRITTEN,), now=NOW, progress=Silent(), covers_all_checks=False)
    reason = "an audit of some checks reads all rows of what they need, and leaves the kept books as they are"
    assert report.rereading == Rereading(problem=reason)
    outcome = report.outcomes[0].outcome
    assert isinstance(outcome, NotApplicable)
    assert outcome.reason == reason
    assert file.read_bytes() == before
    assert reading_of(read(config)[1], "ledger_entry") == (0, None)


@pytest.mark.slow
def test_a_forgotten_account_is_in_no_byte_of_the_books_and_the_next_audit_is_right(
    app: History, tmp_path: Path
) -> None:
    config = config_of(app.url, tmp_path, keep=True)
    with connected(app.url) as execute:
        execute("INSERT INTO users VALUES ('erased_one', 'FREE', 1, '2026-01-01 00:00:00')")
        execute("INSERT INTO entries VALUES (801, 'erased_one', 'spent', 1, 1, '2026-01-11 00:00:00', 'secret_text')")
    rows, _ = read(config)
    file = KeptFile(Path(config.books.folder), config.environment)
    assert b"erased_one" in file.path.read_bytes()
    with file.locked(), pytest.raises(BooksInUse):
        forget_account(config, "erased_one")
    assert forget_account(config, "ERASED_ONE ") == 2
    assert b"erased_one" not in file.path.read_bytes()
    assert b"secret_text" not in file.path.read_bytes()
    again, rereading = read(config)
    assert (again, reading_of(rereading, "account")) == (
        rows,
        (None, "the source does not say which of its rows changed"),
    )
    assert forget_account(config, "never_there") == 0


@pytest.mark.slow
def test_a_relation_that_is_in_the_config_no_longer_is_in_the_books_no_longer(app: History, tmp_path: Path) -> None:
    read(config_of(app.url, tmp_path, keep=True))
    section = CONFIG[CONFIG.index("[relations.plan_change]") : CONFIG.index("[plans.FREE]")]
    without = {section.format(): ""}
    rows, _ = read(config_of(app.url, tmp_path, keep=True, changed=without))
    expected, _ = read(config_of(app.url, tmp_path, keep=False, changed=without))
    assert rows == expected
    assert rows["plan_change"] == []


@pytest.fixture(params=["postgres_url", "mariadb_url", "sqlite_url"])
def settled(request: pytest.FixtureRequest) -> Iterator[History]:
    """An application in each kind of database, with rows that were settled long ago."""
    with contextlib.closing(History(str(request.getfixturevalue(request.param)), 5)) as history:
        with connected(history.url) as execute:
            for number in range(700, 706):
                execute(f"INSERT INTO entries VALUES ({number}, 'u2', 'paid', 10, 20, '2026-01-20 10:00:00', 'x')")
            for day in range(1, 4):
                execute(f"INSERT INTO events VALUES ('evt_{day}', 'paid', 'processed', '2026-01-0{day} 10:00:00')")
            execute("INSERT INTO events VALUES ('evt_new', 'paid', 'failed', '2026-01-09 10:00:00')")
            execute("INSERT INTO changes VALUES ('u2', 'FREE', 'PRO', '2026-01-05 10:00:00')")
            execute("INSERT INTO changes VALUES ('u2', 'PRO', 'FREE', '2026-01-06 10:00:00')")
        yield history


def rewritten(config: Config, *, fresh: bool = False) -> Mapping[str, tuple[object, object]]:
    """What the check says was rewritten: by subject, the values before and after."""
    report = audit(config, checks=(HISTORY_REWRITTEN,), now=NOW, progress=Silent(), fresh=fresh)
    outcome = report.outcomes[0].outcome
    if isinstance(outcome, NotApplicable):
        return {}
    assert isinstance(outcome, Checked), outcome
    return {each.subject: (each.evidence["before"], each.evidence["after"]) for each in outcome.findings}


@pytest.mark.slow
def test_what_was_settled_and_is_gone_or_different_is_found_in_every_database(settled: History, tmp_path: Path) -> None:
    config = config_of(settled.url, tmp_path, keep=True)
    assert rewritten(config) == {}
    with connected(settled.url) as execute:
        execute("UPDATE entries SET amount = 4711 WHERE id = 700")
        execute("DELETE FROM entries WHERE id = 701")
        execute("UPDATE entries SET reason = 'other words' WHERE id = 702")
        execute("INSERT INTO entries VALUES (777, 'u2', 'paid', 10, 20, '2026-01-20 10:00:00', 'late')")
        execute("DELETE FROM events WHERE id = 'evt_2'")
        execute("DELETE FROM events WHERE id = 'evt_1'")
        execute("UPDATE events SET status = 'processed' WHERE id = 'evt_new'")
        execute("DELETE FROM changes WHERE new = 'PRO'")
    said = rewritten(config)
    assert said.keys() == {"ledger_entry:700", "ledger_entry:701", "plan_change:u2 PRO 2026-01-05 10:00:00"}
    before, after = said["ledger_entry:700"]
    assert (str(before), str(after)) == ("amount 10.000000000", "amount 4711.000000000")
    assert said["ledger_entry:701"][1] == "nothing"
    assert rewritten(config, fresh=True) == said, "a finding stays until its period ends"


@pytest.mark.slow
def test_nothing_that_leaves_the_rows_as_they_are_rewrites_history(app: History, tmp_path: Path) -> None:
    config = config_of(app.url, tmp_path, keep=True)
    with connected(app.url) as execute:
        execute("INSERT INTO entries VALUES (700, 'u2', 'paid', 10, 20, '2026-01-20 10:00:00', 'x')")
        rewritten(config)
        for statements in (
            ("VACUUM FREEZE",),
            ("VACUUM FULL",),
            ("CLUSTER entries USING entries_pkey",),
            ("ALTER TABLE entries ADD more text DEFAULT 'x'",),
            ("UPDATE entries SET amount = amount WHERE id = 700",),
            (
                "CREATE TABLE dumped AS SELECT balance, reason, kind, amount, created_at, user_id, id FROM entries",
                "ALTER TABLE dumped ADD PRIMARY KEY (id)",
                "DROP TABLE entries",
                "ALTER TABLE dumped RENAME TO entries",
            ),
        ):
            for statement in statements:
                execute(statement)
            said = rewritten(config)
            assert {name for name in said if name != "ledger_entry:1"} == set(), statements


@pytest.mark.slow
def test_what_only_looks_rewritten_is_not_and_what_is_rewritten_again_is(sqlite_url: str, tmp_path: Path) -> None:
    with contextlib.closing(History(sqlite_url, 6)) as history, connected(history.url) as execute:
        for number, price in ((700, 10), (701, 20)):
            execute(f"INSERT INTO entries VALUES ({number}, 'u2', 'paid', {price}, 20, '2026-01-20 10:00:00', 'x')")
        for day, status in ((1, "failed"), (2, "processed"), (3, "processed")):
            execute(f"INSERT INTO events VALUES ('evt_{day}', 'paid', '{status}', '2025-12-0{day} 10:00:00')")
        for plan in ("FREE", "PLUS"):
            execute(f"INSERT INTO changes VALUES ('u2', '{plan}', 'PRO', '2026-01-05 00:00:00')")
        config = config_of(history.url, tmp_path, keep=True)
        assert rewritten(config) == {}
        assert rewritten(config) == {}, "two changes to one plan on one day are as they were"
        execute("DELETE FROM events WHERE id = 'evt_2'")
        assert rewritten(config) == {}, "the oldest processed events are deleted, and an older failed one stays"
        fewer = config_of(history.url, tmp_path, keep=True, changed={"keep = true": "keep = true\ncredit_decimals = 2"})
        assert rewritten(fewer) == {}
        other_key = {'columns.entry_id = "id"': 'columns.entry_id = "-id"'}
        assert rewritten(config_of(history.url, tmp_path, keep=True, changed=other_key)) == {}
        rewritten(config)
        for amount in (4711, 4712):
            execute(f"UPDATE entries SET amount = {amount} WHERE id = 700")
            after = rewritten(config)["ledger_entry:700"][1]
            assert str(after) == f"amount {amount}.000000000"
