"""A folder of Parquet and CSV files."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.mappings import mapping
from trueup.model.errors import ConfigurationError, FileUnreadable, SourceUnavailable
from trueup.model.source import RelationMapping
from trueup.sources import open_source
from trueup.sources.text_files import CSV_LINE_BYTES_LIMIT


def write(folder: Path, name: str, **columns: pa.Array) -> None:
    pq.write_table(pa.table(columns), folder / name)


def read(folder: Path, relation: RelationMapping) -> list[dict[str, object]]:
    with open_source(str(folder)).snapshot() as snapshot:
        rows: list[dict[str, object]] = snapshot.read(relation).read_all().to_pylist()
        return rows


def test_parquet_keeps_its_types_and_moments_are_in_utc(tmp_path: Path) -> None:
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    write(
        tmp_path,
        "ledger.parquet",
        id=pa.array([2**63 - 1, None]),
        amount=pa.array([Decimal("1.10"), None], pa.decimal128(20, 10)),
        at=pa.array([moment, None], pa.timestamp("us", tz="Europe/Berlin")),
        tags=pa.array([[1], None]),
    )
    rows = read(tmp_path, mapping("ledger", "id", "amount", "at", "tags"))
    naive = moment.replace(tzinfo=None)
    assert rows[0] == {"id": 2**63 - 1, "amount": Decimal("1.1"), "at": naive, "tags": "[1]"}
    assert rows[1] == {"id": None, "amount": None, "at": None, "tags": None}


def test_a_moment_beyond_every_calendar_does_not_stop_the_stream(tmp_path: Path) -> None:
    write(tmp_path, "ledger.parquet", at=pa.array([2**63 - 1, -(2**63) + 1, 0], pa.timestamp("us")))
    with open_source(str(tmp_path)).snapshot() as snapshot:
        moments = snapshot.read(mapping("ledger", "at")).read_all().column("at")
    assert sorted(moments.cast("int64").to_pylist()) == [-(2**63) + 1, 0, 2**63 - 1]


def test_a_csv_is_text_and_nothing_is_guessed(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text('\ufeffid,name,"odd ""x"""\n007,"a, ""b""\nc",\n1e3,"",🪙\ntrue,NULL,\\N\n')
    assert read(tmp_path, mapping("users", "id", "name", 'odd "x"')) == [
        {"id": "007", "name": 'a, "b"\nc', 'odd "x"': None},
        {"id": "1e3", "name": None, 'odd "x"': "🪙"},
        {"id": "true", "name": "NULL", 'odd "x"': "\\N"},
    ]


def test_a_folder_of_files_is_one_table_and_conditions_are_duckdbs(tmp_path: Path) -> None:
    (tmp_path / "ledger").mkdir()
    for number in (1, 2):
        write(tmp_path / "ledger", f"part-{number}.parquet", id=pa.array([number, number * 10]))
    rows = read(tmp_path, mapping("ledger", "id", next="id + 1 -- more", where="id > 1 -- not the first"))
    assert sorted(row["id"] for row in rows) == [2, 10, 20]  # type: ignore[type-var]
    (table,) = open_source(f"file://{tmp_path}").tables()
    assert (table.name, table.rows, table.columns[0].type, table.unique) == ("ledger", 4, "bigint", frozenset())


def test_one_file_is_a_source_too(tmp_path: Path) -> None:
    write(tmp_path, "ledger.parquet", id=pa.array([1]))
    assert read(tmp_path / "ledger.parquet", mapping("ledger", "id")) == [{"id": 1}]


def test_a_binary_column_is_refused_by_name(tmp_path: Path) -> None:
    write(tmp_path, "ledger.parquet", id=pa.array([b"\x00\xff"]))
    with pytest.raises(ConfigurationError, match=r"ledger\.id .*hex\(id\)"):
        read(tmp_path, mapping("ledger", "id"))
    assert read(tmp_path, mapping("ledger", id="hex(id)")) == [{"id": "00FF"}]


def test_an_unknown_table_is_named_with_the_nearest_known_one(tmp_path: Path) -> None:
    write(tmp_path, "ledger.parquet", id=pa.array([1]))
    with pytest.raises(ConfigurationError, match='did you mean "ledger"'):
        read(tmp_path, mapping("leger", "id"))


@pytest.mark.parametrize("relation", [mapping("ledger", "nothing"), mapping("ledger", value="id +")])
def test_a_mapping_that_does_not_fit_is_a_configuration_error(tmp_path: Path, relation: RelationMapping) -> None:
    write(tmp_path, "ledger.parquet", id=pa.array([1]))
    with pytest.raises(ConfigurationError, match="does not fit"):
        read(tmp_path, relation)


@pytest.mark.parametrize("elsewhere", ["/etc/passwd", "https://127.0.0.1:1/x.csv"])
def test_an_expression_reaches_no_other_file_and_no_network(tmp_path: Path, elsewhere: str) -> None:
    write(tmp_path, "ledger.parquet", id=pa.array([1]))
    with pytest.raises((SourceUnavailable, ConfigurationError)):
        read(tmp_path, mapping("ledger", value=f"(SELECT max(content) FROM read_text('{elsewhere}'))"))


def test_a_csv_with_a_broken_row_is_unavailable_and_not_a_shorter_table(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("id,name\n1,a\n2\n3,c,d\n")
    with pytest.raises(SourceUnavailable, match="cannot be read"):
        read(tmp_path, mapping("users", "id", "name"))


def test_a_broken_parquet_file_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "users.parquet").write_bytes(b"PAR1 this is not parquet PAR1")
    with pytest.raises(SourceUnavailable, match="cannot be read"):
        open_source(str(tmp_path)).tables()


@pytest.mark.parametrize("layout", ["empty", "twice", "headers"])
def test_a_folder_that_cannot_be_tables_is_a_configuration_error(tmp_path: Path, layout: str) -> None:
    if layout == "twice":
        (tmp_path / "users.csv").write_text("id\n")
        write(tmp_path, "users.parquet", id=pa.array([1]))
    if layout == "headers":
        (tmp_path / "users").mkdir()
        (tmp_path / "users" / "a.csv").write_text("id,name\n")
        (tmp_path / "users" / "b.csv").write_text("name,id\n")
    with pytest.raises(ConfigurationError):
        open_source(str(tmp_path)).tables()


def test_json_lines_are_a_table_of_the_text_of_each_line(tmp_path: Path) -> None:
    lines = ['{"id": "a", "says": "qu\\"o, te\'"}', "", '"# no comment"', '{"id": "\u2603"}', "x" * 3_000_000]
    (tmp_path / "customers.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert [row["object"] for row in read(tmp_path, mapping("customers", "object"))] == [one for one in lines if one]


def test_a_file_says_when_the_oldest_of_its_table_was_written(tmp_path: Path) -> None:
    (tmp_path / "refunds").mkdir()
    for name, moment in (("1.jsonl", 1_700_000_000), ("2.jsonl", 1_600_000_000)):
        (tmp_path / "refunds" / name).write_text("{}\n")
        os.utime(tmp_path / "refunds" / name, (moment, moment))
    (described,) = open_source(str(tmp_path)).tables()
    assert described.written_at == datetime(2020, 9, 13, 12, 26, 40)


@pytest.mark.parametrize("size", [CSV_LINE_BYTES_LIMIT - 1, CSV_LINE_BYTES_LIMIT + 1, 40_000_000])
@pytest.mark.parametrize("ends", ["", "\n"])
def test_no_last_line_is_dropped_in_silence(tmp_path: Path, size: int, ends: str) -> None:
    """DuckDB itself reads 40 MB as if the line were not there."""
    (tmp_path / "users.csv").write_text("id,name\n1,a\n2," + "a" * (size - 2) + ends)
    if size < CSV_LINE_BYTES_LIMIT:
        assert len(read(tmp_path, mapping("users", "id", "name"))) == 2
        return
    with pytest.raises(FileUnreadable, match=r"users\.csv, line 3, is longer than 2,000,000 bytes"):
        read(tmp_path, mapping("users", "id", "name"))


@pytest.mark.parametrize("at", [0, 1024 * 1024 - 1, 1024 * 1024, 3_000_000])
def test_a_byte_that_is_not_text_is_named_by_its_line(tmp_path: Path, at: int) -> None:
    lines = b'{"id": "cus_1"}\n' * (at // 16)
    (tmp_path / "customers.jsonl").write_bytes(
        lines + b'{"id": "cus_bad", "name": "\xff"}\n' + b'{"id": "cus_2"}\n' * 9
    )
    with pytest.raises(FileUnreadable, match=rf"line {at // 16 + 1} \(cus_bad\), is not UTF-8"):
        read(tmp_path, mapping("customers", "object"))


def test_text_that_a_block_cuts_in_two_is_text_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "customers.jsonl").write_text("\n".join("\u2603" * 5 for _ in range(100_000)), encoding="utf-8")
    assert len(read(tmp_path, mapping("customers", "object"))) == 100_000


def test_lines_of_json_come_in_their_order_however_long_the_file_is(tmp_path: Path) -> None:
    """Of two versions of an object the later line counts, and several threads read a long file."""
    padding = "x" * 2_000
    with (tmp_path / "customers.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(f"{number} {padding}\n" for number in range(40_000))
    numbers: list[int] = []
    with open_source(str(tmp_path)).snapshot() as snapshot:
        for batch in snapshot.read(mapping("customers", "object")):
            numbers += [int(text.partition(" ")[0]) for text in batch.column("object").to_pylist()]
    assert numbers == list(range(40_000))


def test_a_link_in_the_folder_is_read_as_the_file_it_leads_to(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "export.csv").write_text("id\n1\n2\n")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "users.csv").symlink_to(elsewhere / "export.csv")
    assert read(folder, mapping("users", "id")) == [{"id": "1"}, {"id": "2"}]
