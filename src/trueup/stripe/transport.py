"""The wire below the SDK: reads only, no redirects, certificates checked, nothing taken from the environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import requests
import stripe
from requests.utils import get_environ_proxies

from trueup import __version__

if TYPE_CHECKING:
    from requests import Response

_CONNECT_SECONDS, _SILENCE_SECONDS = 10.0, 60.0
_CHUNK_BYTES = 1 << 16
_MOST_BYTES = 1 << 28
_SENT = ("Authorization", "Stripe-Version")


class Transport(stripe.HTTPClient):
    """Carries the SDK's requests. ``left_seconds`` says how long an answer may still take."""

    name = "trueup"

    def __init__(self, *, left_seconds: Callable[[], float], proxy_from_environment: bool) -> None:
        super().__init__()
        self._left_seconds = left_seconds
        self._proxies = get_environ_proxies if proxy_from_environment else _no_proxies
        self._session = requests.Session()
        # Its own way to a proxy would also take passwords from .netrc and send them in the key's place.
        self._session.trust_env = False
        self.stripe_time: float | None = None
        """What Stripe's own clock said with its last answer, in Unix seconds."""

    # The SDK's own clients return bytes too, whatever its types say.
    def request(  # type: ignore[override]
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Send a GET. Raises ``stripe.APIConnectionError`` when no whole answer comes."""
        if method.lower() != "get" or post_data:
            raise _make_error("only reading is allowed here", should_retry=False)
        sent = {name: value for name, value in (headers or {}).items() if name in _SENT}
        try:
            with self._session.get(
                url,
                headers={**sent, "User-Agent": f"trueup/{__version__}"},
                timeout=(_CONNECT_SECONDS, max(1.0, min(_SILENCE_SECONDS, self._left_seconds()))),
                verify=stripe.ca_bundle_path,
                proxies=self._proxies(url),
                allow_redirects=False,
                stream=True,
            ) as answer:
                self.stripe_time = _moment(answer.headers.get("Date")) or self.stripe_time
                return self._body(answer), answer.status_code, answer.headers
        except requests.exceptions.SSLError as error:
            raise _make_error(f"its certificate is not trusted ({_describe(error)})", should_retry=False) from None
        except requests.exceptions.RequestException as error:
            raise _make_error(_describe(error), should_retry=True) from None

    def _body(self, answer: Response) -> bytes:
        chunks, size = [], 0
        for chunk in answer.iter_content(_CHUNK_BYTES):
            chunks.append(chunk)
            size += len(chunk)
            if size > _MOST_BYTES:
                raise requests.exceptions.ContentDecodingError("the answer is too large")
            if self._left_seconds() < 0:
                raise requests.exceptions.Timeout("the answer took too long")
        return b"".join(chunks)

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()


def _make_error(says: str, *, should_retry: bool) -> stripe.APIConnectionError:
    return stripe.APIConnectionError(says, should_retry=should_retry)  # type: ignore[no-untyped-call]


def _moment(date: str | None) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp() if date else None
    except ValueError:
        return None


def _no_proxies(_: str) -> dict[str, str]:
    return {}


def _describe(error: Exception) -> str:
    """What happened, without the address and its parameters that the library adds."""
    reason = error
    while isinstance(inner := (reason.args[-1] if reason.args else None), Exception):
        reason = inner
    inner = getattr(reason, "reason", None)
    return type(inner if isinstance(inner, Exception) else reason).__name__
