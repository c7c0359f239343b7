"""One broken thing, with its evidence."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from trueup.model.change import Change, DescribedChange, Refusal, Value
from trueup.model.money import Impact
from trueup.model.relations import Exemption
from trueup.model.severity import Severity

SUBJECT_LENGTH = 200


class Area(StrEnum):
    """The five groups of checks; the API says ``category``."""

    CREDITS = "credits"
    ENTITLEMENTS = "entitlements"
    WEBHOOKS = "webhooks"
    REVENUE = "revenue"
    GATES = "gates"


def is_gate_check(check_id: str) -> bool:
    """Whether this is a check about plan gates. Such a check's id begins with its own prefix."""
    return check_id.startswith("gate-")


def printable(text: str) -> str:
    """``text`` with every control, bidirectional-override and unassigned character written as an escape.

    >>> printable("a" + chr(10) + "b" + chr(0x202E))
    'a\\\\nb\\\\u202e'
    """
    if text.isprintable():
        return text
    return "".join(c if c == " " or not unicodedata.category(c).startswith(("C", "Z")) else _escape(c) for c in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def subject_text(value: object) -> str:
    """A subject as an issue id shows it: printable, at most 200 characters, never empty, and still unique.

    >>> subject_text(42), subject_text("")
    ('42', '(empty)')
    """
    text = printable(str(value)) or "(empty)"
    if len(text) <= SUBJECT_LENGTH:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{text[: SUBJECT_LENGTH - 17]}~{digest}"


def fingerprint_of(check: str, subject: str) -> str:
    """The identity of a subject's finding of this check, the same in every run: 32 hex digits."""
    return hashlib.sha256(f"trueup-finding-1\0{check}\0{subject}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found about one subject. ``evidence`` keeps the order in which the check's SQL names it.

    ``masked_fingerprint`` replaces the fingerprint in a report whose subject was masked and cannot be hashed again.
    """

    check: str
    area: Area
    severity: Severity
    title: str
    subject: str
    message: str
    evidence: Mapping[str, Value] = field(default_factory=dict)
    impact: Impact = field(default_factory=Impact)
    revenue_impacting: bool = False
    repair: Change | DescribedChange | Refusal | None = None
    exemption: Exemption | None = None
    masked_fingerprint: str | None = None

    @property
    def id(self) -> str:
        """The issue id of the contract: ``<check id>:<subject>``."""
        return f"{self.check}:{self.subject}"

    @property
    def fingerprint(self) -> str:
        """The same for the same broken thing in every run, whatever its evidence is today."""
        return self.masked_fingerprint or fingerprint_of(self.check, self.subject)

    @property
    def alerts(self) -> bool:
        """Whether the finding alerts operations: revenue-impacting, error or worse, and not exempted."""
        return self.exemption is None and self.revenue_impacting and self.severity.at_least(Severity.ERROR)

    @property
    def repairable(self) -> bool:
        """Whether one of the four repairs could be applied now."""
        return self.exemption is None and isinstance(self.repair, (Change, DescribedChange))
