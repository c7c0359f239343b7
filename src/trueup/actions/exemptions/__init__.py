"""Exempt a subject or a plan from a check, list the exemptions that hold, and remove one."""

from trueup.actions.audit import with_stored_exemptions
from trueup.actions.exemptions.acceptance import UnknownExemption, end_exemption, exempt, refuse_exempted_plans
from trueup.actions.exemptions.listing import (
    ListedExemption,
    exemption_document,
    exemptions_document,
    list_exemptions,
    listed_exemption,
)
from trueup.store import AlreadyExempted

__all__ = [
    "AlreadyExempted",
    "ListedExemption",
    "UnknownExemption",
    "end_exemption",
    "exempt",
    "exemption_document",
    "exemptions_document",
    "list_exemptions",
    "listed_exemption",
    "refuse_exempted_plans",
    "with_stored_exemptions",
]
