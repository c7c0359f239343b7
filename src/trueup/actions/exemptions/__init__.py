"""Exempt a subject or a plan from a check, and take it back."""

from trueup.actions.audit import with_stored_exemptions
from trueup.actions.exemptions.acceptance import end_exemption, exempt, refuse_exempted_plans

__all__ = ["end_exemption", "exempt", "refuse_exempted_plans", "with_stored_exemptions"]
