"""A check: one frozen value in one file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from trueup.model.change import Change, Refusal, Value
from trueup.model.finding import Area, Finding
from trueup.model.money import Impact
from trueup.model.policy import Policy
from trueup.model.relations import Row
from trueup.model.severity import Severity

CASE_NOW = datetime(2026, 3, 1, 12)
"""The moment every case is asked about."""

RESERVED = frozenset({"subject", "severity"})
"""Columns of a violation that are not evidence: the subject, and a severity that overrides the check's own."""

EvidenceRow = Mapping[str, Value]


def ago(*, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> datetime:
    """A moment before ``CASE_NOW``; cases are written in it."""
    return CASE_NOW - timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Rows in, subjects out. ``fires`` empty is a quiet case.

    A case is a test on every engine, an example in the docs and in ``trueup explain``, and a seed of the demo.
    ``severities`` and ``evidence`` are asserted for the subjects they name; subjects not named are not asserted.
    """

    name: str
    given: tuple[Row, ...]
    fires: tuple[str, ...] = ()
    policy: Policy = field(default_factory=Policy)
    severities: Mapping[str, Severity] = field(default_factory=dict)
    evidence: Mapping[str, EvidenceRow] = field(default_factory=dict)


def nothing_at_risk(_row: EvidenceRow) -> Impact:
    """The impact of a finding that costs nothing by itself."""
    return Impact()


def credits_at_risk(column: str) -> Callable[[EvidenceRow], Impact]:
    """The impact is the number of credits in this evidence column, without its sign."""

    def impact(row: EvidenceRow) -> Impact:
        amount = row[column]
        return Impact(credits=abs(Decimal(amount))) if isinstance(amount, (Decimal, int)) else Impact()

    return impact


def money_at_risk(minor_units: str, currency: str) -> Callable[[EvidenceRow], Impact]:
    """The impact is the money in these two evidence columns: minor units, and their currency."""

    def impact(row: EvidenceRow) -> Impact:
        amount, code = row[minor_units], row[currency]
        return Impact(money={code: abs(amount)}) if isinstance(amount, int) and isinstance(code, str) else Impact()

    return impact


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One invariant of the business, and the SQL that finds what breaks it.

    ``population`` is a query of one number: how many subjects were examined. ``violations`` returns one row per
    broken subject: ``subject``, optionally ``severity``, and every other column is evidence. Both are DuckDB's
    dialect inside the portable subset, and may bind the names of ``Policy.parameters`` as ``$name``.

    The relations and columns a check needs are read from its SQL. ``requires`` adds columns that have a neutral value
    but without which this check would look at nothing (``ledger_entry.sequence``), with ``or`` between those of which
    one is enough, and ``or also`` before those that no app is asked to say it lacks. ``optional`` removes those that
    can only excuse, as ``relation`` or ``relation.column``: unmapped they are empty, and the check still answers.
    ``answers_without`` names columns of ``requires`` whose absence is
    itself an answer, once the config says it: an app without ``account.role`` has no staff. ``widened_by`` names
    relations that can only add findings: where one was not read whole, the check answers from the others.
    ``unmoved_by`` names columns that only describe what was found: where one of them is mapped wrongly, the findings
    are the same.
    """

    id: str
    area: Area
    severity: Severity
    title: str
    why: str
    population: str
    violations: str
    message: str
    cases: tuple[Case, ...]
    invariant: str = ""
    """What holds when all is well, stated positively. The catalogue fills it in from the file's docstring."""
    revenue_impacting: bool = False
    inconclusive: bool = False
    """The check reports what could not be looked at. It is then *broken*, and no exemption applies to it."""
    compares_accounts: bool = False
    """The check compares an account with others, so the rows of one account cannot show that a finding is gone."""
    requires: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    answers_without: tuple[str, ...] = ()
    widened_by: tuple[str, ...] = ()
    unmoved_by: tuple[str, ...] = ()
    impact: Callable[[EvidenceRow], Impact] = nothing_at_risk
    repair: Callable[[Finding], Change | Refusal] | None = None
