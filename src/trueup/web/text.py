"""The forms of text that the API takes, written so that Python, ECMAScript and Rust read them alike."""

from __future__ import annotations

# Control characters, line separators, and characters that change the reading direction.
_UNSHOWN = r"\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
# Spaces that are none of those; trimming removes them.
_SPACES = r" \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"

_ANY = f"[^{_UNSHOWN}]"
_INK = f"[^{_UNSHOWN}{_SPACES}]"


UNSHOWN = f"[{_UNSHOWN}]"
"""A character that text on one line may not hold."""


def one_line(least: int, most: int) -> str:
    """The pattern of ``least`` (2 or more) to ``most`` characters on one line, not counting the spaces around them."""
    return f"^[{_SPACES}]{{0,50}}{_INK}{_ANY}{{{least - 2},{most - 2}}}{_INK}[{_SPACES}]{{0,50}}$"


CHECK_ID = "^[a-z0-9-]{1,100}$"
SUBJECT = f"^{_ANY}{{1,200}}$"
PLAN = f"^[^{_UNSHOWN}/]{{1,200}}$"
ISSUE_ID = f"^[a-z0-9-]{{1,100}}:{_ANY}{{1,200}}$"
NAME = one_line(2, 100)
REASON = one_line(10, 500)
NOTE = one_line(2, 1000)
RUN_ID = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
APPROVAL_ID = RUN_ID
TOKEN_NAME = "^[A-Za-z0-9](?:[A-Za-z0-9 ._@:/-]{0,98}[A-Za-z0-9])?$"  # noqa: S105 - a form
TOKEN_ID = "^[0-9a-f]{16}$"  # noqa: S105 - a form
SHA256 = "^[0-9a-f]{64}$"
CURSOR = r"^[A-Za-z0-9_-]{1,2000}[.][A-Za-z0-9_-]{43}$"
IDEMPOTENCY_KEY = "^[!-~]{1,191}$"

RULES = {
    CHECK_ID: "must be a check's id: small letters, digits and hyphens, at most 100",
    SUBJECT: "must be 1 to 200 characters on one line",
    PLAN: "must be 1 to 200 characters on one line, without a slash",
    ISSUE_ID: "must be an issue's id, check:subject, as the report has it",
    NAME: "must be 2 to 100 characters on one line",
    REASON: "must be 10 to 500 characters on one line",
    NOTE: "must be 2 to 1,000 characters on one line",
    RUN_ID: "must be a run's id, as the report has it",
    TOKEN_NAME: "must be 1 to 100 letters, digits, spaces and . _ @ : / -, beginning and ending with a letter or digit",
    TOKEN_ID: "must be a token's id: 16 digits and letters a to f",
    SHA256: "must be a hash: 64 digits and letters a to f",
    CURSOR: "must be a cursor that this API gave",
    IDEMPOTENCY_KEY: "must be 1 to 191 visible ASCII characters, without spaces",
}
"""The rule of each form in words, for the error about text that does not have it."""
