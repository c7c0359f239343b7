"""Repair, exempt, or request approval for a list of findings that a person froze and looked at."""

from trueup.actions.bulk.exempting import exempt_frozen
from trueup.actions.bulk.frozen import MOST_FROZEN, BulkLine, BulkOutcome, find_changed, frozen_findings
from trueup.actions.bulk.repairing import repair_frozen

__all__ = [
    "MOST_FROZEN",
    "BulkLine",
    "BulkOutcome",
    "exempt_frozen",
    "find_changed",
    "frozen_findings",
    "repair_frozen",
]
