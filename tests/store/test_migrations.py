"""The store's schema: the scripts make what the code declares, from every earlier revision, and lose nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData, Table, insert, select, types

from trueup.migrations import find_newest_revision, upgrade
from trueup.store import open_store
from trueup.store.database import open_database, sqlite_path
from trueup.store.opening import MIGRATIONS
from trueup.store.presence import VERSION_TABLE
from trueup.store.tables import METADATA

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted(MIGRATIONS.glob("[0-9]*.py"))


def test_the_scripts_make_exactly_the_tables_that_the_code_declares(store_url: str) -> None:
    with open_store(store_url) as store, store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, "compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_a_script_is_named_for_its_revision_and_follows_the_one_before() -> None:
    directory = ScriptDirectory(str(MIGRATIONS), version_locations=[str(MIGRATIONS)])
    chain = [(script.revision, script.down_revision) for script in directory.walk_revisions()][::-1]
    names = [path.name.partition("_")[0] for path in SCRIPTS]
    assert chain == list(zip(names, [None, *names], strict=False))
    assert find_newest_revision(MIGRATIONS) == directory.get_current_head()


@pytest.mark.parametrize("steps", range(1, len(SCRIPTS)))
def test_a_store_of_every_earlier_revision_is_brought_up_to_date_with_what_it_holds(
    store_url: str, steps: int, tmp_path: Path
) -> None:
    earlier = tmp_path / "scripts"
    earlier.mkdir()
    for script in SCRIPTS[:steps]:
        shutil.copy(script, earlier)
    path = sqlite_path(store_url)
    if path is not None:
        path.touch(0o600)
    database = open_database(store_url)
    upgrade(database.engine, scripts=earlier, version_table=VERSION_TABLE)
    before = filled(database.engine)
    assert before
    with open_store(store_url) as store, store.engine.connect() as connection:
        for name, rows in before.items():
            now = contents(connection, Table(name, MetaData(), autoload_with=connection))
            assert [{column: row[column] for column in known} for row, known in zip(now, rows, strict=True)] == rows
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, "compare_type": True})
        assert compare_metadata(context, METADATA) == []
    database.close()


def filled(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """Put a row into every table that the store has; what the tables then hold."""
    metadata = MetaData()
    metadata.reflect(engine)
    held = {}
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            if table.name != VERSION_TABLE:
                connection.execute(insert(table).values({column.name: value(column.type) for column in table.columns}))
                held[table.name] = contents(connection, table)
    return held


def contents(connection: Connection, table: Table) -> list[dict[str, Any]]:
    """The rows of a table."""
    return [dict(row) for row in connection.execute(select(table)).mappings()]


def value(kind: types.TypeEngine[Any]) -> Any:
    """A value of this type, the same for every column, so that references hold."""
    match kind:
        case types.DateTime():
            return datetime(2026, 3, 1, 12)
        case types.Date():
            return date(2026, 3, 1)
        case types.Boolean():
            return True
        case types.Integer() | types.Float():
            return 1
        case types.LargeBinary():
            return b"1"
        case _:
            return "1"


def test_the_scripts_come_with_the_wheel_and_run_from_wherever_it_is_installed(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    installed, elsewhere = tmp_path / "installed", tmp_path / "elsewhere"
    elsewhere.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    opened = subprocess.run(
        [sys.executable, "-c", "import trueup.store as s; s.open_store('sqlite:///t.db').close(); print(s.__file__)"],
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": str(installed)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert Path(opened.stdout.strip()).is_relative_to(installed)
    assert (elsewhere / "t.db").exists()
