"""A receiver of webhooks on loopback. It remembers every post, and can refuse, dawdle, or be told when to answer.

It leaves out TLS and does not check signatures; the channel's own tests do.
"""

from __future__ import annotations

import base64
import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from trueup.model.settings import AlertSettings, ChannelSettings

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One post that the sink accepted. ``message_id`` is the header that names the message."""

    channel: str
    message_id: str
    type: str
    alert: dict[str, Any]

    @property
    def title(self) -> str:
        return str(self.alert["title"])


@dataclass(slots=True, kw_only=True)
class Sink:
    """``deliveries`` are the posts that were answered with 2xx, repeats included; ``refused`` counts the others.

    ``status`` is what it answers; ``before_answer`` is called once a post has been remembered.
    """

    port: int
    deliveries: list[Post] = field(default_factory=list)
    refused: int = 0
    status: int = 204
    before_answer: Callable[[Post], None] = lambda _: None

    @property
    def messages(self) -> list[Post]:
        """What is left when repeats of the same message are dropped, as a receiver should."""
        kept: dict[tuple[str, str], Post] = {}
        for post in self.deliveries:
            kept.setdefault((post.channel, post.message_id), post)
        return list(kept.values())

    def channel(self, name: str) -> ChannelSettings:
        """A channel that leads here. Its path tells the channels of one sink apart."""
        url = f"http://127.0.0.1:{self.port}/{name}"
        return ChannelSettings(name=name, kind="webhook", options={"url": url, "secret": SECRET})

    def settings(self, *names: str) -> AlertSettings:
        """Alerts that are sent here, through channels of these names."""
        return AlertSettings(channels=tuple(map(self.channel, names)), private_hosts=("127.0.0.1",))


@contextlib.contextmanager
def running_sink() -> Iterator[Sink]:
    """A sink that listens until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = sink.status
            if status < 300:
                post = Post(
                    channel=self.path.strip("/"),
                    message_id=self.headers["webhook-id"],
                    type=body["type"],
                    alert=body["data"],
                )
                sink.deliveries.append(post)
                sink.before_answer(post)
            else:
                sink.refused += 1
            with contextlib.suppress(ConnectionError):  # the sender may have been killed meanwhile
                self.send_response(status)
                self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A sender that was killed hangs up; that is no news."""

    with Server(("127.0.0.1", 0), Handler) as server:
        sink = Sink(port=server.server_port)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield sink
        finally:
            server.shutdown()
            thread.join()
