"""Exempt a subject or a plan from a check, list the exemptions that hold, and remove one."""

from trueup.actions.audit import with_stored_exemptions
from trueup.actions.exemptions.acceptance import (
    UnknownExemption,
    end_exemption,
    exempt,
    propose_exemption,
    refuse_exempted_plans,
)
from trueup.actions.exemptions.approval import NeedsApproval, exemption_hash, exemption_target
from trueup.actions.exemptions.listing import (
    ListedExemption,
    exemption_document,
    exemptions_document,
    list_exemptions,
    listed_exemption,
)
from trueup.store import AlreadyExempted, ApprovalGone

__all__ = [
    "AlreadyExempted",
    "ApprovalGone",
    "ListedExemption",
    "NeedsApproval",
    "UnknownExemption",
    "end_exemption",
    "exempt",
    "exemption_document",
    "exemption_hash",
    "exemption_target",
    "exemptions_document",
    "list_exemptions",
    "listed_exemption",
    "propose_exemption",
    "refuse_exempted_plans",
    "with_stored_exemptions",
]
