"""What the findings of a first audit rest on: the guesses of the mapping that the audit used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.engines.requirements import reads_of_check
from trueup.mapping.proposal import SURE, Proposal, ProposedColumn

if TYPE_CHECKING:
    from trueup.model.check import Check
    from trueup.model.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A guess of the mapping: ``column`` is trueup's, with its relation, ``theirs`` the app's column or expression."""

    column: str
    theirs: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GuessedFindings:
    """How many findings a check made, and the guesses that they rest on, the weakest first."""

    check: str
    findings: int
    guesses: tuple[Guess, ...]


def weigh_findings(report: Report, proposal: Proposal, checks: Sequence[Check]) -> tuple[GuessedFindings, ...]:
    """Return the checks that found something, in the report's order, each with the guesses it rests on."""
    counts = Counter(finding.check for finding in report.open_findings())
    by_id = {check.id: check for check in checks}
    guessed = {
        (relation.relation, column.column): column
        for relation in proposal.relations
        for column in relation.columns
        if column.confidence < SURE and column.doubt is None
    }
    return tuple(
        GuessedFindings(check=check, findings=count, guesses=tuple(_guesses(by_id[check], guessed)))
        for check, count in counts.items()
    )


def _guesses(check: Check, guessed: Mapping[tuple[str, str], ProposedColumn]) -> Iterator[Guess]:
    read = [(need, guessed[need]) for need in reads_of_check(check) if need in guessed]
    for (relation, name), column in sorted(read, key=lambda each: (each[1].confidence, each[0])):
        yield Guess(column=f"{relation}.{name}", theirs=column.theirs, evidence=column.evidence)
