"""Turn a finding into a plan: what would be written, and a hash that identifies exactly that."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import rfc8785

from trueup import __version__
from trueup.model.money import credits_text
from trueup.model.repair import PlannedRepair

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trueup.model.change import Change, Replace, Value
    from trueup.model.customer_lookup import Proof
    from trueup.model.finding import Finding
    from trueup.model.money import Impact
    from trueup.model.row_counts import RowCounts

_TAG = b"trueup-plan-1\0"


def plan_of(
    finding: Finding, change: Change, proof: Proof | None = None, *, expected_writes: Mapping[str, RowCounts]
) -> PlannedRepair:
    """The plan that repairs this finding; ``expected_writes`` are what the application's triggers write then."""
    return PlannedRepair(
        issue_id=finding.id,
        check=finding.check,
        fingerprint=finding.fingerprint,
        message=finding.message,
        change=change,
        plan_hash=plan_hash(finding.id, finding.check, change, proof, expected_writes=expected_writes),
        expected_writes=expected_writes,
        impact=_impact_of(finding, change),
        proof=proof,
    )


def _impact_of(finding: Finding, change: Change) -> Impact:
    """What the finding puts at risk; at least the credits that the change moves."""
    cell = change.replace
    if cell is None or not isinstance(cell.old, Decimal) or not isinstance(cell.new, Decimal):
        return finding.impact
    return replace(finding.impact, credits=max(finding.impact.credits, abs(cell.new - cell.old)))


def plan_hash(
    issue_id: str,
    check: str,
    change: Change,
    proof: Proof | None = None,
    *,
    expected_writes: Mapping[str, RowCounts] | None = None,
) -> str:
    """SHA-256, in hex, over the plan's RFC 8785 form: issue, check, pre-image, new values and code version.

    It also covers what triggers are declared to write, and what was proven at Stripe where that is needed, but not
    Stripe's answers, which differ each time.
    """
    form: dict[str, str | dict[str, str] | dict[str, str | None] | None] = {
        "issue": issue_id,
        "check": check,
        "kind": change.kind,
        "replace": _cell_text(change.replace) if change.replace else None,
        "append": {"relation": change.append.relation, **values_text(change.append.values)},
        "version": __version__,
        **({"stripe": {"proven": proof.text}} if proof is not None else {}),
        **({"expected_writes": counts_text(expected_writes)} if expected_writes else {}),
    }
    return hashlib.sha256(_TAG + rfc8785.dumps(form)).hexdigest()


def counts_text(expected: Mapping[str, RowCounts]) -> dict[str, str]:
    """Declared writes by table, in words."""
    return {table: counts.text for table, counts in sorted(expected.items())}


def _cell_text(cell: Replace) -> dict[str, str | None]:
    return {
        "relation": cell.relation,
        "row": cell.row_key,
        "column": cell.column,
        "old": value_text(cell.old),
        "new": value_text(cell.new),
    }


def values_text(values: Mapping[str, Value]) -> dict[str, str | None]:
    """trueup's values as text, so that no number loses digits on its way."""
    return {name: value_text(value) for name, value in values.items()}


def value_text(value: Value) -> str | None:
    """A value of ours as text."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case Decimal():
            return credits_text(value)
        case datetime():
            return f"{value.isoformat()}Z"
        case _:
            return str(value)
