"""The one redactor: no secret leaves in a message, a report, a log line or an error.

It knows secrets by their shape, so it works on text that somebody else wrote (a driver's error, a reason). Where shape
alone cannot tell, it masks too much rather than too little.
"""

from __future__ import annotations

import re

MASK = "***"

# Cheap enough to run on every cell of a large report: most text holds none of these and is returned as it is.
_HINT = re.compile(
    r"://|_live_|_test_|_secret_|whsec_|bearer|authorization|pass|pwd|secret|token|api.?key|-----BEGIN|trueup_|eyJ",
    re.IGNORECASE,
)

_WORDS = r"pass(?:word|wd|phrase|code)|(?<![a-z])pass|pwd|secret|api[_-]?key|token"
_QUOTED = r"""'(?:[^'\\]|\\.)*(?:'|\Z)|"(?:[^"\\]|\\.)*(?:"|\Z)"""
_BARE = r"""[^\s&'"][^\s&]*?(?=["']?(?:[\s&]|\Z))"""

# Each keeps group 1, which names the kind of secret, and masks the rest of its match.
_SHAPES = tuple(
    re.compile(pattern, flags)
    for pattern, flags in (
        # A private key, also when its end was cut off.
        (r"(-----BEGIN [A-Z0-9 ]*PRIVATE KEY)-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", re.DOTALL),
        # Stripe: secret and restricted keys, webhook and client secrets. Inside a word only at a key's real length.
        (r"(?<![a-z0-9])((?:sk|rk)_(?:org_)?(?:live|test)_)\w+", re.IGNORECASE),
        (r"((?:sk|rk)_(?:org_)?(?:live|test)_)[a-z0-9]{16,}", re.IGNORECASE),
        (r"(whsec_)[a-z0-9+/=_-]+", re.IGNORECASE),
        (r"((?:pi|seti|cs|src)_\w{1,80}?_secret_)\w+", re.IGNORECASE),
        # trueup_<id>_<secret>_<checksum>. A table named trueup_… has neither digits nor capitals at such length.
        (r"(trueup_[A-Za-z0-9]+_)(?=[\w-]*[A-Z0-9])[\w-]{32,}", 0),
        (r"(authorization[\"']?\s*[:=]\s*)\S+(?:[ \t]+\S+)?", re.IGNORECASE),
        # "bearer of good news" is prose: a token is long, or holds a digit.
        (r"(bearer\s+)(?=[\w.~+/=-]*\d|[\w.~+/=-]{20})[\w.~+/=-]{8,}", re.IGNORECASE),
        # A JSON web token: its header always starts with {".
        (r"(eyJ)[\w-]{8,}\.[\w-]+\.[\w-]*", 0),
        (rf"((?:{_WORDS})\s*=\s*)(?:{_QUOTED}|{_BARE})", re.IGNORECASE),
        (rf"""((?:{_WORDS})["']\s*:\s*)(?:{_QUOTED}|{_BARE})""", re.IGNORECASE),
    )
)


# Up to the last @ of the word: a password that was not escaped may hold "/", "#", ":" and "@" itself.
_WORD = re.compile(r"\S+")
_USER = re.compile(r"://[^\s/?#:]*:")


def redact(text: str) -> str:
    """``text`` with every secret masked; text without one is returned unchanged. Redacting twice changes nothing.

    >>> redact("cannot reach postgresql://app:hunter2@db:5432/app")
    'cannot reach postgresql://app:***@db:5432/app'
    """
    if not _HINT.search(text):
        return text
    # Masking one secret can uncover another (a quoted password in an address), so repeat until nothing changes.
    while (masked := _masked_once(text)) != text:
        text = masked
    return text


def _masked_once(text: str) -> str:
    if "://" in text:
        text = _WORD.sub(_masked_address, text)
    for shape in _SHAPES:
        text = shape.sub(rf"\g<1>{MASK}", text)
    return text


def _masked_address(found: re.Match[str]) -> str:
    """``scheme://user:***@host`` for an address with a password; any other word as it is."""
    word = found.group()
    end = word.rfind("@")
    user = _USER.search(word, 0, end) if end > 0 else None
    return f"{word[: user.end()]}{MASK}{word[end:]}" if user else word
