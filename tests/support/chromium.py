"""Debian's Chromium, driven by Playwright: nothing is downloaded, and every page says what it did wrong."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from tests.support.databases import unavailable

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
START_SECONDS = 30.0
GRAVE = {"serious", "critical"}


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; a test that needs one where there is none is treated as one without its database."""
    path = shutil.which("chromium")
    if path is None:
        unavailable("Chromium is not installed: install the package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def served(app: Any) -> Iterator[str]:
    """The address of an app that is served on a free port of this machine."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    try:
        while not server.started:
            assert time.monotonic() < deadline
            assert thread.is_alive()
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@dataclass(slots=True)
class Watched:
    """One browser page, and all that went wrong on it: messages in its console, and requests to another origin."""

    page: Page
    origin: str
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self._note(message.type, message.text))
        self.page.on("pageerror", lambda error: self.faults.append(f"{self.page.url}: {error}"))
        self.page.on("request", lambda request: self._requested(request.url))
        self.page.on("dialog", lambda dialog: self._dialog(dialog))  # noqa: PLW0108 - the library marks functions

    def open(self, path: str) -> None:
        """Open a page of the console, which must answer."""
        response = self.page.goto(f"{self.origin}{path}", wait_until="load")
        assert response is not None
        assert response.ok, (path, response.status)

    def axe(self) -> list[str]:
        """What is seriously wrong for people who see, hear or move differently."""
        violations = Axe().run(self.page).response["violations"]
        return [
            f"{self.page.url} {violation['id']}: {[node['html'][:120] for node in violation['nodes'][:3]]}"
            for violation in violations
            if violation["impact"] in GRAVE
        ]

    def _note(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.faults.append(f"{self.page.url}: {text}")

    def _requested(self, url: str) -> None:
        if not url.startswith((self.origin, "data:")):
            self.faults.append(f"{self.page.url} asked {url}")

    def _dialog(self, dialog: Any) -> None:
        self.faults.append(f"{self.page.url}: a dialog, {dialog.message}")
        dialog.dismiss()


@contextlib.contextmanager
def watching(browser: Browser, origin: str, **about: Any) -> Iterator[Watched]:
    """A page in a context of its own, in which axe-core may be put whatever the page's policy says."""
    context: BrowserContext = browser.new_context(**about)
    context.set_default_timeout(15_000)
    try:
        yield Watched(context.new_page(), origin)
    finally:
        context.close()


def sign_in(watched: Watched, token: str, *, next_path: str = "/") -> None:
    """Paste a token on the page of the server's own machine."""
    watched.page.goto(f"{watched.origin}/sign-in?next={next_path}")
    watched.page.get_by_label("API token").fill(token)
    watched.page.keyboard.press("Enter")
    watched.page.wait_for_url(f"{watched.origin}{next_path}")
