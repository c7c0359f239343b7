"""An audit of tables on a cluster finds what an audit of the same files finds."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.incidents.cast import PARTS
from tests.support.incidents.company import Company
from tests.support.incidents.stage import NOW
from tests.support.spark import Sail, sail_url
from trueup.actions.audit.cluster import cluster_books
from trueup.actions.audit.run_audit import audit, report_on
from trueup.actions.checks.catalogue import full_catalogue
from trueup.actions.doctor.cluster import examine_cluster
from trueup.actions.doctor.diagnostic import Health
from trueup.books.opening import open_books
from trueup.config import Config, load_config
from trueup.engines.delta_files import delta_files
from trueup.model.errors import ConfigurationError
from trueup.model.report import Report
from trueup.model.source import Silent

pytest.importorskip("pyspark", reason="needs pyspark-client and pysail: pip install 'trueup[spark]' pysail")

MOST_PARTS = 25


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company with incidents, in Parquet files named like the relations, with some rows that cannot be read."""
    folder = tmp_path_factory.mktemp("cluster")
    company = Company.healthy()
    for number, part in enumerate(part for part in PARTS if part.endpoint_version is None):
        if number < MOST_PARTS:
            company.tell(part.telling, tag=f"p{number}")
    config = load_config(company.write(folder), {})
    books_file = folder / "kept.duckdb"
    audit(config, checks=full_catalogue(folder), now=NOW, progress=Silent(), keep_books=books_file)
    (folder / "tables").mkdir()
    with open_books(books_file, spill=folder / "spill") as books:
        for relation, columns in books.mapped_columns().items():
            if relation.startswith("stripe_"):
                continue
            names = ", ".join(sorted(columns - {"dense_sequence"}))
            table = books.connection.sql(f"SELECT {names} FROM {relation}").to_arrow_table()
            pq.write_table(_spoilt(relation, table), folder / "tables" / f"{relation}.parquet")
    return folder


def _spoilt(relation: str, table: pa.Table) -> pa.Table:
    """Add odd rows: a key on two rows, a missing amount, a moment of the year 1066 and a word that no one knows."""
    rows = table.slice(0, 3).to_pylist()
    if relation == "ledger_entry" and rows:
        rows[0]["entry_id"] = 9_000_001
        rows[1] |= {"entry_id": 9_000_001, "amount": Decimal(7)}
        rows[2] |= {"entry_id": 9_000_002, "amount": None, "kind": "gift"}
    elif relation == "account" and rows:
        rows = [{**rows[0], "account_id": "spoilt", "created_at": rows[0]["created_at"].replace(year=1066)}]
    else:
        return table
    return pa.concat_tables([table, pa.Table.from_pylist(rows, schema=table.schema)])


def config_of(files: Path, path: Path, *, place: str, table: str) -> Config:
    """The company's config, with every relation read from its Parquet file by its own columns."""
    head, _, tail = (files / "trueup.toml").read_text(encoding="utf-8").partition("[database]")
    tail = tail.partition("[gates]")[2]
    relations = ""
    for file in sorted((files / "tables").glob("*.parquet")):
        names = pq.read_schema(file).names
        columns = "\n".join(f'{name} = "{name}"' for name in names)
        relations += f'[relations.{file.stem}]\ntable = "{table.format(file=file, name=file.stem)}"\n'
        relations += f"[relations.{file.stem}.columns]\n{columns}\n"
    text = head.replace('preset = "canonical"\n', "") + place + relations + "[gates]" + tail
    path.write_text(text, encoding="utf-8")
    return load_config(path, {})


def on_sail(config: Config) -> Report:
    checks = full_catalogue(None)
    with cluster_books(config, checks=checks, now=NOW, progress=Silent(), engine=Sail) as books:
        return report_on(books, checks=checks, policy=config.policy, now=NOW, progress=Silent())


@pytest.mark.slow
def test_an_audit_on_a_cluster_finds_what_an_audit_of_the_files_finds(files: Path, tmp_path: Path) -> None:
    place = f'[database]\nurl = "{files / "tables"}"\n'
    here = config_of(files, tmp_path / "files.toml", place=place, table="{name}")
    expected = audit(here, checks=full_catalogue(None), now=NOW, progress=Silent())
    place = f'[engine]\nkind = "spark"\nurl = "{sail_url()}"\n'
    report = on_sail(config_of(files, tmp_path / "spark.toml", place=place, table="{file}"))
    wanted = {one.check: repr(one.outcome) for one in expected.outcomes}
    answered = {one.check: repr(one.outcome) for one in report.outcomes}
    assert sum(text.count("Finding(") for text in wanted.values()) > MOST_PARTS
    assert "unreadable-row" in {finding.check for finding in expected.findings()}
    assert {check: (wanted[check], answered[check]) for check in wanted if wanted[check] != answered[check]} == {}
    assert [(read.relation, read.rows, read.unreadable_rows) for read in report.relations] == [
        (read.relation, read.rows, read.unreadable_rows) for read in expected.relations
    ]
    assert report.database_as_of is None
    assert report.confidence < expected.confidence


@pytest.mark.slow
def test_a_version_of_a_delta_table_is_read_and_the_doctor_says_what_is_fine(files: Path, tmp_path: Path) -> None:
    """The second version of each table is another; the report names the first, which is read by its files alone."""
    import deltalake  # noqa: PLC0415 - not installed everywhere

    for file in sorted((files / "tables").glob("*.parquet")):
        rows = pq.read_table(file)
        deltalake.write_deltalake(str(tmp_path / file.stem), rows)
        deltalake.write_deltalake(str(tmp_path / file.stem), rows.slice(0, 1), mode="overwrite")
    place = f'[engine]\nkind = "spark"\nurl = "{sail_url()}"\n'
    table = str(tmp_path / "{name}") + '"\nversion = "0'
    config = config_of(files, tmp_path / "spark.toml", place=place, table=table)
    report = on_sail(config)
    rows = {file.stem: pq.read_metadata(file).num_rows for file in (files / "tables").glob("*.parquet")}
    assert {read.relation: read.rows for read in report.relations if read.relation in rows} == rows
    assert report.relations[0].table == f"{tmp_path / 'account'}, version 0"
    assert report.database_as_of is not None
    seen = list(examine_cluster(config, sail_url()))
    assert {symptom.health for symptom in seen} == {Health.FINE}, seen
    assert {"connection", "arithmetic", "mapping"} == {symptom.about for symptom in seen}


def test_a_delta_table_whose_files_do_not_say_its_rows_is_refused(tmp_path: Path) -> None:
    import deltalake  # noqa: PLC0415 - not installed everywhere

    rows = pa.table({"plan": ["FREE", "PRO"], "rank": [0, 1]})
    deltalake.write_deltalake(str(tmp_path / "parted"), rows, partition_by=["plan"])
    with pytest.raises(ConfigurationError, match="has partitions"):
        delta_files(str(tmp_path / "parted"), "0")
    deltalake.write_deltalake(str(tmp_path / "plain"), rows)
    with pytest.raises(ConfigurationError, match="no version 7"):
        delta_files(str(tmp_path / "plain"), "7")
    first = next((tmp_path / "plain" / "_delta_log").glob("*.json"))
    first.write_text(
        first.read_text(encoding="utf-8").replace(
            '"configuration":{}', '"configuration":{"delta.columnMapping.mode":"name"}'
        ),
        encoding="utf-8",
    )
    with pytest.raises(ConfigurationError, match="column mapping"):
        delta_files(str(tmp_path / "plain"), "0")
