"""A store is one of ours, whole, or it is refused; and none is made where there was one."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.support.api import NOW
from trueup.model.access import Role
from trueup.model.errors import ConfigurationError, StoreUnavailable
from trueup.store import open_store
from trueup.store.presence import FIRST_TABLES

SECRET = "hunter2"


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


def filled(path: Path) -> None:
    with open_store(url_of(path)) as store:
        store.tokens.create(name="grafana", role=Role.VIEWER, lifetime_days=1, created_by="test", now=NOW)


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def without_a_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"DROP TABLE {FIRST_TABLES[-1]}")


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def replaced_by_an_empty_database(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM")


def replaced_by_the_apps(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE users (id TEXT)")


def replaced_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def replaced_by_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (Path.unlink, "is gone, and trueup does not replace it"),
        (truncated, "malformed"),
        (without_a_table, f"has no table {FIRST_TABLES[-1]}"),
        (emptied, "is an empty file"),
        (replaced_by_an_empty_database, "empty"),
        (replaced_by_the_apps, r"holds other tables \(users\)"),
        (replaced_by_a_folder, "not a regular file"),
        (replaced_by_a_pipe, "not a regular file"),
    ],
)
def test_a_store_that_was_spoilt_is_refused_and_left_as_it_is(
    tmp_path: Path, spoil: Callable[[Path], object], says: str
) -> None:
    path = tmp_path / "trueup.db"
    filled(path)
    spoil(path)
    before = sorted(each.name for each in tmp_path.iterdir())
    for may_make in (True, False):
        with pytest.raises(StoreUnavailable, match=says):
            open_store(url_of(path), may_make=may_make)
    assert sorted(each.name for each in tmp_path.iterdir()) == before


def test_the_first_store_is_made_and_a_serving_process_makes_none(tmp_path: Path) -> None:
    path = tmp_path / "trueup.db"
    with pytest.raises(StoreUnavailable, match="trueup store init"):
        open_store(url_of(path), may_make=False)
    assert list(tmp_path.iterdir()) == []
    open_store(url_of(path)).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    open_store(url_of(path), may_make=False).close()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["trueup.db", "trueup.db-made"]


def test_one_that_was_given_up_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "trueup.db"
    filled(path)
    path.unlink()
    (tmp_path / "trueup.db-made").unlink()
    with open_store(url_of(path)) as store:
        assert store.tokens.list() == ()


def test_a_store_from_before_there_were_marks_gets_one(tmp_path: Path) -> None:
    path = tmp_path / "trueup.db"
    filled(path)
    (tmp_path / "trueup.db-made").unlink()
    open_store(url_of(path), may_make=False).close()
    assert (tmp_path / "trueup.db-made").exists()


@pytest.mark.parametrize("appears", [False, True])
def test_an_open_store_whose_file_is_moved_away_writes_nowhere(tmp_path: Path, *, appears: bool) -> None:
    path = tmp_path / "trueup.db"
    filled(path)
    with open_store(url_of(path)) as store:
        assert len(store.tokens.list()) == 1
        moved = path.rename(tmp_path / "moved.db")
        if appears:
            path.touch(0o644)
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                store.tokens.create(name="lost", role=Role.VIEWER, lifetime_days=1, created_by="test", now=NOW)
        assert path.exists() == appears
        assert not appears or path.stat().st_size == 0
        moved.replace(path)
        assert [token.name for token in store.tokens.list()] == ["grafana"]


def test_many_threads_may_make_the_first_store_at_once(tmp_path: Path) -> None:
    path = tmp_path / "trueup.db"
    failures: list[StoreUnavailable] = []

    def make() -> None:
        try:
            filled(path)
        except StoreUnavailable as error:
            failures.append(error)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with open_store(url_of(path)) as store:
        assert len(store.tokens.list()) == 8
    assert sorted(each.name for each in tmp_path.iterdir()) == ["trueup.db", "trueup.db-made"]


def test_the_apps_database_gets_no_table_of_ours(postgres_url: str) -> None:
    engine = create_engine(postgres_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE users (id text)"))
    with pytest.raises(StoreUnavailable, match=r"holds other tables \(users\)"):
        open_store(postgres_url)
    with engine.begin() as connection:
        names = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars().all()
        assert names == ["users"]
        connection.execute(text("CREATE SCHEMA trueup"))
    separator = "&" if "?" in postgres_url else "?"
    own = f"{postgres_url}{separator}options=-csearch_path%3Dtrueup"
    with pytest.raises(StoreUnavailable, match="There is no store"):
        open_store(own, may_make=False)
    with open_store(own) as store:
        assert store.tokens.list() == ()
    engine.dispose()


@pytest.mark.parametrize(
    "url",
    [
        f"sqlite://app:{SECRET}@db/app",
        f"sqlite://app:{SECRET}@db:5432/app.db",
        f"sqlite:///app:{SECRET}@db/app",
        f"sqlite+pysqlite://app:{SECRET}@db/app",
        f"SQLITE://app:{SECRET}@db/app",
        f"sqlite://{SECRET}/app.db",
        f"sqlite:{SECRET}@db/app",
    ],
)
def test_a_login_in_a_sqlite_address_is_refused_without_showing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError) as refused:
        open_store(url)
    assert SECRET not in str(refused.value)
    assert list(tmp_path.iterdir()) == []
