"""Whole companies are read into the rows that are on record: ``recorded_worlds`` says how the record is made."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.stripe.recorded_worlds import RECORD, WORLDS, read_world
from tests.support.stripe.kept import write_lines
from tests.support.stripe.objects import EPOCH, customer
from tests.support.stripe_rows import read_folder

QUICK = ("demo", "incidents before 2025-03-31")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow]) for name in WORLDS]
)
def test_a_company_is_read_into_the_rows_on_record(name: str, tmp_path: Path) -> None:
    """Where a change of an incident or of the demo company moved them, ``recorded_worlds`` writes them anew."""
    assert read_world(name, tmp_path).digests() == json.loads(RECORD.read_text(encoding="utf-8"))[name]


@pytest.mark.slow
def test_another_value_is_another_digest_and_another_text(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    readings = []
    for email in ("ada@example.com", "ada@example.com", "bob@example.com"):
        write_lines(folder, "customers", [customer("cus_1", email=email)])
        os.utime(folder / "customers.jsonl", (EPOCH, EPOCH))
        readings.append(read_folder(folder, scratch=tmp_path))
    first, again, other = readings
    assert first.rows["stripe_customer"][0][:3] == ("cus_1", None, "ada@example.com")
    assert (first, first.digests(), first.as_text()) == (again, again.digests(), again.as_text())
    assert first.digests()["stripe_customer"] != other.digests()["stripe_customer"]
    assert "bob@example.com" in other.as_text()


def test_what_was_not_read_is_said_with_its_reason(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    write_lines(folder, "customers", [customer("cus_1")])
    (folder / "refunds.jsonl").write_text('{"id": 7}\n', encoding="utf-8")
    rows = read_folder(folder, scratch=tmp_path)
    assert "refunds.jsonl, line 1 cannot be read" in rows.problems["stripe_refund"]
    assert rows.rows["stripe_refund"] == ()
    assert "stripe_customer" not in rows.problems
