"""The routes of the admin API: one module per noun."""

from __future__ import annotations

from fastapi import APIRouter

from trueup.web.routes import (
    accounts,
    alerts,
    approvals,
    checks,
    contract,
    exemptions,
    finding_notes,
    findings,
    journal,
    metrics,
    repairs,
    runs,
    tokens,
)


def routers() -> tuple[APIRouter, ...]:
    """Every router, in the order in which the documentation shows them."""
    nouns = (
        contract,
        runs,
        findings,
        finding_notes,
        accounts,
        repairs,
        approvals,
        exemptions,
        alerts,
        checks,
        journal,
        tokens,
        metrics,
    )
    return tuple(noun.router for noun in nouns)
