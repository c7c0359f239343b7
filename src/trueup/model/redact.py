"""The redactor: it keeps secrets out of every message, report, log line and error.

It recognizes secrets by their shape, so it also works on text that trueup did not write (a driver's error, a reason).
Where the shape alone cannot decide, it masks too much rather than too little.
"""

from __future__ import annotations

import re

MASK = "***"

_WORDS = r"pass(?:word|wd|phrase|code)|(?<![a-z])pass|pwd|secret|api[_-]?key|token"
_PARAMETERS = ("pass", "pwd", "secret", "api", "token")
_STRIPE = ("_live_", "_test_")
_QUOTED = r"""'(?:[^'\\]|\\.)*(?:'|\Z)|"(?:[^"\\]|\\.)*(?:"|\Z)"""
_BARE = r"""[^\s&'"][^\s&]*?(?=["']?(?:[\s&]|\Z))"""

# A shape, and the words (in lower case) that any text with such a secret holds: most text of a large report has none.
# A shape keeps group 1, which names the kind of secret, and masks the rest of its match.
_SHAPES = tuple(
    (hints, re.compile(pattern, flags))
    for hints, pattern, flags in (
        # A private key, also when its end was cut off.
        (
            ("private key-----",),
            r"(-----BEGIN [A-Z0-9 ]*PRIVATE KEY)-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)",
            re.DOTALL,
        ),
        # A JSON web token: its header always starts with {". It comes first: other shapes would match only its header.
        (("eyj",), r"(eyJ)[\w-]{8,}\.[\w-]+\.[\w-]*", 0),
        (("authorization",), r"(authorization[\"']?\s*[:=]\s*)\S+(?:[ \t]+\S+)?", re.IGNORECASE),
        # "bearer of good news" is prose: a token is long, or holds a digit.
        (("bearer",), r"(bearer\s+)(?=[\w.~+/=-]*\d|[\w.~+/=-]{20})[\w.~+/=-]{8,}", re.IGNORECASE),
        (_PARAMETERS, rf"((?:{_WORDS})\s*=\s*)(?:{_QUOTED}|{_BARE})", re.IGNORECASE),
        (_PARAMETERS, rf"""((?:{_WORDS})["']\s*:\s*)(?:{_QUOTED}|{_BARE})""", re.IGNORECASE),
        # These take a whole word, and so come last: the word may be a parameter's name, which says what the value is.
        # Stripe: secret and restricted keys, webhook and client secrets. Inside a word only at a key's real length.
        (_STRIPE, r"(?<![a-z0-9])((?:sk|rk)_(?:org_)?(?:live|test)_)\w+", re.IGNORECASE),
        (_STRIPE, r"((?:sk|rk)_(?:org_)?(?:live|test)_)[a-z0-9]{16,}", re.IGNORECASE),
        (("whsec_",), r"(whsec_)[a-z0-9+/=_-]+", re.IGNORECASE),
        (("_secret_",), r"((?:pi|seti|cs|src)_\w{1,80}?_secret_)\w+", re.IGNORECASE),
        # trueup_<id>_<secret>_<checksum>. A table named trueup_… has neither digits nor capitals at such length.
        (("trueup_",), r"(trueup_[A-Za-z0-9]+_)(?=[\w-]*[A-Z0-9])[\w-]{32,}", 0),
    )
)

# Up to the last @ of the word: a password that was not escaped may itself hold "/", "#", ":" and "@".
_WORD = re.compile(r"\S+")
_USER = re.compile(r"://[^\s/?#:]*:")


def redact(text: str) -> str:
    """Return the text with every secret masked; text without one is unchanged. Redacting twice changes nothing.

    >>> redact("cannot reach postgresql://app:hunter2@db:5432/app")
    'cannot reach postgresql://app:***@db:5432/app'
    """
    # Masking one secret can uncover another (a quoted password in an address), so repeat until nothing changes.
    while (masked := _masked_once(text)) != text:
        text = masked
    return text


def _masked_once(text: str) -> str:
    if "://" in text:
        text = _WORD.sub(_masked_address, text)
    folded = text.lower()
    for hints, shape in _SHAPES:
        for hint in hints:
            if hint in folded:
                text = shape.sub(_kept, text)
                break
    return text


def _kept(match: re.Match[str]) -> str:
    return f"{match.group(1)}{MASK}"


def _masked_address(match: re.Match[str]) -> str:
    """``scheme://user:***@host`` for an address with a password; any other word as it is."""
    word = match.group()
    end = word.rfind("@")
    user = _USER.search(word, 0, end) if end > 0 else None
    return f"{word[: user.end()]}{MASK}{word[end:]}" if user else word
