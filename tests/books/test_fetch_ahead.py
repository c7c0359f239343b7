"""Batches fetched ahead are the source's own, in its order, and nothing reads from the source once that is over."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pyarrow as pa
import pytest

from trueup.books.fetch_ahead import fetch_ahead


class Source:
    """Batches of one row each; it counts how many were taken, and notes the threads that took them."""

    def __init__(self, count: int, *, fails_at: int | None = None) -> None:
        self.taken = 0
        self.threads: set[str] = set()
        self._count = count
        self._fails_at = fails_at

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for number in range(self._count):
            if number == self._fails_at:
                raise ConnectionResetError("the server went away")
            self.taken += 1
            self.threads.add(threading.current_thread().name.rpartition("_")[0])
            yield pa.RecordBatch.from_pydict({"number": [number]})


def numbers(batches: Iterator[pa.RecordBatch]) -> Iterator[int]:
    return (batch["number"][0].as_py() for batch in batches)


@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_the_batches_are_the_sources_in_its_order(count: int) -> None:
    source = Source(count)
    assert list(numbers(fetch_ahead(source))) == list(range(count))
    assert ("trueup-fetch" in source.threads) == (count > 1)


def test_one_batch_is_fetched_while_another_is_stored_and_no_more() -> None:
    source = Source(50)
    batches = fetch_ahead(source)
    next(batches)
    next(batches)
    batches.close()
    assert source.taken == 3


def test_an_error_comes_after_the_batches_before_it() -> None:
    batches = numbers(fetch_ahead(Source(5, fails_at=3)))
    assert [next(batches), next(batches), next(batches)] == [0, 1, 2]
    with pytest.raises(ConnectionResetError):
        next(batches)


@pytest.mark.parametrize("ends", ["close", "read"])
def test_no_thread_remains(ends: str) -> None:
    batches = fetch_ahead(Source(50))
    next(batches)
    batches.close() if ends == "close" else list(batches)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("trueup-fetch")]
