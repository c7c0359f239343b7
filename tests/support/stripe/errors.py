"""Refusals in Stripe's shape."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from tests.support.stripe.objects import JSON


@dataclass(kw_only=True, eq=False)
class Refused(Exception):
    """A request that is answered with an error."""

    status: int
    message: str
    type: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def body(self, request_id: str) -> bytes:
        """The error's JSON; what is not known is not named."""
        error: JSON = {"message": self.message, "type": self.type}
        if self.code is not None:
            error["code"] = self.code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        if self.param is not None:
            error["param"] = self.param
        error["request_log_url"] = f"https://dashboard.stripe.com/workbench/logs?object={request_id}"
        return json.dumps({"error": error}).encode()


def invalid(message: str, param: str, code: str | None = None) -> Refused:
    """A parameter that cannot be."""
    return Refused(status=400, message=message, param=param, code=code)


def missing(noun: str, named: str, *, param: str, status: int = 400) -> Refused:
    """An id that names nothing here: 404 where it is the address, 400 where it is a parameter."""
    return Refused(status=status, message=f"No such {noun}: '{named}'", param=param, code="resource_missing")


def other_mode(noun: str, named: str, *, param: str, status: int, is_live_key: bool) -> Refused:
    """An id that exists in the other mode only."""
    theirs, ours = ("test", "live") if is_live_key else ("live", "test")
    sentence = (
        f"No such {noun}: '{named}'; a similar object exists in {theirs} mode, but a {ours} mode key was used to make "
        "this request."
    )
    return Refused(status=status, message=sentence, param=param, code="resource_missing")


def unknown_url(method: str, path: str) -> Refused:
    """An address that is none."""
    message = f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can help."
    return Refused(status=404, message=message)


def rate_limited(*, reason: str, retry_after: int | None = None, should_retry: bool | None = None) -> Refused:
    """Too many requests. Stripe documents no ``Retry-After``; something between may add one."""
    headers = {"Stripe-Rate-Limited-Reason": reason}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    if should_retry is not None:
        headers["Stripe-Should-Retry"] = str(should_retry).lower()
    message = "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits."
    return Refused(status=429, message=message, code="rate_limit", headers=headers)


def forbidden(key: str, account_id: str, permission: str) -> Refused:
    """A restricted key that lacks a permission."""
    message = (
        f"The provided key '{masked(key)}' does not have the required permissions for this endpoint on account "
        f"'{account_id}'. Having the '{permission}' permission would allow this request to continue."
    )
    return Refused(status=403, message=message)


def masked(key: str) -> str:
    """A key as Stripe repeats it: the prefix and the last four."""
    prefix = key[: key.rfind("_") + 1]
    return f"{prefix}{'*' * max(0, len(key) - len(prefix) - 4)}{key[-4:]}"
