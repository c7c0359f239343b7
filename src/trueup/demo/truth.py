"""The truth about a demo company: which findings its rows must cause, and who must stay quiet."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedFinding:
    """One finding that an audit must report; ``planted`` says what was done.

    An ``exempted`` one is reported with the exemption that silences it.
    """

    check: str
    subject: str
    planted: str
    exempted: bool = False

    @property
    def id(self) -> str:
        """The issue id."""
        return f"{self.check}:{self.subject}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """A subject that looks like a fault and is none; no finding may be about it."""

    subject: str
    story: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What an audit of the company must say: these findings and no others. ``generated_at`` is naive UTC."""

    seed: int
    accounts: int
    generated_at: datetime
    findings: tuple[PlantedFinding, ...]
    twins: tuple[Twin, ...]

    @property
    def issue_ids(self) -> tuple[str, ...]:
        """The ids of the findings, exempted ones too, in order."""
        return tuple(finding.id for finding in self.findings)

    def text(self) -> str:
        """``truth.json``: one JSON document, the same bytes for the same company."""
        document = {
            "seed": self.seed,
            "accounts": self.accounts,
            "generatedAt": f"{self.generated_at.isoformat()}Z",
            "findings": [
                {
                    "id": finding.id,
                    "check": finding.check,
                    "subject": finding.subject,
                    "planted": finding.planted,
                    "exempted": finding.exempted,
                }
                for finding in self.findings
            ],
            "twins": [{"subject": twin.subject, "story": twin.story} for twin in self.twins],
        }
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
