"""A browser as far as sign-in concerns: it keeps cookies, says where a form came from, and follows where it is led.

It leaves out scripts, rendering, and every rule of cookies but their name, value, path and end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import httpx

from tests.support.api import Client

HERE = "http://127.0.0.1:8321"
_HIDDEN = re.compile(r'<input type="hidden" name="form_token" value="([^"]*)">')


@dataclass(slots=True, kw_only=True)
class Browser:
    """A person's browser on the server's own machine, unless ``client`` asks from elsewhere."""

    client: Client
    cookies: dict[str, str] = field(default_factory=dict)

    def open(self, path: str) -> httpx.Response:
        """Open a page, as if its address was typed."""
        return self._ask("GET", path, {"Sec-Fetch-Site": "none"})

    def send(
        self,
        path: str,
        form: Mapping[str, str] | Sequence[tuple[str, str]],
        *,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send a form of one of our pages."""
        own = {"Origin": self.client.base_url, "Sec-Fetch-Site": "same-origin"} if headers is None else dict(headers)
        own["Content-Type"] = "application/x-www-form-urlencoded"
        return self._ask("POST", path, own, urlencode(form).encode())

    def sign_in(self, token: str) -> None:
        """Paste an API token."""
        answer = self.send("/sign-in", {"token": token, "next": "/"})
        assert answer.status_code == 303, answer.text

    def _ask(self, method: str, path: str, headers: Mapping[str, str], content: bytes | None = None) -> httpx.Response:
        cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        answer = self.client.ask(method, path, headers={**headers, **(cookie if self.cookies else {})}, content=content)
        for header in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(header).items():
                self.cookies[name] = morsel.value
                if morsel["max-age"] == "0":
                    del self.cookies[name]
        return answer


def hidden_token(page: httpx.Response) -> str:
    """The hidden token of a page's first form."""
    match = _HIDDEN.search(page.text)
    assert match is not None, page.text
    return unescape(match[1])
