"""Two-person approvals: request one, approve or reject it, and apply what was approved."""

from trueup.actions.approvals.applying import find_undo_approval, repair_as_approved, undo_as_approved
from trueup.actions.approvals.decisions import (
    FRESH_MINUTES,
    ApprovalCaller,
    DecisionRefused,
    UnknownApproval,
    approve,
    find_obstacle,
    reject,
)
from trueup.actions.approvals.documents import (
    approval_document,
    approvals_document,
    find_approval,
    list_approvals,
    list_events,
)
from trueup.actions.approvals.requests import request_exemption, request_repair, request_undo
from trueup.store import AlreadyRequested

__all__ = [
    "FRESH_MINUTES",
    "AlreadyRequested",
    "ApprovalCaller",
    "DecisionRefused",
    "UnknownApproval",
    "approval_document",
    "approvals_document",
    "approve",
    "find_approval",
    "find_obstacle",
    "find_undo_approval",
    "list_approvals",
    "list_events",
    "reject",
    "repair_as_approved",
    "request_exemption",
    "request_repair",
    "request_undo",
    "undo_as_approved",
]
