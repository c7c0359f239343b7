"""A cache of rendered pages: a run never changes, so each of its pages is rendered once per process."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

_BYTES_KEPT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedPage:
    """The bytes of an answer and their entity tag."""

    body: bytes
    etag: str

    @classmethod
    def of(cls, body: bytes) -> RenderedPage:
        """The page of this body."""
        return cls(body=body, etag=f'"{hashlib.sha256(body).hexdigest()[:32]}"')


class Pages:
    """The most recently used pages, at most ``bytes_kept`` of them. Safe to use from any thread."""

    def __init__(self, bytes_kept: int = _BYTES_KEPT) -> None:
        self._bytes_kept = bytes_kept
        self._bytes = 0
        self._pages: OrderedDict[Hashable, RenderedPage] = OrderedDict()
        self._lock = threading.Lock()
        self._making = threading.Lock()

    def page(self, key: Hashable, make: Callable[[], RenderedPage]) -> RenderedPage:
        """The page of this key, rendered when it is not cached. Callers who ask meanwhile wait for it."""
        if (page := self._kept(key)) is not None:
            return page
        with self._making:
            if (page := self._kept(key)) is None:
                page = make()
                self._keep(key, page)
            return page

    def _kept(self, key: Hashable) -> RenderedPage | None:
        with self._lock:
            if key in self._pages:
                self._pages.move_to_end(key)
            return self._pages.get(key)

    def _keep(self, key: Hashable, page: RenderedPage) -> None:
        with self._lock:
            self._pages[key] = page
            self._bytes += len(page.body)
            while self._bytes > self._bytes_kept:
                _, dropped = self._pages.popitem(last=False)
                self._bytes -= len(dropped.body)
