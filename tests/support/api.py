"""The admin API in process: a config in a folder, an app over it, and a client that asks it.

The client speaks ASGI to the app and leaves out the server: sockets, HTTP's own syntax, and the order of chunks.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from trueup.config import Config, load_config
from trueup.model.access import Role
from trueup.store import Store

NOW = datetime(2026, 3, 1, 12)
ADDRESS = "203.0.113.9"

CONFIG = """
preset = "canonical"
[stripe]
enabled = false
[gates]
enabled = false
[database]
url = "sqlite:///{folder}/app.db"
[store]
url = "sqlite:///{folder}/store.db"
"""


def config_in(folder: Path, more: str = "", **environ: str) -> Config:
    """A config in this folder; ``more`` is TOML that follows."""
    path = folder / "trueup.toml"
    path.write_text(CONFIG.format(folder=folder.as_posix()) + more, encoding="utf-8")
    return load_config(path, environ)


@dataclass(slots=True)
class Clock:
    """Now, until a test moves it."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        """Let time pass."""
        self.now += timedelta(**by)


@dataclass(slots=True)
class Client:
    """Asks one app, as if from ``address``. Errors of the app become its answer, as a server would have it."""

    app: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    address: str = ADDRESS
    base_url: str = "http://trueup.test"
    _runner: asyncio.Runner = field(default_factory=asyncio.Runner)

    def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        content: bytes | AsyncIterator[bytes] | None = None,
        json: object = None,
        token: str | None = None,
    ) -> httpx.Response:
        """One request. ``token`` goes into ``Authorization``."""
        every = [*self.headers.items(), *(headers.items() if isinstance(headers, Mapping) else headers)]
        if token is not None:
            every.append(("Authorization", f"Bearer {token}"))
        return self._runner.run(self._asked(method, path, every, content, json))

    async def _asked(
        self, method: str, path: str, headers: list[tuple[str, str]], content: Any, json: object
    ) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(self.address, 40_000))
        async with httpx.AsyncClient(transport=transport, base_url=self.base_url) as client:
            return await client.request(method, path, headers=headers, content=content, json=json)

    def close(self) -> None:
        """End the loop."""
        self._runner.close()


@contextlib.contextmanager
def asking(app: Any, **about: Any) -> Iterator[Client]:
    """A client for one app."""
    client = Client(app, **about)
    try:
        yield client
    finally:
        client.close()


def token_for(store: Store, role: Role | str, *, now: datetime = NOW, days: int = 30) -> str:
    """A new API token of this role."""
    text, _ = store.tokens.create(name=f"a {role}", role=role, lifetime_days=days, created_by="test", now=now)
    return text


def is_problem(answer: httpx.Response, status: int) -> bool:
    """Whether this is a problem of this status, in the one shape."""
    body = answer.json()
    return (
        answer.status_code == status == body["status"]
        and answer.headers["content-type"] == "application/problem+json"
        and set(body) - {"errors"} == {"type", "title", "status", "detail", "errorId"}
        and len(body["errorId"]) == 16
    )
