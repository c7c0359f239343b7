"""Who made a change and why, as the journal records it: names and reasons that are one line of plain text."""

from __future__ import annotations

import unicodedata

from trueup.model.errors import ConfigurationError

REASON_LENGTHS = (10, 500)
_NAME_LENGTH = 191
_TURNS_READING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean_reason(text: str) -> str:
    """Return the reason as it is stored: trimmed, 10 to 500 characters, without control or direction characters.

    Raises ``ConfigurationError``.
    """
    reason = text.strip()
    shortest, longest = REASON_LENGTHS
    if not shortest <= len(reason) <= longest:
        raise ConfigurationError(
            f"A reason has {shortest} to {longest} characters, and this one has {len(reason)}; "
            "say why, as the next person would want to read it."
        )
    if not _plain(reason):
        raise ConfigurationError("A reason is one line of plain text: it holds a control or direction character.")
    return reason


def clean_name(text: str, *, what: str, longest: int = _NAME_LENGTH) -> str:
    """Return a name that goes on record: one line of at most ``longest`` characters. Raises ``ConfigurationError``."""
    if not text or len(text) > longest or not _plain(text):
        raise ConfigurationError(f"The {what} must be 1 to {longest} characters of plain text on one line.")
    return text


def _plain(text: str) -> bool:
    """Return whether the text holds nothing that breaks a line, moves a cursor or changes the reading direction."""
    return not any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} or c in _TURNS_READING for c in text)
