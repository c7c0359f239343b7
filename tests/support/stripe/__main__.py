"""``python -m tests.support.stripe``: the server as a process of its own, with a population of any size.

It prints its address as its first line and serves until SIGTERM or SIGINT. Beside Stripe's addresses it has three of
its own: ``GET /test/counts`` (how often each route was asked), ``POST /test/forget`` (count again) and
``POST /test/change/N`` (N customers change, with events).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import socket
import sys

from tests.support.stripe.answers import Answer, Request
from tests.support.stripe.connections import bound, serve
from tests.support.stripe.population import change, populated
from tests.support.stripe.server import StripeServer


def main() -> None:
    """Parse, populate, serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.stripe", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--objects", type=int, default=1000, help="customers, each with a subscription")
    parser.add_argument("--invoices", type=int, default=1, help="invoices for each customer")
    parser.add_argument("--requests-per-second", type=float, default=None, help="429 beyond this rate")
    given = parser.parse_args()
    world = populated(given.objects, invoices_each=given.invoices)
    listener, url = bound(given.port)
    server = StripeServer(world=world, url=url, control=control)
    if given.requests_per_second is not None:
        server.limit(given.requests_per_second)
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()
    asyncio.run(_until_stopped(server, listener))


async def _until_stopped(server: StripeServer, listener: socket.socket) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(server.handle, listener, stop)


def control(server: StripeServer, request: Request) -> Answer:
    """An answer to one of the server's own addresses."""
    match request.path.split("/")[2:]:
        case ["counts"]:
            return Answer(body=json.dumps(server.counts).encode())
        case ["forget"]:
            server.forget()
            return Answer(body=b"{}")
        case ["change", count]:
            return Answer(body=json.dumps(change(server.world, int(count))).encode())
    return Answer(status=404)


if __name__ == "__main__":
    main()
