"""Twenty thousand random bodies on the live routes: no uncaught error, nothing of 5xx, nothing repeated."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.api import Clock, config_in
from tests.support.ledger_app import made
from tests.support.routes import everybody
from trueup.checks import catalogue
from trueup.model.access import Role
from trueup.store import Store
from trueup.web import create_app

# Right bodies to start from; that of a new run stays wrong, for a right one audits.
NEAR = {
    "/api/admin/billing-assurance": {"issueId": "credit-balance:user_1", "reason": "asked for by nobody at all"},
    "/api/v1/repairs/preview": {"issueId": "credit-balance:user_1"},
    "/api/v1/repairs": {
        "issueId": "credit-balance:user_1",
        "reason": "asked for by nobody at all",
        "planHash": "0" * 64,
    },
    "/api/v1/runs": {"periodDays": "45", "more": [{}]},
    "/api/v1/exemptions": {
        "check": "credit-balance",
        "subject": "user_1",
        "owner": "finance",
        "reason": "nobody knows why",
        "expires": "2020-01-01",
    },
    "/api/v1/notes": {"issueId": "credit-balance:user_1", "text": "nobody knows why"},
    "/api/v1/tokens": {"name": "a name", "role": "viewer", "lifetimeDays": 900},
    "/api/v1/repairs/undo": {"repairId": "0" * 32, "reason": "asked for by nobody at all"},
    "/api/v1/approval-requests/repairs": {"issueId": "credit-balance:user_1", "reason": "asked for by nobody at all"},
    "/api/v1/approval-requests/undos": {"repairId": "0" * 32, "reason": "asked for by nobody at all"},
    "/api/v1/approval-requests/exemptions": {
        "check": "credit-balance",
        "subject": "user_1",
        "owner": "finance",
        "reason": "nobody knows why",
        "expires": "2020-01-01",
    },
    "/api/v1/approvals/{approval_id}/approve": {"reason": "asked for by nobody at all"},
    "/api/v1/approvals/{approval_id}/reject": {"reason": "asked for by nobody at all"},
}
ODD = [
    "NaN",
    "1e400",
    '"\\ud800"',
    '"\\u0000"',
    "[" * 40,
    '{"a":1,"a":2}',
    "null",
    "-0",
    "1E5",
    '"' + "x" * 300 + '"',
    "\\",
    "\x7f",
]
MARK = b"xyzzy"


async def status_of(app: Any, path: str, body: bytes) -> tuple[int, bytes]:
    """One POST as a server hands it to an app, in two chunks; its status and body. An uncaught error is raised."""
    cut = len(body) // 2
    chunks = [body[:cut], body[cut:]]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if chunks:
            return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"trueup.test"), (b"content-type", b"application/json")],
        "client": ("203.0.113.9", 40_000),
        "server": ("trueup.test", 80),
    }
    await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def bodies(chance: random.Random, near: object, number: int) -> Iterator[bytes]:
    """Noise, JSON of noise, and a right body with something wrong in it. Half of them hold the mark."""
    text = json.dumps(near)
    for _ in range(number):
        match chance.randrange(5):
            case 0:
                body = chance.randbytes(chance.randrange(200))
            case 1:
                body = bytes(chance.choices(b'{}[]",:\\u0d8e1+-.tfn \n', k=chance.randrange(60)))
            case 2:
                changed = bytearray(text.encode())
                for _ in range(chance.randrange(1, 6)):
                    changed[chance.randrange(len(changed))] = chance.randrange(256)
                body = bytes(changed)
            case 3:
                at = chance.randrange(len(text))
                body = (text[:at] + chance.choice(ODD) + text[at:]).encode()
            case _:
                body = text.replace(chance.choice(text.split('"')[1::2]), chance.choice(ODD), 1).encode()
        yield body + MARK if chance.random() < 0.5 else body


def asked(folder: Path, store: Store, number: int, seed: int) -> Counter[int]:
    """So many bodies spread over the routes; how often each status was answered."""
    made(folder, users=[("user_1", "FREE", 5)], entries=[(1, "user_1", 1, 7, 7, "2026-02-01 00:00:00")])
    app = create_app(
        config_in(folder), store=store, catalogue=catalogue(), clock=Clock(), authenticate=everybody(Role.SUPER_ADMIN)
    )
    assert {route.path for route in app.state.routes if route.body} == set(NEAR)
    chance = random.Random(seed)
    seen: Counter[int] = Counter()

    async def all_of_them() -> None:
        for path, near in NEAR.items():
            for body in bodies(chance, near, number // len(NEAR) + 1):
                status, answer = await status_of(app, path, body)
                assert status < 500, (path, body, answer)
                assert MARK not in answer, (path, body)
                seen[status] += 1

    asyncio.run(all_of_them())
    return seen


def test_random_bodies_fail_nothing(tmp_path: Path, store: Store) -> None:
    seen = asked(tmp_path, store, 400, seed=1)
    assert sum(seen.values()) >= 400
    assert set(seen) >= {422}


@pytest.mark.slow
def test_twenty_thousand_random_bodies_fail_nothing(tmp_path: Path, store: Store) -> None:
    assert sum(asked(tmp_path, store, 20_000, seed=20_000).values()) >= 20_000
