"""What goes wrong around kept books leaves books that are refreshed or thrown away, never wrong."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.actions.audit.test_kept_reading import NOW, read, reading_of, rewritten
from tests.support.dying_audits import read_at_once, read_in_a_process
from tests.support.histories import History, config_of, connected
from tests.support.narrow import postgres_program
from tests.support.small_disk import small_disk
from tests.support.thoroughness import tried
from trueup.books.kept import KeptFile
from trueup.books.schema import FORMAT
from trueup.config import Config
from trueup.model.errors import TrueupError

REWRITTEN = "the table was written anew since, as by TRUNCATE, VACUUM FULL, CLUSTER or a restore"
MOMENTS = int(os.environ.get("TRUEUP_KILLS", tried(60, 10)))
"""How many moments of a refresh the slow test kills at; there are some hundreds."""


@pytest.fixture
def app(postgres_url: str) -> Iterator[History]:
    """An application whose tables change only when a test says so."""
    with contextlib.closing(History(postgres_url, 4)) as history:
        yield history


class Killed:
    """Kept books, rows that changed since, and what an audit has to read then."""

    def __init__(self, app: History, folder: Path) -> None:
        self._url, self._folder = app.url, folder
        read(config_of(app.url, folder / "before", keep=True))
        with connected(app.url) as execute:
            execute("UPDATE entries SET amount = 4711 WHERE id = (SELECT min(id) FROM entries)")
            execute("DELETE FROM entries WHERE id = (SELECT max(id) FROM entries)")
            execute("INSERT INTO users VALUES ('u900', 'FREE', 1, '2026-01-01 00:00:00')")
        whole = folder / "whole"
        whole.mkdir()
        self.expected, _ = read(config_of(app.url, whole, keep=False))
        code, self.moments = read_in_a_process(app.url, self._copy("undisturbed"), NOW)
        assert code == 0
        assert self.moments > 100

    def die(self, moment: int) -> None:
        """Kill an audit at this moment, and let another one follow it."""
        folder = self._copy(f"killed-{moment}")
        code, _ = read_in_a_process(self._url, folder, NOW, die_at=moment)
        assert code == -signal.SIGKILL, moment
        self._follow(folder, moment)

    def die_after(self, seconds: float) -> bool:
        """Kill an audit from outside, wherever it is then, and let another follow; False where it had ended before."""
        folder = self._copy(f"killed-after-{seconds}")
        code, _ = read_in_a_process(self._url, folder, NOW, die_after_seconds=seconds)
        assert code in (0, -signal.SIGKILL), seconds
        self._follow(folder, seconds)
        return code != 0

    def _follow(self, folder: Path, moment: float) -> None:
        """Audit after one that was killed: the rows are right, the books were not lost, and nothing else is left."""
        config = config_of(self._url, folder, keep=True)
        rows, rereading = read(config)
        assert rows == self.expected, moment
        assert reading_of(rereading, "ledger_entry")[1] is None, f"the books were lost at moment {moment}"
        left = sorted(path.suffix for path in KeptFile(Path(config.books.folder), "history").folder.iterdir())
        assert left == [".duckdb", ".lock"], moment
        shutil.rmtree(folder)

    def _copy(self, name: str) -> Path:
        return Path(shutil.copytree(self._folder / "before", self._folder / name))


@pytest.fixture
def killed(app: History, tmp_path: Path) -> Killed:
    (tmp_path / "before").mkdir()
    return Killed(app, tmp_path)


def _rows_or_problem(config: Config) -> tuple[Mapping[str, object] | None, str | None]:
    """The rows of an audit, or why it ended without them."""
    try:
        return read(config)[0], None
    except TrueupError as error:
        return None, str(error)


def spread(moments: int, count: int) -> Sequence[int]:
    """So many moments from the first to the last."""
    return sorted({round(place * (moments - 1) / max(count - 1, 1)) for place in range(count)})


@pytest.mark.slow
def test_a_kill_at_any_moment_of_a_refresh_leaves_books_that_are_right(killed: Killed) -> None:
    for moment in spread(killed.moments, MOMENTS):
        killed.die(moment)


@pytest.mark.slow
def test_a_kill_in_the_middle_and_one_before_the_books_are_moved_leave_books_that_are_right(killed: Killed) -> None:
    for moment in (killed.moments // 2, killed.moments - 4):
        killed.die(moment)


@pytest.mark.slow
def test_a_kill_from_outside_at_any_time_leaves_books_that_are_right(killed: Killed) -> None:
    """Such a kill comes in the middle of a statement or of a system call too, where no moment is counted."""
    seconds, deaths = 0.05, 0
    while killed.die_after(seconds):
        deaths += 1
        seconds *= tried(105, 250) / 100
    assert deaths > 1


@pytest.mark.slow
def test_of_audits_at_the_same_time_one_keeps_its_books_and_the_next_is_right(app: History, tmp_path: Path) -> None:
    config = config_of(app.url, tmp_path, keep=True)
    read(config)
    for amount in range(5):
        with connected(app.url) as execute:
            execute(f"UPDATE entries SET amount = {amount} WHERE id = (SELECT min(id) FROM entries)")
        assert read_at_once(app.url, tmp_path, NOW, count=3) == [0, 0, 0]
        rows, rereading = read(config)
        assert reading_of(rereading, "ledger_entry") == (0, None)
        assert rows == read(config_of(app.url, tmp_path, keep=False))[0]


@pytest.mark.slow
def test_a_database_that_is_dumped_and_restored_is_read_whole_and_rewrites_no_history(
    app: History, tmp_path: Path
) -> None:
    config = config_of(app.url, tmp_path, keep=True)
    rows, _ = read(config)
    dump = tmp_path / "dump"
    subprocess.run([postgres_program("pg_dump"), "-Fc", "-f", dump, app.url], check=True)
    subprocess.run([postgres_program("pg_restore"), "--clean", "-d", app.url, dump], check=True)
    again, rereading = read(config)
    assert again == rows
    assert reading_of(rereading, "ledger_entry")[1] == REWRITTEN
    assert rewritten(config) == {}, "nor does the next audit find what this one put on record"


@pytest.mark.slow
def test_a_partitioned_table_is_refreshed_and_read_whole_where_a_partition_came(app: History, tmp_path: Path) -> None:
    """Rows that come with a partition were written before, and their numbers say nothing."""
    with connected(app.url) as execute:
        for statement in (
            "ALTER TABLE entries RENAME TO old_entries",
            "CREATE TABLE entries (LIKE old_entries INCLUDING DEFAULTS, PRIMARY KEY (id)) PARTITION BY RANGE (id)",
            "CREATE TABLE low PARTITION OF entries FOR VALUES FROM (MINVALUE) TO (1000)",
            "CREATE TABLE high PARTITION OF entries FOR VALUES FROM (1000) TO (2000)",
            "INSERT INTO entries SELECT * FROM old_entries",
            "CREATE TABLE later (LIKE entries INCLUDING ALL)",
            "INSERT INTO later VALUES (2001, 'u1', 'spent', 1, 1, '2026-01-20 10:00:00', 'x')",
        ):
            execute(statement)
        keeping, whole = config_of(app.url, tmp_path, keep=True), config_of(app.url, tmp_path, keep=False)
        read(keeping)
        execute("UPDATE entries SET id = id + 1000 WHERE id = (SELECT min(id) FROM entries)")
        rows, rereading = read(keeping)
        assert reading_of(rereading, "ledger_entry") == (1, None)
        assert rows == read(whole)[0]
        for change in (
            "ALTER TABLE entries ATTACH PARTITION later FOR VALUES FROM (2000) TO (3000)",
            "TRUNCATE high",
            "ALTER TABLE entries DETACH PARTITION low",
        ):
            execute(change)
            rows, rereading = read(keeping)
            assert reading_of(rereading, "ledger_entry")[1] == REWRITTEN
            assert rows == read(whole)[0]


@pytest.mark.slow
def test_books_of_another_version_are_read_over(app: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another version kept may be read otherwise, and it may have kept it in another form."""
    config = config_of(app.url, tmp_path, keep=True)
    for version in (f"0.0.1 ({FORMAT})", f"0.0.1 ({FORMAT - 1})"):
        with monkeypatch.context() as patch:
            patch.setattr("trueup.books.kept._VERSION", version)
            read(config)
        rows, rereading = read(config)
        assert reading_of(rereading, "account") == (None, "the kept books are of another version of trueup")
        assert reading_of(read(config)[1], "account") == (0, None)
        assert rows == read(config, fresh=True)[0]


@pytest.mark.slow
def test_a_disk_that_is_really_full_costs_the_next_audit_and_not_this_one(app: History, tmp_path: Path) -> None:
    """However much is left on it: nothing, one page, nearly what the books take."""
    with small_disk(tmp_path / "disk") as disk:
        folder = {"keep = true": f'keep = true\nfolder = "{disk.place / "kept"}"'}
        config = config_of(app.url, tmp_path, keep=True, changed=folder)
        read(config)
        file = KeptFile(Path(config.books.folder), config.environment).path
        before = file.read_bytes()
        for changes, free_bytes in enumerate((0, 4096, len(before) // 2, len(before) - 4096), 1):
            with connected(app.url) as execute:
                execute(f"UPDATE entries SET amount = 4711 + {changes} WHERE id = (SELECT min(id) FROM entries)")
            disk.leave(free_bytes)
            rows, rereading = read(config)
            assert reading_of(rereading, "ledger_entry") == (1, None)
            assert rereading is not None
            assert rereading.problem == "the books could not be kept: No space left on device; those of before stay"
            assert f"{4711 + changes}" in str(rows["ledger_entry"])
            assert file.read_bytes() == before
            assert sorted(path.suffix for path in file.parent.iterdir()) == [".duckdb", ".lock"]
        disk.leave_enough()
        again, rereading = read(config)
        assert (again, reading_of(rereading, "ledger_entry")) == (rows, (1, None))
        assert file.read_bytes() != before


@pytest.mark.slow
def test_an_audit_with_no_room_to_work_in_is_right_or_ends_and_leaves_the_kept_books(
    app: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk of the audit's own books is full, at any size of it."""
    config = config_of(app.url, tmp_path, keep=True)
    read(config)
    file = KeptFile(Path(config.books.folder), config.environment).path
    ends = Counter[str]()
    with small_disk(tmp_path / "disk") as disk:
        for share in range(0, 150, tried(10, 70)):
            with connected(app.url) as execute:
                execute(f"UPDATE entries SET amount = 4711 + {share} WHERE id = (SELECT min(id) FROM entries)")
            expected, before = read(config_of(app.url, tmp_path, keep=False))[0], file.read_bytes()
            disk.leave(len(before) * share // 100)
            with monkeypatch.context() as patch:
                patch.setenv("TMPDIR", str(disk.place))
                rows, problem = _rows_or_problem(config)
            if problem is None:
                assert rows == expected
            else:
                assert "No space left on device. Free some room" in problem
                assert file.read_bytes() == before
            ends["right" if problem is None else "ended"] += 1
            assert not list(disk.place.iterdir())
            assert read(config)[0] == expected
    assert ends["right"]
    assert ends["ended"]


@pytest.mark.slow
def test_no_file_as_large_as_the_books_costs_the_next_audit_and_not_this_one(app: History, tmp_path: Path) -> None:
    """No file may be as large as the books are: the kernel refuses to write on, as it does where a disk is full."""
    config = config_of(app.url, tmp_path, keep=True)
    read(config)
    file = KeptFile(Path(config.books.folder), config.environment).path
    before = file.read_bytes()
    with connected(app.url) as execute:
        execute("UPDATE entries SET amount = 4711 WHERE id = (SELECT min(id) FROM entries)")
    code, _ = read_in_a_process(app.url, tmp_path, NOW, most_bytes=len(before) // 2)
    assert code in (0, 1)
    assert file.read_bytes() == before
    rows, rereading = read(config)
    assert reading_of(rereading, "ledger_entry") == (1, None)
    assert rows == read(config_of(app.url, tmp_path, keep=False))[0]
