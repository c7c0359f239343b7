"""Requests that arrive at a constant rate, whatever the answers do: a slow server meets a growing queue."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Latencies:
    """Seconds from the moment a request was due to the end of its answer, and the answers that were no success."""

    seconds: list[float] = field(default_factory=list)
    failures: dict[str, int] = field(default_factory=dict)

    def percentile(self, share: float) -> float:
        """The latency that this share of the requests stayed within, in milliseconds."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] * 1000 if ordered else math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """One kind of request. ``request`` gives the bytes of the n-th, whole, for a connection that is kept."""

    name: str
    per_second: float
    request: Callable[[int], bytes]
    connections: int


async def arrive(host: str, port: int, kinds: Sequence[Arrivals], *, seconds: float) -> dict[str, Latencies]:
    """Send all kinds at once for so long; what each met."""
    found = {kind.name: Latencies() for kind in kinds}
    loop = asyncio.get_running_loop()
    start = loop.time() + 0.5
    await asyncio.gather(
        *(
            _connection(host, port, kind, lane, start=start, seconds=seconds, into=found[kind.name])
            for kind in kinds
            for lane in range(kind.connections)
        )
    )
    return found


async def ask(host: str, port: int, kind: Arrivals, *, callers: int, requests: int) -> Latencies:
    """Let so many callers ask one request after another, each as soon as it is answered; what they met."""
    met = Latencies()
    loop = asyncio.get_running_loop()

    async def caller(lane: int) -> None:
        reader, writer = await asyncio.open_connection(host, port)
        for number in range(lane, requests, callers):
            sent = loop.time()
            writer.write(kind.request(number))
            status = await _status(reader)
            met.seconds.append(loop.time() - sent)
            if status != "200":
                met.failures[status] = met.failures.get(status, 0) + 1
        writer.close()

    await asyncio.gather(*map(caller, range(callers)))
    return met


async def _connection(
    host: str, port: int, kind: Arrivals, lane: int, *, start: float, seconds: float, into: Latencies
) -> None:
    """Every ``connections``-th request of a kind, in order, over one connection."""
    loop = asyncio.get_running_loop()
    reader, writer = await asyncio.open_connection(host, port)
    for number in range(lane, round(seconds * kind.per_second), kind.connections):
        due = start + number / kind.per_second
        await asyncio.sleep(max(0.0, due - loop.time()))
        writer.write(kind.request(number))
        try:
            status = await _status(reader)
        except (OSError, asyncio.IncompleteReadError) as error:
            status = type(error).__name__
            reader, writer = await asyncio.open_connection(host, port)
        into.seconds.append(loop.time() - due)
        if status != "200":
            into.failures[status] = into.failures.get(status, 0) + 1
    writer.close()


async def _status(reader: asyncio.StreamReader) -> str:
    """Read one whole answer; its status."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    lines = head.split("\r\n")
    length = next(int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:"))
    await reader.readexactly(length)
    return lines[0].split(" ")[1]
