"""What somebody asks for: one issue, for a reason, in a name. Checked here, whoever asks."""

from __future__ import annotations

import hashlib
import unicodedata
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import rfc8785

from trueup.actions.catalogue import chosen
from trueup.model.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueup.model.absence import Answer
    from trueup.model.check import Check

REASON_LENGTHS = (10, 500)
_NAME_LENGTH = 191
_TURNS_READING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One repair that was asked for. ``now`` is naive UTC; ``repair_id`` names this attempt for ever."""

    issue_id: str
    check: Check
    subject: str
    reason: str
    actor: str
    now: datetime
    idempotency_key: str | None = None
    request_id: str | None = None
    plan_hash: str | None = None
    dry_run: bool = False
    unattended: bool = False
    answer: Answer | None = None
    """What Stripe said of the account, where that was asked for."""
    repair_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def body_hash(self) -> str:
        """SHA-256, in hex, of what was asked: the same key with another body is another call."""
        body = {"issueId": self.issue_id, "reason": self.reason, "planHash": self.plan_hash}
        return hashlib.sha256(rfc8785.dumps(body)).hexdigest()


def issue_of(issue_id: str, catalogue: Sequence[Check]) -> tuple[Check, str]:
    """The check and the subject of an issue id. Raises ``ConfigurationError``."""
    name, colon, subject = issue_id.partition(":")
    if not colon or not subject:
        raise ConfigurationError(f'"{issue_id}" is not an issue id; one looks like credit-balance:user_123.')
    return chosen(catalogue, [name])[0], subject


def stated_reason(text: str) -> str:
    """The reason as it is kept: trimmed, 10 to 500 characters, nothing that moves a cursor or turns the reading.

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


def stated_name(text: str, *, what: str, longest: int = _NAME_LENGTH) -> str:
    """A name that goes on record: one line of at most ``longest`` characters. Raises ``ConfigurationError``."""
    if not text or len(text) > longest or not _plain(text):
        raise ConfigurationError(f"The {what} must be 1 to {longest} characters of plain text on one line.")
    return text


def _plain(text: str) -> bool:
    """Whether nothing in it breaks a line, moves a cursor or turns the reading."""
    return not any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} or c in _TURNS_READING for c in text)
