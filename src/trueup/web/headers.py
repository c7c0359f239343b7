"""The headers of every answer: no caching, no scripts, no guessing of types."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SECURITY: Mapping[str, str] = MappingProxyType(
    {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
)
PAGE: Mapping[str, str] = MappingProxyType(
    {
        **SECURITY,
        "Content-Security-Policy": (
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
            "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        ),
        # Not ``no-referrer``: with it browsers send ``Origin: null`` with a form, which is then refused.
        "Referrer-Policy": "same-origin",
    }
)
"""The headers of every page: only our own styles, scripts and forms, and the origin is sent with our own forms."""

REQUEST_ID = "X-Request-Id"
