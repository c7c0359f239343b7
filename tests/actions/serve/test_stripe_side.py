"""Stripe's side for pages is read anew beside its readers: each of them reads one reading to its end."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.api import Clock
from tests.support.demo import NOW
from trueup.actions.serve import StripeSide
from trueup.books.file import Books
from trueup.checks import catalogue
from trueup.config import load_config
from trueup.demo.create import create_company
from trueup.model.source import Silent

READERS = 2
TIMES = 1


def read_customers(books: Books) -> int:
    """How many customers these books hold."""
    (row,) = books.run("SELECT count(*) FROM stripe_customer").fetchall()
    return int(row[0])


@pytest.mark.slow
def test_a_reader_of_stripe_s_side_reads_the_old_or_the_new_one_while_it_is_replaced(tmp_path: Path) -> None:
    path = create_company(tmp_path, url=None, accounts=100, seed=1, now=NOW, progress=Silent())
    config = load_config(path, {}, known_checks=[check.id for check in catalogue()])
    customers = tmp_path / "stripe" / "customers.jsonl"
    lines = customers.read_text("utf-8").splitlines(keepends=True)
    reasons: list[str] = []
    side = StripeSide(config=config, clock=Clock(NOW), note=reasons.append)
    with side.books("run-0") as books:
        assert books is None
    side.wait(60)
    done = threading.Event()

    def read_on() -> list[int]:
        seen: list[int] = []
        while not done.wait(0.01):
            with side.books(None) as at_hand:
                assert at_hand is not None
                seen.append(read_customers(at_hand))
                assert read_customers(at_hand) == seen[-1]
        return seen

    pool = ThreadPoolExecutor(max_workers=READERS)
    readers = [pool.submit(read_on) for _ in range(READERS)]
    with side.books("run-0") as kept:
        assert kept is not None
        whole = read_customers(kept)
        for number in range(1, TIMES + 1):
            customers.write_text("".join(lines[:-number]), "utf-8")
            with side.books(f"run-{number}"):
                pass
            side.wait(60)
            with side.books(f"run-{number}") as newest:
                assert newest is not None
                assert read_customers(newest) == whole - number
        assert read_customers(kept) == whole, "who began to read the first reading reads it to the end"
    done.set()
    counts = [reader.result(60) for reader in readers]
    pool.shutdown()
    side.close()
    assert reasons == []
    for seen in counts:
        assert set(seen) <= set(range(whole - TIMES, whole + 1))
        assert seen == sorted(seen, reverse=True), "an older one is never read after a newer one"
    assert {count for seen in counts for count in seen} > {whole}
    with side.books("run-9") as books:
        assert books is None
