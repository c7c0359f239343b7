"""Fetch the next batch from a source while the one before it is stored: each waits for another processor or machine."""

from __future__ import annotations

import functools
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def fetch_ahead(batches: Iterable[pa.RecordBatch]) -> Generator[pa.RecordBatch, None, None]:
    """Return the same batches, one of them fetched ahead in a thread.

    What fetching raises is raised here, at its place. Closing the generator waits for the batch that is on its way, and
    for no further one: nothing reads from the source afterwards.
    """
    source = iter(batches)
    fetch = functools.partial(next, source, None)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="trueup-fetch") as thread:
        batch = fetch()
        while batch is not None:
            following = thread.submit(fetch)
            yield batch
            batch = following.result()
