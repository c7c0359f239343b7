"""Opening the store: on both databases, by many at once, from every earlier revision, and never a newer one."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.support.databases import ENCODED_PASSWORD, PASSWORD, PostgresServer
from trueup.migrations import find_newest_revision, revision_of
from trueup.model.errors import ConfigurationError, StoreUnavailable
from trueup.store import Store, open_store
from trueup.store.opening import MIGRATIONS
from trueup.store.presence import VERSION_TABLE

OPEN = "import sys; from trueup.store import open_store; open_store(sys.argv[1]).close()"


def test_a_store_is_made_when_it_is_first_opened_and_kept_after_that(store_url: str) -> None:
    for _ in range(2):
        with open_store(store_url) as store, store.database.reading() as connection:
            assert revision_of(connection, version_table=VERSION_TABLE) == find_newest_revision(MIGRATIONS)


@pytest.mark.slow
def test_many_processes_may_open_a_new_store_at_once(store_url: str) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", OPEN, store_url], stderr=subprocess.PIPE, text=True) for _ in range(6)
    ]
    assert [process.communicate(timeout=60)[1] for process in running] == [""] * 6


def test_a_store_of_a_newer_trueup_is_refused_and_not_touched(store_url: str) -> None:
    with open_store(store_url) as store, store.database.writing() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(
        StoreUnavailable, match=r"was written by a newer trueup: its schema is 9999, .*; upgrade trueup"
    ):
        open_store(store_url)


def test_a_sqlite_store_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "trueup.db"
    with open_store(f"sqlite:///{path}") as store, store.database.writing() as connection:
        connection.execute(text("CREATE TABLE more (x)"))
        files = sorted(tmp_path.iterdir())
        assert [file.name for file in files] == ["trueup.db", "trueup.db-made", "trueup.db-shm", "trueup.db-wal"]
        assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600] * 4


def test_a_store_in_a_folder_that_is_not_there_is_unavailable_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"nowhere/trueup\.db cannot be opened: No such file or directory"):
        open_store(f"sqlite:///{tmp_path}/nowhere/trueup.db")


def test_a_file_that_is_no_store_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "trueup.db"
    path.write_text("a letter to my aunt, which is longer than a page of a database\n" * 100)
    with pytest.raises(StoreUnavailable, match="file is not a database"):
        open_store(f"sqlite:///{path}")


@pytest.mark.parametrize("url", ["mysql://u:hunter2@h/d", "trueup.db", "sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_another_kind_of_address_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        open_store(url)
    assert "hunter2" not in str(refused.value)


def test_bytes_that_are_no_text_are_refused_in_one_sentence(store: Store) -> None:
    with pytest.raises(ConfigurationError, match="not valid Unicode"):
        store.runs.get("\udcff")
    assert store.runs.list() == ()


def test_a_refused_login_shows_no_password(postgres_server: PostgresServer) -> None:
    with pytest.raises(StoreUnavailable) as refused:
        open_store(postgres_server.url("nowhere", password=ENCODED_PASSWORD.replace("3", "4")))
    for spelling in (ENCODED_PASSWORD, PASSWORD, PASSWORD.replace("3", "4")):
        assert spelling not in str(refused.value)
